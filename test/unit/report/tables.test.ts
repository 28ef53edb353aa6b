import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { money, sumByCurrency } from '../../../src/model/money.js';
import { emptyStatus } from '../../../src/model/status.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/model/time.js';
import { relative, relativeShort, separatePaidTill } from '../../../src/report/dates.js';
import { findingsJson, findingsText } from '../../../src/report/findings.js';
import { moneyList } from '../../../src/report/money.js';
import { productsText } from '../../../src/report/products-text.js';
import { showText } from '../../../src/report/show.js';
import { statusNames, statusTable } from '../../../src/report/status-table.js';
import { busyStatus, busyView, findings, HOSTILE, NOW, rows } from './samples.js';

const plain = { color: false, width: 80, nowMs: NOW };

test.each<[number, string, string]>([
  [23 * DAY_MS, 'in 23 days', '23d'],
  [24 * DAY_MS - SECOND_MS, 'in 23 days', '23d'],
  [2 * DAY_MS, 'in 2 days', '2d'],
  [2 * DAY_MS - SECOND_MS, 'in 47 h', '47h'],
  [HOUR_MS, 'in 1 h', '1h'],
  [HOUR_MS - SECOND_MS, 'in 59 min', '59m'],
  [MINUTE_MS, 'in 1 min', '1m'],
  [0, 'now', '0m'],
  [-3 * HOUR_MS, '3 h ago', '3h ago'],
  [-400 * DAY_MS, '400 days ago', '400d ago'],
])('%i ms from now is %s', (ms, long, short) => {
  expect(relative(NOW + ms, NOW)).toBe(long);
  expect(relativeShort(NOW + ms, NOW)).toBe(short);
});

test.each<[string, string, string, string | undefined]>([
  ['later by months', '2026-12-15T07:59:59Z', '2027-05-30T08:00:00Z', '2027-05-30T08:00:00Z'],
  ['the next second', '2026-12-15T07:59:59Z', '2026-12-15T08:00:00Z', undefined],
  ['a day later', '2026-12-14T23:59:59Z', '2026-12-16T00:00:00Z', undefined],
  ['two days later', '2026-12-14T23:59:59Z', '2026-12-17T00:00:00Z', '2026-12-17T00:00:00Z'],
  ['earlier by months', '2026-12-15T07:59:59Z', '2026-10-01T00:00:00Z', '2026-10-01T00:00:00Z'],
])('a payment that ends %s', (_, notAfter, paidTill, expected) => {
  expect(separatePaidTill(notAfter, paidTill)).toBe(expected);
});

test('money is summed exactly and by currency', () => {
  const sums = sumByCurrency(
    ['0.10', '0.20', '1000000.01'].map((a) => money(a, 'USD')).concat(money('5', 'CHF')),
  );
  expect(moneyList(sums)).toBe('5.00 CHF + 1000000.31 USD');
});

describe('findings', () => {
  test('stand by file, line and column as numbers, not as text', () => {
    const places = findingsText(findings, plain).match(/^\S+:\d+:\d+/gm);
    expect(places).toEqual([
      'certificates/a.yaml:2:1',
      'certificates/a.yaml:12:3',
      'certificates/a.yaml:12:7',
      'certificates/b.yaml:1:1',
    ]);
  });

  test('are counted in the singular too', () => {
    expect(findingsText(findings.slice(0, 1), plain)).toMatch(/\n1 warning in 1 file\.\n$/);
  });

  test('print nothing when there are none', () => {
    expect(findingsText([], plain)).toBe('');
    expect(JSON.parse(findingsJson([]))).toEqual({
      findings: [],
      counts: { errors: 0, warnings: 0, files: 0 },
    });
  });

  test.each(HOSTILE)('keep to a line each, whatever the file says: %j', (message) => {
    const [first] = findings;
    const text = findingsText(first ? [{ ...first, message, suggestion: message }] : [], plain);
    expect(text.split('\n')).toHaveLength(5);
  });
});

