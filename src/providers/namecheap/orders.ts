import { parseCertificate } from '../../keys/certificate.js';
import type { CollectedCertificate, OrderSnapshot, RequestedValidation } from '../../model/order.js';
import type { Instant } from '../../model/time.js';
import { toInstant } from '../../model/time.js';
import type { Recorded } from '../../ports/provider.js';
import type { NamecheapClient } from './client.js';
import { type DcvValue, dcvItems, readValue, valuesKept } from './dcv.js';
import { certificateIn, isSlot, namesOf, productName, standingOf, statusOf } from './map.js';
import { findProduct } from './products.js';
import type { InfoWire } from './wire.js';

export interface LookDeps {
  readonly client: NamecheapClient;
  /** Day of the purchase, from the account's list. */
  boughtOn(id: string): Promise<Instant | undefined>;
  /** Values of proofs read in this process, by certificate, name and method. */
  readonly values: Map<string, DcvValue>;
}

/** An order as seen now, and the certificate that came with it. */
export interface Seen {
  readonly snapshot: OrderSnapshot;
  readonly certificate?: CollectedCertificate;
}

/** Longer than any subscription is reissued. */
const LONGEST_CHAIN = 100;

/** The records of one order from this one on: every reissue has an id of its own, told by the one before. */
export async function chainFrom(
  client: NamecheapClient,
  id: string,
): Promise<readonly [InfoWire, ...InfoWire[]]> {
  const first = await client.getInfo(id);
  const chain: [InfoWire, ...InfoWire[]] = [first];
  const seen = new Set([id]);
  let next = first.replacedBy;
  while (next !== undefined && !seen.has(next) && chain.length < LONGEST_CHAIN) {
    seen.add(next);
    const info = await client.getInfo(next);
    // A reissue that came to nothing leaves the certificate before it in force.
    if (statusOf(next, info.status) === 'cancelled') break;
    chain.push(info);
    next = info.replacedBy;
  }
  return chain;
}

const isReissue = ({ request, results }: Recorded): boolean =>
  (request.action === 'reissue' || request.action === 'add-names') && results.reissue !== undefined;

/**
 * One order by one of its ids, its successors followed. A reissue of ours is asked for by its own id: when the record before
 * turns `Replaced` is not documented.
 * @throws CertError `order.not-found`
 */
export async function lookAtOrder(deps: LookDeps, orderId: string, recorded?: Recorded): Promise<Seen> {
  const chain = await chainFrom(deps.client, orderId);
  const newest = chain.at(-1) ?? chain[0];
  const status = statusOf(newest.id, newest.status);
  const before = recorded && isReissue(recorded) ? (recorded.request.predecessor?.ids ?? []) : [];
  const chainIds = chain.map(({ id }) => id);
  const ids = [...before.filter((id) => !chainIds.includes(id)), ...chainIds];
  const certificate = certificateIn(newest);
  const base = await baseOf(deps, newest, ids, recorded, certificate);
  if (recorded && isReissue(recorded) && status === 'cancelled') return { snapshot: ended(base, newest) };
  const standing = standingOf(status);
  if (standing.state === 'issued' && certificate) {
    const { serial, notAfterMs } = parseCertificate(certificate.certificatePem);
    const facts = { serial, notAfter: toInstant(notAfterMs) };
    return { snapshot: { ...base, state: 'issued', validation: [], ...facts }, certificate };
  }
  const words = standing.message ?? newest.statusDescription;
  const waiting: OrderSnapshot = {
    ...base,
    // Called issued, and nothing to be read yet: both are waited for.
    ...(standing.state === 'issued' ? { state: 'pending', waitingFor: 'ca' } : standing),
    validation: [],
    ...(status === 'newrenewal' ? { continues: true } : {}),
    ...(words === undefined ? {} : { message: words }),
  };
  const proved =
    status === 'purchased' && recorded ? await withProofs(deps, newest.id, recorded, waiting) : waiting;
  // The certificate before it is valid all the while.
  const reissuing = ids.length > 1 && waiting.state === 'pending' && !isSlot(status);
  return { snapshot: reissuing ? { ...proved, state: 'issued', reissuePending: true } : proved };
}

type Base = Omit<OrderSnapshot, 'state' | 'validation'>;

async function baseOf(
  deps: LookDeps,
  info: InfoWire,
  ids: readonly string[],
  recorded: Recorded | undefined,
  certificate: CollectedCertificate | undefined,
): Promise<Base> {
  const request = recorded?.request;
  const placedAt = recorded ? placedIn(recorded) : await deps.boughtOn(ids[0] ?? info.id);
  const term = request?.term ?? (info.years === undefined ? undefined : `${info.years}y`);
  return {
    id: info.id,
    ids,
    ...(request && request.reference !== '' ? { reference: request.reference } : {}),
    product: request ? (findProduct(request.product)?.id ?? request.product) : productName(info.type),
    names: request?.names ?? (await namesOf(info, certificate)),
    ...(term === undefined ? {} : { term }),
    ...(placedAt === undefined ? {} : { placedAt }),
  };
}

function placedIn({ results }: Recorded): Instant | undefined {
  const placed = results.create?.placedAt ?? results.renew?.placedAt;
  return typeof placed === 'string' ? placed : undefined;
}

/** Whether the record before is addressed again then is not documented; the one that serves it is. */
function ended(base: Base, info: InfoWire): OrderSnapshot {
  const kept = base.ids.filter((id) => id !== info.id);
  const id = kept.at(-1) ?? info.id;
  const words = info.statusDescription === undefined ? '' : ` (${info.statusDescription})`;
  return {
    ...base,
    id,
    ids: [...kept.slice(0, -1), ...(kept.length === 0 ? [] : [info.id]), id],
    state: 'issued',
    validation: [],
    reissueEnded: true,
    message: `certificate ${info.id} was cancelled${words}`,
  };
}

async function withProofs(
  { client, values }: LookDeps,
  id: string,
  { request, results }: Recorded,
  waiting: OrderSnapshot,
): Promise<OrderSnapshot> {
  const kept = valuesKept(results.reissue ?? results.activate);
  const read = async (wish: RequestedValidation): Promise<DcvValue | undefined> => {
    const key = [id, wish.name, wish.method].join(' ');
    const value = values.get(key) ?? (await readValue(client, id, request, wish));
    if (value) values.set(key, value);
    return value;
  };
  const validation = await dcvItems(request, kept, read);
  const mails = validation.length > 0 && validation.every(({ method }) => method === 'email');
  return { ...waiting, validation, waitingFor: mails ? 'approver-mail' : 'dcv' };
}
