import type { Clock } from '../ports/clock.js';

export interface Pace {
  readonly calls: number;
  readonly perMs: number;
}

/**
 * Lets so many calls begin in any stretch of that length; the others wait their turn, in order.
 * @returns waits until the next call may begin; rejects when the signal aborts
 */
export function paced(clock: Clock, { calls, perMs }: Pace): (signal: AbortSignal) => Promise<void> {
  const starts: number[] = [];
  return async (signal) => {
    const nowMs = clock.monotonic();
    const oldest = starts.length < calls ? undefined : starts.shift();
    const atMs = oldest === undefined ? nowMs : Math.max(nowMs, oldest + perMs);
    starts.push(atMs);
    if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
  };
}
