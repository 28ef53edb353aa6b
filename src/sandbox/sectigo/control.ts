import type { Json, JsonObject } from '../../model/json.js';
import type { ControlCall, ControlRoute } from '../frame/definition.js';
import { balanceRoute, chosenProofs, instant, proofFacts, refuse } from '../frame/people.js';
import { markProved } from './dcv.js';
import { licenceByNumber } from './sitelock-cancel.js';
import { SITELOCK } from './sitelock-products.js';
import { type Certificate, type Desk, findOrder, type Licence, newestOf, type Order } from './state.js';

/** What other people do: approvers, validation staff, accountants. And what the seller sees. */
export function controls(desk: () => Desk): readonly ControlRoute[] {
  const onOrder =
    (act: (order: Order, certificate: Certificate, body: JsonObject, now: Desk) => void) =>
    ({ args: [number = ''], body }: ControlCall): Json => {
      const now = desk();
      const order = findOrder(now.state, number);
      if (order === undefined) throw refuse(`There is no order ${number}.`);
      act(order, newestOf(order), body, now);
      return orderFacts(now, order);
    };
  return [
    {
      method: 'GET',
      path: 'orders',
      description: 'every order',
      run: () => desk().state.orders.map((order) => orderFacts(desk(), order)),
    },
    { method: 'GET', path: 'orders/:number', description: 'one order', run: onOrder(() => undefined) },
    {
      method: 'POST',
      path: 'orders/:number/validate',
      description: 'names (or {"name": …}) count as proved, papers as checked',
      run: onOrder((order, certificate, body, now) => {
        for (const dcv of chosen(certificate, body)) markProved(now, dcv);
        if (body.name === undefined) vet(order, now, Object.keys(order.vetting));
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/issue',
      description: 'the next look finds it issued',
      run: onOrder((order, certificate, _body, now) => {
        if (certificate.state !== 'pending') throw refuse(`Order ${order.number} is not waiting.`);
        for (const dcv of certificate.dcv) markProved(now, dcv);
        vet(order, now, Object.keys(order.vetting));
        certificate.now = true;
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/approve',
      description: 'the approver of every e-mail name (or of {"name": …}) clicked',
      run: onOrder((order, certificate, body, now) => {
        const mailed = chosen(certificate, body).filter(({ method }) => method === 'EMAIL');
        if (mailed.length === 0) throw refuse(`Order ${order.number} has no name that is proved by e-mail.`);
        for (const dcv of mailed) markProved(now, dcv);
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/vet',
      description: 'OV, EV: papers checked; {"step": "organization" | "callback" | "documents"} for one',
      run: onOrder((order, _certificate, { step }, now) => {
        const steps = Object.keys(order.vetting);
        if (step !== undefined && !steps.includes(String(step))) {
          throw refuse(`"step" must be one of ${steps.join(', ')}.`);
        }
        vet(order, now, step === undefined ? steps : [String(step)]);
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/pay',
      description: 'payment came in, where it was required',
      run: onOrder((order) => {
        if (order.payment !== 'required') throw refuse(`Order ${order.number} awaits no payment.`);
        order.payment = 'paid';
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/reject',
      description: 'the CA rejects it: {"reason": TEXT}',
      run: onOrder((order, certificate, { reason }) => {
        if (certificate.state !== 'pending') throw refuse(`Order ${order.number} is not waiting.`);
        certificate.state = 'rejected';
        // An order that has a certificate keeps it.
        if (order.certificates.length === 1) order.state = 'rejected';
        order.reason = typeof reason === 'string' ? reason : 'rejected by the CA';
      }),
    },
    {
      method: 'POST',
      path: 'orders/:number/revoke',
      description: 'the CA revokes its newest certificate',
      run: onOrder((order, certificate) => {
        if (certificate.issued === null) throw refuse(`Order ${order.number} has no certificate.`);
        certificate.state = 'revoked';
      }),
    },
    {
      method: 'GET',
      path: 'sitelock',
      description: 'every licence of every site, and whose it is',
      run: () => desk().state.siteLock.licences.map((licence) => licenceFacts(desk(), licence)),
    },
    balanceRoute(() => desk().state),
  ];
}

function licenceFacts({ state }: Desk, licence: Licence): JsonObject {
  const { number, product, days, domain, cost, payment, autoRenew, joins, renewedBy, details } = licence;
  const customer = state.siteLock.customers.find(({ userId }) => userId === licence.userId);
  return {
    orderNumber: number,
    product,
    title: SITELOCK[product]?.title ?? null,
    days,
    domain,
    email: customer?.email ?? null,
    login: customer?.login ?? null,
    state: licence.state,
    cost,
    payment,
    placedAt: instant(licence.placedAtMs),
    end: instant(licence.endMs),
    autoRenew,
    joins,
    renewedBy,
    details,
  };
}

const chosen = ({ dcv }: Certificate, body: JsonObject) => chosenProofs(dcv, body, 'this order');

/** Steps that are needed are done now, unless they are done already. */
function vet(order: Order, { nowMs }: Desk, steps: readonly string[]): void {
  for (const step of ['organization', 'callback', 'documents'] as const) {
    const atMs = order.vetting[step];
    if (steps.includes(step) && atMs !== null) order.vetting[step] = Math.min(atMs, nowMs);
  }
}

/** As a person wants to read it: instants instead of milliseconds, no requests, no keys. */
function orderFacts(desk: Desk, order: Order): JsonObject {
  return {
    orderNumber: order.number,
    state: order.state,
    reason: order.reason,
    product: order.product,
    days: order.days,
    cost: order.cost,
    payment: order.payment,
    reference: order.reference,
    placedAt: instant(order.placedAtMs),
    termStart: instant(order.termStartMs),
    termEnd: instant(order.termEndMs),
    vetting: Object.fromEntries(Object.entries(order.vetting).map(([step, atMs]) => [step, instant(atMs)])),
    details: order.details,
    siteLockBundle: licenceByNumber(desk, order.number)?.state === 'active',
    certificates: order.certificates.map((certificate) => ({
      certificateID: certificate.certificateId,
      orderNumber: certificate.orderNumber,
      state: certificate.state,
      commonName: certificate.commonName,
      uniqueValue: certificate.uniqueValue,
      md5: certificate.md5,
      sha256: certificate.sha256,
      readyAt: instant(certificate.readyAtMs),
      polls: certificate.polls,
      names: proofFacts(certificate.dcv),
      serial: certificate.issued?.serial ?? null,
      notBefore: instant(certificate.issued?.notBeforeMs ?? null),
      notAfter: instant(certificate.issued?.notAfterMs ?? null),
    })),
  };
}
