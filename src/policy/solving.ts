import type { SolverConfig } from '../model/configuration.js';
import { isOpen } from '../model/intent.js';
import type { ValidationSpec } from '../model/manifest.js';
import { longestZone } from '../model/names.js';
import type { DcvItem, SolvableRecord } from '../model/order.js';
import type { OrderRecord, PublishedRecord, Status } from '../model/status.js';
import { HOUR_MS, MINUTE_MS, toMs } from '../model/time.js';

type Solvers = Readonly<Record<string, SolverConfig>>;

/** Waits after the first failure and after each further one: what is wrong here, its owner mends within the hour. */
const AGAIN_MS = [10 * MINUTE_MS, HOUR_MS];

/** When a record whose solver failed is tried again, epoch ms. */
export function solverDueMs({ failure }: PublishedRecord): number {
  if (failure === undefined) return Number.NEGATIVE_INFINITY;
  const step = Math.min(Math.max(failure.count, 1), AGAIN_MS.length) - 1;
  return toMs(failure.lastAt) + (AGAIN_MS[step] ?? HOUR_MS);
}

/** The record of a proof that can be published; a mail cannot. */
export const solvable = ({ record }: DcvItem): SolvableRecord | undefined =>
  record === undefined || record.type === 'email' ? undefined : record;

/**
 * The solver that publishes a proof: the one the manifest names, else the one with the longest zone that holds the
 * record's owner (for a file, the name itself). Undefined: a person does it.
 * @param wishes  of the manifest; absent where none declares the certificate any more
 */
export function solverFor(
  item: DcvItem,
  wishes: ValidationSpec | undefined,
  solvers: Solvers,
): string | undefined {
  const record = solvable(item);
  const wish = wishes?.per[item.name] ?? wishes;
  if (record === undefined || wish?.method === 'manual' || wish?.method === 'email') return undefined;
  const named = wish?.solver === undefined ? undefined : solvers[wish.solver];
  const chosen = named && serves(named, record) ? named : longest(record, item.name, solvers);
  return chosen?.acts ? chosen.id : undefined;
}

/** The solver that takes a record away: the one that published it, or, where it has another name now, its successor. */
export function cleanerFor({ solver, record, name }: PublishedRecord, solvers: Solvers): string | undefined {
  const known = solvers[solver] ?? longest(record, name, solvers);
  return known?.acts ? known.id : undefined;
}

const serves = ({ proves }: SolverConfig, { type }: SolvableRecord): boolean =>
  proves.includes(type === 'file' ? 'http' : 'dns');

function longest(record: SolvableRecord, name: string, solvers: Solvers): SolverConfig | undefined {
  const place = record.type === 'file' ? name.replace(/^\*\./, '') : plain(record.owner);
  let best: { readonly solver: SolverConfig; readonly length: number } | undefined;
  for (const solver of Object.values(solvers)) {
    const zone = solver.zones.length === 0 ? '' : longestZone(place, solver.zones);
    if (zone === undefined || !serves(solver, record)) continue;
    if (best === undefined || zone.length > best.length) best = { solver, length: zone.length };
  }
  return best?.solver;
}

const plain = (owner: string): string => owner.toLowerCase().replace(/\.$/, '');

export const isOwner = ({ owner }: { readonly owner: string }, name: string): boolean =>
  plain(owner) === plain(name);

/** What has to be taken away for an entry: the record where it was put, not where its alias leads by now. */
export const standingRecords = ({ record, places = [] }: PublishedRecord): readonly SolvableRecord[] =>
  record.type === 'file' || places.length === 0 ? [record] : places.map((owner) => ({ ...record, owner }));

export const sameRecord = (a: SolvableRecord, b: SolvableRecord): boolean =>
  a.type === 'file'
    ? b.type === 'file' && a.url === b.url && a.content === b.content
    : a.type === b.type && plain(a.owner) === plain(b.owner) && a.value === b.value;

/** Proofs the provider asks for with this very record, as last seen: a name and its wildcard often share one. */
export const itemsOf = (
  { validation }: Pick<Status, 'validation'>,
  { record }: PublishedRecord,
): readonly DcvItem[] =>
  validation.filter((item) => {
    const asked = solvable(item);
    return asked !== undefined && sameRecord(asked, record);
  });

export const orderOfRecord = (
  { orders }: Status,
  { provider, order }: PublishedRecord,
): OrderRecord | undefined => orders.find((one) => one.provider === provider && one.ids.includes(order));

