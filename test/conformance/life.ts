import { X509Certificate } from 'node:crypto';
import { expect } from 'vitest';
import { soldAs } from '../../src/model/delivery.js';
import type { OrderSnapshot } from '../../src/model/order.js';
import { parseTerm } from '../../src/model/term.js';
import { addTerm } from '../../src/model/term-end.js';
import { DAY_MS, toMs } from '../../src/model/time.js';
import type { ListedOrder } from '../../src/ports/provider.js';
import { newKey, orderRequest, predecessorOf } from './builders.js';
import { expectGoodCertificate, serialOf } from './judge.js';
import type { ConformanceSubject } from './subject.js';
import { reasonFor, type Suite } from './suite.js';
import {
  type Bought,
  beginning,
  buy,
  buyIssued,
  orderIdOf,
  recordedOf,
  runSteps,
  untilIssued,
} from './trial.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function expectWellFormed(order: OrderSnapshot, { spec, request }: Bought): void {
  expect(order.ids.at(-1), 'the last of all ids is the id').toBe(order.id);
  expect(order.product).toBe(request.product);
  expect(order.names).toEqual(spec.names);
  for (const instant of [order.placedAt, order.paidFrom, order.paidTill, order.notAfter]) {
    if (instant !== undefined) expect(instant).toMatch(INSTANT);
  }
  for (const item of order.validation) {
    expect(spec.names).toContain(item.name);
    if (item.record !== undefined) expect(Object.values(item.record).every((text) => text !== '')).toBe(true);
  }
}

/** End of what was bought: the provider's word, or the term counted from the purchase where it says nothing. */
export function paidTillMs(
  { capabilities }: ConformanceSubject['provider'],
  order: OrderSnapshot,
  term: string,
): number {
  const parsed = parseTerm(term);
  if (parsed === undefined || order.placedAt === undefined) {
    throw new Error(`an order with a term shows when it was placed: ${JSON.stringify(order)}`);
  }
  const counted = addTerm(toMs(order.placedAt), parsed, capabilities.termCounting);
  return order.paidTill === undefined ? counted : toMs(order.paidTill);
}

/**
 * A bought term is at least the term that was asked for, counted from the day it was bought. Whole days may begin at
 * midnight: the core takes the later of both ends.
 */
function expectWholeTerm(provider: ConformanceSubject['provider'], order: OrderSnapshot, term: string): void {
  const { paidTill: _told, ...untold } = order;
  expect(paidTillMs(provider, order, term)).toBeGreaterThanOrEqual(
    paidTillMs(provider, untold, term) - DAY_MS,
  );
}

/** What a reissue of this order sends, with a new key. */
async function reissueOf(subject: ConformanceSubject, bought: Bought, order: OrderSnapshot) {
  const key = await newKey(bought.spec.commonName, bought.spec.names);
  const request = orderRequest(subject.provider, bought.spec, 'reissue', {
    csrPem: key.csrPem,
    predecessor: predecessorOf(order),
  });
  return { key, request };
}

async function everything(orders: AsyncIterable<ListedOrder>): Promise<readonly ListedOrder[]> {
  const all: ListedOrder[] = [];
  for await (const order of orders) all.push(order);
  return all;
}

