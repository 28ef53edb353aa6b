import { describe, expect, it } from 'vitest';
import { approvalDraft } from '../../src/entry/approval-draft.js';
import { resolveOrder } from '../../src/entry/cli/resolve-order.js';
import { isOpen } from '../../src/model/intent.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS, toMs } from '../../src/model/time.js';
import { openRun } from '../../src/reconcile/open-run.js';
import { newKey } from '../conformance/builders.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  expectKeyFits,
  machines,
  manifest,
  many,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  twoAtOnce,
} from '../support/engine.js';
import { entriesOf } from '../support/namecheap-account.js';

const SWEEP = { timeout: 600_000 };
const EXCLUSIVE = 'slots: exclusive';

const place = (over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'namecheap', account: EXCLUSIVE, ...over });

async function issued(over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await place(over);
  await runUntilQuiet(made, await openRunner(made));
  for (const status of (await made.statuses()).values()) expect(status.current).toBeDefined();
  return made;
}

const fault = async (made: Place, rule: string): Promise<void> => {
  await made.sandbox?.control('POST', 'faults', { fault: rule });
};

const RENEWED = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nautoRenew: true\n';

/** A month before the paid term ends, everything before it done. */
async function beforeRenewal(over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await issued({ manifests: { shop: RENEWED }, ...over });
  for (let month = 0; month < 11; month += 1) {
    await made.advance(30 * DAY_MS);
    await runUntilQuiet(made, await openRunner(made));
  }
  await made.advance(10 * DAY_MS);
  return made;
}

describe('at Namecheap, in an account of its own, stopped around every call that writes', () => {
  it('a first order: one slot is bought, and activated once', SWEEP, async () => {
    const unknown = await sweepCrashes(await place(), { purchases: 1, name: 'shop', extraPushes: 8 });
    expect(unknown).toEqual([]);
  });

  it('a renewal: one is bought, and activated once', SWEEP, async () => {
    const made = await beforeRenewal();
    const ended = (status: Status) => expect(status.orders).toHaveLength(2);
    const unknown = await sweepCrashes(made, { purchases: 2, name: 'shop', extraPushes: 8, ended });
    expect(unknown).toEqual([]);
  });

  it('a reissue happens once, costs nothing, and its new id is kept', SWEEP, async () => {
    const made = await issued();
    await made.advance(DAY_MS);
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    const ended = (status: Status) => {
      expect(status.reissueText).toBe('new key');
      expect(status.orders[0]?.ids).toHaveLength(2);
    };
    await sweepCrashes(made, { purchases: 1, name: 'shop', extraPushes: 8, ended });
  });

  it('names beyond those bought: bought once, and reissued with once', SWEEP, async () => {
    const names = (count: number) =>
      `domains: [${Array.from({ length: count }, (_, i) => `n${i}.example.com`).join(', ')}]\nproduct: san-certificate\nterm: 1y\nmaxPrice: 60.00 USD\n`;
    const made = await issued({ manifests: { shop: names(3) } });
    await made.advance(DAY_MS);
    await made.merge({ 'certificates/shop.yaml': names(5) });
    const ended = (status: Status) => {
      expect(status.current?.names).toHaveLength(5);
      expect(
        status.orders[0]?.charges.map(({ action, charged }) => [action, charged?.amount]),
      ).toContainEqual(['add-names', expect.anything()]);
    };
    await sweepCrashes(made, { purchases: 2, name: 'shop', extraPushes: 8 });
    ended(await made.status('shop'));
  });
});

