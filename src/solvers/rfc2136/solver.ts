import PQueue from 'p-queue';
import { DNS_PORT, serverLabel } from '../../dns/ask.js';
import { openLink } from '../../dns/link.js';
import { CLASS, encodeName, encodeText, RCODE, TYPE, type UpdateRecord } from '../../dns/wire.js';
import { type Endpoint, parseEndpoint } from '../../model/endpoint.js';
import { CertError } from '../../model/errors.js';
import type { DnsName } from '../../model/names.js';
import type { SolvableRecord } from '../../model/order.js';
import { parseDuration } from '../../model/term.js';
import { SECOND_MS } from '../../model/time.js';
import type { RecordOutcome, Solver, SolverDeps } from '../../ports/solver.js';
import { blocked, type DnsRecord, notDns, passOn } from '../dns/answers.js';
import { type Place, placeOf, zoneOf } from './place.js';
import { type Primary, signedPrimary, updateRefusal } from './primary.js';
import { sightsOf } from './sight.js';
import { readTsigKey } from './tsig.js';

const DEFAULT_TTL_S = 60;
const DEFAULT_LIMIT_MS = 10 * SECOND_MS;
/** Questions under way at once, on one connection. */
const QUESTIONS = 8;
/** Records of one update: what does not fit into a message is never near. */
const UPDATE_RECORDS = 50;

/** @throws CertError `config.invalid` */
export function createRfc2136(deps: SolverDeps): Solver {
  const { config, clock, random, signal } = deps;
  const { options, zones } = config;
  const server = endpointOf(options.server);
  const key = readTsigKey(keyOf(deps), textsOf(options, ['keyName', 'algorithm']), `solver ${config.id}`);
  const limitMs = parseDuration(String(options.timeout ?? '')) ?? DEFAULT_LIMIT_MS;
  const ttl = typeof options.ttl === 'number' ? options.ttl : DEFAULT_TTL_S;
  const startId = (): number => Number.parseInt(random.hex(2), 16);
  const label = serverLabel(server);

  async function withPrimary<T>(task: (primary: Primary) => Promise<T>): Promise<T> {
    const link = await openLink(server, { limitMs, signal, label });
    try {
      return await task(signedPrimary(link, { label, key, startId: startId(), now: () => clock.now() }));
    } finally {
      link.close();
    }
  }

  const change = async (
    records: readonly SolvableRecord[],
    kind: Kind,
  ): Promise<readonly RecordOutcome[]> => {
    const dns = records.filter((record): record is DnsRecord => record.type !== 'file');
    const failed = new Map<SolvableRecord, CertError>();
    const places = new Map<SolvableRecord, DnsName>();
    try {
      await withPrimary((primary) =>
        changeAll({ primary, zones, ttl, solver: config.id, kind, failed, places }, dns),
      );
    } catch (error) {
      // The server itself is out of reach: true of every record.
      const every = passOn(error);
      for (const record of dns) failed.set(record, every);
    }
    return records.map((record) => {
      const error = record.type === 'file' ? notDns(config.id) : failed.get(record);
      const at = places.get(record);
      return { record, ...(at === undefined ? {} : { at }), ...(error === undefined ? {} : { error }) };
    });
  };

  return {
    config,
    publish: (records) => change(records, 'publish'),
    cleanUp: (records) => change(records, 'clean-up'),
    visible: (records) =>
      sightsOf(records, {
        zones,
        solver: config.id,
        limitMs,
        signal,
        startId,
        withPrimary,
        ...(Array.isArray(options.visibleAt) ? { visibleAt: options.visibleAt.map(endpointOf) } : {}),
      }),
  };
}

type Kind = 'publish' | 'clean-up';

interface Changing {
  readonly primary: Primary;
  readonly zones: readonly string[];
  readonly ttl: number;
  readonly solver: string;
  readonly kind: Kind;
  readonly failed: Map<SolvableRecord, CertError>;
  /** The names that carry them. */
  readonly places: Map<SolvableRecord, DnsName>;
}

interface Placed extends Place {
  readonly record: DnsRecord;
  readonly zone: string;
}

