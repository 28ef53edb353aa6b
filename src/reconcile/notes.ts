import type { ProviderConfig } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Money } from '../model/money.js';
import {
  type AccountMemory,
  accountKey,
  type EndpointMemory,
  emptyMemory,
  endpointKey,
  type Listing,
  type LookMemory,
  lookKey,
  type RunMemory,
} from '../model/run-memory.js';
import { DAY_MS, MINUTE_MS, toInstant, toMs } from '../model/time.js';
import { mergeMemories, prunedMemory } from '../policy/memory.js';
import { isPaused, LONGEST_PAUSE_MS } from '../policy/polling.js';
import { canonicalJson } from '../repository/stable.js';
import type { Deps } from './deps.js';
import type { StateView } from './state.js';

/** What this run knows of the calls of earlier ones, and adds to it. */
export interface Notes {
  /** Grows in place: a run may look at thousands of orders. */
  readonly memory: RunMemory & {
    readonly accounts: Record<string, AccountMemory>;
    readonly looks: Record<string, LookMemory>;
    readonly endpoints: Record<string, EndpointMemory>;
  };
  /** Provider calls were made: worth a push. */
  changed: boolean;
  pricesSeen: boolean;
}

/** @returns nothing remembered where there is no cache, or none that is ours to read */
export async function readNotes(
  deps: Pick<Deps, 'runCache' | 'parseMemory'>,
  view: Pick<StateView, 'snapshot'>,
  repositoryId: string,
): Promise<Notes> {
  const { cache } = view.snapshot;
  const text = cache === undefined ? undefined : await deps.runCache.read(cache);
  return {
    memory: ours(deps, text, repositoryId) ?? emptyMemory(repositoryId),
    changed: false,
    pricesSeen: false,
  };
}

function ours(
  deps: Pick<Deps, 'parseMemory'>,
  text: string | undefined,
  repositoryId: string,
): RunMemory | undefined {
  const memory = text === undefined ? undefined : deps.parseMemory(text);
  return memory?.repositoryId === repositoryId ? memory : undefined;
}

/** Leaves them to the next run, beside what others left meanwhile. Best effort: never fails a run. */
export async function leaveNotes(
  deps: Pick<Deps, 'runCache' | 'parseMemory' | 'clock' | 'log'>,
  view: Pick<StateView, 'snapshot'>,
  notes: Notes,
): Promise<void> {
  if (!notes.changed) return;
  const { memory } = notes;
  const why = await deps.runCache.replace(view.snapshot.cache, (current) => {
    const others = ours(deps, current, memory.repositoryId);
    return canonicalJson(prunedMemory(others ? mergeMemories(others, memory) : memory, deps.clock.now()));
  });
  notes.changed = false;
  if (why !== undefined) deps.log.debug({ text: why }, 'calls of this run not remembered');
}

/** An order was looked at. @param news  it showed something that was not recorded yet */
export function noteLook(
  notes: Notes,
  provider: string,
  orderId: string,
  nowMs: number,
  news: boolean,
): void {
  const key = lookKey(provider, orderId);
  const at = toInstant(nowMs);
  const changedAt = news ? at : notes.memory.looks[key]?.changedAt;
  notes.memory.looks[key] = { at, ...(changedAt === undefined ? {} : { changedAt }) };
  notes.changed = true;
}

/** An endpoint of a certificate was dialled. */
export function noteDial(notes: Notes, certificate: string, endpoint: string, memory: EndpointMemory): void {
  notes.memory.endpoints[endpointKey(certificate, endpoint)] = memory;
  notes.changed = true;
}

/** A person wants these orders looked at now. */
export function forgetLooks(notes: Notes, keys: Iterable<string>): void {
  for (const key of keys) delete notes.memory.looks[key];
}

/** A list of an account was asked for. @param listing  absent: it was not complete, so it tells nothing */
export function noteListing(
  notes: Notes,
  account: ProviderConfig,
  nowMs: number,
  listing: Listing | undefined,
): void {
  setAccount(notes, account, {
    triedAt: toInstant(nowMs),
    ...(listing === undefined ? {} : { listing }),
  });
}

/** Where a provider said that it is called too often and not when to come back. */
const PAUSE_MS = 10 * MINUTE_MS;

/** Where a provider asked to be left alone for a while, the next runs do that. Other failures are not remembered. */
export function noteRefusal(notes: Notes, account: ProviderConfig, error: unknown, nowMs: number): void {
  if (!(error instanceof CertError) || error.code !== 'provider.rate-limited') return;
  const tillMs = Math.min(error.retryAtMs ?? nowMs + PAUSE_MS, nowMs + LONGEST_PAUSE_MS);
  setAccount(notes, account, { notBefore: toInstant(tillMs) });
}

/** An account was asked when it wants its certificates replaced. */
export const noteAdvice = (notes: Notes, account: ProviderConfig, dueMs: number): void =>
  setAccount(notes, account, { adviceDueAt: toInstant(dueMs) });

/** A price that is the same is noted again only now and then. */
const PRICE_AGE_MS = 30 * DAY_MS;

/** What an account asks for something, for plans that may not ask it. No reason for a push: see `worthKeeping`. */
export function notePrice(
  notes: Notes,
  account: ProviderConfig,
  key: string,
  amount: Money,
  nowMs: number,
): void {
  const prices = memoryOf(notes, account)?.prices ?? {};
  const before = prices[key];
  const same = before?.amount.amount === amount.amount && before.amount.currency === amount.currency;
  if (same && nowMs - toMs(before.at) < PRICE_AGE_MS) return;
  merge(notes, account, { prices: { ...prices, [key]: { at: toInstant(nowMs), amount } } });
  notes.pricesSeen = true;
}

/** The run wrote to the remote, so what it saw by the way may be written, too. A declined or refused one leaves nothing. */
export function worthKeeping(notes: Notes): void {
  notes.changed ||= notes.pricesSeen;
}

function setAccount(notes: Notes, account: ProviderConfig, change: AccountMemory): void {
  merge(notes, account, change);
  notes.changed = true;
}

function merge({ memory }: Notes, account: ProviderConfig, change: AccountMemory): void {
  const key = accountKey(account);
  memory.accounts[key] = { ...memory.accounts[key], ...change };
}

export const memoryOf = (notes: Notes, account: ProviderConfig): AccountMemory | undefined =>
  notes.memory.accounts[accountKey(account)];

/** The instant before which the account is not to be called, where that is still ahead. */
export function pausedTillMs(notes: Notes, account: ProviderConfig, nowMs: number): number | undefined {
  const notBefore = memoryOf(notes, account)?.notBefore;
  const tillMs = notBefore === undefined ? undefined : toMs(notBefore);
  return isPaused(tillMs, nowMs) ? tillMs : undefined;
}

/** @throws CertError `provider.rate-limited` */
export function refuseWhilePaused(notes: Notes, account: ProviderConfig, nowMs: number): void {
  const tillMs = pausedTillMs(notes, account, nowMs);
  if (tillMs === undefined) return;
  throw new CertError(
    'provider.rate-limited',
    `${account.id} asked not to be called before ${toInstant(tillMs)}`,
    { retryAtMs: tillMs },
  );
}
