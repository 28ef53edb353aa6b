import { CertError } from '../../../src/model/errors.js';
import type { AbsenceEvidence, LookUp, LookUpContext, StepOutcome } from '../../../src/ports/provider.js';
import type { PaidTestClient, Seen } from './adapter-client.js';
import { toFreeOutcome, toOutcome } from './adapter-map.js';
import type { OrderWire, PageWire } from './wire.js';

const NEVER_USED = 'cw-never-used';
const NEVER_SOLD = 'S-0';

interface Listing {
  readonly orders: readonly OrderWire[];
  /** Of the first page: what came later may have been missed. */
  readonly atMs: number | undefined;
  readonly complete: boolean;
}

/** All pages; complete only if the total stood still while they were read. */
export async function readAll(client: PaidTestClient, reference?: string): Promise<Listing> {
  const first = await client.page(1, reference);
  const pages: Seen<PageWire>[] = [first];
  for (let number = 2; number <= first.value.pages; number += 1)
    pages.push(await client.page(number, reference));
  const orders = pages.flatMap(({ value }) => value.orders);
  const steady = pages.every(({ value }) => value.total === first.value.total);
  const ids = new Set(orders.map(({ id }) => id));
  return { orders, atMs: first.atMs, complete: steady && ids.size === first.value.total };
}

const absent = (evidence: AbsenceEvidence, atMs: number | undefined): LookUp => ({
  kind: 'absent',
  evidence: { ...evidence, ...(atMs === undefined ? {} : { replyAtMs: atMs }) },
});

/** An empty account proves itself by its balance; any other one by an order of ours that is found the same way. */
async function positiveControl(
  client: PaidTestClient,
  context: LookUpContext,
  all: readonly OrderWire[],
  search: (reference: string) => Promise<readonly OrderWire[]>,
): Promise<boolean> {
  if (context.knownOrderId === undefined) {
    const { balance } = (await client.account()).value;
    // Where a used reference is refused, nothing was read before, and nothing hangs on it.
    return all.length === 0 && balance === (context.before.balance ?? balance);
  }
  const { ids, reference } = (await client.order(context.knownOrderId)).value;
  if (reference === null) return false;
  return (await search(reference)).some(({ id }) => ids.includes(id));
}

async function byReference(client: PaidTestClient, context: LookUpContext, unique: boolean): Promise<LookUp> {
  const all = await readAll(client);
  const search = async (reference: string): Promise<readonly OrderWire[]> =>
    unique
      ? (await readAll(client, reference)).orders
      : all.orders.filter((order) => order.reference === reference);
  const [first, ...more] = await search(context.request.reference);
  if (first !== undefined) {
    if (more.length === 0) return { kind: 'found', outcome: toOutcome(first) };
    const candidates = [first, ...more].map(({ id }) => id);
    return { kind: 'cannot-tell', why: 'several orders carry our reference', candidates };
  }
  const evidence = {
    complete: all.complete,
    negativeControl: (await search(NEVER_USED)).length === 0,
    positiveControl: await positiveControl(client, context, all.orders, search),
  };
  return absent(evidence, all.atMs);
}

/** Slots are anonymous: new ones may be ours, and whoever shares the account may have bought them. */
async function bySlots(client: PaidTestClient, { before }: LookUpContext): Promise<LookUp> {
  const { unclaimed, balance } = (await client.account()).value;
  const known = Array.isArray(before.slots) ? before.slots : [];
  const candidates = unclaimed.filter((id) => !known.includes(id));
  const why =
    candidates.length > 0
      ? 'slots were bought since; they carry no reference'
      : balance === before.balance
        ? 'no new slot shows, and nothing here can prove an absence'
        : 'the balance moved, and no new slot shows';
  return { kind: 'cannot-tell', why, candidates };
}

export const lookUpPurchase = (
  client: PaidTestClient,
  context: LookUpContext,
  search: 'unique' | 'findable' | 'none',
): Promise<LookUp> =>
  search === 'none' ? bySlots(client, context) : byReference(client, context, search === 'unique');

async function isUnknown(client: PaidTestClient, id: string): Promise<boolean> {
  try {
    await client.order(id);
    return false;
  } catch (error) {
    if (error instanceof CertError && error.code === 'order.not-found') return true;
    throw error;
  }
}

/** Calls on an order whose id is known leave a trace on the order itself. */
export async function lookUpOnOrder(
  client: PaidTestClient,
  orderId: string,
  judge: (order: OrderWire) => 'happened' | 'not' | 'other',
  outcome: (order: OrderWire) => StepOutcome = toFreeOutcome,
): Promise<LookUp> {
  const { value: order, atMs } = await client.order(orderId);
  switch (judge(order)) {
    case 'happened':
      return { kind: 'found', outcome: outcome(order) };
    case 'not': {
      const negativeControl = await isUnknown(client, NEVER_SOLD);
      return absent({ complete: true, negativeControl, positiveControl: true }, atMs);
    }
    case 'other':
      return { kind: 'cannot-tell', why: `order ${order.id} is ${order.status}`, candidates: [order.id] };
  }
}
