import type { WireCall, WireReply } from './definition.js';

/** One call as the sandbox received it. */
export interface LedgerEntry {
  readonly number: number;
  readonly at: string;
  readonly operation: string | null;
  readonly method: string;
  readonly target: string;
  readonly headers: WireCall['headers'];
  /** Every byte, as latin1, but with secrets replaced by `***`. */
  readonly body: string;
  /** What was sent back; null where the line was cut. */
  readonly reply: { readonly status: number; readonly type: string; readonly body: string } | null;
  /** Fault of the line, if one was used. */
  readonly fault: string | null;
}

export interface Ledger {
  add(entry: Omit<LedgerEntry, 'number'>): void;
  list(operation?: string): readonly LedgerEntry[];
  /** Forgets what came after. */
  truncate(length: number): void;
  readonly length: number;
}

/** What an endless rehearsal may keep in memory. */
const KEPT = 10_000;

export function createLedger(): Ledger {
  let entries: LedgerEntry[] = [];
  let count = 0;
  return {
    add(entry) {
      count += 1;
      entries.push({ number: count, ...entry });
      if (entries.length > KEPT) entries = entries.slice(-KEPT);
    },
    list: (operation) =>
      operation === undefined ? [...entries] : entries.filter((entry) => entry.operation === operation),
    truncate(length) {
      entries = entries.filter((entry) => entry.number <= length);
      count = length;
    },
    get length() {
      return count;
    },
  };
}

export const replyEntry = ({ status, type, body }: WireReply): LedgerEntry['reply'] => ({
  status,
  type,
  body: typeof body === 'string' ? body : body.toString('latin1'),
});
