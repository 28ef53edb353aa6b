import { describe, expect, it } from 'vitest';
import { parseDelivery } from '../../src/model/delivery.js';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { newKey } from '../conformance/builders.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundStep,
  expectKeyFits,
  machines,
  manifest,
  many,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';
import { entriesOf } from '../support/namecheap-account.js';

const SWEEP = { timeout: 400_000 };

/** The module writes into a custom field what it bought. */
const TOLD: JsonObject = {
  pid: 18,
  completion: 'upstream',
  upstreamProduct: 'standard-ssl',
  fields: { reference: 141, upstream: 142 },
};
/** Nothing tells; whoever has the account buys there through this shop alone. */
const UNTOLD: JsonObject = { ...TOLD, fields: { reference: 141 } };
const EXCLUSIVE = 'slots: exclusive';

const place = (product: JsonObject, over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({
    kind: 'whmcs',
    account: `upstream: nc, products: ${JSON.stringify({ dv: product })}`,
    wholesale: product === TOLD ? '' : EXCLUSIVE,
    ...over,
  });

async function issued(product: JsonObject, over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await place(product, over);
  await runUntilQuiet(made, await openRunner(made));
  for (const status of (await made.statuses()).values()) expect(status.current, status.name).toBeDefined();
  return made;
}

const fault = (made: Place, rule: string) => made.wholesale?.control('POST', 'faults', { fault: rule });
const creditOf = async (made: Place): Promise<string> =>
  String(((await made.sandbox?.control('GET', '')) as { credit?: string } | undefined)?.credit);
const bought = (made: Place): number => made.wholesale?.purchases().length ?? 0;
const entries = async (made: Place) => (made.wholesale ? entriesOf(made.wholesale) : []);
const deliveries = ({ orders }: Status): readonly (string | undefined)[] =>
  orders.map(({ id }) => parseDelivery(id)?.id);

const RENEWED = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nautoRenew: true\n';

async function beforeRenewal(product: JsonObject, over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await issued(product, { manifests: { shop: RENEWED }, ...over });
  for (let month = 0; month < 11; month += 1) {
    await made.advance(30 * DAY_MS);
    await runUntilQuiet(made, await openRunner(made));
  }
  await made.advance(10 * DAY_MS);
  return made;
}

/** Whatever happened: each module call bought one, and as many got a request. */
const oncePerSide =
  (slots: number, credit: string) =>
  async (context: string, made: Place): Promise<void> => {
    expect(bought(made), context).toBe(slots);
    expect(await creditOf(made), context).toBe(credit);
  };

describe('what a shop sells and another account delivers, stopped around every writing call', () => {
  it('a first order is paid once at the shop, and its slot activated once', SWEEP, async () => {
    const made = await place(UNTOLD);
    const unknown = await sweepCrashes(made, {
      purchases: 1,
      name: 'shop',
      extraPushes: 14,
      outside: (context) => oncePerSide(1, '989.00')(context, made),
      ended: (status) => expect(deliveries(status)).toEqual(['950001']),
    });
    expect(unknown).toEqual([]);
  });

  it('a reissue goes to the account that delivers, and to nobody else', SWEEP, async () => {
    const made = await issued(TOLD);
    await made.advance(DAY_MS);
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    await sweepCrashes(made, {
      purchases: 1,
      name: 'shop',
      extraPushes: 10,
      points: 'after-writes',
      outside: (context) => oncePerSide(1, '989.00')(context, made),
      ended: (status) => {
        expect(status.reissueText).toBe('new key');
        expect(status.orders[0]?.ids).toEqual(['903', '903@nc:950001', '903@nc:950002']);
      },
    });
  });

  it('a renewal is paid once at the shop, and what it bought is activated once', SWEEP, async () => {
    const made = await beforeRenewal(TOLD);
    await sweepCrashes(made, {
      purchases: 2,
      name: 'shop',
      extraPushes: 14,
      points: 'after-writes',
      outside: (context) => oncePerSide(2, '978.00')(context, made),
      ended: (status) => {
        expect(status.orders.map(({ ids }) => ids[0])).toEqual(['903', '903-1208']);
        expect(status.current?.order).toBe(status.orders[1]?.id);
        // Days that were left are kept by the authority.
        expect(status.orders[1]?.paidTill).toBe('2028-11-22T12:00:00Z');
      },
    });
  });
});

describe('a reply of the account that delivers', () => {
  it.each(['drop-after@activate', 'drop-before@activate'])(
    'that is lost (%s): the same slot, one certificate',
    async (rule) => {
      const made = await place(UNTOLD);
      const runner = await openRunner(made);
      await fault(made, rule);
      await applyOnce(made, runner);
      await runUntilQuiet(made, runner);
      const status = await made.status('shop');
      expect(status.current).toBeDefined();
      expect(bought(made)).toBe(1);
      expect((await entries(made)).map(({ status: word }) => word)).toEqual(['Active']);
      await expectKeyFits(made, 'shop');
    },
  );

  it('that is lost for the set-up at the shop: nothing is bought twice there', async () => {
    const made = await place(UNTOLD);
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@AcceptOrder' });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
    expect(bought(made)).toBe(1);
  });

  it('that says somebody else configured the slot: a person decides, and nothing more is taken', async () => {
    const made = await place(TOLD);
    const { csrPem: csr } = await newKey('shop.example.com', ['shop.example.com']);
    const runner = await openRunner(made, {
      wrap: (deps) =>
        aroundStep(deps, 'upstream-activate', async () => {
          await made.wholesale?.control('POST', 'certificates/950001/activate', { csr });
          throw new CertError('provider.timeout', 'no answer', { effect: 'unknown' });
        }),
    });
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    expect((await applyOnce(made, await openRunner(made))).exit).toBe(4);
    expect((await made.status('shop')).intents).toMatchObject([{ phase: 'unknown' }]);
    expect(bought(made)).toBe(1);
  });
});

describe('slots of several orders', () => {
  it('are each taken by one, by two runners at once', async () => {
    const made = await place(UNTOLD, { manifests: many(3) });
    const runners = await machines(made, 2);
    await Promise.all(runners.map((runner) => applyOnce(made, runner)));
    await runUntilQuiet(made, await openRunner(made));
    const statuses = [...(await made.statuses()).values()];
    expect(new Set(statuses.flatMap(deliveries))).toEqual(new Set(['950001', '950002', '950003']));
    expect(bought(made)).toBe(3);
    expect(await creditOf(made)).toBe('967.00');
    await expectKeyFits(made, 's0', 's1', 's2');
    // The list of that account explains them all.
    const { applied } = await applyOnce(made, await openRunner(made), 0, { syncOlderMs: 0 });
    expect(applied?.accounts).toMatchObject([
      { listing: { undeclared: [] } },
      { listing: { undeclared: [] } },
    ]);
  });

  it('that were there before are left alone; one that comes late is waited for', async () => {
    const late: JsonObject = { ...UNTOLD, pid: 14, fields: { reference: 71 } };
    const made = await place(late);
    await made.wholesale?.control('POST', 'slots', { type: 'Standard SSL', years: 1 });
    const runner = await openRunner(made);
    await runUntilQuiet(made, runner);
    const [order] = (await made.status('shop')).orders;
    expect(order).toMatchObject({ id: '903', state: 'pending', waitingFor: 'configuration' });
    expect(order?.message).toContain('has not bought it at nc yet');
    await made.wholesale?.control('POST', 'slots', { type: 'Standard SSL', years: 2 });
    await made.wholesale?.control('POST', 'slots', { type: 'Standard SSL', years: 1 });
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, runner);
    expect(deliveries(await made.status('shop'))).toEqual(['950003']);
    expect(made.wholesale?.ledger('create')).toEqual([]);
  });

  it('that a field names and another certificate holds are not taken twice', async () => {
    const made = await place(TOLD, { manifests: { a: manifest('a') } });
    const runner = await openRunner(made);
    await runUntilQuiet(made, runner);
    await fault(made, 'out-of-funds@create');
    await made.merge({ 'certificates/b.yaml': manifest('b') });
    await applyOnce(made, runner);
    expect((await made.status('b')).orders[0]?.message).toMatch(/module of service 904 says/);
    await made.sandbox?.control('POST', 'services/904/setup');
    await made.sandbox?.control('POST', 'services/904/field', { field: 142, text: '950001' });
    await made.advance(HOUR_MS);
    await applyOnce(made, runner, 0, { lookNow: 'all' });
    const [order] = (await made.status('b')).orders;
    expect(order).toMatchObject({ waitingFor: 'person' });
    expect(order?.message).toContain('delivers another certificate here');
    await made.sandbox?.control('POST', 'services/904/field', { field: 142, text: '77' });
    await made.advance(HOUR_MS);
    await applyOnce(made, runner, 0, { lookNow: 'all' });
    expect((await made.status('b')).orders[0]?.message).toContain('which nc does not know');
    await made.sandbox?.control('POST', 'services/904/field', { field: 142, text: '950002' });
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, runner);
    expect(deliveries(await made.status('b'))).toEqual(['950002']);
    expect(bought(made)).toBe(2);
  });
});

