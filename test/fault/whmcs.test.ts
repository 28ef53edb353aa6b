import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundProviders,
  aroundStep,
  machines,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';
import { PRODUCTS, servicesOf } from '../support/whmcs-account.js';

const SWEEP = { timeout: 400_000 };

const products = (product: JsonObject): string => `products: ${JSON.stringify({ dv: product })}`;

const LATE: JsonObject = {
  ...PRODUCTS.dv,
  setup: 'create',
  sendAt: 'service',
  functions: { reissue: 'adminstartreissue', submit: 'submit' },
};

const place = (product: JsonObject = PRODUCTS.dv, over: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({ kind: 'whmcs', account: products(product), ...over });

async function issued(product?: JsonObject, over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await place(product, over);
  await runUntilQuiet(made, await openRunner(made));
  expect((await made.status('shop')).current).toBeDefined();
  return made;
}

const fault = (made: Place, rule: string) => made.sandbox?.control('POST', 'faults', { fault: rule });
const account = (made: Place, body: JsonObject) => made.sandbox?.control('POST', 'account', body);

interface Invoice {
  readonly id: number;
  readonly status: string;
  readonly credit: string;
}
const invoicesOf = async (made: Place): Promise<readonly Invoice[]> =>
  (await made.sandbox?.control('GET', 'invoices')) as unknown as readonly Invoice[];
const creditOf = async (made: Place): Promise<string> =>
  String(((await made.sandbox?.control('GET', '')) as { credit?: string } | undefined)?.credit);

/** Credit that left is what one invoice each asks for. */
const paidOnce = (credit: string) => async (context: string, made: Place) => {
  expect(await creditOf(made), context).toBe(credit);
};

describe('at a WHMCS shop, stopped around every writing call', () => {
  it('a first order is bought and paid once', SWEEP, async () => {
    const made = await place();
    const unknown = await sweepCrashes(made, {
      purchases: 1,
      name: 'shop',
      extraPushes: 10,
      outside: (context) => paidOnce('990.00')(context, made),
    });
    expect(unknown).toEqual([]);
  });

  it('one that is set up, written and submitted by calls of their own as well', SWEEP, async () => {
    const made = await place(LATE);
    await sweepCrashes(made, {
      purchases: 1,
      name: 'shop',
      extraPushes: 12,
      outside: (context) => paidOnce('990.00')(context, made),
    });
  });

  it('a renewal is ordered and paid once', SWEEP, async () => {
    const text = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const made = await issued(PRODUCTS.dv, { manifests: { shop: text } });
    for (let month = 0; month < 12; month += 1) {
      await made.advance(30 * DAY_MS);
      if (month < 11) await runUntilQuiet(made, await openRunner(made));
    }
    const ended = (status: Status) => {
      expect(status.orders.map(({ id }) => id)).toEqual(['903', '903-1208']);
    };
    await sweepCrashes(made, {
      purchases: 2,
      name: 'shop',
      extraPushes: 10,
      ended,
      outside: (context) => paidOnce('980.00')(context, made),
    });
  });

  it('a reissue happens once and costs nothing', SWEEP, async () => {
    const made = await issued();
    await made.advance(DAY_MS);
    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    const ended = (status: Status) => expect(status.reissueText).toBe('new key');
    await sweepCrashes(made, {
      purchases: 1,
      name: 'shop',
      extraPushes: 10,
      ended,
      outside: (context) => paidOnce('990.00')(context, made),
    });
  });
});

describe('a reply of a WHMCS shop that is lost', () => {
  it.each(['AddOrder', 'ApplyCredit', 'AcceptOrder'])(
    'of %s: it is found, and nothing happens twice',
    async (call) => {
      const made = await place();
      const runner = await openRunner(made);
      await fault(made, `drop-after@${call}`);
      await applyOnce(made, runner);
      await runUntilQuiet(made, runner);
      expect((await made.status('shop')).current).toBeDefined();
      expect(await made.purchases()).toBe(1);
      expect(await creditOf(made)).toBe('990.00');
      expect(made.sandbox?.ledger(call)).toHaveLength(1);
      if (made.sandbox) expect(await servicesOf(made.sandbox)).toHaveLength(1);
    },
  );

  it.each(['ModuleCreate', 'UpdateClientProduct', 'ModuleCustom'])(
    'of %s: it is found, or made again where that is all the same',
    async (call) => {
      const made = await place(LATE);
      const runner = await openRunner(made);
      await fault(made, `drop-after@${call}`);
      await applyOnce(made, runner);
      await runUntilQuiet(made, runner);
      expect((await made.status('shop')).current).toBeDefined();
      expect(await made.purchases()).toBe(1);
      expect(await creditOf(made)).toBe('990.00');
    },
  );

  it.each(['AddOrder', 'ApplyCredit', 'AcceptOrder'])(
    'of %s that never arrived: sent again after the proof, once',
    async (call) => {
      const made = await place();
      const runner = await openRunner(made);
      await fault(made, `drop-before@${call}`);
      await applyOnce(made, runner);
      await made.advance(2 * HOUR_MS);
      await applyOnce(made, runner);
      expect(made.sandbox?.ledger(call)).toHaveLength(1);
      await made.advance(24 * HOUR_MS);
      await runUntilQuiet(made, runner);
      expect((await made.status('shop')).current).toBeDefined();
      expect(await made.purchases()).toBe(1);
      expect(await creditOf(made)).toBe('990.00');
    },
  );

  it('of an order that the shop booked twice: a person decides, and neither is paid', async () => {
    const made = await place();
    await fault(made, 'duplicate');
    await fault(made, 'drop-after@AddOrder');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: [expect.any(String), expect.any(String)] });
    expect(await creditOf(made)).toBe('1000.00');
  });

  it('of an order without a field for its reference: a person is shown what fits', async () => {
    const { reference: _none, ...fields } = PRODUCTS.dv.fields;
    const made = await place({ ...PRODUCTS.dv, fields });
    await fault(made, 'drop-after@AddOrder');
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    expect((await applyOnce(made, runner)).exit).toBe(4);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: ['903'] });
    expect(await made.purchases()).toBe(1);
  });
});

