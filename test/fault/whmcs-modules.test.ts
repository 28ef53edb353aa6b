import { describe, expect, it } from 'vitest';
import { allConditions } from '../../src/entry/health.js';
import { isOpen } from '../../src/model/intent.js';
import type { JsonObject } from '../../src/model/json.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import { writeDueDates } from '../../src/reconcile/due-dates.js';
import { attachCertificate } from '../../src/reconcile/handed-in.js';
import { certificateOf } from '../../src/reconcile/inbox.js';
import { failureOf } from '../conformance/failure.js';
import {
  applyOnce,
  aroundStep,
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';
import { PRODUCTS } from '../support/whmcs-account.js';

const place = (product: JsonObject, { account = '', ...over }: Partial<PlaceOptions> = {}): Promise<Place> =>
  openPlace({
    kind: 'whmcs',
    account: [`products: ${JSON.stringify({ dv: product })}`, account].filter(Boolean).join(', '),
    ...over,
  });

const control = (made: Place, method: 'GET' | 'POST', path: string, body: JsonObject = {}) =>
  made.sandbox?.control(method, path, body);

/** What a person does in the wizard of the shop: request in, certificate out. */
async function finishByHand(made: Place, service = '903'): Promise<string> {
  const intent = (await made.status('shop')).intents.find(isOpen);
  await control(made, 'POST', `services/${service}/configure`, { csr: intent?.request.csrPem ?? '' });
  await control(made, 'POST', `services/${service}/issue`);
  const files = (await control(made, 'GET', `services/${service}/certificate`)) as {
    certificate: string;
    chain: string;
  };
  return files.certificate + files.chain;
}

describe('a product whose certificate comes by hand', () => {
  it('is ordered and paid, waits for a person, and is published from a pull request', async () => {
    const made = await place(PRODUCTS['by-hand']);
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    const waiting = await made.status('shop');
    expect(waiting.orders[0]).toMatchObject({ state: 'pending', waitingFor: 'person' });
    expect(waiting.orders[0]?.message).toContain('certwright show --csr');
    const pem = await finishByHand(made);
    await made.merge({ 'inbox/shop.pem': pem });
    // At once, although the order is not due for a look for hours.
    expect((await applyOnce(made, runner)).exit).toBe(0);
    const status = await made.status('shop');
    expect(status.current).toBeDefined();
    expect(status.orders[0]).toMatchObject({ state: 'issued' });
    expect(status.orders[0]?.waitingFor).toBeUndefined();
    await expectKeyFits(made, 'shop');
    // The file stays where it is, and the shop still shows nothing: neither changes anything.
    const pushes = await made.pushes();
    await made.advance(2 * DAY_MS);
    await applyOnce(made, runner, 0, { syncOlderMs: 0 });
    expect(await made.pushes()).toBe(pushes);
    expect((await made.status('shop')).orders[0]).toMatchObject({ state: 'issued' });
  });

  it('is published by attach as well, and reissued the same way', async () => {
    const made = await place(PRODUCTS['by-hand']);
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    const first = await attachCertificate(runner.deps, 'shop', await finishByHand(made));
    expect((await made.status('shop')).current?.serial).toBe(first.serial);

    await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    await applyOnce(made, runner);
    const waiting = await made.status('shop');
    expect(waiting.intents.filter(isOpen)).toMatchObject([{ action: 'reissue', phase: 'placed' }]);
    expect(waiting.orders[0]).toMatchObject({ state: 'issued', waitingFor: 'person' });
    // People begin a reissue in the client area.
    await control(made, 'POST', 'services/903/reopen');
    const second = await attachCertificate(runner.deps, 'shop', await finishByHand(made));
    expect(second.serial).not.toBe(first.serial);
    expect((await made.status('shop')).current?.serial).toBe(second.serial);
    expect(await made.purchases()).toBe(1);
  });

  it('takes no certificate for another key, before it is paid, or when nothing waits', async () => {
    const other = await place(PRODUCTS['by-hand']);
    await applyOnce(other, await openRunner(other));
    const foreign = await finishByHand(other);

    const made = await place(PRODUCTS['by-hand'], { account: 'payFromCredit: false' });
    const runner = await openRunner(made);
    expect(await failureOf(attachCertificate(runner.deps, 'shop', foreign))).toMatchObject({ code: 'usage' });
    await applyOnce(made, runner);
    expect(await failureOf(attachCertificate(runner.deps, 'shop', foreign))).toMatchObject({
      code: 'certificate.invalid',
    });
    await control(made, 'POST', 'invoices/1207/pay');
    await made.advance(4 * HOUR_MS);
    await applyOnce(made, runner);
    const wrong = await failureOf(attachCertificate(runner.deps, 'shop', foreign));
    expect(wrong).toMatchObject({ code: 'certificate.invalid' });
    expect(wrong.message).toContain('another key');
    expect((await made.status('shop')).current).toBeUndefined();

    // In the inbox it is said at once, kept aside, and not looked at again.
    await made.merge({ 'inbox/shop.pem': 'nothing' });
    const none = await applyOnce(made, runner);
    expect(none.exit).toBe(1);
    expect(none.applied?.events).toMatchObject([
      {
        outcome: 'failed',
        message: expect.stringMatching(/^inbox\/shop\.pem: the file holds no certificate/),
      },
    ]);
    await made.merge({ 'inbox/shop.pem': foreign });
    const aside = await applyOnce(made, runner);
    expect(aside.applied?.events).toMatchObject([{ message: expect.stringContaining('kept aside') }]);
    expect((await applyOnce(made, runner)).applied?.events).toEqual([]);
    const kept = await made.status('shop');
    expect(kept.current).toBeUndefined();
    expect(kept.intents.find(isOpen)).toMatchObject({ phase: 'issued' });
    await made.merge({ 'inbox/shop.pem': await finishByHand(made) });
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('a file without a certificate is said to be none', () => {
    expect(() => certificateOf('nothing', undefined)).toThrow('no certificate in PEM');
  });
});

describe('RVssl, by its published workflow', () => {
  const rvssl = (over: Partial<PlaceOptions> = {}) =>
    place(PRODUCTS['rvssl-dv'], { account: 'profile: rvssl', ...over });

  it.each([
    ['client', 'Waiting Submit Order'],
    ['admin', 'Waiting for Payment on RVglobalsoft.com'],
    ['account', 'Waiting for Payment'],
  ])(
    'upstream credit is short (%s panel): said apart from the invoice, never ordered again',
    async (upstreamPanel, text) => {
      const made = await rvssl({ sandbox: { upstreamCredit: '3.00', upstreamPanel } });
      const runner = await openRunner(made);
      await runUntilQuiet(made, runner);
      const [order] = (await made.status('shop')).orders;
      expect(order).toMatchObject({ state: 'pending', waitingFor: 'upstream-payment' });
      expect(order?.message).toContain(`"${text}"`);
      expect(order?.message).toContain('RVglobalsoft');
      for (let day = 0; day < 30; day += 10) {
        await made.advance(10 * DAY_MS);
        await applyOnce(made, runner);
      }
      expect(await made.purchases()).toBe(1);
      await control(made, 'POST', 'account', { upstreamCredit: '100.00' });
      await made.advance(DAY_MS);
      await runUntilQuiet(made, runner);
      expect((await made.status('shop')).current).toBeDefined();
      expect(await made.purchases()).toBe(1);
    },
  );

  it('an invoice that is not paid is the other kind of waiting', async () => {
    const made = await rvssl({ account: 'profile: rvssl, payFromCredit: false' });
    await applyOnce(made, await openRunner(made));
    expect((await made.status('shop')).orders[0]).toMatchObject({ waitingFor: 'payment' });
  });

  it('an OV order goes through documents, call, review and approver to its certificate', async () => {
    const made = await place(
      { ...PRODUCTS['rvssl-ov'], validation: 'dv', contactFields: {} },
      {
        account: 'profile: rvssl',
        sandbox: { autoApprove: false },
        manifests: { shop: manifest('shop').replace('25.00', '50.00') },
      },
    );
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    const waits: unknown[] = [];
    for (let step = 0; step < 5; step += 1) {
      await made.advance(DAY_MS);
      await applyOnce(made, runner);
      waits.push((await made.status('shop')).orders[0]?.waitingFor);
      await control(made, 'POST', 'services/903/step');
    }
    expect(waits).toEqual(['documents', 'call-back', 'ca', 'approver-mail', 'ca']);
    await made.advance(DAY_MS);
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
  });

  it('a word that nobody knows is shown as it is, and looking goes on', async () => {
    const made = await rvssl({ account: 'profile: rvssl', sandbox: { autoApprove: false, bridge: false } });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await control(made, 'POST', 'services/903/state', { text: 'WF_SOMETHING_NEW' });
    await made.advance(DAY_MS);
    expect((await applyOnce(made, runner)).exit).toBe(0);
    const [order] = (await made.status('shop')).orders;
    expect(order).toMatchObject({ state: 'pending', waitingFor: 'person' });
    expect(order?.message).toContain('"WF_SOMETHING_NEW"');
  });

  it('an order that the authority rejects is over, and nothing is ordered in its place', async () => {
    const made = await rvssl({ sandbox: { autoApprove: false } });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await control(made, 'POST', 'services/903/reject');
    await made.advance(DAY_MS);
    await applyOnce(made, runner);
    expect((await made.status('shop')).orders[0]).toMatchObject({ state: 'rejected' });
    // A rejected order is for a person: its refund is, too.
    await made.advance(DAY_MS);
    await applyOnce(made, runner);
    expect(await made.purchases()).toBe(1);
  });

  it('an order that waited for its payment is not said to stall as soon as it is paid', async () => {
    const made = await rvssl({ sandbox: { bridge: false } });
    const runner = await openRunner(made);
    await control(made, 'POST', 'account', { credit: '100.00' });
    const poor = await openRunner(made, {
      wrap: (deps) =>
        aroundStep(deps, 'order', async (run) => {
          const outcome = await run();
          await control(made, 'POST', 'account', { credit: '0.00' });
          return outcome;
        }),
    });
    await applyOnce(made, poor);
    await made.advance(5 * DAY_MS);
    await control(made, 'POST', 'account', { credit: '100.00' });
    const stalls = async () => {
      const { applied } = await applyOnce(made, runner);
      const all =
        applied &&
        allConditions(applied.view.statuses.values(), applied.specs, applied.providers, made.clock.now());
      return (all?.get('shop') ?? []).filter(({ reason }) => reason === 'Stalled');
    };
    expect(await stalls()).toEqual([]);
    await made.advance(20 * HOUR_MS);
    expect(await stalls()).toEqual([]);
    await made.advance(5 * HOUR_MS);
    expect(await stalls()).toMatchObject([{ message: expect.stringContaining('went on') }]);
    expect(await made.purchases()).toBe(1);
  });

  it('a DV order that shows nothing for longer than the patience is said to stall, and is not ordered again', async () => {
    const made = await rvssl({ sandbox: { bridge: false } });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    const stalls = async () => {
      const { applied } = await applyOnce(made, runner);
      const all =
        applied &&
        allConditions(applied.view.statuses.values(), applied.specs, applied.providers, made.clock.now());
      return (all?.get('shop') ?? []).filter(({ reason }) => reason === 'Stalled');
    };
    await made.advance(20 * HOUR_MS);
    expect(await stalls()).toEqual([]);
    await made.advance(5 * HOUR_MS);
    expect(await stalls()).toMatchObject([{ level: 'warning', message: expect.stringContaining('credit') }]);
    await made.advance(10 * DAY_MS);
    await stalls();
    expect(await made.purchases()).toBe(1);
  });
});

it('due dates that follow the certificate are set to the end of what is paid, once', async () => {
  const made = await place(PRODUCTS.dv, { sandbox: { dueDates: 'certificate' } });
  const runner = await openRunner(made);
  await runUntilQuiet(made, runner);
  await control(made, 'POST', 'cron');
  const dueOf = async () => {
    const service = (await control(made, 'GET', 'services/903')) as { nextDue: string };
    return service.nextDue.slice(0, 7);
  };
  const { orders, current } = await made.status('shop');
  const paidTill = orders[0]?.paidTill ?? '';
  expect(await dueOf()).toBe(current?.notAfter.slice(0, 7));
  const pushes = await made.pushes();
  expect(await writeDueDates(runner.deps)).toEqual([
    { name: 'shop', orderId: '903', day: paidTill.slice(0, 10) },
  ]);
  expect(await dueOf()).toBe(paidTill.slice(0, 7));
  expect(await writeDueDates(runner.deps)).toEqual([]);
  expect(await writeDueDates(runner.deps, () => false)).toEqual([]);
  expect(await made.pushes()).toBe(pushes);
  expect(made.sandbox?.ledger('UpdateClientProduct')).toHaveLength(1);
});