describe('two renewals that are paid, and one slot', () => {
  it('nobody takes what the module bought as the next term of the other', async () => {
    const made = await beforeRenewal(UNTOLD, {
      manifests: { a: RENEWED.replace('shop.', 'a.'), b: RENEWED.replace('shop.', 'b.') },
    });
    await fault(made, 'out-of-funds@renew');
    const runner = await openRunner(made);
    await runUntilQuiet(made, runner);
    await made.advance(HOUR_MS);
    await applyOnce(made, runner, 0, { lookNow: 'all' });
    expect(bought(made)).toBe(3);
    const orders = [...(await made.statuses()).values()].map(({ orders }) => orders.at(-1));
    expect(orders.map((order) => parseDelivery(order?.id ?? ''))).toEqual([undefined, undefined]);
    for (const order of orders) {
      expect(order).toMatchObject({ state: 'pending', waitingFor: 'person' });
      expect(order?.message).toMatch(/950009.*fields\.upstream/);
    }
  });
});

describe('a renewal that somebody paid at the shop before it fell due here', () => {
  it('gets the slot that the module bought then', async () => {
    const made = await beforeRenewal(UNTOLD, {
      manifests: { shop: `${RENEWED}renewBefore: 5d\n` },
      sandbox: { autoPayRenewals: true },
    });
    await made.advance(14 * DAY_MS);
    await made.sandbox?.control('POST', 'cron');
    expect(bought(made)).toBe(2);
    for (let days = 0; days < 8; days += 1) {
      await made.advance(DAY_MS);
      await runUntilQuiet(made, await openRunner(made));
    }
    const { orders, current } = await made.status('shop');
    expect(orders.map(({ ids }) => ids[0])).toEqual(['903', '903-1208']);
    expect(orders[1]?.message).toBeUndefined();
    expect(current?.order).toBe(orders[1]?.id);
    await oncePerSide(2, '978.00')('paid once', made);
  });
});