describe('a reply of Namecheap that is lost', () => {
  it.each(['create', 'activate'])('of %s: the slot is found, and nothing is bought again', async (call) => {
    const made = await place();
    const runner = await openRunner(made);
    await fault(made, `drop-after@${call}`);
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    expect(made.sandbox?.ledger('create')).toHaveLength(1);
    expect((await made.status('shop')).current).toBeDefined();
    await expectKeyFits(made, 'shop');
  });

  it.each(['renew', 'activate'])('of %s in a renewal: it is found, and finished', async (call) => {
    const made = await beforeRenewal();
    const runner = await openRunner(made);
    const before = (await made.status('shop')).current?.serial;
    await fault(made, `drop-after@${call}`);
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(2);
    const status = await made.status('shop');
    expect(status.orders).toHaveLength(2);
    expect(status.current?.serial).not.toBe(before);
  });

  it('of a reissue: its new id is found by its request', async () => {
    const made = await issued();
    const runner = await openRunner(made);
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    await fault(made, 'drop-after@reissue');
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    const status = await made.status('shop');
    expect(status.orders[0]?.ids).toHaveLength(2);
    expect(status.current?.order).toBe(status.orders[0]?.id);
    expect(made.sandbox?.ledger('reissue')).toHaveLength(1);
    expect(status.intents.filter(isOpen)).toEqual([]);
  });

  it('of a purchase that never arrived: it is sent again once the books prove it', async () => {
    const made = await issued();
    await made.merge({ 'certificates/wiki.yaml': manifest('wiki') });
    await fault(made, 'drop-before@create');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(HOUR_MS);
    await applyOnce(made, runner);
    expect(await made.purchases()).toBe(1);
    await made.advance(26 * HOUR_MS);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(2);
    expect((await made.status('wiki')).current).toBeDefined();
  });

  it('of a purchase in a shared account: a person is asked, and shown the slots it may be', async () => {
    const made = await place({ account: 'slots: shared' });
    const runner = await openRunner(made);
    await fault(made, 'drop-after@create');
    await applyOnce(made, runner);
    await made.sandbox?.control('POST', 'slots', { type: 'Standard SSL', years: 1 });
    await made.advance(26 * HOUR_MS);
    const ended = await applyOnce(made, runner);
    expect(ended.exit).toBe(4);
    const [intent] = (await made.status('shop')).intents;
    const slots = (await entriesOf(made.sandbox as NonNullable<typeof made.sandbox>)).map(({ id }) => id);
    expect(intent).toMatchObject({ phase: 'unknown', candidates: slots });
    expect(slots).toHaveLength(2);
    expect(await made.purchases()).toBe(1);
    expect(made.sandbox?.ledger('activate')).toEqual([]);
  });

  it('and is told by a person: the slot is activated, and nothing is bought again', async () => {
    const made = await place({ account: 'slots: shared' });
    const runner = await openRunner(made);
    await fault(made, 'drop-after@create');
    await applyOnce(made, runner);
    await made.sandbox?.control('POST', 'slots', { type: 'Standard SSL', years: 1 });
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    const run = await openRun(runner.deps);
    await resolveOrder(run, {}, 'shop', '950001');
    await run.providers.close();
    await runUntilQuiet(made, runner);
    const status = await made.status('shop');
    expect(status.orders.map(({ id }) => id)).toEqual(['950001']);
    expect(status.current?.names).toEqual(['shop.example.com']);
    expect(await made.purchases()).toBe(1);
    await expectKeyFits(made, 'shop');
  });

  it('of a purchase that never arrived, in a shared account where nothing else happened: sent again', async () => {
    const made = await place({ account: 'slots: shared' });
    await fault(made, 'drop-before@create');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('of a purchase that never arrived, in a shared account where somebody bought: a person is asked', async () => {
    const made = await place({ account: 'slots: shared' });
    await fault(made, 'drop-before@create');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    const sold = (await made.sandbox?.control('POST', 'slots', {})) as { readonly id: string };
    const key = await newKey('other.example.com', ['other.example.com']);
    await made.sandbox?.control('POST', `certificates/${sold.id}/activate`, { csr: key.csrPem });
    await made.advance(26 * HOUR_MS);
    const ended = await applyOnce(made, runner);
    expect(ended.exit).toBe(4);
    expect((await made.status('shop')).intents[0]).toMatchObject({ phase: 'unknown', candidates: [] });
    expect(await made.purchases()).toBe(0);
  });

  it('of an activation, and somebody activated the slot: a person is asked, nothing is sent again', async () => {
    const made = await place();
    const runner = await openRunner(made);
    await fault(made, 'drop-before@activate*always');
    await applyOnce(made, runner);
    const key = await newKey('thief.example.com', ['thief.example.com']);
    await made.sandbox?.control('POST', 'certificates/950001/activate', { csr: key.csrPem });
    await made.sandbox?.control('POST', 'faults/clear');
    const sent = made.sandbox?.ledger('activate').length ?? 0;
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: ['950001'] });
    expect(made.sandbox?.ledger('activate')).toHaveLength(sent);
    expect(await made.purchases()).toBe(1);
  });

  it('of a purchase that the vendor booked twice: a person is asked', async () => {
    const made = await place();
    await fault(made, 'duplicate@create');
    await fault(made, 'drop-after@create');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: [expect.any(String), expect.any(String)] });
    expect(await made.purchases()).toBe(2);
  });
});

