import { hash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import type { ChannelMemory, DeliveryFailure, Notice, Told } from '../model/notice.js';
import type { Audience, DigestPeriod } from '../model/notification.js';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, toInstant, toMs } from '../model/time.js';
import { nextPeriodMs, periodStartMs } from './digests.js';
import { nextReminderMs, reminderStep } from './reminders.js';
import { nameMatcher } from './rules.js';

/** Everything there is to tell at one instant. */
export interface News {
  readonly notices: readonly Notice[];
  /** Instants at which the clock alone brings a notice, epoch ms. */
  readonly upcomingMs: readonly number[];
  /** A look that left something out ends nothing: what it does not show may still be so. */
  readonly complete: boolean;
  /** Of a shard: whose notices it can tell to be over; those of other certificates are left to others. Absent: all. */
  readonly owns?: (name: string) => boolean;
}

export interface Telling {
  readonly notice: Notice;
  readonly step: number;
  /** It was told before. */
  readonly reminder: boolean;
}

/** What one channel is to be told now, or once it is not held any more. */
export interface Due {
  readonly tellings: readonly Telling[];
  /** Keys of what was told and is so no longer. */
  readonly ended: readonly string[];
  /** Start of the period a digest is due for, epoch ms. */
  readonly digestMs?: number;
  /** What the channel was told, tidied up; nothing of the above is in it. */
  readonly memory: ChannelMemory;
  /** `memory` is not what it was: worth writing even where nothing is told. */
  readonly tidied: boolean;
  /** It is left alone until this instant: another run is telling it, or it failed. Epoch ms. */
  readonly heldTillMs?: number;
}

/** A channel that is new is told what happened in the last day, and nothing older. */
const NEW_CHANNEL_MS = DAY_MS;
/** What comes back within this time was never away. */
const FORGOTTEN_MS = DAY_MS;
/** How long a run may take to tell a channel; afterwards another one does. */
export const CLAIM_MS = 5 * MINUTE_MS;
const LADDER_MS = [5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS];
const LONGEST_RETRY_MS = DAY_MS;

/** Does anything wait to be told? */
export const isPending = ({ tellings, digestMs }: Pick<Due, 'tellings' | 'digestMs'>): boolean =>
  tellings.length > 0 || digestMs !== undefined;

/** Which notices of all a channel is for. What concerns the whole repository goes to those that are for every certificate. */
export function heardBy(
  audience: Audience,
  notices: readonly Notice[],
  hasGeneral = true,
): readonly Notice[] {
  const globs = audience.match.map(nameMatcher);
  const isGeneral = audience.match.length + audience.owner.length === 0;
  return notices.filter(({ level, certificate, owner }) => {
    if (!audience.on.includes(level)) return false;
    if (certificate === undefined) return isGeneral || !hasGeneral;
    const matches = globs.length === 0 || globs.some((is) => is(certificate));
    return matches && (audience.owner.length === 0 || audience.owner.includes(owner ?? ''));
  });
}

/**
 * What a channel is told now, and what it will know then. A fact is told once, brought up again when a reminder of it is
 * due, and nothing that was told is told again because a clock was put back.
 * @param run  whose claim counts as our own
 */
export function dueOf(
  audience: Audience,
  heard: readonly Notice[],
  news: News,
  before: ChannelMemory | undefined,
  nowMs: number,
  run = '',
): Due {
  const memory = tidied(before ?? freshMemory(audience, nowMs), audience, news, heard, nowMs);
  const heldTillMs = heldTill(memory, nowMs, run);
  const tidiedUp = before === undefined || stringify(memory) !== stringify(before);
  const tellings = tellingsOf(heard, memory, nowMs);
  const digestMs = audience.on.includes('digest') ? digestDue(audience, memory, nowMs) : undefined;
  const ended = Object.entries(memory.told).flatMap(([key, { endedAt }]) =>
    endedAt === undefined || !isOwn(news.owns, key) ? [] : [key],
  );
  return {
    tellings,
    ended,
    memory,
    tidied: tidiedUp,
    ...(digestMs === undefined ? {} : { digestMs }),
    ...(heldTillMs === undefined ? {} : { heldTillMs }),
  };
}

