import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import { isHourOfReading, LARGE, recordOf } from '../../../src/entry/quiet-note.js';
import type { Status } from '../../../src/model/status.js';
import { HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import { openRepository } from '../../../src/repository/git-repository.js';
import { remoteIdentity } from '../../../src/repository/remote.js';
import { testContext } from '../../support/context.js';
import { commitToRemote, recordingGit, testBranches } from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';
import { certificate, order, status } from '../../support/state.js';
import { openShop, type Shop, TOKEN } from './shop.js';

vi.setConfig({ testTimeout: 120_000 });

const NOTE = 'refs/certwright/quiet';
const SHORT = 'nothing changed since a run elsewhere with nothing to do';
const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };

const nameOf = (i: number): string => (i === 0 ? 'shop' : `site-${i}`);
const domainOf = (i: number): string => `${nameOf(i)}.example.com`;

/** Orders and certificates as good as those of `shop`, for as many names. */
const issued = (i: number): Status => {
  const names = [domainOf(i)];
  return status(nameOf(i), {
    orders: [order(`o-${i}`, { ...atPaid, names })],
    current: { ...certificate(`o-${i}`), names, serial: `${i + 1}`, sha256: `${i}`.padStart(64, '0') },
  });
};

async function shopOf(count: number): Promise<Shop> {
  const all = Array.from({ length: count }, (_, i) => i);
  const shop = await openShop({
    statuses: all.map(issued),
    files: Object.fromEntries(all.map((i) => [`certificates/${nameOf(i)}.yaml`, `domain: ${domainOf(i)}\n`])),
  });
  // Two of them, so that what a test takes an hour for is none either.
  const remote = remoteIdentity(shop.remote.url);
  while ([0, 1].some((hours) => isHourOfReading(remote, shop.clock.now() + hours * HOUR_MS)))
    await shop.advance(HOUR_MS);
  return shop;
}

/** `apply` on a machine that was never here before. @param env  beside what every machine has */
async function elsewhere(shop: Shop, env: NodeJS.ProcessEnv = {}, options: Record<string, unknown> = {}) {
  const log = memoryLog();
  const fresh = { ...testContext().env, PAID_TOKEN: TOKEN, ...env };
  const context = shop.context({ env: fresh, log });
  const code = await apply.run(context, { json: false, identity: [] }, { wait: '0s', ...options });
  return {
    code,
    out: context.out(),
    err: context.err(),
    short: log.lines.some(({ message }) => message === SHORT),
  };
}

const git = (shop: Shop, ...args: string[]): string =>
  execFileSync('git', args, { cwd: shop.remote.path, encoding: 'utf8' }).trim();

const tipOf = (shop: Shop): string => git(shop, 'for-each-ref', '--format=%(objectname)', NOTE);

const noteOf = (shop: Shop): string => git(shop, 'show', `${NOTE}:quiet.json`);

/** As somebody who may push would: the note is not protected. */
async function forge(shop: Shop, text: string): Promise<void> {
  const repository = await openRepository({
    cwd: shop.clone,
    branches: testBranches,
    cacheDir: join(shop.context().cwd, 'cache'),
    committer: { name: 'Somebody', email: 'somebody@example.com' },
    clock: shop.clock,
    log: memoryLog(),
    env: shop.context().env,
  });
  const { quietNote } = await repository.observe();
  expect(await repository.quietNote.replace(quietNote, () => text)).toBeUndefined();
  await repository.close();
}

