import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as simulate from '../../../src/entry/cli/simulate.js';
import { openShop } from './shop.js';

const files = {
  'certificates/two.yaml': 'domain: two.example.com\nterm: 2y\nautoRenew: true\n',
  'certificates/shop.yaml': 'domain: shop.example.com\nautoRenew: true\n',
};

describe('simulate', () => {
  test('tells years, money and the verdict, and changes nothing', async () => {
    const shop = await openShop({ files });
    const { code, out } = await shop.call(simulate, { until: '2029-01-01' }, []);
    expect(out).toBe(
      [
        '2 certificates from 2026-11-22 to 2029-01-01, a run every day',
        '',
        '       ORDERS  RENEWALS  REISSUES  ISSUED  PROOFS  BY HAND      SPENT',
        '2026        2         0         0       2       0        0  28.00 USD',
        '2027        0         1         6       7       0        0  10.00 USD',
        '2028        0         2         8      10       0        0  28.00 USD',
        'total       2         3        14      19       0        0  66.00 USD',
        '',
        'No day without a valid certificate.',
        '- the busiest day is 2026-11-22, with 2 certificates',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    expect((await shop.control.ledger()).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('as JSON, one certificate, offline: no call at all, and the ceiling as price', async () => {
    const shop = await openShop({ files });
    const before = (await shop.control.ledger()).length;
    const { out } = await shop.call(simulate, { until: '2027-03-01', offline: true }, ['two'], true);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      certificates: 1,
      atCeiling: 1,
      spent: [{ amount: '100.00', currency: 'USD' }],
      gaps: [],
      events: [{ name: 'two', action: 'order', at: '2026-11-22T12:00:00Z' }],
    });
    expect((await shop.control.ledger()).length).toBe(before);
  });

  test('an edit of the checkout is set against the approval branch', async () => {
    const shop = await openShop({ files });
    await writeFile(join(shop.clone, 'certificates/shop.yaml'), 'domain: shop.example.com\n');
    const options = { until: '2028-06-01', compare: true, detailedExitcode: true };
    const { code, out } = await shop.call(simulate, options, []);
    expect(out).toContain('Days without a valid certificate: 1 gap.');
    expect(out).toMatch(
      / {2}shop: 192 days from 2027-11-22 on \(the paid term ends, and autoRenew is not set\)/,
    );
    expect(out).toMatch(
      /against the approval branch: issued \d+ → \d+, spent 38.00 USD → 28.00 USD, gaps 0 → 1/,
    );
    expect(code).toBe(2);
  });

  test('a limit that is tried out asks for more certificates', async () => {
    const shop = await openShop({ files });
    const issued = async (validity: readonly string[]) => {
      const { out } = await shop.call(simulate, { until: '2028-11-01', validity }, [], true);
      return JSON.parse(out).issued.length as number;
    };
    expect(await issued(['2027-06-01=30'])).toBeGreaterThan(1.5 * (await issued([])));
  });

  test('fits a terminal of 80 columns, and Markdown stays text', async () => {
    const shop = await openShop({ files: { 'certificates/a.yaml': 'domain: a.example.com\nterm: 1y\n' } });
    const context = shop.context({ render: { color: false, width: 80 } });
    await simulate.run(context, { json: false, identity: [] }, { until: '2031-12-31' }, []);
    for (const line of context.out().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const { out } = await shop.call(simulate, { until: '2028-12-31', output: 'markdown' }, []);
    expect(out).toContain('| 2027-03 | 0 | 0 | 2 |');
    expect(out).toContain('- `a`: 405 days from 2027-11-22 on: the paid term ends, and autoRenew is not set');
  });

  test.each([
    ['a day that is none', { until: '2031-13-01' }, [], /--until 2031-13-01 is no day/],
    ['a day that is past', { until: '2020-01-01' }, [], /not within the next twenty years/],
    ['a name nobody declared', {}, ['nobody'], /no certificate is called "nobody"/],
    ['a limit that is none', { validity: ['soon=3'] }, [], /--validity soon=3 is no day and number of days/],
  ])('%s is refused', async (_what, options, args, message) => {
    const shop = await openShop({ files });
    await expect(shop.call(simulate, options, args)).rejects.toThrow(message);
  });
});
