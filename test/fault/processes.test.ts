import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/model/time.js';
import {
  expectKeyFits,
  manifest,
  openPlace,
  openRunner,
  type Place,
  runUntilQuiet,
} from '../support/engine.js';
import { cloneOf, tempFolder, testEnv } from '../support/git.js';
import { manualClock } from '../support/manual-clock.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Process {
  readonly home: string;
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** `certwright apply` on a clone and in a home of its own. */
async function startApply(place: Place, onOutput?: (text: string) => void): Promise<Process> {
  if (place.store.path === undefined) throw new Error('a process needs a remote on disk');
  const clone = await cloneOf({ url: place.store.path });
  const home = await tempFolder();
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('../support/paid-provider/typescript-hooks.mjs', import.meta.url).href,
      here('../support/apply-main.ts'),
      clone,
    ],
    {
      env: testEnv({
        ...place.env,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
        CERTWRIGHT_IDENTITY: place.identity,
        CERTWRIGHT_LOG: 'debug',
      }),
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  child.stderr.on('data', (chunk: Buffer) => onOutput?.(chunk.toString('utf8')));
  const ended = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  return { home, ended, kill: () => void child.kill('SIGKILL') };
}

const realTime = { git: true, runs: true } as const;

describe('real processes', () => {
  it('two at once on one remote: twenty certificates, twenty purchases', { timeout: 120_000 }, async () => {
    const manifests = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`s${i}`, manifest(`s${i}`)] as const),
    );
    const place = await openPlace({
      kind: 'unique',
      ...realTime,
      manifests,
      seller: { pollsUntilIssued: 0 },
    });
    const both = await Promise.all([startApply(place), startApply(place)]);
    const codes = await Promise.all(both.map(({ ended }) => ended));
    expect(codes.every((code) => code === 0 || code === 1)).toBe(true);
    expect(codes).toContain(0);
    place.clock = manualClock(Date.now() + HOUR_MS);
    await place.advance(0);
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(20);
    for (const status of (await place.statuses()).values()) expect(status.orders).toHaveLength(1);
  });

  it('killed at ten moments of an apply: the next run ends with one purchase', {
    timeout: 180_000,
  }, async () => {
    const place = await openPlace({ kind: 'unique', ...realTime, seller: { pollsUntilIssued: 0 } });
    const restore = await place.snapshot();
    const calls = { all: 0 };
    const whole = await startApply(place, (text) => {
      calls.all += text.split('\n').length - 1;
    });
    expect(await whole.ended).toBe(0);
    expect(await place.purchases()).toBe(1);
    for (let seed = 1; seed <= 10; seed++) {
      await restore();
      // Every line of the debug log is a git process or a call that ended: a moment that is not a matter of milliseconds.
      const after = Math.max(1, Math.floor((calls.all * seed) / 11));
      let seen = 0;
      const killed: Process = await startApply(place, (text) => {
        seen += text.split('\n').length - 1;
        if (seen >= after) killed.kill();
      });
      await killed.ended;
      place.clock = manualClock(Date.now() + HOUR_MS);
      await place.advance(0);
      const runner = await openRunner(place, { home: join(killed.home, 'state') });
      const ended = await runUntilQuiet(place, runner);
      expect(ended.exit, `killed after ${after} of ${calls.all} lines`).toBe(0);
      expect(await place.purchases(), `killed after ${after} of ${calls.all} lines`).toBe(1);
      expect(await runner.spool.list()).toEqual([]);
      await expectKeyFits(place, 'shop');
    }
  });
});
