import { Resolver } from 'node:dns/promises';
import PQueue from 'p-queue';
import { openLink } from '../../dns/link.js';
import { plainName, RCODE } from '../../dns/wire.js';
import type { Endpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import type { RecordSight } from '../../ports/solver.js';
import { aliasAt, type DnsRecord, holds, placeOf, textsAt, zoneOf } from './place.js';
import { type Ask, DNS_PORT, type Primary, plainAsk, rcodeText, serverLabel } from './primary.js';

/** Servers and questions under way at once. */
const AT_ONCE = 8;

interface Looking {
  readonly zones: readonly string[];
  readonly solver: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Asked instead of the name servers of the zone. */
  readonly visibleAt?: readonly Endpoint[];
  startId(): number;
  withPrimary<T>(task: (primary: Primary) => Promise<T>): Promise<T>;
}

/** A server of the zone, by its name where it has one. */
interface NameServer extends Endpoint {
  readonly label: string;
}

interface Target {
  readonly record: DnsRecord;
  readonly owner: string;
  readonly servers: readonly NameServer[];
}

/** Asks the servers the certificate authority will ask, each of them: one that lags behind is enough to fail a proof. */
export async function sightsOf(
  records: readonly SolvableRecord[],
  looking: Looking,
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
  for (const [record, sight] of await askAll(targets, looking)) sights.set(record, sight);
  return records.map(
    (record) => sights.get(record) ?? { record, seen: 'cannot-tell', why: 'it is no DNS record' },
  );
}

async function serversOf(
  { visibleAt }: Looking,
  primary: Primary,
  zone: string,
): Promise<readonly NameServer[]> {
  if (visibleAt) return visibleAt.map((server) => ({ ...server, label: serverLabel(server) }));
  return nameServersOf(primary.ask, zone, async (name) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  });
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

/** One connection to each server; what each says of each record, together. */
async function askAll(
  targets: readonly Target[],
  looking: Looking,
): Promise<ReadonlyMap<SolvableRecord, RecordSight>> {
  const servers = new Map(
    targets.flatMap((target) => target.servers.map((one) => [keyOf(one), one] as const)),
  );
  const said = new Map<SolvableRecord, Said[]>(targets.map(({ record }) => [record, []]));
  const queue = new PQueue({ concurrency: AT_ONCE });
  await Promise.all(
    [...servers.values()].map((server) =>
      queue.add(async () => {
        const wanted = targets.filter((target) => target.servers.some((one) => keyOf(one) === keyOf(server)));
        for (const [target, answer] of await askOne(server, wanted, looking))
          said.get(target.record)?.push(answer);
      }),
    ),
  );
  return new Map([...said].map(([record, all]) => [record, together(record, all)]));
}

const keyOf = ({ host, port }: Endpoint): string => `${host} ${port}`;

interface Said {
  readonly server: string;
  readonly seen: RecordSight['seen'];
  readonly what: string;
}

async function askOne(
  server: NameServer,
  targets: readonly Target[],
  { limitMs, signal, startId }: Looking,
): Promise<readonly (readonly [Target, Said])[]> {
  const { label } = server;
  try {
    const link = await openLink(server, { limitMs, signal, label });
    try {
      const ask = plainAsk(link, label, startId());
      return await Promise.all(
        targets.map(async (target) => [target, await lookAt(ask, label, target)] as const),
      );
    } finally {
      link.close();
    }
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    return targets.map(
      (target) => [target, { server: label, seen: 'cannot-tell', what: error.message }] as const,
    );
  }
}

async function lookAt(ask: Ask, server: string, { record, owner }: Target): Promise<Said> {
  const { rcode, answers } = await ask(owner, record.type);
  if (holds(answers, owner, record)) return { server, seen: 'yes', what: `${server} shows it` };
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
    return { server, seen: 'cannot-tell', what: `${server} answers ${rcodeText(rcode)}` };
  }
  const others = textsAt(answers, owner).length + (aliasAt(answers, owner) === undefined ? 0 : 1);
  return { server, seen: 'no', what: `${server} shows ${others === 0 ? 'nothing' : 'another value'} there` };
}

function together(record: SolvableRecord, said: readonly Said[]): RecordSight {
  const no = said.filter(({ seen }) => seen === 'no');
  const some = said.some(({ seen }) => seen === 'yes');
  const telling = no.length > 0 ? no : said;
  const why = telling
    .map(({ what }) => what)
    .sort()
    .join('; ');
  if (no.length > 0) return { record, seen: 'no', why };
  return {
    record,
    seen: some ? 'yes' : 'cannot-tell',
    why: why === '' ? 'the zone names no server that could be asked' : why,
  };
}
