import { DAY_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';

/** Deliveries that are remembered: of a busy day, and never more. */
const MOST = 1024;
const KEPT_MS = DAY_MS;

/**
 * Remembers what was taken, for a day and never more than a thousand.
 * @returns was it taken before?
 */
export function createReplays(clock: Pick<Clock, 'monotonic'>): (once: string) => boolean {
  // The oldest first.
  const takenMs = new Map<string, number>();
  return (once) => {
    const nowMs = clock.monotonic();
    const before = takenMs.get(once);
    if (before !== undefined && nowMs - before < KEPT_MS) return true;
    takenMs.delete(once);
    takenMs.set(once, nowMs);
    for (const [oldest, ms] of takenMs) {
      if (takenMs.size <= MOST && nowMs - ms < KEPT_MS) break;
      takenMs.delete(oldest);
    }
    return false;
  };
}
