import type { Configuration } from '../model/configuration.js';
import type { Spec } from '../model/manifest.js';
import type { DnsName } from '../model/names.js';
import { endpointKey, type RunMemory } from '../model/run-memory.js';
import type { CurrentCertificate, Status } from '../model/status.js';
import { toMs } from '../model/time.js';
import { type EndpointLook, lookFor, nextDialMs } from '../policy/serving.js';
import { servingOrder } from './facts.js';

/** An endpoint of a manifest, and the certificate that is to be served there. */
export interface WatchedEndpoint {
  readonly name: string;
  /** As the manifest writes it. */
  readonly endpoint: string;
  /** Names of the manifest, the common name first. */
  readonly names: readonly DnsName[];
  readonly status: Status;
  readonly current: CurrentCertificate;
}

type Declared = Pick<Configuration, 'endpoints'>;

/**
 * Endpoints that are looked at: of declared certificates that are published. None of a rehearsal, whose certificates nobody
 * serves at real addresses.
 */
export function watchedEndpoints(
  { endpoints: { off } }: Declared,
  specs: Iterable<Spec>,
  statuses: ReadonlyMap<string, Status>,
): readonly WatchedEndpoint[] {
  if (off) return [];
  return [...specs].flatMap((spec) => {
    if (spec.kind !== 'certificate' || spec.endpoints.length === 0) return [];
    const status = statuses.get(spec.name);
    if (!status?.current || status.archived) return [];
    const { current } = status;
    if (servingOrder(status)?.environment === 'rehearsal') return [];
    const { name, names } = spec;
    return spec.endpoints.map((endpoint) => ({ name, endpoint, names, status, current }));
  });
}

/** Endpoints to dial: all, those whose last look is older, or those whose next look is due by itself. */
export type DialWish = 'all' | 'due' | { readonly olderThanMs: number };

export function dueEndpoints(
  served: readonly WatchedEndpoint[],
  memory: Pick<RunMemory, 'endpoints'>,
  wish: DialWish,
  nowMs: number,
): readonly WatchedEndpoint[] {
  const due = served.filter(({ name, endpoint, current }) => {
    if (wish === 'all') return true;
    const known = memory.endpoints[endpointKey(name, endpoint)];
    if (nextDialMs(known, current, nowMs) <= nowMs) return true;
    const look = lookFor(known, current);
    return wish !== 'due' && look !== undefined && toMs(look.at) <= nowMs - wish.olderThanMs;
  });
  // Where the time does not reach for all, those come first that have waited longest.
  const lastMs = ({ name, endpoint }: WatchedEndpoint): number => {
    const at = memory.endpoints[endpointKey(name, endpoint)]?.at;
    return at === undefined ? 0 : toMs(at);
  };
  return due.toSorted((a, b) => lastMs(a) - lastMs(b));
}

/** An endpoint with what is remembered of it, as far as that is about the certificate that is published now. */
export type SeenEndpoint = WatchedEndpoint & EndpointLook;

export const looksAt = (
  watched: readonly WatchedEndpoint[],
  memory: Pick<RunMemory, 'endpoints'>,
): readonly SeenEndpoint[] =>
  watched.map((one) => {
    const look = lookFor(memory.endpoints[endpointKey(one.name, one.endpoint)], one.current);
    return { ...one, ...(look === undefined ? {} : { look }) };
  });