async function changeAll(work: Changing, records: readonly DnsRecord[]): Promise<void> {
  const queue = new PQueue({ concurrency: QUESTIONS });
  const found = await Promise.all(records.map((record) => queue.add(() => tryPlace(work, record))));
  const missing = found.filter((placed) => placed !== undefined);
  const byZone = new Map<string, Placed[]>();
  for (const placed of missing) byZone.set(placed.zone, [...(byZone.get(placed.zone) ?? []), placed]);
  for (const [zone, all] of byZone) {
    for (let i = 0; i < all.length; i += UPDATE_RECORDS) {
      const batch = all.slice(i, i + UPDATE_RECORDS);
      const rcode = await send(work, zone, batch);
      if (rcode === RCODE.NOERROR) continue;
      // All or nothing: one by one, so that one record in the way does not keep the others away.
      for (const placed of batch) await sendAlone(work, placed, batch.length === 1 ? rcode : undefined);
    }
  }
}

/** What is still to be done about a record; undefined when it is done, or cannot be. */
async function tryPlace(work: Changing, record: DnsRecord): Promise<Placed | undefined> {
  const { primary, zones, solver, kind, failed, places } = work;
  try {
    const place = await placeOf(primary, zones, record, solver);
    places.set(record, place.owner);
    if (place.present === (kind === 'publish')) return undefined;
    // A CNAME of somebody else is not ours to remove, nor is it in the way of removing nothing.
    if (place.rival !== undefined && kind === 'clean-up') return undefined;
    if (place.rival !== undefined) throw blocked(place.owner, `a CNAME for ${place.rival} stands there`);
    return { ...place, record, zone: await zoneOf(primary, place.owner) };
  } catch (error) {
    failed.set(record, passOn(error));
    return undefined;
  }
}

const send = ({ primary, ttl, kind }: Changing, zone: string, batch: readonly Placed[]): Promise<number> =>
  primary.update(
    zone,
    kind === 'publish' ? batch.map(prerequisite) : [],
    batch.map((placed) => ({
      name: placed.owner,
      type: TYPE[placed.record.type],
      class: kind === 'publish' ? CLASS.IN : CLASS.NONE,
      ttl: kind === 'publish' ? ttl : 0,
      data:
        placed.record.type === 'CNAME' ? encodeName(placed.record.value) : encodeText(placed.record.value),
    })),
  );

/** A CNAME wants a name of its own, and a TXT record none beside one; servers drop either silently (RFC 2136 §3.4.2.2). */
const prerequisite = ({ owner, record }: Placed): UpdateRecord => ({
  name: owner,
  type: record.type === 'CNAME' ? TYPE.ANY : TYPE.CNAME,
  class: CLASS.NONE,
  ttl: 0,
  data: Buffer.alloc(0),
});

async function sendAlone(work: Changing, placed: Placed, known: number | undefined): Promise<void> {
  const { primary, failed } = work;
  try {
    const rcode = known ?? (await send(work, placed.zone, [placed]));
    if (rcode === RCODE.NOERROR) return;
    if (rcode !== RCODE.YXDOMAIN && rcode !== RCODE.YXRRSET) throw updateRefusal(rcode, placed.zone, primary);
    // Somebody was there between the look and the update; it may have been another run of ours.
    const again = await placeOf(primary, work.zones, placed.record, work.solver);
    if (again.present) return;
    throw blocked(
      placed.owner,
      `other records stand there (${rcode === RCODE.YXRRSET ? 'a CNAME' : 'of any type'})`,
    );
  } catch (error) {
    failed.set(placed.record, passOn(error));
  }
}

function keyOf({ credentials, config }: SolverDeps) {
  const { key } = credentials;
  if (key) return key;
  throw new CertError('config.invalid', `solver ${config.id} has no key`);
}

function endpointOf(value: unknown): Endpoint {
  const endpoint = parseEndpoint(String(value), DNS_PORT);
  if (endpoint) return endpoint;
  throw new CertError('config.invalid', `"${String(value)}" is no server: write host, or host:port`);
}

function textsOf<K extends string>(
  options: SolverDeps['config']['options'],
  keys: readonly K[],
): { readonly [P in K]?: string } {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = options[key];
      return typeof value === 'string' ? [[key, value]] : [];
    }),
  ) as { readonly [P in K]?: string };
}
