import PQueue from 'p-queue';
import { chainFaults, readShown } from '../keys/served.js';
import { placeOf } from '../model/endpoint.js';
import { messageOf } from '../model/errors.js';
import { type EndpointFinding, type EndpointMemory, endpointKey } from '../model/run-memory.js';
import type { ServerFacts } from '../model/served.js';
import type { CurrentCertificate } from '../model/status.js';
import { MINUTE_MS } from '../model/time.js';
import type { WatchedEndpoint } from '../planner/endpoints.js';
import { judgeServers, rememberLook } from '../policy/serving.js';
import type { DialedServer, Dialer, DialTarget } from '../ports/dialer.js';
import { certificatePath } from '../repository/layout.js';
import type { Deps } from './deps.js';
import { type Notes, noteDial } from './notes.js';
import { stopIfAsked } from './run.js';
import type { StateView } from './state.js';

/** What was found at one. */
export interface Dialed extends WatchedEndpoint {
  readonly memory: EndpointMemory;
}

/** Handshakes under way at once. */
const AT_ONCE = 32;
/** For all endpoints of a run together: what is not dialled by then is left to the next run. */
const LONG_BUDGET_MS = 5 * MINUTE_MS;
/** For runs that may start every few minutes. */
export const SHORT_BUDGET_MS = MINUTE_MS;

/**
 * Dials endpoints and sets what they show against what is published. Changes nothing anywhere; what was found stands in the
 * notes. Whatever a server does is a finding.
 */
export async function dialEndpoints(
  deps: Pick<Deps, 'openDialer' | 'clock' | 'signal' | 'progress' | 'log'>,
  view: StateView,
  notes: Notes,
  due: readonly WatchedEndpoint[],
  budgetMs = LONG_BUDGET_MS,
): Promise<readonly Dialed[]> {
  if (due.length === 0) return [];
  deps.progress.step(`looking at ${due.length === 1 ? '1 endpoint' : `${due.length} endpoints`}`);
  const dialer = await deps.openDialer();
  const chains = await chainsOf(view, due);
  const queue = new PQueue({ concurrency: AT_ONCE });
  const endMs = deps.clock.monotonic() + budgetMs;
  const dialed = await Promise.all(
    due.map((one) =>
      queue.add(async (): Promise<readonly Dialed[]> => {
        if (deps.signal.aborted || deps.clock.monotonic() > endMs) return [];
        const findings = await lookAtOne(dialer, one, chains.get(one.name) ?? [], deps);
        if (deps.signal.aborted) return [];
        const known = notes.memory.endpoints[endpointKey(one.name, one.endpoint)];
        const memory = rememberLook(known, one.current, findings, deps.clock.now());
        noteDial(notes, one.name, one.endpoint, memory);
        return [{ ...one, memory }];
      }),
    ),
  );
  stopIfAsked(deps);
  const seen = dialed.flat();
  if (seen.length < due.length)
    deps.log.info({ endpoints: due.length - seen.length }, 'endpoints left to the next run');
  return seen;
}

/** The published chain of each certificate, PEM. */
async function chainsOf(
  { files, snapshot }: StateView,
  due: readonly WatchedEndpoint[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const blobs = [...new Set(due.map(({ name }) => name))].flatMap((name) => {
    const blob = files.get(certificatePath(name, 'chain'));
    return blob === undefined ? [] : [{ name, blob }];
  });
  if (blobs.length === 0 || snapshot.state === undefined) return new Map();
  const texts = await snapshot.state.read(blobs.map(({ blob }) => blob));
  return new Map(blobs.map(({ name }, i) => [name, [texts[i] ?? '']]));
}

async function lookAtOne(
  dialer: Dialer,
  { endpoint, names, current, status }: WatchedEndpoint,
  chain: readonly string[],
  { clock, signal }: Pick<Deps, 'clock' | 'signal'>,
): Promise<readonly EndpointFinding[]> {
  const place = placeOf(endpoint, names);
  if (place === undefined) return [{ fault: 'unseen', text: 'is no host with a port' }];
  const target: DialTarget = {
    endpoint: place,
    ...(place.serverName === undefined ? {} : { serverName: place.serverName }),
  };
  const nowMs = clock.now();
  const facts = (servers: readonly DialedServer[]) =>
    servers.map((server) => factsOf(server, current, chain, nowMs));
  const first = facts(await dialer.dial(target, signal));
  const servers = first.some((server) => hasOtherKey(server, current))
    ? merged(first, facts(await dialer.dial({ ...target, keyType: keyTypeOf(current) }, signal)), current)
    : first;
  return judgeServers(servers, place.serverName, current, status.previous, nowMs);
}

const keyTypeOf = ({ keyAlgorithm }: { readonly keyAlgorithm: string }): 'rsa' | 'ecdsa' =>
  keyAlgorithm.startsWith('rsa') ? 'rsa' : 'ecdsa';

/** A server may have two certificates, one for each kind of key, and give ours only to those who ask for its kind. */
const hasOtherKey = (server: ServerFacts, current: CurrentCertificate): boolean =>
  server.kind === 'shown' && keyTypeOf(server.leaf) !== keyTypeOf(current);

const merged = (
  first: readonly ServerFacts[],
  second: readonly ServerFacts[],
  current: CurrentCertificate,
): readonly ServerFacts[] =>
  first.map((server) => {
    const other = second.find(({ address }) => address === server.address);
    return other?.kind === 'shown' && other.leaf.sha256 === current.sha256 ? other : server;
  });

function factsOf(
  server: DialedServer,
  { sha256 }: CurrentCertificate,
  chain: readonly string[],
  nowMs: number,
): ServerFacts {
  if (server.kind === 'failed') return server;
  const { address, certificates } = server;
  try {
    const leaf = readShown(certificates[0] ?? new Uint8Array());
    // The chain of another certificate is nobody's business here.
    const faults = leaf.sha256 === sha256 ? chainFaults(certificates, chain, nowMs) : [];
    return { kind: 'shown', address, leaf, faults };
  } catch (error) {
    return {
      kind: 'failed',
      address,
      failure: 'unreadable',
      why: `shows something that is no certificate: ${messageOf(error)}`,
    };
  }
}
