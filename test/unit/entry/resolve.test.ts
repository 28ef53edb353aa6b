import { describe, expect, test } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as resolve from '../../../src/entry/cli/resolve.js';
import { HOUR_MS } from '../../../src/model/time.js';
import { legalStatus } from '../../../src/policy/legal.js';
import { newKey } from '../../conformance/builders.js';
import { cloneOf, messagesOf, refsOf, testBranches } from '../../support/git.js';
import type { PaidProviderControl } from '../../support/paid-provider/control.js';
import { intended, order, ready, status, unknown } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop, TOKEN } from './shop.js';

const APPLY = { wait: '0s', yes: true };

/** Buys once, and the reply is lost: two runs later nobody can tell what became of it. */
async function lostReply(shop: Shop): Promise<void> {
  await shop.control.loseNextReply();
  await shop.call(apply, APPLY, []);
  await shop.advance(25 * HOUR_MS);
  await shop.call(apply, APPLY, []);
  expect((await shop.status('shop')).intents.at(-1)).toMatchObject({ phase: 'unknown' });
}

describe('an order that is there', () => {
  test('is taken over by its id, goes on with the next step, and is bought once', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const [slot] = await shop.control.orders();

    const { code, out } = await shop.call(resolve, { orderId: slot?.id });

    expect(code).toBe(0);
    expect(out).toContain(`order ${slot?.id} is the one of shop`);
    expect(out).toContain('goes on with the step "activate"');
    const placed = await shop.status('shop');
    expect(legalStatus(placed)).toEqual([]);
    expect(placed.intents.at(-1)).toMatchObject({
      phase: 'placed',
      orderId: slot?.id,
      steps: [{ phase: 'done', result: { orderId: slot?.id } }, { phase: 'planned' }],
    });
    expect(placed.orders).toMatchObject([
      { id: slot?.id, placedAt: '2026-11-22T12:00:00Z', charges: [{ at: '2026-11-22T12:00:00Z' }] },
    ]);
    expect((await messagesOf(shop.remote, testBranches.state))[0]).toContain('found by a person');

    await shop.call(apply, APPLY, []);
    await shop.control.issue();
    await shop.advance(HOUR_MS);
    await shop.call(apply, APPLY, []);
    expect((await shop.status('shop')).current).toMatchObject({ order: slot?.id });
    expect(await shop.control.purchases()).toBe(1);
  });

  test('said twice, it is recorded once', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const [slot] = await shop.control.orders();
    await shop.call(resolve, { orderId: slot?.id });
    const before = await refsOf(shop.remote);

    const { out } = await shop.call(resolve, { orderId: slot?.id }, ['shop'], true);

    expect(JSON.parse(out)).toMatchObject({ changed: false, name: 'shop', orderId: slot?.id });
    expect(await refsOf(shop.remote)).toEqual(before);
  });

  test('said by two people at once, it is recorded once and both hear so', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const [slot] = await shop.control.orders();
    const second = await cloneOf(shop.remote);
    const people = [shop.context(), shop.context({ cwd: second })];

    const codes = await Promise.all(
      people.map((context) =>
        resolve.run(context, { json: false, identity: [] }, { orderId: slot?.id }, ['shop']),
      ),
    );

    expect(codes).toEqual([0, 0]);
    const after = await shop.status('shop');
    expect(after.orders).toHaveLength(1);
    expect(after.orders[0]?.charges).toHaveLength(1);
  });

  test('is not written off by a person who was still thinking about it', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const [slot] = await shop.control.orders();
    const second = await cloneOf(shop.remote);
    const context = shop.context({
      interactive: true,
      ask: async () => {
        const other = shop.context({ cwd: second });
        await resolve.run(other, { json: false, identity: [] }, { orderId: slot?.id }, ['shop']);
        return 'yes';
      },
    });
    const late = resolve.run(context, { json: false, identity: [] }, { notPlaced: true }, ['shop']);
    const error = await failure(late, 'repository.moved');
    expect(error.message).toContain(`was recorded as order ${slot?.id} by somebody else meanwhile`);
    expect((await shop.status('shop')).intents.at(-1)).toMatchObject({ phase: 'placed' });
  });
});

