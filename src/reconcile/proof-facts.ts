import type { Configuration } from '../model/configuration.js';
import { type CertError, explain } from '../model/errors.js';
import type { ValidationSpec } from '../model/manifest.js';
import type { DnsName } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PublishedRecord, Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { addFailure } from '../policy/failures.js';
import { isOwner, sameRecord, solvable, solverFor } from '../policy/solving.js';
import type { RecordSight } from '../ports/solver.js';
import { canonicalJson } from '../repository/stable.js';

/** Who publishes, as manifest and configuration say. */
export interface Wishes {
  readonly wishes: ValidationSpec | undefined;
  readonly solvers: Configuration['solvers'];
}

const isSame = (a: PublishedRecord, b: PublishedRecord): boolean =>
  a.solver === b.solver && a.provider === b.provider && a.order === b.order && sameRecord(a.record, b.record);

const withRecords = ({ published: _old, ...rest }: Status, records: readonly PublishedRecord[]): Status =>
  records.length === 0 ? rest : { ...rest, published: records };

/**
 * Writes down what solvers are about to publish for an order: whoever runs after a crash cleans it up, even when nothing
 * was published at all. Returns the same object where nothing is new.
 */
export function withWanted(
  status: Status,
  order: Pick<OrderSnapshot, 'id' | 'validation'>,
  provider: string,
  { wishes, solvers }: Wishes,
  atMs: number,
): Status {
  const records = [...(status.published ?? [])];
  const before = records.length;
  for (const item of order.validation) {
    const record = solvable(item);
    const solver = item.state === 'valid' ? undefined : solverFor(item, wishes, solvers);
    if (record === undefined || solver === undefined) continue;
    const wanted = { name: item.name, provider, order: order.id, solver, record, wantedAt: toInstant(atMs) };
    if (!records.some((known) => isSame(known, wanted))) records.push(wanted);
  }
  return records.length === before ? status : withRecords(status, records);
}

/** What a pass brought for one record. */
export interface ProofResult {
  readonly entry: PublishedRecord;
  readonly outcome:
    | { readonly kind: 'published'; readonly at?: DnsName; readonly sight?: RecordSight }
    | { readonly kind: 'cleaned' }
    | { readonly kind: 'failed'; readonly error: CertError };
}

/** The facts after a result. Returns the same object where it tells nothing new. */
export function withProofResult(status: Status, { entry, outcome }: ProofResult, atMs: number): Status {
  const records = status.published ?? [];
  const known = records.find((one) => isSame(one, entry));
  // Another run cleaned up while this one published: it stands again, so it is written down again.
  const base = known ?? (outcome.kind === 'published' ? entry : undefined);
  if (base === undefined) return status;
  const next = nextEntry(base, outcome, atMs);
  if (known && next && canonicalJson(known) === canonicalJson(next)) return status;
  const others = records.filter((one) => one !== known);
  if (next === undefined) return withRecords(status, others);
  return withRecords(status, known ? records.map((one) => (one === known ? next : one)) : [...others, next]);
}

/** Beside an alias nothing can stand: the owner itself is worth a note only after one. */
function placesOf({ record, places = [] }: PublishedRecord, at: DnsName | undefined): readonly DnsName[] {
  if (at === undefined || places.includes(at)) return places;
  return places.length === 0 && record.type !== 'file' && isOwner(record, at) ? [] : [...places, at];
}

function nextEntry(
  known: PublishedRecord,
  outcome: ProofResult['outcome'],
  atMs: number,
): PublishedRecord | undefined {
  const { failure, unseen: _unseen, seenAt, ...rest } = known;
  switch (outcome.kind) {
    case 'cleaned':
      return undefined;
    case 'failed': {
      const { error } = outcome;
      return { ...rest, failure: addFailure(failure, { code: error.code, message: explain(error) }, atMs) };
    }
    case 'published': {
      const places = placesOf(known, outcome.at);
      const entry = {
        ...rest,
        publishedAt: known.publishedAt ?? toInstant(atMs),
        ...(places.length === 0 ? {} : { places }),
      };
      if (outcome.sight?.seen === 'no') return { ...entry, unseen: outcome.sight.why };
      return { ...entry, seenAt: seenAt ?? toInstant(atMs) };
    }
  }
}
