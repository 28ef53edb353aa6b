import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DNS_PORT } from '../../dns/ask.js';
import { plainName } from '../../dns/wire.js';
import { type Endpoint, parseEndpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { SolvableRecord } from '../../model/order.js';
import { SECOND_MS } from '../../model/time.js';
import type { RecordOutcome, RecordSight, Solver, SolverDeps } from '../../ports/solver.js';
import { type DnsRecord, notDns, passOn } from '../dns/answers.js';
import { addressesOf, askServers, type NameServer, namedServers, type Target } from '../dns/sight.js';
import { changeAll } from './change.js';
import { type Placing, placeAll } from './place.js';
import type { DnsService, HostedZone, Kind, Standing, ZoneList } from './service.js';

/** For a connection to a name server, and for an answer. */
const LOOK_LIMIT_MS = 5 * SECOND_MS;

/** Seconds a record may be kept by resolvers. */
export const ttlOf = ({ options }: SolverDeps['config'], fallback: number): number =>
  typeof options.ttl === 'number' ? options.ttl : fallback;

export const textOf = ({ options }: SolverDeps['config'], key: string): string | undefined =>
  typeof options[key] === 'string' ? options[key] : undefined;

/**
 * A solver over a DNS service. Contacts nothing until it is used.
 * @param open  a session of one call
 * @throws CertError `config.invalid`
 */
export function createHosted<S extends Standing>(
  deps: SolverDeps,
  open: () => Promise<DnsService<S>>,
): Solver {
  const { config, random, signal } = deps;
  const visibleAt = Array.isArray(config.options.visibleAt)
    ? config.options.visibleAt.map(endpointOf)
    : undefined;

  async function withService<T>(
    { failed, places }: Pick<Placing<S>, 'failed' | 'places'>,
    task: (placing: Placing<S>) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) throw new CertError('interrupted', `stopped before ${config.id} was called`);
    const service = await open();
    let zones: Promise<ZoneList> | undefined;
    try {
      return await task({
        service,
        allowed: config.zones,
        solver: config.id,
        failed,
        places,
        zones() {
          zones ??= service.zones();
          return zones;
        },
        publicAlias: (owner) => publicAlias(owner, visibleAt),
      });
    } finally {
      await service.close();
    }
  }

  async function change(records: readonly SolvableRecord[], kind: Kind): Promise<readonly RecordOutcome[]> {
    const dns = records.filter(isDns);
    const failed = new Map<SolvableRecord, CertError>();
    const places = new Map<SolvableRecord, DnsName>();
    if (dns.length > 0) {
      try {
        await withService({ failed, places }, (placing) => changeAll(placing, kind, dns));
      } catch (error) {
        // The service itself is out of reach: true of every record.
        const every = passOn(error);
        for (const record of dns) failed.set(record, every);
      }
    }
    return records.map((record) => {
      const error = isDns(record) ? failed.get(record) : notDns(config.id);
      const at = places.get(record);
      return { record, ...(at === undefined ? {} : { at }), ...(error === undefined ? {} : { error }) };
    });
  }

  async function visible(records: readonly SolvableRecord[]): Promise<readonly RecordSight[]> {
    const failed = new Map<SolvableRecord, CertError>();
    const sights = new Map<SolvableRecord, RecordSight>();
    const targets: Target[] = [];
    try {
      await withService({ failed, places: new Map() }, async (placing) => {
        const servers = new Map<HostedZone, Promise<readonly NameServer[]>>();
        for (const { record, owner, zone } of await placeAll(placing, records.filter(isDns))) {
          const late = await placing.service.onItsWay?.(zone);
          if (late !== undefined) {
            sights.set(record, { record, seen: 'no', why: late });
            continue;
          }
          const known = servers.get(zone) ?? serversOf(placing.service, zone, visibleAt);
          servers.set(zone, known);
          targets.push({ record, owner, servers: await known });
        }
      });
    } catch (error) {
      const every = passOn(error);
      for (const record of records) if (!sights.has(record)) failed.set(record, every);
      targets.length = 0;
    }
    const looking = {
      limitMs: LOOK_LIMIT_MS,
      signal,
      startId: () => Number.parseInt(random.hex(2), 16),
    };
    for (const [record, sight] of await askServers(targets, looking)) sights.set(record, sight);
    return records.map(
      (record) =>
        sights.get(record) ?? {
          record,
          seen: 'cannot-tell',
          why: messageOf(failed.get(record) ?? 'it is no DNS record'),
        },
    );
  }

  return {
    config,
    publish: (records) => change(records, 'publish'),
    cleanUp: (records) => change(records, 'clean-up'),
    visible,
  };
}

const isDns = (record: SolvableRecord): record is DnsRecord => record.type !== 'file';

async function serversOf<S extends Standing>(
  service: DnsService<S>,
  zone: HostedZone,
  visibleAt: readonly Endpoint[] | undefined,
): Promise<readonly NameServer[]> {
  if (visibleAt) return namedServers(visibleAt);
  const names = [...(await service.nameServers(zone))].map(plainName).sort();
  const found = await Promise.all(
    names.map(async (label) => (await addressesOf(label)).map((host) => ({ host, port: DNS_PORT, label }))),
  );
  return found.flat();
}

async function publicAlias(
  owner: string,
  visibleAt: readonly Endpoint[] | undefined,
): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const servers = (visibleAt ?? []).filter(({ host }) => isIP(host) !== 0);
  if (servers.length > 0)
    resolver.setServers(
      servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
    );
  try {
    const [alias] = await resolver.resolveCname(owner);
    return alias === undefined ? undefined : plainName(alias);
  } catch {
    // No alias there, or nobody who could tell: either way the name has no place here.
    return undefined;
  }
}

function endpointOf(value: unknown): Endpoint {
  const endpoint = parseEndpoint(String(value), DNS_PORT);
  if (endpoint) return endpoint;
  throw new CertError('config.invalid', `"${String(value)}" is no server: write host, or host:port`);
}