describe('an id that cannot be the order', () => {
  const unsettled = (parts = {}) => ({
    ...unknown('order', { product: 'paid-multi', term: '1y' }),
    provider: 'paid',
    environment: 'rehearsal' as const,
    steps: [{ name: 'buy', paid: true, phase: 'intended' as const }],
    ...parts,
  });

  test('is refused when the provider does not know it', async () => {
    const shop = await openShop({ statuses: [status('shop', { intents: [unsettled()] })] });
    const error = await failure(shop.call(resolve, { orderId: 'S-404' }), 'order.not-found');
    expect(error.message).toBe('paid knows no order S-404; nothing was changed');
  });

  test('is refused with both sets when its names are others', async () => {
    const shop = await openShop(async (control) => {
      await control.foreignSlot({ product: 'paid-multi', term: '1y' });
      return { statuses: [status('shop', { intents: [unsettled()] })] };
    });
    const [slot] = await shop.control.orders();
    const error = await failure(shop.call(resolve, { orderId: slot?.id }), 'order.ambiguous');
    expect(error.message).toBe(
      `order ${slot?.id} is for no names; this order is for shop.example.com; nothing was changed`,
    );
  });

  interface Case {
    readonly slot: { readonly product: string; readonly reference?: string };
    readonly parts?: object;
    readonly says: string;
  }
  const twoSteps = {
    steps: [
      { name: 'buy', paid: true, phase: 'intended' as const },
      { name: 'activate', paid: false, phase: 'planned' as const },
    ],
  };
  const cases: Readonly<Record<string, Case>> = {
    'its product is another': { slot: { product: 'paid-wildcard' }, says: 'for the product paid-wildcard' },
    'it stands under another reference': {
      slot: { product: 'paid-multi', reference: 'theirs' },
      says: 'stands under the reference theirs',
    },
    'it was placed before the purchase was prepared': {
      slot: { product: 'paid-multi' },
      parts: { createdAt: '2026-11-24T10:00:00Z' },
      says: 'before this order was prepared',
    },
  };
  test.each(Object.entries(cases))('is refused when %s', async (_title, { slot, parts, says }) => {
    const shop = await openShop(
      async (control) => {
        await control.foreignSlot({ term: '1y', ...slot });
        return { statuses: [status('shop', { intents: [unsettled({ ...twoSteps, ...parts })] })] };
      },
      { settings: { search: 'findable' } },
    );
    const [bought] = await shop.control.orders();
    const error = await failure(shop.call(resolve, { orderId: bought?.id }), 'order.ambiguous');
    expect(error.message).toContain(says);
    expect((await shop.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
  });

  test.each([
    ['another certificate holds it', 'other', 'belongs to other'],
    ['it is an earlier order of the same certificate', 'shop', 'is an earlier order of shop'],
  ])('is refused when %s', async (_title, holder, says) => {
    const shop = await openShop(async (control) => {
      await control.foreignSlot({ product: 'paid-multi', term: '1y' });
      const [slot] = await control.orders();
      const held = order(slot?.id ?? '', { provider: 'paid', environment: 'rehearsal', state: 'expired' });
      const open = { intents: [unsettled(twoSteps)] };
      return {
        statuses:
          holder === 'shop'
            ? [status('shop', { ...open, orders: [held] })]
            : [status('shop', open), status('other', { orders: [held] })],
      };
    });
    const [slot] = await shop.control.orders();
    const error = await failure(shop.call(resolve, { orderId: slot?.id }), 'order.ambiguous');
    expect(error.message).toContain(says);
  });

  test('changes nothing while the provider is down, and says so', async () => {
    const shop = await openShop({ statuses: [status('shop', { intents: [unsettled()] })] });
    await shop.control.fault({
      fault: { kind: 'status', status: 503, acts: false },
      times: 20,
      method: 'GET',
    });
    const before = await refsOf(shop.remote);
    const error = await shop.call(resolve, { orderId: 'S-1' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining('could not be asked for order S-1, so nothing was changed'),
      remedy: 'run it again when paid answers',
    });
    expect(await refsOf(shop.remote)).toEqual(before);
  });
});

describe('an order that is not there', () => {
  test('is ordered again by the next apply', async () => {
    const shop = await openShop();
    await shop.control.fault({ fault: { kind: 'drop-call' } });
    await shop.call(apply, APPLY, []);
    await shop.advance(25 * HOUR_MS);
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(0);

    const { out } = await shop.call(resolve, { notPlaced: true, yes: true });

    expect(out).toContain('was not placed at paid');
    expect(out).toContain('the next `certwright apply` does it again');
    expect((await shop.status('shop')).intents.at(-1)).toMatchObject({
      phase: 'closed',
      outcome: 'not-placed',
    });
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('cannot be said before the time has passed in which it may still appear', async () => {
    const shop = await openShop({
      statuses: [status('shop', { intents: [{ ...intended('order'), settledAt: '2026-11-23T10:00:00Z' }] })],
    });
    for (const options of [{ notPlaced: true, yes: true }, { orderId: 'S-1' }]) {
      const error = await failure(shop.call(resolve, options), 'order.ambiguous');
      expect(error.message).toContain('until 2026-11-23T10:00:00Z');
    }
  });

  test('is not believed when the provider shows it under our reference', async () => {
    const reference = 'cwk3v9x2-next';
    const shop = await openShop(
      async (control) => {
        await control.foreignSlot({ product: 'paid-multi', term: '1y', reference });
        const intent = {
          ...unknown('order', { product: 'paid-multi', reference }),
          provider: 'paid',
          environment: 'rehearsal' as const,
        };
        return {
          files: {},
          statuses: [
            status('shop', {
              intents: [
                { ...intent, steps: [{ ...intent.steps[0], name: 'buy', paid: true, phase: 'intended' }] },
              ],
            }),
          ],
        };
      },
      { settings: { search: 'unique' } },
    );
    const [slot] = await shop.control.orders();
    const error = await failure(shop.call(resolve, { notPlaced: true, yes: true }), 'order.ambiguous');
    expect(error.remedy).toBe(`run \`certwright resolve shop --order-id ${slot?.id}\``);
  });

  test('is asked about on a terminal, and only "yes" is an answer', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const answer = async (text: string | undefined, interactive = true) => {
      const context = shop.context({ interactive, ask: async () => text });
      await resolve.run(context, { json: false, identity: [] }, { notPlaced: true }, ['shop']);
      return context;
    };
    expect((await answer('y')).err()).toContain('nothing was done');
    expect((await failure(answer(undefined, false), 'usage')).remedy).toContain('--yes');
    expect((await shop.status('shop')).intents.at(-1)).toMatchObject({ phase: 'unknown' });
    expect((await answer('yes')).out()).toContain('not placed');
  });

  test('names the slots that nobody has explained', async () => {
    const shop = await openShop();
    await lostReply(shop);
    const [slot] = await shop.control.orders();
    const { err } = await shop.call(resolve, { notPlaced: true, yes: true });
    expect(err).toContain(`paid shows ${slot?.id}`);
  });
});

describe('a later step of what is bought', () => {
  const activating = async (control: PaidProviderControl) => {
    await control.foreignSlot({ product: 'paid-multi', term: '1y' });
    const [slot] = await control.orders();
    const id = slot?.id ?? '';
    const { csrPem } = await newKey('shop.example.com', ['shop.example.com']);
    const base = unknown('order', { product: 'paid-multi', term: '1y', csrPem });
    const bought = order(id, {
      provider: 'paid',
      environment: 'rehearsal',
      reference: base.request.reference,
      state: 'pending',
    });
    const steps = [
      { name: 'buy', paid: true, phase: 'done' as const, result: { orderId: id } },
      { name: 'activate', paid: false, phase: 'intended' as const },
    ];
    const intent = { ...base, provider: 'paid', environment: 'rehearsal' as const, steps };
    return { statuses: [status('shop', { orders: [bought], intents: [intent] })] };
  };

  test('that was not placed is planned again; the purchase stands', async () => {
    const shop = await openShop(activating);
    const { out } = await shop.call(resolve, { notPlaced: true, yes: true });
    expect(out).toContain('(step "activate")');
    const after = await shop.status('shop');
    expect(legalStatus(after)).toEqual([]);
    expect(after.intents).toMatchObject([
      { phase: 'placed', orderId: after.orders[0]?.id, steps: [{ phase: 'done' }, { phase: 'planned' }] },
    ]);
  });
});

describe('two questions at once', () => {
  const predecessor = { orderId: 'o-shop', ids: ['o-shop'] };
  const both = () =>
    ready('shop', {
      intents: [unknown('renew', { predecessor }), unknown('revoke', { predecessor })],
    });

  test('have to be told apart by --action', async () => {
    const shop = await openShop({ statuses: [both()] });
    const error = await failure(shop.call(resolve, { notPlaced: true, yes: true }), 'usage');
    expect(error.message).toBe('shop has 2 open questions: renew, revoke');
    expect(error.remedy).toContain('--action');
    // Their account is no longer configured, so a person's word is all there is.
    const { err } = await shop.call(resolve, { notPlaced: true, yes: true, action: 'renew' });
    expect(err).toContain('the configuration has no provider "shop" any more');
    expect((await shop.status('shop')).intents).toMatchObject([
      { action: 'renew', phase: 'closed', outcome: 'not-placed' },
      { action: 'revoke', phase: 'unknown' },
    ]);
  });
});

describe('stops that only a person takes away', () => {
  const stop = {
    order: 'o-shop',
    product: 'private-server',
    quoted: { amount: '10.00', currency: 'USD' },
    charged: { amount: '14.00', currency: 'USD' },
  };

  test('a higher charge is accepted once', async () => {
    const shop = await openShop({ statuses: [ready('shop', { priceStop: stop })] });
    const { out } = await shop.call(resolve, { acceptPrice: true });
    expect(out).toContain('order o-shop was charged 14.00 USD instead of 10.00 USD');
    expect((await shop.status('shop')).priceStop).toBeUndefined();
    await failure(shop.call(resolve, { acceptPrice: true }), 'usage');
  });

  test('a breaker is reset, and what happened so far is forgiven', async () => {
    const breaker = { trippedAt: '2026-11-22T11:00:00Z', why: '3 certificates were issued within 24 hours' };
    const shop = await openShop({ statuses: [ready('shop', { breaker })] });
    const { out } = await shop.call(resolve, { resetBreaker: true }, ['shop'], true);
    expect(JSON.parse(out)).toMatchObject({ changed: true, breakerResetAt: '2026-11-22T12:00:00Z' });
    const after = await shop.status('shop');
    expect(after.breaker).toBeUndefined();
    expect(after.breakerResetAt).toBe('2026-11-22T12:00:00Z');
    await failure(shop.call(resolve, { resetBreaker: true }), 'usage');
  });
});

describe('what is given wrong', () => {
  test('exactly one answer is taken, and each is explained', async () => {
    const shop = await openShop({ statuses: [ready('shop')] });
    for (const options of [{}, { orderId: 'S-1', notPlaced: true }]) {
      const error = await failure(shop.call(resolve, options), 'usage');
      for (const flag of ['--order-id', '--not-placed', '--accept-price', '--reset-breaker']) {
        expect(error.remedy).toContain(flag);
      }
    }
  });

  test('a certificate with nothing open, and one that does not exist', async () => {
    const shop = await openShop({ statuses: [ready('shop')] });
    const idle = await failure(shop.call(resolve, { notPlaced: true, yes: true }), 'usage');
    expect(idle.message).toBe('nothing of shop waits for an answer from a person');
    const none = await failure(shop.call(resolve, { orderId: 'S-1' }, ['shap']), 'usage');
    expect(none.message).toContain('"shap"');
  });

  test('no credential shows, whatever goes wrong', async () => {
    const shop = await openShop();
    await lostReply(shop);
    await shop.control.fault({
      fault: { kind: 'status', status: 401, acts: false },
      times: 20,
      method: 'GET',
    });
    const error = await shop.call(resolve, { orderId: 'S-1' }).catch((reason: unknown) => reason);
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain(TOKEN);
  });
});
