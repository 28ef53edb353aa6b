import PQueue from 'p-queue';
import { type Ask, DNS_PORT } from '../../dns/ask.js';
import { plainName } from '../../dns/wire.js';
import type { Endpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import type { RecordSight } from '../../ports/solver.js';
import type { DnsRecord } from '../dns/answers.js';
import {
  AT_ONCE,
  addressesOf,
  askServers,
  type Looking,
  type NameServer,
  namedServers,
  type Target,
} from '../dns/sight.js';
import { placeOf, zoneOf } from './place.js';
import type { Primary } from './primary.js';

interface PrimaryLooking extends Looking {
  readonly zones: readonly string[];
  readonly solver: string;
  /** Asked instead of the name servers of the zone. */
  readonly visibleAt?: readonly Endpoint[];
  withPrimary<T>(task: (primary: Primary) => Promise<T>): Promise<T>;
}

/** Asks the servers the certificate authority will ask, each of them: one that lags behind is enough to fail a proof. */
export async function sightsOf(
  records: readonly SolvableRecord[],
  looking: PrimaryLooking,
): Promise<readonly RecordSight[]> {
  const sights = new Map<SolvableRecord, RecordSight>();
  const cannotTell = (record: SolvableRecord, error: unknown): void => {
    if (error instanceof CertError && error.code === 'interrupted') throw error;
    sights.set(record, { record, seen: 'cannot-tell', why: messageOf(error) });
  };
  const dns = records.filter((record): record is DnsRecord => record.type !== 'file');
  const targets: Target[] = [];
  try {
    await looking.withPrimary(async (primary) => {
      const servers = new Map<string, Promise<readonly NameServer[]>>();
      const queue = new PQueue({ concurrency: AT_ONCE });
      await Promise.all(
        dns.map((record) =>
          queue.add(async () => {
            try {
              const { owner } = await placeOf(primary, looking.zones, record, looking.solver);
              const zone = looking.visibleAt ? '' : await zoneOf(primary, owner);
              const known = servers.get(zone) ?? serversOf(looking, primary, zone);
              servers.set(zone, known);
              targets.push({ record, owner, servers: await known });
            } catch (error) {
              cannotTell(record, error);
            }
          }),
        ),
      );
    });
  } catch (error) {
    for (const record of dns) cannotTell(record, error);
  }
  for (const [record, sight] of await askServers(targets, looking)) sights.set(record, sight);
  return records.map(
    (record) => sights.get(record) ?? { record, seen: 'cannot-tell', why: 'it is no DNS record' },
  );
}

async function serversOf(
  { visibleAt }: PrimaryLooking,
  primary: Primary,
  zone: string,
): Promise<readonly NameServer[]> {
  return visibleAt ? namedServers(visibleAt) : nameServersOf(primary.ask, zone, addressesOf);
}

/**
 * Name servers of a zone with their addresses, as its primary tells them; names of other zones are looked up.
 * @param lookUp  addresses of a host the primary does not know
 */
export async function nameServersOf(
  ask: Ask,
  zone: string,
  lookUp: (name: string) => Promise<readonly string[]>,
): Promise<readonly NameServer[]> {
  const { answers } = await ask(zone, 'NS');
  const names = answers.flatMap((answer) => (answer.type === 'NS' ? [plainName(answer.data)] : [])).sort();
  const servers = await Promise.all(
    names.map(async (name) => {
      const replies = await Promise.all([ask(name, 'A'), ask(name, 'AAAA')]);
      const own = replies
        .flatMap((reply) => (reply.authoritative ? reply.answers : []))
        .flatMap((answer) => (answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : []));
      const addresses = own.length > 0 ? own : await lookUp(name);
      return addresses.map((host) => ({ host, port: DNS_PORT, label: name }));
    }),
  );
  return servers.flat();
}