describe('money of a WHMCS shop', () => {
  it('that ends in the middle of a batch: the rest waits, and goes on after a top-up without a new order', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const manifests = Object.fromEntries(names.map((name) => [name, manifest(name)]));
    const made = await place(PRODUCTS.dv, { manifests });
    const runner = await openRunner(made);
    // Somebody else takes the credit between the orders and their payments.
    let orders = 0;
    const taking = await openRunner(made, {
      wrap: (deps) =>
        aroundProviders(deps, (provider) => {
          const [order, ...rest] = provider.place;
          if (!order) return provider;
          const run: typeof order.run = async (context, guard) => {
            const outcome = await order.run(context, guard);
            orders += 1;
            if (orders === names.length) await account(made, { credit: '25.00' });
            return outcome;
          };
          return { ...provider, place: [{ ...order, run }, ...rest] };
        }),
    });
    const first = await applyOnce(made, taking);
    expect(orders).toBe(names.length);
    expect((await invoicesOf(made)).map(({ status, credit }) => [status, credit]).sort()).toEqual([
      ['Paid', '10.00'],
      ['Paid', '10.00'],
      ['Unpaid', '0.00'],
      ['Unpaid', '0.00'],
      ['Unpaid', '0.00'],
    ]);
    expect(await creditOf(made)).toBe('5.00');
    expect(first.exit).toBe(0);
    const waiting = [...(await made.statuses()).values()].filter(({ current }) => !current);
    expect(waiting).toHaveLength(3);
    for (const {
      orders: [order],
      failures,
    } of waiting) {
      expect(order).toMatchObject({ state: 'pending', waitingFor: 'payment' });
      expect(order?.message).toContain('5.00 USD missing');
      expect(failures).toEqual({});
    }
    for (let day = 0; day < 3; day += 1) {
      await made.advance(DAY_MS);
      expect((await applyOnce(made, runner)).exit).toBe(0);
    }
    expect(await made.purchases()).toBe(5);
    await account(made, { credit: '100.00' });
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, runner);
    expect((await invoicesOf(made)).map(({ status }) => status)).toEqual(Array(5).fill('Paid'));
    expect(await made.purchases()).toBe(5);
    expect(await creditOf(made)).toBe('70.00');
  });

  it('that was never there: orders are held by the plan, and none is placed', async () => {
    const made = await place(PRODUCTS.dv, {
      sandbox: { openingCredit: '15.00' },
      manifests: { a: manifest('a'), b: manifest('b') },
    });
    await applyOnce(made, await openRunner(made));
    expect(await made.purchases()).toBe(1);
  });

  it('of an invoice with tax that nobody agreed to: not paid, a person is told', async () => {
    const made = await place(PRODUCTS.dv, { sandbox: { taxPercent: '25' } });
    const runner = await openRunner(made);
    await runUntilQuiet(made, runner);
    expect(await creditOf(made)).toBe('1000.00');
    const status = await made.status('shop');
    expect(status.orders[0]).toMatchObject({ waitingFor: 'person' });
    expect(status.orders[0]?.message).toContain('12.50 USD, agreed was 10.00 USD');
    // Whoever accepts it pays it in WHMCS; then it goes on.
    await made.sandbox?.control('POST', 'invoices/1207/pay');
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('of an invoice with the tax that the configuration names: paid', async () => {
    const made = await issued(PRODUCTS.dv, {
      sandbox: { taxPercent: '25' },
      account: `tax: 25%, ${products(PRODUCTS.dv)}`,
    });
    expect(await creditOf(made)).toBe('987.50');
    expect((await made.status('shop')).orders[0]?.charges).toMatchObject([
      { action: 'order', quoted: { amount: '10.00' }, charged: { amount: '12.50' } },
    ]);
  });

  it('of an invoice that AddOrder does not name: it is looked for, and paid before anything is set up', async () => {
    const made = await place(PRODUCTS.dv, { sandbox: { tellsInvoice: false, openingCredit: '12.00' } });
    const runner = await openRunner(made);
    await fault(made, 'drop-before@ApplyCredit');
    await applyOnce(made, runner);
    expect(made.sandbox?.ledger('AcceptOrder')).toHaveLength(0);
    await made.advance(26 * HOUR_MS);
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
    expect(await creditOf(made)).toBe('2.00');
  });

  it('that the shop takes by itself: nothing is applied twice', async () => {
    const made = await issued(PRODUCTS.dv, { sandbox: { autoApplyCredit: true } });
    expect(await creditOf(made)).toBe('990.00');
    expect(made.sandbox?.ledger('ApplyCredit')).toHaveLength(0);
  });

  it('that somebody else pays: the order goes on', async () => {
    const made = await place(PRODUCTS.dv, { account: `payFromCredit: false, ${products(PRODUCTS.dv)}` });
    const runner = await openRunner(made);
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).orders[0]).toMatchObject({ waitingFor: 'payment' });
    await made.sandbox?.control('POST', 'invoices/1207/pay');
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
    expect(await creditOf(made)).toBe('1000.00');
  });
});