/** What happened before this is no news to a channel that is new. */
export const newsSince = (nowMs: number): Instant => toInstant(nowMs - NEW_CHANNEL_MS);

const freshMemory = (audience: Audience, nowMs: number): ChannelMemory => ({
  since: newsSince(nowMs),
  audience: audienceDigest(audience),
  told: {},
  changes: [],
});

/** A channel that is for more than before is not told everything that ever happened there. */
const audienceDigest = ({ on, match, owner }: Audience): string =>
  shortDigest(JSON.stringify([on.includes('changed'), match, owner]));

const shortDigest = (text: string): string => hash('sha256', text, 'base64url').slice(0, 12);

/** Short, since one stands there for everything that ever happened to a certificate. */
function changeDigest(notice: Notice): string {
  const known = digests.get(notice);
  if (known !== undefined) return known;
  const digest = shortDigest(notice.key);
  digests.set(notice, digest);
  return digest;
}

/** Each channel asks. */
const digests = new WeakMap<Notice, string>();

function tellingsOf(heard: readonly Notice[], memory: ChannelMemory, nowMs: number): readonly Telling[] {
  const known = new Set(memory.changes);
  return heard.flatMap((notice): readonly Telling[] => {
    if (notice.level === 'changed') {
      // Instants in their one form compare as texts.
      const isNews = notice.at === undefined || notice.at >= memory.since;
      return isNews && !known.has(changeDigest(notice)) ? [{ notice, step: 0, reminder: false }] : [];
    }
    const told = memory.told[notice.key];
    const step = reminderStep(notice, told === undefined ? nowMs : toMs(told.at), nowMs);
    if (told !== undefined && step <= told.step) return [];
    return [{ notice, step, reminder: told !== undefined }];
  });
}

/** Keys begin with the name of their certificate, or `repository`. */
const isOwn = (owns: News['owns'], key: string): boolean => owns?.(key.split(' ', 1)[0] ?? '') ?? true;

function tidied(
  memory: ChannelMemory,
  audience: Audience,
  { notices, complete, owns }: News,
  heard: readonly Notice[],
  nowMs: number,
): ChannelMemory {
  const now = toInstant(nowMs);
  const stands = new Set(heard.map(({ key }) => key));
  const told: Record<string, Told> = {};
  for (const [key, { endedAt, ...entry }] of Object.entries(memory.told)) {
    // A clock that was ahead may have written an instant that is not there yet.
    const ended = endedAt === undefined || endedAt < now ? endedAt : now;
    const isForgotten = ended !== undefined && toMs(ended) <= nowMs - FORGOTTEN_MS;
    if (!isOwn(owns, key)) {
      told[key] = { ...entry, ...(endedAt === undefined ? {} : { endedAt }) };
      continue;
    }
    if (isForgotten && (complete || stands.has(key))) continue;
    if (stands.has(key)) told[key] = entry;
    else if (ended !== undefined || complete) told[key] = { ...entry, endedAt: ended ?? now };
    else told[key] = entry;
  }
  const { since, changes, digestOf, ...rest } = memory;
  const isFor = audienceDigest(audience);
  const startsAnew = toMs(since) > nowMs || memory.audience !== isFor;
  const there = new Set(
    changes.length === 0 ? [] : notices.filter(({ level }) => level === 'changed').map(changeDigest),
  );
  return {
    ...rest,
    since: startsAnew ? newsSince(nowMs) : since,
    audience: isFor,
    told,
    changes: complete ? changes.filter((one) => there.has(one)) : changes,
    ...(digestOf === undefined ? {} : { digestOf: believable(digestOf, audience.digest, nowMs) }),
  };
}

/** A digest of a period that is not even the next one was sent by a clock that was ahead: no reason to stay silent till then. */
const believable = (digestOf: Instant, digest: DigestPeriod, nowMs: number): Instant =>
  toMs(digestOf) > nextPeriodMs(digest, nowMs) ? toInstant(periodStartMs(digest, nowMs)) : digestOf;