it('ten needs of one product in one run: a slot each, and none twice', async () => {
  const made = await place({ manifests: many(10) });
  await runUntilQuiet(made, await openRunner(made));
  const statuses = [...(await made.statuses()).values()];
  expect(await made.purchases()).toBe(10);
  expect(new Set(statuses.map(({ orders }) => orders[0]?.id)).size).toBe(10);
  for (const status of statuses) expect(status.current?.names).toEqual([`${status.name}.example.com`]);
});

it('ten needs, and the reply to one of them lost: the others wait, and all are served once', async () => {
  const made = await place({ manifests: many(10) });
  const runner = await openRunner(made);
  await fault(made, 'drop-after@create');
  await applyOnce(made, runner);
  await runUntilQuiet(made, runner);
  const statuses = [...(await made.statuses()).values()];
  expect(await made.purchases()).toBe(10);
  expect(new Set(statuses.map(({ orders }) => orders[0]?.id)).size).toBe(10);
  for (const status of statuses) expect(status.current).toBeDefined();
});

describe('free slots', () => {
  const USED = 'slots: exclusive, useFreeSlots: true';
  const buySlot = (made: Place, type = 'Standard SSL', years = 1) =>
    made.sandbox?.control('POST', 'slots', { type, years });

  it('serve before anything is bought, at the price 0', async () => {
    const made = await place({ account: USED, manifests: many(2) });
    await buySlot(made);
    await buySlot(made, 'EV SSL');
    await buySlot(made, 'Standard SSL', 2);
    const runner = await openRunner(made);
    const first = await applyOnce(made, runner);
    const lines = first.applied?.plan.items.map(({ name, action, price }) => [name, action, price]) ?? [];
    expect(lines).toContainEqual([
      's0',
      'adopt',
      { kind: 'known', amount: { amount: '0.00', currency: 'USD' }, source: 'free slot 950001' },
    ]);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    const [s0, s1] = [await made.status('s0'), await made.status('s1')];
    expect(s0.orders[0]?.id).toBe('950001');
    expect(s0.current?.names).toEqual(['s0.example.com']);
    expect(s1.current?.names).toEqual(['s1.example.com']);
    await expectKeyFits(made, 's0', 's1');
  });

  it('one slot and two runners: one takes it, the other buys', async () => {
    const made = await place({ account: USED, manifests: many(2), git: true });
    await buySlot(made);
    const runners = await machines(made, 2);
    await Promise.all(runners.map((runner) => applyOnce(made, runner)));
    await runUntilQuiet(made, await openRunner(made));
    const statuses = [...(await made.statuses()).values()];
    expect(await made.purchases()).toBe(1);
    expect(new Set(statuses.map(({ orders }) => orders[0]?.id)).size).toBe(2);
    for (const status of statuses) {
      expect(status.orders).toHaveLength(1);
      expect(status.current?.names).toEqual([`${status.name}.example.com`]);
    }
  });

  it('none that another runner has bought meanwhile and not recorded yet', async () => {
    const made = await place({ account: USED, manifests: { wiki: manifest('wiki') } });
    const bought = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const buyer = await openRunner(made, {
      wrap: (deps) => ({
        ...deps,
        repository: {
          ...deps.repository,
          async commit(...change) {
            if (made.sandbox?.ledger('create').length === 1) {
              bought.resolve();
              await looked.promise;
            }
            return deps.repository.commit(...change);
          },
        },
      }),
    });
    const buying: Promise<unknown>[] = [];
    const runner = await openRunner(made, {
      wrap: (deps) => ({
        ...deps,
        repository: {
          ...deps.repository,
          async observe() {
            const snapshot = await deps.repository.observe();
            if (buying.length > 0) return snapshot;
            await made.merge({ 'certificates/a.yaml': manifest('a') });
            buying.push(applyOnce(made, buyer));
            await bought.promise;
            return snapshot;
          },
        },
      }),
    });
    await applyOnce(made, runner);
    expect([...(await made.statuses()).keys()]).toEqual(['a']);
    looked.resolve();
    await Promise.all(buying);
    await runUntilQuiet(made, runner);
    expect((await made.status('a')).orders.map(({ id }) => id)).toEqual(['950001']);
    expect(await made.purchases()).toBe(2);
    for (const status of (await made.statuses()).values()) {
      expect(status.current?.names).toEqual([`${status.name}.example.com`]);
    }
    await expectKeyFits(made, 'a', 'wiki');
  });

  it('are taken over and activated by an approval each where the policy wants one, used up by that', async () => {
    const policy = 'order: merge, renew: auto, free: pull-request, revoke: auto';
    const made = await place({ account: USED, policy });
    await buySlot(made);
    const runner = await openRunner(made);
    const approved: string[] = [];
    for (const action of ['adopt', 'activate']) {
      const { applied } = await applyOnce(made, runner);
      const [item] = applied?.plan.items.filter((one) => one.action === action) ?? [];
      expect(item?.hold?.code).toBe('approval-missing');
      const draft = item && approvalDraft(item, undefined, made.clock.now(), runner.deps.random);
      if (!draft) throw new Error(`nothing asks for ${action}`);
      await made.merge({ [draft.file]: draft.text });
      await applyOnce(made, runner);
      approved.push(draft.file);
      expect((await made.status('shop')).consumedApprovals).toHaveLength(approved.length);
    }
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current?.order).toBe('950001');
    expect(await made.purchases()).toBe(0);
  });

  it('in a shared account are never touched, unless the manifest names one', async () => {
    const made = await place({ account: 'slots: shared' });
    await buySlot(made);
    await buySlot(made);
    await runUntilQuiet(made, await openRunner(made));
    expect(await made.purchases()).toBe(1);
    expect((await made.status('shop')).orders[0]?.id).toBe('950003');
    await made.merge({
      'certificates/wiki.yaml': `${manifest('wiki')}provider: shop\nadopt: { order: "950001" }\n`,
    });
    await runUntilQuiet(made, await openRunner(made));
    const wiki = await made.status('wiki');
    expect(wiki.orders.map(({ id }) => id)).toEqual(['950001']);
    expect(wiki.current?.names).toEqual(['wiki.example.com']);
    expect(await made.purchases()).toBe(1);
    await expectKeyFits(made, 'wiki');
  });

  it('taken over and activated, stopped around every call that writes', SWEEP, async () => {
    const made = await place({
      account: 'slots: shared',
      manifests: { shop: `${manifest('shop')}provider: shop\nadopt: { order: "950001" }\n` },
    });
    await buySlot(made);
    const ended = (status: Status) => expect(status.orders[0]).toMatchObject({ id: '950001', adopted: true });
    await sweepCrashes(made, { purchases: 0, name: 'shop', extraPushes: 8, ended });
  });

  it('of another product are not taken over', async () => {
    const made = await place({
      account: 'slots: shared',
      manifests: { shop: `${manifest('shop')}provider: shop\nadopt: { order: "950001" }\n` },
    });
    await buySlot(made, 'EV SSL');
    const ended = await applyOnce(made, await openRunner(made));
    expect(ended.applied?.plan.items[0]?.hold?.message).toContain('slot of ev-ssl');
    expect(await made.purchases()).toBe(0);
  });
});

