import { CertError } from '../../../src/model/errors.js';
import type { OrderRequest } from '../../../src/model/order.js';
import type { Operation, Step, StepContext, StepOutcome } from '../../../src/ports/provider.js';
import type { PaidTestClient } from './adapter-client.js';
import { lookUpOnOrder, lookUpPurchase } from './adapter-look-up.js';
import { pemSha256, toCancelled, toFreeOutcome, toOutcome } from './adapter-map.js';
import type { OrderWire } from './wire.js';

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CertError('internal', `the request names no ${what}`);
  return value;
}

const predecessorId = (request: OrderRequest): string => need(request.predecessor, 'predecessor').orderId;

function boughtId({ results }: StepContext): string {
  const id = results.buy?.orderId;
  if (typeof id !== 'string') throw new CertError('internal', 'the slot was not bought yet');
  return id;
}

function buyStep(client: PaidTestClient, search: 'unique' | 'findable' | 'none'): Step {
  return {
    name: 'buy',
    paid: true,
    // Where a repeated reference is refused, a look-up needs nothing to compare with.
    ...(search === 'unique'
      ? {}
      : {
          before: async () => {
            const { balance, unclaimed } = (await client.account()).value;
            return { balance, slots: [...unclaimed] };
          },
        }),
    run: async ({ request }, guard) => {
      const body = {
        product: request.product,
        term: need(request.term, 'term'),
        ...(search === 'none' ? {} : { reference: request.reference }),
        ...(request.predecessor === undefined ? {} : { renews: request.predecessor.orderId }),
      };
      return toOutcome(await client.buy(body, guard));
    },
    lookUp: (context) => lookUpPurchase(client, context, search),
    adoptResult: (orderId) => ({ orderId }),
  };
}

/** A free call that sends a request and leaves its hash on the order. */
function csrStep(
  client: PaidTestClient,
  name: 'activate' | 'reissue',
  orderIdOf: (context: StepContext) => string,
): Step {
  const waits = ({ status, reissuePending }: OrderWire): boolean =>
    name === 'activate'
      ? status === 'UNCLAIMED'
      : (status === 'ISSUED' || status === 'REVOKED') && !reissuePending;
  return {
    name,
    paid: false,
    run: async (context, guard) => {
      const { csrPem, names, validation } = context.request;
      const csr = need(csrPem, 'certificate request');
      const method = validation[0]?.method ?? 'dns';
      const body = { csr, names, ...(name === 'activate' ? { method } : {}) };
      return toFreeOutcome(await client.write(orderIdOf(context), name, body, guard));
    },
    lookUp: (context) => {
      const hash = pemSha256(need(context.request.csrPem, 'certificate request'));
      return lookUpOnOrder(client, orderIdOf(context), (order) => {
        // A key that is kept: what was published is not what was asked for.
        const isOld = name === 'reissue' && context.published?.includes(order.serial ?? '') === true;
        if (order.csrSha256 === hash && !(isOld && waits(order))) return 'happened';
        return waits(order) ? 'not' : 'other';
      });
    },
  };
}

/** A free call whose effect is a property of the order. */
function markStep(
  client: PaidTestClient,
  verb: 'revoke' | 'cancel' | 'auto-renew',
  body: (request: OrderRequest) => unknown,
  happened: (order: OrderWire, request: OrderRequest) => boolean,
  outcome: (order: OrderWire) => StepOutcome = toFreeOutcome,
): Step {
  return {
    name: verb,
    paid: false,
    run: async ({ request }, guard) =>
      outcome(await client.write(predecessorId(request), verb, body(request), guard)),
    lookUp: ({ request }) =>
      lookUpOnOrder(
        client,
        predecessorId(request),
        (order) => (happened(order, request) ? 'happened' : 'not'),
        outcome,
      ),
  };
}

export interface PaidTestOperations {
  readonly place: Operation;
  readonly reissue: Operation;
  readonly revoke: Operation;
  readonly cancel: Operation;
  readonly autoRenew: Operation;
}

export const paidTestOperations = (
  client: PaidTestClient,
  search: 'unique' | 'findable' | 'none',
): PaidTestOperations => ({
  place: [buyStep(client, search), csrStep(client, 'activate', boughtId)],
  reissue: [csrStep(client, 'reissue', ({ request }) => predecessorId(request))],
  revoke: [
    markStep(
      client,
      'revoke',
      ({ revocation }) => need(revocation, 'serial'),
      ({ status }) => status === 'REVOKED',
    ),
  ],
  cancel: [
    markStep(
      client,
      'cancel',
      () => ({}),
      ({ status }) => status === 'CANCELLED',
      toCancelled,
    ),
  ],
  autoRenew: [
    markStep(
      client,
      'auto-renew',
      ({ autoRenew }) => ({ enabled: need(autoRenew, 'flag') }),
      (order, { autoRenew }) => order.autoRenew === autoRenew,
    ),
  ],
});