describe('a fresh machine, after a run elsewhere that had nothing to do', () => {
  it('says the same without fetching the repository, until something moves', async () => {
    const shop = await shopOf(LARGE);
    const full = await elsewhere(shop);
    expect(full).toMatchObject({ code: 0, short: false });
    const note = tipOf(shop);
    expect(note).not.toBe('');
    expect(noteOf(shop)).not.toContain(TOKEN);

    const recorder = await recordingGit();
    const short = await elsewhere(shop, { PATH: recorder.env.PATH });
    expect(short).toEqual({ ...full, short: true });
    const calls = (await recorder.calls()).filter((call) =>
      /^(fetch|push|ls-remote|ls-tree|status) /.test(call),
    );
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['ls-remote', 'fetch']);
    expect(calls[1]).toContain(NOTE);
    expect(calls[1]).not.toContain('heads');

    // A full run that finds its note there leaves it there.
    expect(await elsewhere(shop, {}, { sync: true })).toMatchObject({ short: false });
    await commitToRemote(shop.remote, 'main', { README: 'x' }, 'A word');
    expect(await elsewhere(shop)).toMatchObject({ code: 0, short: false });
    expect(tipOf(shop)).not.toBe(note);
    expect(await elsewhere(shop)).toMatchObject({ code: 0, short: true });

    await commitToRemote(shop.remote, testBranches.state, { 'issued/x': 'x' }, 'By hand');
    expect((await elsewhere(shop)).short).toBe(false);
    expect(await shop.control.purchases()).toBe(0);
  });

  it('reads everything where the note does not fit, is nonsense, or asks for more than it may', async () => {
    const shop = await shopOf(LARGE);
    await elsewhere(shop);
    const good = noteOf(shop);
    const note = JSON.parse(good);
    const nowMs = shop.clock.now();
    const changed = (parts: object): string => JSON.stringify({ ...note, ...parts });
    const unread: Readonly<Record<string, string>> = {
      'no JSON': 'canary {',
      'another kind of JSON': 'null',
      'a version that is not this one': changed({ version: '0.0.0' }),
      'a part that is missing': changed({ counts: undefined }),
      'counts that are text': changed({ counts: { certificates: '\u001b[2J', unchanged: 0 } }),
      'another configuration': changed({ checkout: '0'.repeat(64) }),
      'a file nobody named': changed({ credentials: [{ kind: 'file', path: '/dev/zero' }] }),
    };
    for (const [why, text] of Object.entries(unread)) expect(recordOf(text, shop.clone), why).toBeUndefined();
    const idle: Readonly<Record<string, string>> = {
      'a branch nobody named': changed({ branches: { ...note.branches, approval: 'evil' } }),
      'an hour that is over': changed({ untilMs: nowMs }),
      'an hour to come': changed({ fromMs: nowMs + 1 }),
      'a list to come, so that accounts are never listed again': changed({ listedMs: nowMs + HOUR_MS }),
      'more than six hours': changed({ fromMs: nowMs - 6 * HOUR_MS, untilMs: nowMs * 2 }),
    };
    for (const [why, text] of Object.entries(idle)) {
      await forge(shop, text);
      expect({ why, ...(await elsewhere(shop)) }).toMatchObject({ why, code: 0, short: false });
      // The run that read everything put it right.
      expect(recordOf(noteOf(shop), shop.clone), why).toBeDefined();
    }
    await forge(shop, good);
    expect((await elsewhere(shop)).short).toBe(true);
    expect((await elsewhere(shop, { PAID_TOKEN: '' })).short).toBe(false);
    await shop.advance(2 * MINUTE_MS);
    expect((await elsewhere(shop, {}, { syncIfOlder: '1m' })).short).toBe(false);
    const file = join(shop.clone, 'certwright.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}# a word\n`);
    expect((await elsewhere(shop)).short).toBe(false);
  });

  it.each([
    [1, 8],
    [3, 8],
    [4, 2],
    [24, 1],
  ])('where %s runs a day are scheduled, none are silenced for %s days', (runs, days) => {
    const start = Date.UTC(2026, 10, 22);
    for (const remote of ['git.example.com/a', 'git.example.com/b', 'git.example.com/c']) {
      for (let hour = 0; hour < 24 / runs; hour++) {
        const times = Array.from(
          { length: days * runs },
          (_, i) => start + (hour + (i * 24) / runs) * HOUR_MS,
        );
        expect(times.some((ms) => isHourOfReading(remote, ms))).toBe(true);
      }
    }
  });

  it('reads everything in three hours of each day, whatever the note says', async () => {
    const remote = 'example.com/team/certificates';
    const start = Date.UTC(2026, 10, 22);
    const hours = Array.from({ length: 48 }, (_, i) => isHourOfReading(remote, start + i * HOUR_MS));
    expect([hours.slice(0, 24), hours.slice(24)].map((day) => day.filter(Boolean).length)).toEqual([3, 3]);
  });

  it('is not told of a small repository: reading it takes less time', async () => {
    const shop = await shopOf(3);
    await elsewhere(shop);
    expect(tipOf(shop)).toBe('');
    const recorder = await recordingGit();
    await elsewhere(shop, { PATH: recorder.env.PATH });
    expect((await recorder.calls()).filter((call) => /^(push|ls-remote) /.test(call))).toEqual([]);
  });

  it('a remote that takes no such ref is no error', async () => {
    const shop = await shopOf(LARGE);
    const hook = join(shop.remote.path, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(await elsewhere(shop)).toMatchObject({ code: 0, err: '', short: false });
    expect(tipOf(shop)).toBe('');
  });
});
