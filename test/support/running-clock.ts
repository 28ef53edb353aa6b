import { setTimeout as pause } from 'node:timers/promises';
import type { ManualClock } from './manual-clock.js';

/** The longest that a sleep takes: what is waited for is a server on this machine. */
const LONGEST_MS = 25;

/** Real time, for servers that go by it. Sleeps are cut short, and nothing moves it. */
export function runningClock(): ManualClock {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    advance: () => {},
    async sleep(ms, signal) {
      slept.push(ms);
      await pause(Math.min(ms, LONGEST_MS), undefined, signal === undefined ? {} : { signal });
    },
  };
}