/** Orders, from the purchase to the end. */
export function lifeTests({ trial }: Suite): void {
  trial(
    'an order that is bought waits, is issued, and gives a certificate that openssl believes',
    async (subject) => {
      const { provider } = subject;
      const bought = await buy(subject, 'shop');
      expect(await subject.purchases()).toBe(1);
      const first = await provider.getOrder(bought.orderId, bought.recorded);
      expectWellFormed(first, bought);
      expect(['pending', 'issued']).toContain(first.state);
      if (first.state === 'pending') {
        expect(first.waitingFor, 'somebody has to act on a pending order').toBeDefined();
        const early = await provider.collect(bought.orderId, bought.recorded);
        // Looking may be what moves an order on: a certificate this early belongs to an order that is through by now.
        if (early !== undefined)
          expect((await provider.getOrder(bought.orderId, bought.recorded)).state).toBe('issued');
      }
      const issued = await untilIssued(subject, bought.orderId, bought.recorded);
      expectWellFormed(issued, bought);
      if (provider.capabilities.terms) expectWholeTerm(provider, issued, bought.request.term ?? '');
      const leaf = await expectGoodCertificate(subject, { ...bought, orderId: issued.id });
      if (issued.serial !== undefined) expect(issued.serial).toBe(serialOf(leaf));
      if (issued.notAfter !== undefined) expect(toMs(issued.notAfter)).toBe(leaf.validToDate.getTime());
      expect(await subject.purchases()).toBe(1);
    },
  );

  trial('looking again, at the order or its certificate, changes nothing', async (subject) => {
    const { provider } = subject;
    const { orderId } = await buyIssued(subject, 'looked');
    const look = async () => [await provider.getOrder(orderId), await provider.collect(orderId)];
    expect(await look()).toEqual(await look());
    expect(await subject.purchases()).toBe(1);
  });

  trial('asking for a check of the proofs repeats safely', async (subject, need) => {
    const validator = need(subject.provider.validator, 'nothing can be rechecked');
    const { orderId, request, recorded } = await buy(subject, 'rechecked');
    await validator.recheck(orderId, request.validation);
    await validator.recheck(orderId, request.validation);
    expect((await untilIssued(subject, orderId, recorded)).state).toBe('issued');
    expect(await subject.purchases()).toBe(1);
  });

  trial('a rejected order says so and gives no certificate', async (subject, need) => {
    await need(subject.rejectNext?.bind(subject), 'nothing is ever rejected')();
    const { orderId } = await buy(subject, 'rejected');
    await subject.issue();
    expect((await subject.provider.getOrder(orderId)).state).toBe('rejected');
    expect(await subject.provider.collect(orderId)).toBeUndefined();
  });

  trial(
    'a reissue keeps the paid term and gives a new certificate for the new key',
    async (subject, need) => {
      const { provider } = subject;
      const reissuer = need(provider.reissuer, reasonFor(subject, 'reissue'));
      const bought = await buyIssued(subject, 'reissued');
      const oldLeaf = await expectGoodCertificate(subject, bought);
      await subject.advance(40 * DAY_MS);
      const { key, request } = await reissueOf(subject, bought, bought.order);
      const done = await runSteps(reissuer.operation, beginning(request));
      const orderId = done.orderId ?? bought.orderId;
      const recorded = recordedOf(done);
      const order = await untilIssued(subject, orderId, recorded);
      const leaf = await expectGoodCertificate(subject, { ...bought, key, recorded, orderId: order.id });
      expect(serialOf(leaf)).not.toBe(serialOf(oldLeaf));
      expect(leaf.validToDate.getTime()).toBeGreaterThanOrEqual(oldLeaf.validToDate.getTime());
      expect(order.paidTill).toBe(bought.order.paidTill);
      expect(order.ids).toContain(bought.orderId);
      if (!provider.capabilities.reissueChangesId) expect(order.id).toBe(bought.orderId);
      if (subject.reissueChangesId) expect(order.id).not.toBe(bought.orderId);
      if (provider.capabilities.reissue === 'free') expect(await subject.purchases()).toBe(1);
    },
  );

  trial(
    'a rejected reissue has ended, and leaves order and certificate as they are',
    async (subject, need) => {
      const { provider } = subject;
      const reissuer = need(provider.reissuer, reasonFor(subject, 'reissue'));
      const reject = need(subject.rejectNextReissue?.bind(subject), 'no reissue is ever rejected');
      const bought = await buyIssued(subject, 'kept');
      const before = await provider.collect(bought.orderId);
      await reject();
      const { request } = await reissueOf(subject, bought, bought.order);
      const done = await runSteps(reissuer.operation, beginning(request));
      const orderId = done.orderId ?? bought.orderId;
      const ended = await provider.getOrder(orderId, recordedOf(done));
      expect(ended).toMatchObject({ state: 'issued', reissueEnded: true });
      expect((await provider.getOrder(orderId)).reissueEnded).toBeUndefined();
      expect(await provider.collect(orderId)).toEqual(before);

      const again = await reissueOf(subject, bought, ended);
      const next = await runSteps(reissuer.operation, beginning(again.request));
      const recorded = recordedOf(next);
      expect((await provider.getOrder(next.orderId ?? orderId, recorded)).reissueEnded).toBeUndefined();
      const issued = await untilIssued(subject, next.orderId ?? orderId, recorded);
      await expectGoodCertificate(subject, { ...bought, key: again.key, recorded, orderId: issued.id });
      expect(await subject.purchases()).toBe(1);
    },
  );

  trial('a renewal is an order of its own with a whole term', async (subject, need) => {
    const { provider, clock } = subject;
    const { capabilities } = provider;
    need(capabilities.terms, capabilities.notes.terms ?? 'there is no paid term');
    const bought = await buyIssued(subject, 'renewed');
    const { order } = bought;
    expectWholeTerm(provider, order, bought.request.term ?? '');
    const oldTill = paidTillMs(provider, order, bought.request.term ?? '');
    const early = Math.min(capabilities.renewalWindowMs ?? 20 * DAY_MS, 20 * DAY_MS);
    await subject.advance(oldTill - early - clock.now());
    const key = await newKey(bought.spec.commonName, bought.spec.names);
    const request = orderRequest(provider, bought.spec, 'renew', {
      csrPem: key.csrPem,
      predecessor: predecessorOf(order),
    });
    const done = await runSteps(provider.renew, beginning(request));
    const orderId = orderIdOf(done);
    const recorded = recordedOf(done);
    expect(orderId).not.toBe(order.id);
    expect(await subject.purchases()).toBe(2);
    const renewed = await untilIssued(subject, orderId, recorded);
    expectWellFormed(renewed, { ...bought, request });
    expectWholeTerm(provider, renewed, request.term ?? '');
    expect(paidTillMs(provider, renewed, request.term ?? '')).toBeGreaterThan(oldTill);
    await expectGoodCertificate(subject, { ...bought, key, request, recorded, orderId: renewed.id });
    expect((await provider.getOrder(order.id)).paidTill).toBe(order.paidTill);
  });

  trial('a revoked certificate is shown as revoked', async (subject, need) => {
    const { provider } = subject;
    const revoker = need(provider.revoker, reasonFor(subject, 'revoke'));
    const bought = await buyIssued(subject, 'revoked');
    const { spec } = bought;
    let { order } = bought;
    const collected = await provider.collect(order.id);
    const serial = serialOf(new X509Certificate(collected?.certificatePem ?? ''));
    const [reason] = revoker.reasons;
    if (reason === undefined) throw new Error('a revoker knows at least one reason');
    if (provider.capabilities.revokesSuperseded) {
      const { request } = await reissueOf(subject, bought, order);
      const done = await runSteps(provider.reissuer?.operation ?? [], beginning(request));
      order = await untilIssued(subject, orderIdOf(done), recordedOf(done));
    }
    const request = orderRequest(provider, spec, 'revoke', {
      predecessor: predecessorOf(order),
      revocation: { serial, reason },
    });
    await runSteps(revoker.operation, beginning(request));
    need(provider.capabilities.revocationShown !== false, reasonFor(subject, 'revocationShown'));
    expect((await provider.getOrder(order.id)).state).toBe('revoked');
  });

  trial('an order cancelled before its certificate is over', async (subject, need) => {
    const { provider } = subject;
    const canceller = need(provider.canceller, reasonFor(subject, 'cancel'));
    const { spec, orderId } = await buy(subject, 'cancelled');
    const order = await provider.getOrder(orderId);
    need(order.state === 'pending', 'orders are issued at once, there is nothing left to cancel');
    const request = orderRequest(provider, spec, 'cancel', { predecessor: predecessorOf(order) });
    await runSteps(canceller.operation, beginning(request));
    await subject.issue();
    // One code may stand for what the seller rejects and what the buyer takes back.
    expect(['cancelled', 'refunded', 'rejected']).toContain((await provider.getOrder(orderId)).state);
    expect(await provider.collect(orderId)).toBeUndefined();
  });

  trial('the auto-renew flag is what it was set to', async (subject, need) => {
    const { provider } = subject;
    const flag = need(provider.autoRenew, reasonFor(subject, 'autoRenewFlag'));
    const { spec, order } = await buyIssued(subject, 'flagged');
    for (const autoRenew of [true, false]) {
      const request = orderRequest(provider, spec, 'set-auto-renew', {
        predecessor: predecessorOf(order),
        autoRenew,
      });
      await runSteps(flag.operation, beginning(request));
      expect((await provider.getOrder(order.id)).autoRenew).toBe(autoRenew);
    }
  });

  trial('the list shows every order once, over all pages, and can be narrowed', async (subject, need) => {
    const { provider } = subject;
    const list = need(provider.list?.bind(provider), reasonFor(subject, 'list'));
    const bought: Bought[] = [];
    for (let n = 0; n < 5; n += 1) bought.push(await buyIssued(subject, `listed-${n}`));
    await subject.advance(provider.capabilities.visibilityLagMs ?? DAY_MS);
    const all = await everything(list({}));
    expect(all.map(({ id }) => id).sort()).toEqual(bought.map(({ orderId }) => soldAs(orderId ?? '')).sort());
    const [, second] = bought;
    const named = await everything(list({ names: second?.spec.names ?? [] }));
    expect(named.map(({ id }) => id)).toEqual([soldAs(second?.orderId ?? '')]);
    expect(await everything(list({ product: 'no-such-product-anywhere' }))).toEqual([]);
  });
}
