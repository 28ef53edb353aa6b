import { plainName } from '../../dns/wire.js';
import type { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import { blocked, type DnsRecord, passOn } from '../dns/answers.js';
import { type Placed, type Placing, placeAll } from './place.js';
import type { HostedZone, Kind, Standing } from './service.js';

/** As batches; then one by one, so that one record in the way does not keep the others away. */
const BATCHED_TRIES = 3;

/** Makes records stand, or go, in whatever zones they belong to; what fails is noted in `placing.failed`. */
export async function changeAll<S extends Standing>(
  placing: Placing<S>,
  kind: Kind,
  records: readonly DnsRecord[],
): Promise<void> {
  let left = records;
  for (let tries = 1; tries <= BATCHED_TRIES && left.length > 0; tries += 1) {
    const refused = await changeOnce(placing, kind, left);
    left = left.filter((record) => refused.has(record));
  }
  for (const record of left) {
    const refused = await changeOnce(placing, kind, [record]);
    const error = refused.get(record);
    if (error) placing.failed.set(record, error);
  }
}

/** Reads, decides, changes. @returns records of batches that did not happen as a whole */
async function changeOnce<S extends Standing>(
  placing: Placing<S>,
  kind: Kind,
  records: readonly DnsRecord[],
): Promise<ReadonlyMap<SolvableRecord, CertError>> {
  const { service, failed } = placing;
  const refused = new Map<SolvableRecord, CertError>();
  const groups = new Map<HostedZone, Same<S>[]>();
  for (const same of distinct(await placeAll(placing, records))) {
    const { placed } = same;
    const verdict = kind === 'publish' ? judge(placed, groups.get(placed.zone) ?? []) : isOurs(placed);
    if (verdict === 'due') groups.set(placed.zone, [...(groups.get(placed.zone) ?? []), same]);
    else if (verdict !== 'done') for (const record of same.records) failed.set(record, verdict);
  }
  for (const [zone, all] of groups) {
    for (let at = 0; at < all.length; at += service.batch) {
      const batch = all.slice(at, at + service.batch);
      const note = (into: Map<SolvableRecord, CertError>, error: CertError): void => {
        for (const { records: each } of batch) for (const record of each) into.set(record, error);
      };
      try {
        const error = await service.change(
          zone,
          kind,
          batch.map(({ placed }) => placed),
        );
        if (error) note(refused, error);
      } catch (error) {
        note(failed, passOn(error));
      }
    }
  }
  return refused;
}

/** One record to change, for everybody who asked for it: a name and its wildcard often share one. */
interface Same<S extends Standing> {
  readonly placed: Placed<S>;
  readonly records: readonly DnsRecord[];
}

function distinct<S extends Standing>(all: readonly Placed<S>[]): readonly Same<S>[] {
  const found = new Map<string, { readonly placed: Placed<S>; readonly records: DnsRecord[] }>();
  for (const placed of all) {
    const { owner, record } = placed;
    const value = record.type === 'CNAME' ? plainName(record.value) : record.value;
    const key = `${record.type} ${owner} ${value}`;
    const known = found.get(key);
    if (known) known.records.push(record);
    else found.set(key, { placed, records: [record] });
  }
  return [...found.values()];
}

type Verdict = 'due' | 'done' | CertError;

function judge<S extends Standing>(placed: Placed<S>, due: readonly Same<S>[]): Verdict {
  const { owner, record, standing } = placed;
  const { alias, others, special, texts } = standing;
  if (record.type === 'TXT') {
    if (texts.includes(record.value)) return 'done';
    return special === undefined ? 'due' : blocked(owner, `${special} stands there`);
  }
  if (alias !== undefined && special !== undefined) return blocked(owner, `${special} stands there`);
  if (alias === plainName(record.value)) return 'done';
  if (alias !== undefined) return blocked(owner, `a CNAME for ${alias} stands there`);
  const types = [...new Set([...(texts.length > 0 ? ['TXT'] : []), ...others])];
  if (types.length > 0) return blocked(owner, `other records stand there (${types.join(', ')})`);
  const rival = due.find((one) => one.placed.owner === owner && one.placed.record.type === 'CNAME');
  return rival ? blocked(owner, `a CNAME for ${rival.placed.record.value} is to stand there`) : 'due';
}

/** Taken away is what has the very type and value; what somebody put there instead stays. */
function isOurs<S extends Standing>({ record, standing }: Placed<S>): Verdict {
  const stands =
    record.type === 'CNAME'
      ? standing.alias === plainName(record.value)
      : standing.texts.includes(record.value);
  return stands ? 'due' : 'done';
}
