import { describe, expect, it } from 'vitest';
import { approvalDraft } from '../../src/entry/approval-draft.js';
import { resolveNotPlaced } from '../../src/entry/cli/resolve-not-placed.js';
import { resolveOrder } from '../../src/entry/cli/resolve-order.js';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { openRun } from '../../src/reconcile/open-run.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  machines,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  type Runner,
  runUntilQuiet,
} from '../support/engine.js';
import { post } from '../support/sandbox/sectigo.js';

const SWEEP = { timeout: 300_000 };
const site = (domain: string, who: string, more = ''): string =>
  `kind: sitelock\ndomain: ${domain}\nproduct: sitelock-basic\nterm: 1y\nmaxPrice: 60.00 USD\nautoRenew: true\n${who}${more}`;
const OWNER = 'customer: { email: owner@example.com, firstName: Ann, lastName: Lee }\n';
const SITE = site('shop.example.com', OWNER);
const BOTH = `${SITE}addOns: [trueshield, backup-10gb]\n`;

/** What the report of an account tells of licences. Nobody documents that it is more than the first. */
const ACCOUNTS: Readonly<Record<string, JsonObject>> = {
  'shows none': {},
  'shows them without saying what they are': { reportShowsSiteLock: true },
  'says what they are': { reportShowsSiteLock: true, statusTexts: true },
};
const TELLING = ACCOUNTS['says what they are'] ?? {};

const place = (over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'sectigo', manifests: { shop: BOTH }, ...over });

async function bought(over: Partial<PlaceOptions> = {}): Promise<{ made: Place; runner: Runner }> {
  const made = await place(over);
  const runner = await openRunner(made);
  await runUntilQuiet(made, runner);
  return { made, runner };
}

/** Whoever has the account's login. */
const PORTAL = { loginName: 'acme', loginPassword: 'S3cret+ word' };

const told = (product: string, outcome: string, message: unknown) => ({
  name: 'shop',
  action: 'order',
  product,
  outcome,
  message,
});

const licences = async (made: Place) =>
  (await made.sandbox?.control('GET', 'sitelock')) as readonly JsonObject[];