describe('the status table', () => {
  const header = (width: number): readonly string[] =>
    statusTable(rows, { ...plain, width })
      .split('\n')[0]
      ?.split(/ {2,}/) ?? [];

  test.each<[number, readonly string[]]>([
    [Number.POSITIVE_INFINITY, ['NAME', 'STATE', 'REASON', 'EXPIRES', 'PAID TILL', 'PROVIDER', 'OWNER']],
    [110, ['NAME', 'STATE', 'REASON', 'EXPIRES', 'PAID TILL', 'PROVIDER', 'OWNER']],
    [95, ['NAME', 'STATE', 'REASON', 'EXPIRES', 'PAID TILL', 'PROVIDER']],
    [80, ['NAME', 'STATE', 'REASON', 'EXPIRES', 'PAID TILL']],
    [62, ['NAME', 'STATE', 'REASON', 'EXPIRES']],
  ])('in %d columns', (width, expected) => {
    expect(header(width)).toEqual(expected);
    const lines = statusTable(rows, { ...plain, width }).split('\n');
    expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
  });

  test('never cuts a name, however narrow', () => {
    const text = statusTable(rows, { ...plain, width: 10 });
    for (const { name } of rows) expect(text).toContain(name);
  });

  test('cuts wide characters by columns', () => {
    const text = statusTable(
      [{ name: 'a', kind: 'certificate', state: 'Ready', level: 'good', reason: '株式会社'.repeat(20) }],
      { ...plain, width: 40 },
    );
    expect(text.split('\n').filter((line) => stringWidth(line) > 40)).toEqual([]);
    expect(text).toContain('…');
  });

  test('leaves out columns that nobody fills', () => {
    expect(statusTable([{ name: 'a', kind: 'certificate', state: 'Ready', level: 'good' }], plain)).toBe(
      'NAME  STATE\na     Ready\n',
    );
  });

  test('prints nothing for nothing', () => {
    expect(statusTable([], plain)).toBe('');
    expect(statusNames([])).toBe('');
  });

  test('draws a hundred thousand rows', () => {
    const [row] = rows;
    const many = Array.from({ length: 100_000 }, (_, i) => ({
      ...(row ?? { kind: 'certificate', state: '', level: 'good' as const }),
      name: `site-${i}`,
    })) as typeof rows;
    expect(statusTable(many, plain).split('\n')).toHaveLength(100_002);
  });

  test.each(HOSTILE)('keeps one line per certificate: %j', (text) => {
    const hostile = rows.map((row) => ({ ...row, reason: text, owner: text, provider: text, product: text }));
    for (const wide of [true, false])
      expect(statusTable(hostile, { ...plain, wide }).split('\n')).toHaveLength(rows.length + 2);
  });
});

describe('show', () => {
  test('prints a record whole and on its own line in any width', () => {
    const record = busyStatus.validation[0]?.record;
    const line = record?.type === 'CNAME' ? `${record.owner} CNAME ${record.value}` : 'none';
    for (const width of [40, 80, 400]) {
      expect(
        showText(busyView, { ...plain, width })
          .split('\n')
          .map((l) => l.trim()),
      ).toContain(line);
    }
  });

  test('names the paid-till date only where it is another date', () => {
    const paidTill = (till: string): string | undefined => {
      const orders = busyStatus.orders.map((order) => ({ ...order, paidTill: till }));
      return /^ {2}paid till(.*)$/m.exec(
        showText({ ...busyView, status: { ...busyStatus, orders } }, plain),
      )?.[1];
    };
    expect(paidTill('2027-05-30T08:00:00Z')).toBe('   2027-05-30, in 189 days');
    expect(paidTill('2026-12-15T08:00:00Z')).toBe('');
  });

  test('of a certificate that was just declared is short', () => {
    const text = showText(
      {
        status: emptyStatus('new'),
        due: {},
        nextTryAt: {},
        approvals: [],
        files: [],
        manifest: 'certificates/new.yaml:1',
      },
      plain,
    );
    expect(text).toBe('new\n\n  manifest    certificates/new.yaml:1\n');
  });

  test('says that a manifest is gone', () => {
    const text = showText(
      {
        status: { ...emptyStatus('old'), archived: { at: '2026-11-01T00:00:00Z' } },
        due: {},
        nextTryAt: {},
        approvals: [],
        files: [],
      },
      plain,
    );
    expect(text).toContain('manifest    gone\n  archived    2026-11-01');
  });

  test.each(HOSTILE)('lets no text out of its place: %j', (text) => {
    const status = {
      ...busyStatus,
      orders: busyStatus.orders.map((order) => ({ ...order, message: text, product: text, reference: text })),
      validation: busyStatus.validation.map((item) => ({ ...item, message: text, name: text })),
      failures: { free: { count: 1, lastAt: '2026-11-22T04:46:42Z', code: 'x', message: text } },
    };
    const shown = showText({ ...busyView, status, owner: text, files: [text] }, plain);
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(shown.split('\n').filter((line) => line.startsWith('#'))).toEqual([]);
  });
});

describe('what accounts sell', () => {
  test('says once for each account why prices are unknown, and how many more reasons there are', () => {
    const row = (account: string, term: string) => ({
      account,
      product: 'plain',
      vendorCode: '7',
      title: 'Plain',
      validation: 'dv' as const,
      wildcard: false,
      maxNames: 1,
      term,
      price: { kind: 'unknown' as const, why: `write the price for ${term}` },
    });
    const products = [row('one', '1y'), row('one', '2y'), row('one', '3y'), row('two', '1y')];
    const text = productsText(products, { color: false, width: 80 });
    expect(text.split('\n').slice(-3)).toEqual([
      'one: price unknown: write the price for 1y (and 2 more; --json has them all)',
      'two: price unknown: write the price for 1y',
      '',
    ]);
  });
});
