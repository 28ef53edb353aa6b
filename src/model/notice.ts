import type { Money } from './money.js';
import type { Instant } from './time.js';

export const NOTICE_LEVELS = ['attention', 'waiting', 'changed', 'digest'] as const;

/** What a channel may be told: alarms, what waits for a person, what happened, and a summary now and then. */
export type NoticeLevel = (typeof NOTICE_LEVELS)[number];

/** One fact that people are told. Texts are as they came, from people and certificate authorities too: not escaped. */
export interface Notice {
  /** The same for as long as it is the same fact; another one for whatever is news. */
  readonly key: string;
  readonly level: Exclude<NoticeLevel, 'digest'>;
  /** Stable code: `Overdue`, `WaitingFor:payment`, `approval-missing`, `issued` … */
  readonly reason: string;
  /** Absent: it concerns the repository as a whole. */
  readonly certificate?: string;
  readonly owner?: string;
  /** One sentence without full stop. */
  readonly message: string;
  /** What a person does about it, one sentence without full stop. */
  readonly remedy?: string;
  /** Since when it is so, or when it happened. */
  readonly at?: Instant;
  /** What runs out while nothing is done about it. */
  readonly validity?: { readonly from: Instant; readonly till: Instant };
  /** What was paid, or is asked for. */
  readonly price?: Money;
  /** The most it may cost, where the price is not known. */
  readonly atMost?: Money;
  /** Where somebody answers: a pull request. */
  readonly url?: string;
}

/** When a fact was told first, and how often it was brought up again since. */
export interface Told {
  readonly at: Instant;
  /** Reminders that were due when it was told last. */
  readonly step: number;
  /** Since when it is not so any more; kept for a while, so that what comes and goes is not news each time. */
  readonly endedAt?: Instant;
}

/** Of deliveries in a row that came to nothing. */
export interface DeliveryFailure {
  readonly count: number;
  readonly since: Instant;
  readonly lastAt: Instant;
  readonly message: string;
  readonly retryAt?: Instant;
}

/** What one channel was told. Losing it costs a message told again, never money. */
export interface ChannelMemory {
  /** What happened before this is no news here. */
  readonly since: Instant;
  /** Digest of whose changes it is told: for others, `since` begins anew. */
  readonly audience: string;
  /** Alarms and what waits, by key. */
  readonly told: Readonly<Record<string, Told>>;
  /** Digests of the keys of what happened and was told, sorted. */
  readonly changes: readonly string[];
  /** Start of the last period a digest was sent for. */
  readonly digestOf?: Instant;
  readonly failure?: DeliveryFailure;
  /** A run is telling it right now. */
  readonly claim?: { readonly by: string; readonly until: Instant };
}
