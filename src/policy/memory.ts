import {
  type AccountMemory,
  type EndpointMemory,
  type Listing,
  type LookMemory,
  RUN_MEMORY_VERSION,
  type RunMemory,
  type SeenPrice,
} from '../model/run-memory.js';
import { DAY_MS, type Instant, toMs } from '../model/time.js';

/** An order, or an endpoint, that was not looked at for this long is finished or gone. */
const KEPT_LOOKS_MS = 60 * DAY_MS;

/**
 * Two memories as one: of each entry the newer, and of two of the same second the one of `b`. Instants in their one form
 * compare as texts. What people were told is the one of `a`, which stands there now: only who tells writes it.
 */
export function mergeMemories(a: RunMemory, b: RunMemory): RunMemory {
  return {
    version: RUN_MEMORY_VERSION,
    repositoryId: a.repositoryId,
    accounts: mergeRecords(a.accounts, b.accounts, mergeAccounts),
    looks: mergeRecords(a.looks, b.looks, (x, y) => newer(x, y, ({ at }: LookMemory) => at)),
    endpoints: mergeRecords(a.endpoints, b.endpoints, (x, y) => newer(x, y, ({ at }: EndpointMemory) => at)),
    ...(a.told === undefined ? {} : { told: a.told }),
  };
}

function mergeAccounts(a: AccountMemory, b: AccountMemory): AccountMemory {
  const listing =
    a.listing && b.listing ? newer(a.listing, b.listing, ({ at }: Listing) => at) : (a.listing ?? b.listing);
  const triedAt = later(a.triedAt, b.triedAt);
  const notBefore = later(a.notBefore, b.notBefore);
  const adviceDueAt = later(a.adviceDueAt, b.adviceDueAt);
  return {
    ...(listing === undefined ? {} : { listing }),
    ...(triedAt === undefined ? {} : { triedAt }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(adviceDueAt === undefined ? {} : { adviceDueAt }),
    ...(a.prices || b.prices
      ? {
          prices: mergeRecords(a.prices ?? {}, b.prices ?? {}, (x, y) =>
            newer(x, y, ({ at }: SeenPrice) => at),
          ),
        }
      : {}),
  };
}

const later = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

const newer = <T>(a: T, b: T, at: (one: T) => Instant): T => (at(b) >= at(a) ? b : a);

function mergeRecords<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  merge: (x: T, y: T) => T,
): Readonly<Record<string, T>> {
  const all: Record<string, T> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const known = all[key];
    all[key] = known === undefined ? value : merge(known, value);
  }
  return all;
}

/** Without what nobody needs any more: what is long finished, and instants a wrong clock put ahead. */
export const prunedMemory = (memory: RunMemory, nowMs: number): RunMemory => ({
  ...memory,
  looks: recent(memory.looks, nowMs),
  endpoints: recent(memory.endpoints, nowMs),
});

const recent = <T extends { readonly at: Instant }>(
  looks: Readonly<Record<string, T>>,
  nowMs: number,
): Readonly<Record<string, T>> =>
  Object.fromEntries(
    Object.entries(looks).filter(([, { at }]) => toMs(at) > nowMs - KEPT_LOOKS_MS && toMs(at) <= nowMs),
  );