it('two runners at once buy once', async () => {
  const made = await place();
  await twoAtOnce(made);
  expect(await made.purchases()).toBe(1);
  expect((await made.status('shop')).current).toBeDefined();
});

it('a subscription of two years: free reissues under new ids, one paid renewal that keeps the days left', async () => {
  const text = 'domains: [shop.example.com]\nterm: 2y\nmaxPrice: 25.00 USD\nautoRenew: true\n';
  const made = await issued({ manifests: { shop: text } });
  const runner = await openRunner(made);
  for (let month = 0; month < 25; month += 1) {
    await made.advance(30 * DAY_MS);
    await runUntilQuiet(made, runner);
  }
  const status = await made.status('shop');
  expect(status.orders).toHaveLength(2);
  expect(await made.purchases()).toBe(2);
  const [first, second] = status.orders;
  expect(first?.ids.length).toBeGreaterThan(3);
  expect(first?.charges.map(({ action }) => action)).toEqual(['order']);
  const years = (toMs(second?.paidTill ?? '') - toMs(first?.paidTill ?? '')) / (365 * DAY_MS);
  expect(years).toBeGreaterThan(1.99);
});

it('a reissue in the panel is followed under its new id, and its strange key replaced', async () => {
  const made = await issued();
  const runner = await openRunner(made);
  const [old] = (await made.status('shop')).orders;
  const key = await newKey('shop.example.com', ['shop.example.com']);
  await made.sandbox?.control('POST', `certificates/${old?.id}/reissue`, { csr: key.csrPem });
  await made.advance(2 * DAY_MS);
  await applyOnce(made, runner, 0, { syncOlderMs: 0 });
  await runUntilQuiet(made, runner);
  const status = await made.status('shop');
  expect(status.orders[0]?.ids).toEqual([old?.id, '950002', '950003']);
  expect(status.current?.order).toBe('950003');
  expect(await made.purchases()).toBe(1);
  await expectKeyFits(made, 'shop');
});