describe('a renewal of another certificate that somebody paid at the shop, of which nothing here tells', () => {
  const pair = {
    a: RENEWED.replace('shop.', 'a.'),
    b: `${RENEWED.replace('shop.', 'b.')}renewBefore: 5d\n`,
  };

  it('what its module bought is not taken for a renewal whose module was late', async () => {
    const made = await beforeRenewal(UNTOLD, { manifests: pair, sandbox: { autoPayRenewals: true } });
    await fault(made, 'out-of-funds@renew');
    await runUntilQuiet(made, await openRunner(made));
    expect((await made.status('a')).orders).toHaveLength(2);
    expect(bought(made)).toBe(2);
    await made.advance(14 * DAY_MS);
    await made.sandbox?.control('POST', 'cron');
    expect(bought(made)).toBe(3);

    await applyOnce(made, await openRunner(made), 0, { lookNow: 'all' });

    expect(deliveries(await made.status('b'))).toHaveLength(1);
    const order = (await made.status('a')).orders.at(-1);
    expect(parseDelivery(order?.id ?? '')).toBeUndefined();
    expect(order).toMatchObject({ waitingFor: 'person' });
    expect(order?.message).toMatch(/or for b .*fields\.upstream/);
  });
});

describe('the account that delivers', () => {
  it('sells nothing to a manifest that names it', async () => {
    const made = await place(TOLD, {
      manifests: { direct: manifest('direct', 'provider: nc\nproduct: standard-ssl\n') },
    });
    const { applied } = await applyOnce(made, await openRunner(made));
    expect(applied?.plan.items).toMatchObject([{ hold: { code: 'not-served' } }]);
    expect(applied?.plan.items[0]?.hold?.message).toContain('nc delivers what shop sells');
    expect(made.wholesale?.purchases()).toEqual([]);
    expect((await made.statuses()).get('direct')?.intents.filter(isOpen) ?? []).toEqual([]);
  });
});
