import { createHash } from 'node:crypto';
import { DAY_MS, HOUR_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Log, LogFields } from '../../ports/log.js';

/** After a line was told once, twice and more often: how long the same one is left out. */
const PAUSES_MS = [HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;
/** Different lines that are remembered; beyond that the one that was said longest ago is forgotten. */
const MOST = 1000;

interface Told {
  readonly atMs: number;
  readonly times: number;
  readonly leftOut: number;
}

/**
 * Makes logs that say the same thing once, again after an hour, after six, and then once a day, with how often it was left
 * out (`leftOut`). What is left out goes to `debug`. They share a memory: made once for a process that looks every few
 * minutes at a trouble that lasts for days. What a line must not be compared by belongs to the log beneath.
 */
export function createSparing(clock: Pick<Clock, 'monotonic'>): (log: Log) => Log {
  // What was said longest ago comes first.
  const memory = new Map<string, Told>();

  /** How often the line was left out before; undefined: it is left out now. */
  function takeTurn(key: string): number | undefined {
    const told = memory.get(key);
    const nowMs = clock.monotonic();
    memory.delete(key);
    if (told !== undefined) {
      const pauseMs = PAUSES_MS[Math.min(told.times, PAUSES_MS.length) - 1] ?? DAY_MS;
      // Nothing is due for a while after it was quiet that long: then it begins anew.
      if (nowMs - told.atMs < pauseMs) {
        memory.set(key, { ...told, leftOut: told.leftOut + 1 });
        return undefined;
      }
    }
    const lasts = told !== undefined && nowMs - told.atMs < 2 * DAY_MS;
    memory.set(key, { atMs: nowMs, times: lasts ? told.times + 1 : 1, leftOut: 0 });
    for (const oldest of memory.keys()) {
      if (memory.size <= MOST) break;
      memory.delete(oldest);
    }
    return told?.leftOut ?? 0;
  }

  const sparing = (log: Log, base: LogFields): Log => {
    const write = (level: 'info' | 'warn' | 'error') => (fields: LogFields, message: string) => {
      const leftOut = takeTurn(keyOf(level, message, { ...base, ...fields }));
      if (leftOut === undefined) log.debug(fields, message);
      else log[level](leftOut === 0 ? fields : { ...fields, leftOut }, message);
    };
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => sparing(log.child(fields), { ...base, ...fields }),
    };
  };
  return (log) => sparing(log, {});
}

/** Texts may be long, and there are many of them. */
const keyOf = (level: string, message: string, fields: LogFields): string =>
  createHash('sha256')
    .update(JSON.stringify([level, message, fields]))
    .digest('base64');
