import { CertError } from '../model/errors.js';
import { MINUTE_MS } from '../model/time.js';
import type { Clock } from '../ports/clock.js';

export interface Pace {
  readonly calls: number;
  readonly perMs: number;
  /** Of these, for paid calls alone: what is announced has to leave within a minute. */
  readonly reserved?: number;
}

/** A turn further off than this is not waited for: another run takes it. */
const LONGEST_WAIT_MS = 5 * MINUTE_MS;

/**
 * Lets so many calls begin in any stretch of each length; the others wait their turn, in order.
 * @returns waits until the next call may begin; rejects when the signal aborts, and with `provider.rate-limited` where the
 *   turn is more than five minutes off
 */
export function paced(
  clock: Clock,
  paces: readonly Pace[],
): (signal: AbortSignal, paid?: 'paid') => Promise<void> {
  /** By time. */
  let starts: readonly { readonly atMs: number; readonly paid: boolean }[] = [];
  const kept = Math.max(...paces.map(({ calls }) => calls));
  return async (signal, paid) => {
    const nowMs = clock.monotonic();
    // A paid call goes before reads that are waiting still: it has calls of its own.
    const before = paid ? starts.filter((start) => start.paid || start.atMs <= nowMs) : starts;
    const turns = paces.map(({ calls, perMs, reserved = 0 }) => {
      const open = paid ? calls : Math.max(1, calls - reserved);
      return (before.at(-open)?.atMs ?? Number.NEGATIVE_INFINITY) + perMs;
    });
    const atMs = Math.max(nowMs, ...turns);
    if (atMs - nowMs > LONGEST_WAIT_MS) {
      throw new CertError('provider.rate-limited', 'the calls that this account may make are used up', {
        retryAtMs: clock.now() + (atMs - nowMs),
      });
    }
    starts = [...starts, { atMs, paid: paid !== undefined }].sort((a, b) => a.atMs - b.atMs).slice(-kept - 1);
    if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
  };
}
