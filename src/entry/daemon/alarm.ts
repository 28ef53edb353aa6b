import { CertError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';

/** A sleep that can be ended. What rings while nobody sleeps ends the next one. */
export interface Alarm {
  ring(): void;
  /**
   * Sleeps, and at least for the shortest pause, however often it rings.
   * @returns did it ring?
   * @throws CertError `interrupted` on the signal
   */
  sleep(ms: number, shortestMs: number, signal: AbortSignal): Promise<boolean>;
}

export function createAlarm(clock: Clock): Alarm {
  let rung = false;
  let wake = (): void => undefined;
  return {
    ring() {
      rung = true;
      wake();
    },
    async sleep(ms, shortestMs, signal) {
      await clock.sleep(Math.min(ms, shortestMs), signal);
      const woken = new AbortController();
      wake = () => woken.abort();
      try {
        if (!rung && ms > shortestMs)
          await clock.sleep(ms - shortestMs, AbortSignal.any([signal, woken.signal]));
      } catch (error) {
        if (signal.aborted || !(error instanceof CertError && error.code === 'interrupted')) throw error;
      } finally {
        wake = () => undefined;
      }
      const ended = rung;
      rung = false;
      return ended;
    },
  };
}
