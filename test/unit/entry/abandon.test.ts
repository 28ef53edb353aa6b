import { describe, expect, test } from 'vitest';
import * as abandon from '../../../src/entry/cli/abandon.js';
import * as apply from '../../../src/entry/cli/apply.js';
import * as show from '../../../src/entry/cli/show.js';
import type { Status } from '../../../src/model/status.js';
import { DAY_MS } from '../../../src/model/time.js';
import { commitToRemote, messagesOf, refsOf, testBranches } from '../../support/git.js';
import { intended, order, placed, ready, status, unknown } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop } from './shop.js';

const ABANDON = { reason: 'wrong  names', yes: true };
const APPLY = { wait: '0s', yes: true };
const ANOTHER = 'domain: other.example.com\n';

/** An order that is bought and waits for the CA. */
async function bought(search: 'unique' | 'none' = 'unique', more = ''): Promise<Shop> {
  const shop = await openShop({}, { settings: { search, pollsUntilIssued: null } });
  if (more !== '') await commitToRemote(shop.remote, 'main', await withAccountLine(shop, more));
  await shop.call(apply, APPLY, []);
  expect((await shop.status('shop')).intents).toMatchObject([{ phase: 'placed' }]);
  return shop;
}

const withAccountLine = async (shop: Shop, line: string) => ({
  'certwright.yaml': (await shop.configuration()).replace('search:', `${line}, search:`),
});