describe('website protection', () => {
  it('is bought with its add-ons in one run, at the prices the plan showed', async () => {
    const made = await place();
    const runner = await openRunner(made);
    const { applied, exit } = await applyOnce(made, runner);
    expect(exit).toBe(0);
    const lines = applied?.plan.items.map(({ action, product, queued }) => [action, product, queued]);
    expect(lines).toEqual([
      ['order', 'sitelock-basic', undefined],
      ['order', 'backup-10gb', 'sitelock-basic'],
      ['order', 'trueshield', 'backup-10gb'],
    ]);
    expect(applied?.plan.totals).toEqual([{ amount: '117.00', currency: 'USD' }]);
    expect(applied?.events).toEqual([
      told('sitelock-basic', 'done', 'sitelock-basic bought, order 912345678, 49.00 USD'),
      told('backup-10gb', 'done', 'backup-10gb bought, order 912345679, 29.00 USD'),
      told('trueshield', 'done', 'trueshield bought, order 912345680, 39.00 USD'),
    ]);
    expect(await licences(made)).toMatchObject([
      { product: '1060', domain: 'shop.example.com', email: 'owner@example.com', autoRenew: false },
      { product: '1069', joins: '912345678', autoRenew: false },
      { product: '1071', joins: '912345678', autoRenew: false },
    ]);
    const status = await made.status('shop');
    expect(status.kind).toBe('sitelock');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(runner.illegal).toEqual([]);
    expect(status.orders.map(({ product, state, addOn }) => [product, state, addOn])).toEqual([
      ['sitelock-basic', 'issued', undefined],
      ['backup-10gb', 'issued', true],
      ['trueshield', 'issued', true],
    ]);
    const again = await runUntilQuiet(made, await openRunner(made));
    expect(again.applied?.plan.items).toEqual([]);
    expect(await made.purchases()).toBe(3);
  });

  it('of a second site joins the customer of the first, in the same run', async () => {
    const second = site('blog.example.com', 'customerOf: shop\n');
    const { made } = await bought({ manifests: { blog: second, shop: SITE } });
    expect(await licences(made)).toMatchObject([
      { domain: 'shop.example.com', email: 'owner@example.com' },
      { domain: 'blog.example.com', email: 'owner@example.com' },
    ]);
    expect(await made.purchases()).toBe(2);
  });

  it('is renewed in its window, main licence first, by orders that follow on the old ones', async () => {
    const { made, runner } = await bought();
    await made.advance(354 * DAY_MS);
    expect((await applyOnce(made, runner)).applied?.plan.items).toEqual([]);
    await made.advance(2 * DAY_MS);
    const { applied } = await applyOnce(made, runner);
    expect(applied?.plan.items.map(({ action, product }) => [action, product])).toEqual([
      ['renew', 'sitelock-basic'],
      ['renew', 'backup-10gb'],
      ['renew', 'trueshield'],
    ]);
    expect(await made.purchases()).toBe(6);
    expect((await made.status('shop')).orders.slice(3).map(({ predecessor }) => predecessor)).toEqual([
      '912345678',
      '912345679',
      '912345680',
    ]);
    expect((await licences(made)).slice(0, 3).map(({ renewedBy }) => renewedBy)).not.toContain(null);
  });

  it('that the provider renews is ordered with its flag, and never renewed by us', async () => {
    const monthly = site('shop.example.com', OWNER, 'renewedBy: provider\n').replace('term: 1y', 'term: 30d');
    const { made, runner } = await bought({ manifests: { shop: monthly } });
    expect(await licences(made)).toMatchObject([{ autoRenew: true }]);
    await made.advance(40 * DAY_MS);
    await post(`${made.sandbox?.url}/products/!getAccountBalance`, new URLSearchParams(PORTAL).toString());
    const { applied, exit } = await applyOnce(made, runner);
    expect(exit).toBe(0);
    expect(applied?.plan.items).toEqual([]);
    expect(applied?.plan.warnings).toMatchObject([{ code: 'renewed-by-provider', level: 'warning' }]);
    // The second one is the seller's own doing.
    expect(await made.purchases()).toBe(2);
    await made.merge({ 'certificates/shop.yaml': monthly.replace('renewedBy: provider\n', '') });
    const changed = await applyOnce(made, runner);
    expect(changed.applied?.plan.items).toMatchObject([
      {
        action: 'renew',
        hold: { code: 'approval-missing', message: expect.stringContaining('automatic renewal') },
      },
    ]);
    expect(await made.purchases()).toBe(2);
  });

  it('loses an add-on that nobody declares any more, once somebody approved it', async () => {
    const { made, runner } = await bought({ policy: 'order: merge, renew: auto, free: auto, revoke: merge' });
    await made.merge({ 'certificates/shop.yaml': BOTH.replace('trueshield, ', '') });
    const { applied } = await applyOnce(made, runner);
    const [line] = applied?.plan.items ?? [];
    expect(line).toMatchObject({
      action: 'cancel',
      product: 'trueshield',
      hold: { code: 'approval-missing' },
    });
    if (line === undefined) throw new Error('no line');
    await made.merge({
      'approvals/trueshield.yaml':
        approvalDraft(line, undefined, made.clock.now(), { hex: (bytes) => 'ab'.repeat(bytes) })?.text ?? '',
    });
    const done = await runUntilQuiet(made, runner);
    expect(done.applied?.plan.items).toEqual([]);
    expect((await licences(made)).map(({ state }) => state)).toEqual(['active', 'active', 'cancelled']);
    const [, , gone] = (await made.status('shop')).orders;
    expect(gone).toMatchObject({ product: 'trueshield', state: 'cancelled' });
    await made.merge({ 'certificates/shop.yaml': BOTH });
    await runUntilQuiet(made, runner);
    expect(await made.purchases(), 'declared again, it is bought again').toBe(4);
    expect(runner.illegal).toEqual([]);
  });

  it('of another plan is held, with the step in the portal, and taken over from there', async () => {
    const { made, runner } = await bought({ manifests: { shop: SITE } });
    const pro = SITE.replace('sitelock-basic', 'sitelock-pro').replace('60.00', '120.00');
    await made.merge({ 'certificates/shop.yaml': pro });
    const { applied } = await applyOnce(made, runner);
    expect(applied?.plan.items).toMatchObject([
      { reason: 'ProductChanged', hold: { code: 'unsupported', message: expect.stringContaining('portal') } },
    ]);
    await made.merge({ 'certificates/shop.yaml': `${pro}adopt: { order: "912345678" }\n` });
    await runUntilQuiet(made, runner);
    const { orders } = await made.status('shop');
    expect(orders).toMatchObject([{ id: '912345678', product: 'sitelock-pro', adopted: true }]);
    expect(await made.purchases()).toBe(1);
  });

  it('goes along with a manifest that is renamed', async () => {
    const { made, runner } = await bought({ manifests: { shop: SITE } });
    await made.merge({ 'certificates/shop.yaml': null, 'certificates/other.yaml': SITE });
    const moved = await runUntilQuiet(made, runner);
    expect(moved.applied?.plan.items).toEqual([]);
    expect((await made.status('other')).orders).toHaveLength(1);
    expect(await made.purchases()).toBe(1);
  });

  it.each(Object.entries(ACCOUNTS))(
    'that somebody bought in the portal is not bought beside, where the account %s',
    async (_, sandbox) => {
      const made = await place({ sandbox, manifests: { shop: SITE } });
      const order = {
        ...PORTAL,
        product: '1060',
        days: '365',
        domainName: 'shop.example.com',
        appRepEmailAddress: 'owner@example.com',
      };
      await post(`${made.sandbox?.url}/products/!AutoApplyOrder`, new URLSearchParams(order).toString());
      const runner = await openRunner(made);
      const { applied } = await applyOnce(made, runner);
      const shown = sandbox !== ACCOUNTS['shows none'];
      expect(applied?.plan.items[0]?.hold?.code).toBe(shown ? 'foreign-order' : undefined);
      // Where nothing shows it, the seller knows the customer and refuses.
      expect(await made.purchases()).toBe(1);
      await made.merge({ 'certificates/shop.yaml': `${SITE}adopt: { order: "912345678" }\n` });
      await runUntilQuiet(made, runner);
      const { orders } = await made.status('shop');
      expect(orders).toMatchObject([{ id: '912345678', adopted: true, product: 'sitelock-basic' }]);
      expect(orders[0]?.paidTill).toBeDefined();
      expect(await made.purchases()).toBe(1);
    },
  );
});