it('an activation that the authority refuses waits for the support, and goes on when it has reset the slot', async () => {
  const made = await place();
  const runner = await openRunner(made);
  await fault(made, 'authority-refuses');
  await applyOnce(made, runner);
  await made.advance(HOUR_MS);
  await applyOnce(made, runner);
  const waiting = await made.status('shop');
  expect(waiting.orders[0]).toMatchObject({ state: 'pending', waitingFor: 'person' });
  await made.sandbox?.control('POST', `certificates/${waiting.orders[0]?.id}/reset`);
  await made.advance(DAY_MS);
  await runUntilQuiet(made, runner);
  expect((await made.status('shop')).current).toBeDefined();
  expect(await made.purchases()).toBe(1);
});

describe('renewals that a WHMCS shop pays for', () => {
  const OWNED = 'profile: wvphost, renewalOwner: whmcs';
  const ONCE = 'domains: [NAME.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n';
  const declared = (name: string, more = '') => `${ONCE.replace('NAME', name)}${more}`;

  /** As the module does it when the invoice is paid. */
  async function renewByModule(made: Place, id: string): Promise<void> {
    const query = new URLSearchParams({
      ApiUser: 'acme',
      UserName: 'acme',
      ApiKey: 'S3cret+ key',
      ClientIp: '198.51.100.7',
      Command: 'namecheap.ssl.renew',
      CertificateID: id,
      Years: '1',
      SSLType: 'Standard SSL',
    });
    const reply = await fetch(`${made.sandbox?.url}/xml.response?${query}`);
    expect(await reply.text()).toContain('Status="OK"');
  }

  async function nearTheEnd(...names: readonly string[]): Promise<Place> {
    const manifests = Object.fromEntries(names.map((name) => [name, declared(name)]));
    const made = await place({ account: OWNED, manifests });
    await runUntilQuiet(made, await openRunner(made));
    for (let month = 0; month < 11; month += 1) {
      await made.advance(30 * DAY_MS);
      await runUntilQuiet(made, await openRunner(made));
    }
    await made.advance(12 * DAY_MS);
    return made;
  }

  const newest = async (made: Place, name: string) => (await made.status(name)).orders.at(-1);

  it('are activated, and never bought by certwright', async () => {
    const made = await nearTheEnd('shop');
    const runner = await openRunner(made);
    const { applied } = await applyOnce(made, runner);
    expect(applied?.plan.warnings.map(({ message }) => message).join()).toContain(
      'the shop behind shop renews it, and has not yet; see that its invoice is paid there',
    );
    expect(await made.purchases()).toBe(1);
    await renewByModule(made, (await newest(made, 'shop'))?.id ?? '');
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, await openRunner(made));
    const status = await made.status('shop');
    expect(status.orders).toHaveLength(2);
    expect(status.current?.order).toBe(status.orders[1]?.id);
    expect(status.orders[1]).toMatchObject({ adopted: true, charges: [] });
    expect(await made.purchases()).toBe(2);
    expect(made.sandbox?.ledger('create')).toHaveLength(1);
    await expectKeyFits(made, 'shop');
  });

  it('are for a person to tell apart where more than one waits', async () => {
    const made = await nearTheEnd('a', 'b');
    const [a, b] = [await newest(made, 'a'), await newest(made, 'b')];
    await renewByModule(made, a?.id ?? '');
    const { applied } = await applyOnce(made, await openRunner(made));
    expect(applied?.plan.items.map(({ action, hold }) => [action, hold?.code])).toEqual([
      ['hold', 'foreign-order'],
      ['hold', 'foreign-order'],
    ]);
    expect(applied?.plan.items[0]?.hold?.message).toContain('2 certificates wait for their next term');
    await renewByModule(made, b?.id ?? '');
    const slots = (await entriesOf(made.sandbox ?? expect.unreachable())).filter(
      ({ status }) => status === 'NewRenewal',
    );
    await made.merge({
      'certificates/a.yaml': declared('a', `adopt: { order: "${slots[0]?.id}" }\n`),
      'certificates/b.yaml': declared('b', `adopt: { order: "${slots[1]?.id}" }\n`),
    });
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, await openRunner(made));
    expect((await made.status('a')).current?.order).toBe(slots[0]?.id);
    expect((await made.status('b')).current?.order).toBe(slots[1]?.id);
    expect(await made.purchases()).toBe(4);
    expect(made.sandbox?.ledger('renew')).toHaveLength(2);
  });
});