describe('runners and crons', () => {
  it('two runners at once buy and pay once', async () => {
    const made = await place();
    const runners = await machines(made, 2);
    await Promise.all(runners.map((runner) => applyOnce(made, runner)));
    await runUntilQuiet(made, await openRunner(made));
    expect(await made.purchases()).toBe(1);
    expect(await creditOf(made)).toBe('990.00');
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('the cron makes the renewal invoice first: it is paid, and no second one is made', async () => {
    const text = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const made = await issued(PRODUCTS.dv, { manifests: { shop: text }, sandbox: { invoiceDays: 60 } });
    const runner = await openRunner(made);
    for (let month = 0; month < 13; month += 1) {
      await made.advance(30 * DAY_MS);
      await made.sandbox?.control('POST', 'cron');
      await runUntilQuiet(made, runner);
    }
    const status = await made.status('shop');
    expect(status.orders.map(({ id }) => id)).toEqual(['903', '903-1208']);
    expect(made.sandbox?.ledger('AddOrder')).toHaveLength(1);
    expect(await creditOf(made)).toBe('980.00');
    expect(status.intents.filter(isOpen)).toEqual([]);
  });

  it('a renewal that waits for its payment is finished, although the shop is said to renew by now', async () => {
    const text = 'domains: [shop.example.com]\nterm: 1y\nmaxPrice: 25.00 USD\n';
    const made = await issued(PRODUCTS.dv, {
      manifests: { shop: `${text}autoRenew: true\n` },
      sandbox: { openingCredit: '20.00' },
    });
    const runner = await openRunner(made);
    for (let month = 0; month < 11; month += 1) {
      await made.advance(30 * DAY_MS);
      await runUntilQuiet(made, runner);
    }
    await made.advance(30 * DAY_MS);
    const spent = await openRunner(made, {
      wrap: (deps) =>
        aroundStep(deps, 'renew', async (run) => {
          const outcome = await run();
          await account(made, { credit: '1.00' });
          return outcome;
        }),
    });
    await applyOnce(made, spent);
    const waiting = await made.status('shop');
    expect(waiting.intents.filter(isOpen)).toMatchObject([{ action: 'renew', phase: 'placed' }]);
    const configuration = (await made.store.files('refs/heads/main'))['certwright.yaml'] ?? '';
    await made.merge({
      'certwright.yaml': configuration.replace('clientId: 77', 'clientId: 77, renewalOwner: whmcs'),
      'certificates/shop.yaml': text,
    });
    await account(made, { credit: '15.00' });
    await made.advance(HOUR_MS);
    await runUntilQuiet(made, runner);
    const status = await made.status('shop');
    expect(status.intents.filter(isOpen)).toEqual([]);
    expect(status.current?.order).toBe('903-1208');
    expect(await creditOf(made)).toBe('5.00');
    expect(made.sandbox?.ledger('AddOrder')).toHaveLength(2);
  });

  // The words of the second are those of WHMCS for a login: here the module says them of its own, and may have bought before.
  it.each(['Upstream refused', 'Authentication Failed'])(
    'a module that fails ("%s") is not run again by certwright: a person is told its words',
    async (words) => {
      const made = await place();
      const runner = await openRunner(made);
      await fault(made, `module-error:${words}`);
      await runUntilQuiet(made, runner);
      const [order] = (await made.status('shop')).orders;
      expect(order).toMatchObject({ waitingFor: 'person' });
      expect(order?.message).toContain(words);
      expect(made.sandbox?.ledger('AcceptOrder')).toHaveLength(1);
      await made.sandbox?.control('POST', 'services/903/setup');
      await runUntilQuiet(made, runner);
      expect((await made.status('shop')).current).toBeDefined();
    },
  );
});
