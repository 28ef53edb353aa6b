import { describe, expect, test, vi } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as retry from '../../../src/entry/cli/retry.js';
import { messagesOf, refsOf, testBranches } from '../../support/git.js';
import { certificate, order, status } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop } from './shop.js';

// Commands with git of their own, several to a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const APPLY = { wait: '0s', yes: true };

describe('retry', () => {
  test('a refused order is due again at once, and is bought once', async () => {
    const shop = await openShop({}, { balance: '500.00' });
    await shop.control.fault({ fault: { kind: 'out-of-credit' }, path: '/slots' });
    await shop.call(apply, APPLY, []);
    expect((await shop.status('shop')).failures.purchase).toMatchObject({ count: 1 });
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(0);

    const { code, out } = await shop.call(retry, {});
    expect(out).toMatch(
      /^shop is tried again at once instead of 2026-11-22 12:10 UTC: .*the balance is too low\nNext: `certwright apply` tries it\.\n$/,
    );
    expect(code).toBe(0);
    expect((await messagesOf(shop.remote, testBranches.state))[0]).toBe(
      'retry shop: asked for\n\nCertwright-Run: test',
    );
    expect((await shop.status('shop')).failures).toEqual({});

    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('a request the provider refused is tried again as well', async () => {
    const failed = {
      count: 3,
      lastAt: '2026-11-22T11:00:00Z',
      code: 'provider.refused',
      message: 'not today',
    };
    const shop = await openShop({
      statuses: [
        status('shop', {
          orders: [order('o-1', { provider: 'paid', environment: 'rehearsal', product: 'paid-multi' })],
          current: certificate('o-1'),
          requests: [
            {
              id: 'r1',
              action: 'revoke',
              requestedAt: '2026-11-22T10:00:00Z',
              reason: 'leaked',
              revocationReason: 'keyCompromise',
              serial: certificate('o-1').serial,
              failure: failed,
            },
          ],
        }),
      ],
    });
    const { out } = await shop.call(retry, {}, ['shop'], true);
    expect(JSON.parse(out)).toEqual({ changed: true, name: 'shop', failures: [failed], mails: [] });
    expect((await shop.status('shop')).requests[0]?.failure).toBeUndefined();
  });

  test('writes nothing where nothing failed, and knows no other names', async () => {
    const shop = await openShop({ statuses: [status('shop')] });
    const before = await refsOf(shop.remote);
    const { out } = await shop.call(retry, {});
    expect(out).toContain('Nothing of shop waits after a failure');
    await failure(shop.call(retry, {}, ['shoop']), 'usage');
    expect(await refsOf(shop.remote)).toEqual(before);
  });

  test('a record that could not be published is tried again as well', async () => {
    const failed = {
      count: 2,
      lastAt: '2026-11-22T11:00:00Z',
      code: 'solver.refused',
      message: 'the server refuses the key',
    };
    const shop = await openShop({
      statuses: [
        status('shop', {
          orders: [order('o-1', { provider: 'paid', environment: 'rehearsal', product: 'paid-multi' })],
          current: certificate('o-1'),
          published: [
            {
              name: 'shop.example.com',
              provider: 'paid',
              order: 'o-1',
              solver: 'zone',
              record: { type: 'TXT', owner: '_x.shop.example.com', value: 'x' },
              wantedAt: '2026-11-22T10:00:00Z',
              failure: failed,
            },
          ],
        }),
      ],
    });
    const { out } = await shop.call(retry, {}, ['shop']);
    expect(out).toContain('instead of 2026-11-22 12:00 UTC: the server refuses the key');
    expect((await shop.status('shop')).published?.[0]?.failure).toBeUndefined();
  });
});