/** Is the order of a record still on its way to a certificate? */
export function isUnderWay(status: Status, entry: PublishedRecord): boolean {
  const order = orderOfRecord(status, entry);
  if (!order) return false;
  const driven = status.intents.filter(isOpen).some((intent) => {
    if (intent.provider !== order.provider) return false;
    const ids = [
      ...('orderId' in intent ? [intent.orderId] : []),
      ...(intent.request.predecessor?.ids ?? []),
    ];
    return ids.some((id) => order.ids.includes(id)) || intent.request.reference === order.reference;
  });
  // What was taken over while pending is followed without an intent.
  return driven || (order.adopted === true && order.state === 'pending');
}

/**
 * Must a record stand? Not once its name is proven or its order has ended. What the provider does not list right now
 * stays until then: it may be checking this very moment.
 */
export function isNeeded(
  status: Status,
  entry: PublishedRecord,
  wishes: ValidationSpec | undefined,
  solvers: Solvers,
): boolean {
  if (!isUnderWay(status, entry)) return false;
  const items = itemsOf(status, entry);
  if (items.length === 0) return entry.solver in solvers;
  return items.some((item) => item.state !== 'valid' && solverFor(item, wishes, solvers) === entry.solver);
}

/** What a solver publishes for an order, or is to. */
const publishedFor = (status: Status, order: OrderRecord): readonly PublishedRecord[] =>
  (status.published ?? []).filter((entry) => orderOfRecord(status, entry) === order);

/** Proofs of an order that no solver publishes. */
function leftToPeople(status: Status, order: OrderRecord): readonly DcvItem[] {
  const own = publishedFor(status, order);
  return status.validation.filter(
    (item) =>
      item.state !== 'valid' &&
      solvable(item) !== undefined &&
      !own.some((entry) => itemsOf(status, entry).includes(item)),
  );
}

/** Records that a person has to publish for a certificate to come, as the provider asks for them. */
export function recordsByHand(status: Status): readonly SolvableRecord[] {
  const waiting = status.orders.find(({ waitingFor }) => waitingFor === 'dcv');
  if (!waiting) return [];
  const records = leftToPeople(status, waiting).flatMap((item) => solvable(item) ?? []);
  return records.filter((record, at) => records.findIndex((one) => sameRecord(one, record)) === at);
}

/** Who shows it, in one sentence for a person; undefined where nothing of it is known. */
export function proofWords(status: Status, order: OrderRecord): string | undefined {
  const own = publishedFor(status, order);
  const byHand = leftToPeople(status, order);
  const served = own.filter((entry) => itemsOf(status, entry).some(({ state }) => state !== 'valid'));
  const failing = served.filter(({ failure }) => failure !== undefined);
  const unseen = served.filter((entry) => entry.failure === undefined && entry.unseen !== undefined);
  const parts = [
    ...grouped(failing, ({ solver, failure }) => `${solver} failed: ${failure?.message ?? ''}`),
    ...grouped(
      unseen,
      ({ solver, unseen: why }) => `published by ${solver}, not visible everywhere yet: ${why ?? ''}`,
    ),
    ...(failing.length + unseen.length > 0
      ? []
      : grouped(served, ({ solver, seenAt }) =>
          seenAt === undefined ? `${solver} is to publish the proof` : `${solver} shows the proof`,
        )),
    ...(byHand.length === 0 ? [] : [handWords(status.name, byHand)]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** One sentence for records that share it, with the first name and how many more. */
function grouped(
  entries: readonly PublishedRecord[],
  words: (entry: PublishedRecord) => string,
): readonly string[] {
  const names = new Map<string, string[]>();
  for (const entry of entries) {
    const text = words(entry);
    names.set(text, [...(names.get(text) ?? []), entry.name]);
  }
  return [...names].map(([text, [first = '', ...more]]) => `${first}${andMore(more.length)}: ${text}`);
}

const andMore = (count: number): string => (count === 0 ? '' : ` and ${count} more`);

function handWords(name: string, [first, ...more]: readonly DcvItem[]): string {
  const record = first && solvable(first);
  if (record === undefined) return '';
  const what =
    record.type === 'file' ? `serve ${record.url}` : `publish ${record.owner} ${record.type} ${record.value}`;
  return `${what} by hand${andMore(more.length)}; \`certwright show ${name}\` has every text to copy`;
}
