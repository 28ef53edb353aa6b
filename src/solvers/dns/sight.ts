import { Resolver } from 'node:dns/promises';
import PQueue from 'p-queue';
import { type Ask, plainAsk, serverLabel } from '../../dns/ask.js';
import { openLink } from '../../dns/link.js';
import { RCODE, rcodeText } from '../../dns/wire.js';
import type { Endpoint } from '../../model/endpoint.js';
import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import type { RecordSight } from '../../ports/solver.js';
import { aliasAt, type DnsRecord, holds, textsAt } from './answers.js';

/** Servers and questions under way at once. */
export const AT_ONCE = 8;

export interface Looking {
  /** For a connection, and for an answer. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  startId(): number;
}

/** A server of the zone, by its name where it has one. */
export interface NameServer extends Endpoint {
  readonly label: string;
}

/** A record, the name that carries it, and the servers the certificate authority will ask for it. */
export interface Target {
  readonly record: DnsRecord;
  readonly owner: string;
  readonly servers: readonly NameServer[];
}

export const namedServers = (servers: readonly Endpoint[]): readonly NameServer[] =>
  servers.map((server) => ({ ...server, label: serverLabel(server) }));

/** Addresses of a host, as this machine's resolver has them; [] where it has none. */
export async function addressesOf(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}

/**
 * Asks every server of each record: one that lags behind is enough to fail a proof. One connection to each.
 * @throws CertError `interrupted`
 */
export async function askServers(
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
