import type { Json, JsonObject } from '../../model/json.js';
import type { ControlCall, ControlRoute } from '../frame/definition.js';
import { balanceRoute, chosenProofs, instant, proofFacts, refuse } from '../frame/people.js';
import { markProved } from '../frame/proof.js';
import { type Certificate, type Desk, newestOf, type Order } from './state.js';

/** What other people do: approvers, the authority, the seller's staff. And what the seller sees. */
export function controls(desk: () => Desk): readonly ControlRoute[] {
  const onOrder =
    (act: (order: Order, certificate: Certificate, body: JsonObject, now: Desk) => void) =>
    ({ args: [id = ''], body }: ControlCall): Json => {
      const now = desk();
      const order = now.state.orders.find((one) => one.id === id);
      if (order === undefined) throw refuse(`There is no order ${id}.`);
      act(order, newestOf(order), body, now);
      return facts(order);
    };
  const post = (path: string, description: string, act: Parameters<typeof onOrder>[0]): ControlRoute => ({
    method: 'POST',
    path: `orders/:id/${path}`,
    description,
    run: onOrder(act),
  });
  return [
    { method: 'GET', path: 'orders', description: 'every order', run: () => desk().state.orders.map(facts) },
    { method: 'GET', path: 'orders/:id', description: 'one order', run: onOrder(() => undefined) },
    post('validate', 'names (or {"name": …}) count as proved', (_order, { proofs }, body, now) => {
      for (const proof of chosenProofs(proofs, body, 'this order')) markProved(now, proof);
    }),
    post('vet', 'OV, EV: papers checked', (_order, certificate, _body, now) => {
      certificate.vettedAtMs = Math.min(certificate.vettedAtMs, now.nowMs);
    }),
    post('issue', 'the next look finds it issued', (order, certificate, _body, now) => {
      if (certificate.state !== 'pending') throw refuse(`Order ${order.id} is not waiting.`);
      for (const proof of certificate.proofs) markProved(now, proof);
      certificate.now = true;
    }),
    post(
      'refund',
      'the refund that was asked for: {"granted": true | false}',
      (order, _certificate, { granted }) => {
        if (order.refund === null) throw refuse(`No refund was asked for order ${order.id}.`);
        order.refund.state = granted === false ? 'denied' : 'approved';
        if (granted !== false) order.cancelled = true;
      },
    ),
    post('cancel', 'the seller cancels it', (order) => {
      order.cancelled = true;
    }),
    post('word', 'its state is called {"word": "Rejected"}', (order, _certificate, { word }) => {
      if (typeof word !== 'string' || word === '') throw refuse('Send {"word": "Rejected"}.');
      order.word = word;
    }),
    balanceRoute(() => desk().state),
  ];
}

/** As a person wants to read it: instants instead of milliseconds, no tokens, no requests, no keys. */
function facts(order: Order): JsonObject {
  return {
    id: order.id,
    reference: order.reference,
    related: order.related,
    product: order.product,
    months: order.months,
    amount: order.amount,
    placedAt: instant(order.placedAtMs),
    paidTill: instant(order.paidTillMs),
    cancelled: order.cancelled,
    refund: order.refund?.state ?? null,
    certificates: order.certificates.map((certificate) => ({
      state: certificate.state,
      partnerOrderId: certificate.partnerOrderId,
      names: proofFacts(certificate.proofs),
      serial: certificate.issued?.serial ?? null,
      notAfter: instant(certificate.issued?.notAfterMs ?? null),
    })),
  };
}