/** Another run's claim, or the pause after a failure; an instant further ahead than any of us sets was a wrong clock's. */
function heldTill({ claim, failure }: ChannelMemory, nowMs: number, run: string): number | undefined {
  const claimedMs = claim === undefined || claim.by === run ? 0 : toMs(claim.until);
  const claimed = claimedMs > nowMs && claimedMs <= nowMs + CLAIM_MS ? claimedMs : undefined;
  const retryMs = failure === undefined ? 0 : nextDeliveryMs(failure);
  const isAhead = failure !== undefined && toMs(failure.lastAt) > nowMs;
  const paused = retryMs > nowMs && !isAhead ? retryMs : undefined;
  return claimed === undefined ? paused : Math.max(claimed, paused ?? 0);
}

/** When a channel that failed is tried again, epoch ms. */
function nextDeliveryMs({ count, lastAt, retryAt }: DeliveryFailure): number {
  const step = LADDER_MS[Math.min(count, LADDER_MS.length) - 1] ?? DAY_MS;
  const lastMs = toMs(lastAt);
  const asked = retryAt === undefined ? 0 : Math.min(toMs(retryAt), lastMs + LONGEST_RETRY_MS);
  return Math.max(lastMs + step, asked);
}

function digestDue({ digest }: Audience, { digestOf }: ChannelMemory, nowMs: number): number | undefined {
  const startMs = periodStartMs(digest, nowMs);
  if (digestOf === undefined) return startMs;
  const lastMs = toMs(digestOf);
  // One for a period that has not begun was sent by a clock that was ahead, or this one is behind.
  return lastMs < startMs ? startMs : undefined;
}

/** What the channel knows once these reached it. */
export function afterDelivery(
  memory: ChannelMemory,
  tellings: readonly Telling[],
  digestMs: number | undefined,
  nowMs: number,
): ChannelMemory {
  const told: Record<string, Told> = { ...memory.told };
  const changes = new Set(memory.changes);
  for (const { notice, step } of tellings) {
    if (notice.level === 'changed') changes.add(changeDigest(notice));
    else told[notice.key] = { at: told[notice.key]?.at ?? toInstant(nowMs), step };
  }
  return {
    ...memory,
    told,
    changes: [...changes].sort(),
    ...(digestMs === undefined ? {} : { digestOf: toInstant(digestMs) }),
  };
}

/** The failure after one more. */
export const addDeliveryFailure = (
  before: DeliveryFailure | undefined,
  message: string,
  retryAtMs: number | undefined,
  nowMs: number,
): DeliveryFailure => ({
  count: (before?.count ?? 0) + 1,
  since: before?.since ?? toInstant(nowMs),
  lastAt: toInstant(nowMs),
  message,
  ...(retryAtMs === undefined ? {} : { retryAt: toInstant(retryAtMs) }),
});

/**
 * For what was just looked at: the first instant at which the channel has to be told something by the clock alone; `nowMs` or
 * earlier where something is due already. Epoch ms, Infinity where nothing is ahead.
 */
export function nextTellingMs(
  audience: Audience,
  heard: readonly Notice[],
  news: News,
  before: ChannelMemory | undefined,
  nowMs: number,
): number {
  const due = dueOf(audience, heard, news, before, nowMs);
  const { memory, heldTillMs } = due;
  if (isPending(due)) return heldTillMs ?? nowMs;
  if (due.tidied) return nowMs;
  const reminders = heard.flatMap((notice) => {
    const told = memory.told[notice.key];
    return told === undefined || notice.level === 'changed'
      ? []
      : [nextReminderMs(notice, toMs(told.at), nowMs)];
  });
  const digest = audience.on.includes('digest') ? [nextPeriodMs(audience.digest, nowMs)] : [];
  return [...reminders, ...digest, ...news.upcomingMs].reduce((a, b) => Math.min(a, b), Infinity);
}
