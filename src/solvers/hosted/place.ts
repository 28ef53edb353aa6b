import { plainName } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import { type DnsName, longestZone } from '../../model/names.js';
import type { SolvableRecord } from '../../model/order.js';
import { blocked, type DnsRecord, endlessAlias, MAX_ALIASES, outsideZones, passOn } from '../dns/answers.js';
import type { DnsService, HostedZone, Standing, ZoneList } from './service.js';

/** Where a record belongs, and what stands there. */
export interface Placed<S extends Standing> {
  readonly record: DnsRecord;
  /** The name that carries it: for a TXT record the end of the aliases that begin at its owner. */
  readonly owner: string;
  readonly zone: HostedZone;
  readonly standing: S;
}

export interface Placing<S extends Standing> {
  readonly service: DnsService<S>;
  /** Of the configuration; empty: whatever the credentials can change. */
  readonly allowed: readonly string[];
  readonly solver: string;
  readonly failed: Map<SolvableRecord, CertError>;
  /** The names that carry them. */
  readonly places: Map<SolvableRecord, DnsName>;
  zones(): Promise<ZoneList>;
  /** A CNAME at a name of a zone kept elsewhere, as the DNS shows it. */
  publicAlias(owner: string): Promise<string | undefined>;
}

interface Step {
  readonly record: DnsRecord;
  readonly owner: string;
}

/**
 * Finds the zone of each record by longest match, reading each zone once for every step along aliases. What cannot be
 * placed is noted as failed.
 */
export async function placeAll<S extends Standing>(
  placing: Placing<S>,
  records: readonly DnsRecord[],
): Promise<readonly Placed<S>[]> {
  const { failed } = placing;
  const placed: Placed<S>[] = [];
  let steps: readonly Step[] = records.map((record) => ({ record, owner: plainName(record.owner) }));
  for (let hop = 0; steps.length > 0; hop += 1) {
    if (hop > MAX_ALIASES) {
      for (const { record } of steps) failed.set(record, endlessAlias(record));
      break;
    }
    const next: Step[] = [];
    for (const [zone, here] of await byZone(placing, steps, next)) {
      const standings = await readZone(placing, zone, here);
      for (const step of here) {
        const standing = standings?.get(step.owner);
        if (standing === undefined) continue;
        if (step.record.type === 'CNAME' || standing.alias === undefined) {
          placing.places.set(step.record, step.owner);
          placed.push({ ...step, zone, standing });
        } else if (standing.special === undefined) next.push({ ...step, owner: standing.alias });
        else failed.set(step.record, blocked(step.owner, `${standing.special} stands there`));
      }
    }
    steps = next;
  }
  return placed;
}

async function byZone<S extends Standing>(
  placing: Placing<S>,
  steps: readonly Step[],
  next: Step[],
): Promise<ReadonlyMap<HostedZone, readonly Step[]>> {
  const { allowed, failed, solver } = placing;
  const zones = await placing.zones();
  const groups = new Map<HostedZone, Step[]>();
  for (const step of steps) {
    const { record, owner } = step;
    if (allowed.length > 0 && longestZone(owner, allowed) === undefined) {
      failed.set(record, outsideZones(record, owner, solver));
      continue;
    }
    const name = longestZone(
      owner,
      zones.usable.map((zone) => zone.name),
    );
    const fitting = zones.usable.filter((zone) => zone.name === name);
    const [zone] = fitting;
    if (zone && fitting.length === 1) {
      groups.set(zone, [...(groups.get(zone) ?? []), step]);
      continue;
    }
    // A zone kept elsewhere may well delegate its challenge name to one that is kept here.
    const alias = zone || record.type === 'CNAME' ? undefined : await placing.publicAlias(owner);
    if (alias === undefined) failed.set(record, zoneProblem(placing, zones, record, owner, fitting));
    else next.push({ record, owner: alias });
  }
  return groups;
}

function zoneProblem<S extends Standing>(
  { service: { label, zoneRemedy } }: Placing<S>,
  { unusable }: ZoneList,
  record: DnsRecord,
  owner: string,
  fitting: readonly HostedZone[],
): CertError {
  const asked = plainName(record.owner);
  const where = owner === asked ? asked : `${asked} is an alias for ${owner}, which`;
  const [first] = fitting;
  if (first) {
    const ids = fitting.map(({ id }) => id).join(', ');
    return new CertError('solver.zone', `${label} has ${fitting.length} zones ${first.name} (${ids})`, {
      remedy: 'write the one that is delegated to under hostedZones:',
    });
  }
  const name = longestZone(
    owner,
    unusable.map((zone) => zone.name),
  );
  const near = unusable.find((zone) => zone.name === name);
  return new CertError(
    'solver.zone',
    near
      ? `${where} lies in ${near.name}, and that zone ${near.why}`
      : `${where} lies in no zone that ${label} shows to these credentials`,
    { remedy: zoneRemedy },
  );
}

async function readZone<S extends Standing>(
  { service, failed }: Placing<S>,
  zone: HostedZone,
  steps: readonly Step[],
): Promise<ReadonlyMap<string, S> | undefined> {
  try {
    return await service.standingAt(zone, [...new Set(steps.map(({ owner }) => owner))]);
  } catch (error) {
    // One zone may be closed to the credentials; the others need not be.
    const known = passOn(error);
    for (const { record } of steps) failed.set(record, known);
    return undefined;
  }
}