describe('abandon', { timeout: 120_000 }, () => {
  test('is recorded, and the next apply cancels the order; the refund is noted', async () => {
    const shop = await bought();
    const { out, err } = await shop.call(abandon, ABANDON);
    expect(out).toBe(
      'Recorded: order S-1001 of shop is to be given up.\nNext: `certwright apply` carries it out.\n',
    );
    expect(err).toContain('order S-1001 is cancelled at paid');
    expect((await messagesOf(shop.remote, testBranches.state))[0]).toBe(
      'ask for abandon shop: order S-1001, wrong names\n\nCertwright-Run: test',
    );
    const again = await shop.call(abandon, { ...ABANDON, yes: false });
    expect(again.out).toContain('Nothing was added for shop: giving order S-1001 up was asked for at');

    expect((await shop.call(apply, APPLY, [])).code).toBe(0);
    expect((await shop.control.orders())[0]?.status).toBe('CANCELLED');
    const after = await shop.status('shop');
    expect(after.requests).toEqual([]);
    expect(after.intents).toMatchObject([{ action: 'cancel', outcome: 'done' }, { outcome: 'abandoned' }]);
    expect(after.orders).toMatchObject([
      {
        state: 'cancelled',
        abandoned: { reason: 'wrong names' },
        charges: [{ action: 'order' }, { action: 'cancel', refunded: { amount: '10.00' } }],
      },
    ]);
    expect((await shop.call(show, {})).out).toContain('10.00 USD, cancel on 2026-11-22');
  });

  test('of an order before its second step: the certificate is not even asked for', async () => {
    const shop = await openShop({}, { settings: { search: 'unique' } });
    await shop.control.fault({
      fault: { kind: 'rate-limited', retryAfterS: 60 },
      path: '/activate$',
      times: 9,
    });
    await shop.call(apply, APPLY, []);
    await shop.control.clearFaults();
    await shop.call(abandon, ABANDON);
    await shop.advance(DAY_MS);
    await shop.call(apply, APPLY, []);
    const calls = (await shop.control.ledger()).filter(
      ({ method, status: s }) => method === 'POST' && s === 200,
    );
    expect(calls.map(({ path }) => path)).toEqual(['/orders/S-1001/cancel']);
  });

  test('without a call at the provider stays listed, with what a person has to do', async () => {
    const shop = await bought('unique', 'cancel: false');
    const { err } = await shop.call(abandon, ABANDON);
    expect(err).toContain(
      'paid cannot cancel: Orders are cancelled by the support; have order S-1001 cancelled',
    );
    await shop.call(apply, APPLY, []);
    const after = await shop.status('shop');
    expect(after.intents).toMatchObject([{ phase: 'closed', outcome: 'abandoned' }]);
    expect(after.orders).toMatchObject([{ state: 'pending', abandoned: { reason: 'wrong names' } }]);
    const { out } = await shop.call(show, {});
    expect(out).toContain('wrong names; it is still there, have paid cancel it');
    // Nothing is bought in its place without a person who names it, and nothing asks for it any more.
    await shop.advance(DAY_MS);
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(1);
    expect((await shop.status('shop')).intents).toHaveLength(1);
  });

  test('waits for an approval file where the policy wants one, prints it, and the order goes on meanwhile', async () => {
    const shop = await bought();
    const configuration = (await shop.configuration()).replace('free: auto', 'free: pull-request');
    await commitToRemote(shop.remote, 'main', { 'certwright.yaml': configuration });
    const { out } = await shop.call(abandon, ABANDON);
    expect(out).toContain('The policy wants an approval for this cancel.');
    await shop.call(apply, APPLY, []);
    expect((await shop.control.orders())[0]?.status).toBe('PENDING');
    const text = out.slice(out.indexOf('# cancel of shop'));
    await commitToRemote(shop.remote, 'main', { 'approvals/shop-cancel.yaml': text });
    await shop.call(apply, APPLY, []);
    expect((await shop.control.orders())[0]?.status).toBe('CANCELLED');
    expect((await shop.status('shop')).consumedApprovals).toHaveLength(1);
  });

  test('that comes too late is dropped: the certificate is published', async () => {
    const shop = await bought();
    await shop.call(abandon, ABANDON);
    await shop.control.issue();
    await (
      await fetch(`${shop.url}/orders/S-1001`, { headers: { authorization: `Bearer ${shop.token}` } })
    ).text();
    await shop.call(apply, APPLY, []);
    const after = await shop.status('shop');
    expect(after.current).toBeDefined();
    expect(after).toMatchObject({ requests: [], failures: {} });
    expect((await shop.control.orders())[0]?.status).toBe('ISSUED');
  });

  test('a manifest that is gone does not keep an order from being given up', async () => {
    const shop = await bought();
    await commitToRemote(shop.remote, 'main', {
      'certificates/shop.yaml': null,
      'certificates/other.yaml': `${ANOTHER}suspend: true\n`,
    });
    await shop.call(abandon, ABANDON);
    await shop.call(apply, APPLY, []);
    expect((await shop.control.orders())[0]?.status).toBe('CANCELLED');
    await shop.call(apply, APPLY, []);
    expect((await shop.status('shop')).archived).toBeDefined();
  });

  test('asks on a terminal, and nothing is recorded without a yes', async () => {
    const shop = await bought();
    const questions: string[] = [];
    const context = shop.context({
      interactive: true,
      ask: async (question) => {
        questions.push(question);
        return 'no';
      },
    });
    await abandon.run(context, { json: false, identity: [] }, { reason: 'x' }, ['shop']);
    expect(questions).toEqual([
      expect.stringContaining('Give up order S-1001 of shop at paid, for which 10.00 USD was paid?'),
    ]);
    await failure(shop.call(abandon, { reason: 'x' }), 'usage');
    expect((await shop.status('shop')).requests).toEqual([]);
  });

  const pending = order('o1', { state: 'pending' });
  const impossible: Readonly<Record<string, readonly [Status, string, string?]>> = {
    'nothing was ordered': [status('shop'), 'nothing was ordered for it'],
    'it is not known whether it was placed': [
      status('shop', { intents: [unknown('order')] }),
      'it is not known whether its order was placed',
      'answer that first: `certwright resolve shop`',
    ],
    'an outcome is not recorded yet': [
      status('shop', { intents: [intended('order')] }),
      'the outcome of its order is not recorded yet',
    ],
    'it is issued': [
      ready('shop'),
      'order o-shop is issued',
      '`certwright revoke shop --reason TEXT` revokes',
    ],
    'names are being added for money': [
      ready('shop', { intents: [placed('add-names', 'o-shop')] }),
      'its open add-names belongs to order o-shop, which is issued',
    ],
    'it was rejected': [
      status('shop', { orders: [{ ...pending, state: 'rejected' }] }),
      'order o1 is rejected',
    ],
    'it was given up before': [
      status('shop', { orders: [{ ...pending, abandoned: { at: '2026-11-22T11:00:00Z', reason: 'x' } }] }),
      'order o1 was given up at 2026-11-22T11:00:00Z',
    ],
  };
  test.each(Object.entries(impossible))('is refused when %s', async (_title, [given, why, remedy]) => {
    const shop = await openShop({ statuses: [given] });
    const before = await refsOf(shop.remote);
    const error = await failure(shop.call(abandon, ABANDON), 'usage');
    expect(error.message).toBe(`nothing can be asked for shop: ${why}`);
    if (remedy) expect(error.remedy).toContain(remedy);
    expect(await refsOf(shop.remote)).toEqual(before);
  });
});