describe('the list of an account', () => {
  it.each(Object.entries(ACCOUNTS))(
    'misses no licence, and changes none, where it %s',
    async (_, sandbox) => {
      const { made, runner } = await bought({ sandbox });
      const before = await made.status('shop');
      for (let day = 0; day < 4; day++) {
        await made.advance(2 * DAY_MS);
        const { applied, exit } = await applyOnce(made, runner, 0, { syncOlderMs: 0 });
        expect(exit).toBe(0);
        expect(applied?.accounts).toMatchObject([{ kind: 'listed' }]);
        expect(applied?.plan).toMatchObject({ items: [], warnings: [] });
      }
      expect(await made.status('shop')).toEqual(before);
    },
  );

  it('does not bring a cancelled add-on back', async () => {
    const { made, runner } = await bought({ sandbox: { reportShowsSiteLock: true } });
    await made.merge({ 'certificates/shop.yaml': BOTH.replace('trueshield, ', '') });
    await runUntilQuiet(made, runner);
    await made.advance(2 * DAY_MS);
    const { applied } = await applyOnce(made, runner, 0, { syncOlderMs: 0 });
    expect(applied?.plan.items).toEqual([]);
    expect((await made.status('shop')).orders.at(-1)).toMatchObject({ state: 'cancelled' });
  });
});

describe('an order for website protection whose reply is lost', () => {
  const lose = async (made: Place, when: 'before' | 'after') => {
    await made.sandbox?.control('POST', 'faults', { fault: `drop-${when}@AutoApplyOrder` });
  };
  const later = async (made: Place, runner: Runner) => {
    await made.advance(HOUR_MS);
    await applyOnce(made, runner);
    await made.advance(25 * HOUR_MS);
    await applyOnce(made, runner);
    return applyOnce(made, runner);
  };

  it('is found where the account says what it is', async () => {
    const made = await place({ sandbox: TELLING });
    const runner = await openRunner(made);
    await lose(made, 'after');
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(3);
    expect((await made.status('shop')).orders).toHaveLength(3);
  });

  const poor = Object.entries(ACCOUNTS).filter(([, settings]) => settings !== TELLING);
  it.each(poor)(
    'stops and asks where the account %s, and the word of a person settles it',
    async (_, sandbox) => {
      const made = await place({ sandbox });
      const runner = await openRunner(made);
      await lose(made, 'after');
      await applyOnce(made, runner);
      const asked = await later(made, runner);
      expect(asked.exit).toBe(4);
      const recipe = asked.applied?.plan.items.map(({ hold }) => hold?.message);
      expect(recipe).toEqual([
        expect.stringContaining('look at shop for an order of sitelock-basic for shop.example.com'),
      ]);
      expect(await made.purchases()).toBe(1);
      const run = await openRun(runner.deps);
      await resolveOrder(run, {}, 'shop', '912345678');
      await run.providers.close();
      await runUntilQuiet(made, runner);
      expect(await made.purchases()).toBe(3);
      expect((await made.status('shop')).orders.map(({ id }) => id)).toEqual([
        '912345678',
        '912345679',
        '912345680',
      ]);
    },
  );

  it.each(Object.entries(ACCOUNTS))(
    'that the seller never got is sent again only on the word of a person, where the account %s',
    async (_, sandbox) => {
      const made = await place({ sandbox });
      const runner = await openRunner(made);
      await lose(made, 'before');
      await applyOnce(made, runner);
      expect((await later(made, runner)).exit).toBe(4);
      expect(await made.purchases()).toBe(0);
      const run = await openRun(runner.deps);
      await resolveNotPlaced(runner.context, run, { yes: true }, 'shop');
      await run.providers.close();
      await runUntilQuiet(made, runner);
      expect(await made.purchases()).toBe(3);
    },
  );

  it('and that a person writes off wrongly is refused when it is sent again: the site is known', async () => {
    const made = await place();
    const runner = await openRunner(made);
    await lose(made, 'after');
    await applyOnce(made, runner);
    await later(made, runner);
    const run = await openRun(runner.deps);
    await resolveNotPlaced(runner.context, run, { yes: true }, 'shop');
    await run.providers.close();
    const refused = await applyOnce(made, runner);
    expect(refused.applied?.events.map(({ message }) => message).join()).toContain('adopt: { order: … }');
    expect(await made.purchases()).toBe(1);
    await made.merge({ 'certificates/shop.yaml': `${BOTH}adopt: { order: "912345678" }\n` });
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(3);
    expect((await made.status('shop')).orders).toMatchObject([{ id: '912345678', adopted: true }, {}, {}]);
  });

  it('twice booked by the seller: a person decides', async () => {
    const made = await place({ sandbox: TELLING, manifests: { shop: SITE } });
    const runner = await openRunner(made);
    await made.sandbox?.control('POST', 'faults', { fault: 'duplicate@AutoApplyOrder' });
    await lose(made, 'after');
    await applyOnce(made, runner);
    const asked = await later(made, runner);
    expect(asked.exit).toBe(4);
    expect(asked.applied?.plan.items[0]?.hold?.message).toContain('candidates: 912345678, 912345679');
  });

  it('a cancellation is made again, and ends the licence once', async () => {
    const { made, runner } = await bought();
    await made.merge({ 'certificates/shop.yaml': BOTH.replace('trueshield, ', '') });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@modifyThirdPartyDetails' });
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    const status = await made.status('shop');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(status.orders.at(-1)).toMatchObject({ product: 'trueshield', state: 'cancelled' });
    expect(made.sandbox?.ledger('modifyThirdPartyDetails')).toHaveLength(2);
  });
});

