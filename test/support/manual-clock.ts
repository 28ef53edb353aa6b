import type { Clock } from '../../src/ports/clock.js';

/** A clock that stands still until it is moved. A sleep moves it and is over at once. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** Every pause slept, in order. */
  readonly slept: readonly number[];
}

export function manualClock(startMs: number = Date.UTC(2026, 10, 22, 12)): ManualClock {
  let passedMs = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => startMs + passedMs,
    monotonic: () => passedMs,
    advance: (ms) => {
      passedMs += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      passedMs += ms;
    },
  };
}