/** Stopped once the intent stood on the branch, before a byte had left. */
const NOTHING_SENT = /^(after call \d+, git\.commit|before call \d+, (place|renew)\.run)$/;

describe('stopped around every writing call', () => {
  const allThere = (status: Status) => expect(status.orders).toHaveLength(3);

  it(
    'a licence and its add-ons are bought once each where the account says what they are',
    SWEEP,
    async () => {
      const made = await place({ sandbox: TELLING });
      const unknown = await sweepCrashes(made, {
        purchases: 3,
        name: 'shop',
        extraPushes: 10,
        ended: allThere,
      });
      // Nothing was sent, and nothing vouches for that.
      for (const { at } of unknown) expect(at).toMatch(NOTHING_SENT);
    },
  );

  it('and where it shows none; a person is asked only where nobody can tell', SWEEP, async () => {
    const made = await place();
    const unknown = await sweepCrashes(made, {
      purchases: 3,
      name: 'shop',
      extraPushes: 12,
      ended: allThere,
    });
    expect(unknown.length).toBeGreaterThan(0);
    const sent = unknown.filter(({ at }) => !NOTHING_SENT.test(at));
    for (const { at } of sent) expect(at).toMatch(/place\.run|spool\.write|git\.commit/);
  });

  it('a renewal is bought once', SWEEP, async () => {
    const { made } = await bought({ sandbox: TELLING, manifests: { shop: SITE } });
    await made.advance(357 * DAY_MS);
    const ended = (status: Status) => expect(status.orders).toHaveLength(2);
    const unknown = await sweepCrashes(made, { purchases: 2, name: 'shop', extraPushes: 8, ended });
    for (const { at } of unknown) expect(at).toMatch(NOTHING_SENT);
  });

  it('an add-on is cancelled', SWEEP, async () => {
    const { made } = await bought();
    await made.merge({ 'certificates/shop.yaml': BOTH.replace('trueshield, ', '') });
    const ended = (status: Status) => expect(status.orders.at(-1)).toMatchObject({ state: 'cancelled' });
    const unknown = await sweepCrashes(made, { purchases: 3, name: 'shop', extraPushes: 8, ended });
    expect(unknown).toEqual([]);
  });
});

describe('two runners at once', () => {
  it('buy a customer, two sites and their add-ons once', async () => {
    const blog = site('blog.example.com', 'customerOf: shop\n');
    const made = await place({ manifests: { shop: BOTH, blog } });
    const [first, second] = await machines(made, 2);
    if (!first || !second) throw new Error('two machines');
    await Promise.all([applyOnce(made, first), applyOnce(made, second)]);
    await runUntilQuiet(made, first);
    expect(await made.purchases()).toBe(4);
    expect((await licences(made)).filter(({ product }) => product === '1060')).toHaveLength(2);
    expect([...first.illegal, ...second.illegal]).toEqual([]);
  });
});
