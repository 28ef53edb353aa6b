import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as doctor from '../../../src/entry/cli/doctor.js';
import * as notify from '../../../src/entry/cli/notify.js';
import * as sync from '../../../src/entry/cli/sync.js';
import type { Context } from '../../../src/entry/context.js';
import { oneRun } from '../../../src/entry/daemon/one-run.js';
import { openRemote } from '../../../src/entry/remote.js';
import { openWorkplace } from '../../../src/entry/workplace.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.js';
import { commitToRemote, git, refsOf, testBranches } from '../../support/git.js';
import { HOOK_PATH, type HookServer, hookServer } from '../../support/hook-server.js';
import { mailServer, readMail } from '../../support/mail-server.js';
import { memoryLog } from '../../support/memory-log.js';
import { certificate, order, status } from '../../support/state.js';
import { openShop, type Shop } from './shop.js';

vi.setConfig({ testTimeout: 60_000 });

const CACHE = 'refs/certwright/cache';
const KEPT = 'nothing changed since a run with nothing to do';
const GLOBALS = { json: false, identity: [] };
const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };
/** Valid from 2026-11-01 to 2027-05-18, of an order with more term than that. */
const issued = () => status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') });

interface Place {
  readonly shop: Shop;
  readonly env: Record<string, string>;
  /** `apply` in a process of its own; `short`: an earlier run's finding was enough. */
  run(overrides?: Partial<Context>): Promise<{ code: number; out: string; err: string; short: boolean }>;
  command(
    which: typeof notify | typeof doctor,
    options?: Record<string, unknown>,
    args?: readonly string[],
    json?: boolean,
  ): Promise<{ code: number; out: string; err: string }>;
  memory(): Promise<Record<string, { told: object; changes: string[]; failure?: { count: number } }>>;
}

async function placeOf(
  notifications: string,
  env: Record<string, string>,
  world: Parameters<typeof openShop>[0] = {},
  seller: Parameters<typeof openShop>[1] = {},
): Promise<Place> {
  const shop = await openShop(world, seller);
  const text = `${await readFile(join(shop.clone, 'certwright.yaml'), 'utf8')}${notifications}`;
  await commitToRemote(shop.remote, 'main', { 'certwright.yaml': text }, 'Tell people');
  await writeFile(join(shop.clone, 'certwright.yaml'), text);
  const base = shop.context();
  const contextOf = (overrides: Partial<Context> = {}) => {
    const log = memoryLog();
    const own = shop.context({
      env: { ...base.env, ...env },
      log,
      runId: shop.clock.now().toString(16),
      ...overrides,
    });
    return { own, log };
  };
  return {
    shop,
    env,
    async run(overrides) {
      const { own, log } = contextOf(overrides);
      const code = await apply.run(own, GLOBALS, { wait: '0s' });
      return {
        code,
        out: own.out(),
        err: own.err(),
        short: log.lines.some(({ message }) => message === KEPT),
      };
    },
    async command(which, options = {}, args = [], json = false) {
      const { own } = contextOf();
      const code = await which.run(own, { ...GLOBALS, json }, options, args);
      return { code, out: own.out(), err: own.err() };
    },
    async memory() {
      return JSON.parse(await git(shop.remote.path, 'cat-file', 'blob', `${CACHE}:cache.json`)).told;
    },
  };
}

const HELD = `  rules: [{ match: "**", approval: { order: pull-request } }]\n`;
const ORDERED = { files: { 'certificates/shop.yaml': 'domain: shop.example.com\nproduct: paid-multi\n' } };
const hooked = (more = '') =>
  `notifications:\n  - { type: webhook, url: "\${HOOK}", secret: "\${HOOK_KEY}", on: [attention, waiting, changed]${more} }\n`;
const envOf = (hook: HookServer) => ({ HOOK: hook.url, HOOK_KEY: 'canary-key-77aa', HOOK_TOO: hook.url });
const told = (hook: HookServer) =>
  hook
    .take()
    .flatMap(({ json }) => json.notices.map((one: { reason: string }) => `${json.event} ${one.reason}`));

describe('what waits for an approval', () => {
  it('is told once, and again when it has waited for a week', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED, { settings: { pollsUntilIssued: 0 } });
    await place.run();
    const [post, ...others] = hook.take();
    expect(others).toEqual([]);
    expect(post?.json).toMatchObject({
      version: 1,
      event: 'waiting',
      notices: [
        {
          certificate: 'shop',
          owner: 'platform-team',
          reason: 'approval-missing',
          reminder: false,
          remedy: expect.stringContaining('merge the pull request'),
          manifest: 'certificates/shop.yaml:1',
        },
      ],
    });
    expect([(await place.run()).err, hook.take()]).toEqual(['', []]);
    await place.shop.advance(7 * DAY_MS);
    await place.run();
    expect(hook.take().map(({ json }) => [json.event, json.notices[0].reminder])).toEqual([
      ['waiting', true],
    ]);
  });

  it('goes to the address of its owner by mail, and nowhere else', async () => {
    const mail = await mailServer({ plain: true });
    const place = await placeOf(
      `${HELD}notifications:\n  - { type: email, host: 127.0.0.1, port: ${mail.port}, tls: none, from: certwright@example.com, to: [all@example.com], owners: { platform-team: ops@example.com }, on: [waiting, digest] }\n`,
      {},
      ORDERED,
    );
    const { err } = await place.run();
    expect(err).toBe('');
    const mails = mail.mails.map((one) => ({ to: one.to, ...readMail(one) }));
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      [['ops@example.com'], '[certwright] 1 thing waits for a person: shop'],
      [['all@example.com'], '[certwright] how the certificates stand'],
    ]);
    expect(mails[1]?.text).toMatch(/Waiting\n\* shop: order: /);
    for (const { text } of mails)
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    await place.run();
    expect(mail.mails).toHaveLength(2);
  });
});

describe('a run with nothing to do', () => {
  it('changes nothing once people know, and is short again', async () => {
    const hook = await hookServer();
    const place = await placeOf(hooked(), envOf(hook), { statuses: [issued()] });
    await place.run();
    const refs = await refsOf(place.shop.remote);
    const full = await place.run();
    const short = await place.run();
    expect([full.short, short.short]).toEqual([false, true]);
    expect(await refsOf(place.shop.remote)).toEqual(refs);
  });

  it('is not short beyond the next thing to tell', async () => {
    const hook = await hookServer();
    // Suspended: nothing replaces it, and no line and no warning says so before the last week.
    const place = await placeOf(hooked(', match: [shop]'), envOf(hook), {
      statuses: [issued()],
      files: { 'certificates/shop.yaml': 'domain: shop.example.com\nsuspend: true\n' },
    });
    await place.run();
    expect((await place.run()).err).toBe('');
    hook.take();
    // A third of its 199 days before it ends.
    const startMs = Date.UTC(2027, 2, 13, 16);
    await place.shop.advance(startMs - MINUTE_MS - place.shop.clock.now());
    await place.run();
    expect([(await place.run()).short, hook.take()]).toEqual([true, []]);
    await place.shop.advance(2 * MINUTE_MS);
    expect((await place.run()).short).toBe(false);
    expect(told(hook)).toEqual(['attention Expiring']);
    await place.run();
    expect([(await place.run()).short, hook.take()]).toEqual([true, []]);
  });

  it('comes back to a digest in time, also in the daemon', async () => {
    const hook = await hookServer();
    const place = await placeOf(
      `notifications:\n  - { type: slack, url: "\${HOOK}", on: [digest], digest: daily }\n`,
      envOf(hook),
      { statuses: [issued()] },
    );
    await place.run();
    expect(hook.take().map(({ json }) => json.text.split('\n')[0])).toEqual([
      expect.stringMatching(/^\*certwright: how the certificates stand\* in /),
    ]);
    const own = place.shop.context({ env: { ...place.shop.context().env, ...place.env } });
    const { dueMs } = await oneRun(
      own,
      { openRemote, openWorkplace: (of, opened) => openWorkplace(of, GLOBALS, opened) },
      { waitMs: 0, syncOlderMs: 20 * HOUR_MS, limits: { sends: 100, ms: HOUR_MS }, fresh: false, lookAt: [] },
    );
    expect(dueMs).toBeLessThanOrEqual(Date.UTC(2026, 10, 23, 6));
    await place.shop.advance(Date.UTC(2026, 10, 23, 6) - place.shop.clock.now());
    await place.run();
    expect(hook.take()).toHaveLength(1);
  });
});

describe('a channel that fails', () => {
  const CHANNELS = `notifications:
  - { type: webhook, url: "\${HOOK}", on: [waiting] }
  - { type: webhook, name: spare, url: "\${SPARE}", on: [attention] }
`;

  it('is said by every run, by doctor and through the others, is left alone for a while, and gets everything later', async () => {
    const [hook, spare] = [await hookServer(), await hookServer()];
    const place = await placeOf(HELD + CHANNELS, { HOOK: hook.url, SPARE: spare.url }, ORDERED);
    hook.answer(503, `no: ${HOOK_PATH}`);
    const first = await place.run();
    expect(first.code).toBe(0);
    expect(first.err).toMatch(/^warning: the channel webhook is not told anything since .*answered 503/);
    expect((await place.command(doctor)).out).toMatch(/^problem +channels: webhook failed 1 time since /m);
    const soon = await place.run();
    expect([soon.err, hook.take().length]).toEqual([first.err, 1]);
    expect(spare.take()).toEqual([]);

    await place.shop.advance(5 * MINUTE_MS);
    await place.run();
    await place.shop.advance(MINUTE_MS);
    await place.run();
    expect(hook.take()).toHaveLength(1);
    expect(told(spare)).toEqual(['attention NotifierFailing']);
    const checked = await place.command(doctor);
    expect(checked.out).toMatch(
      /^problem +channels: webhook failed 2 times since [^→]*→ `certwright notify --test webhook`/m,
    );
    expect(checked.out).toMatch(/^ok +channels: spare did not fail lately$/m);

    hook.answer(200);
    await place.shop.advance(HOUR_MS);
    const last = await place.run();
    expect([last.err, told(hook)]).toEqual(['', ['waiting approval-missing']]);
    const said =
      [first, soon, last, checked].map(({ out, err }) => out + err).join('') +
      spare.posts.map(({ body }) => body).join('');
    expect(said).not.toContain(HOOK_PATH);
    expect(JSON.stringify(await place.memory())).not.toContain(HOOK_PATH);
    await place.run();
    expect([hook.take(), spare.take()]).toEqual([[], []]);
  });

  it('for want of its secret fails alone, and no run with it', async () => {
    const spare = await hookServer();
    const place = await placeOf(
      HELD + CHANNELS.replace('[attention]', '[waiting]'),
      { SPARE: spare.url },
      ORDERED,
    );
    const { code, err } = await place.run();
    expect([code, told(spare)]).toEqual([0, ['waiting approval-missing']]);
    expect(err).toMatch(/^warning: the channel webhook .*the variable HOOK is not set/);
  });

  it('is not one that says when it wants to be told', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    hook.answer(429, 'slow down', { 'retry-after': '3600' });
    await place.run();
    hook.answer(200);
    hook.take();
    await place.shop.advance(50 * MINUTE_MS);
    await place.run();
    expect(hook.take()).toEqual([]);
    await place.shop.advance(11 * MINUTE_MS);
    await place.run();
    expect(told(hook)).toEqual(['waiting approval-missing']);
  });
});

describe('who tells', () => {
  it('is one of two runs at the same moment', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    const [one, other] = [place.shop.context(), place.shop.context()];
    const env = { ...one.env, ...place.env };
    await Promise.all([
      apply.run({ ...one, env, runId: 'one' }, GLOBALS, { wait: '0s' }),
      apply.run({ ...other, env: { ...other.env, ...place.env }, runId: 'two' }, GLOBALS, { wait: '0s' }),
    ]);
    expect(told(hook)).toEqual(['waiting approval-missing']);
  });

  it('is nobody where it cannot be remembered, and that is said', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    await writeFile(join(place.shop.remote.path, 'hooks/update'), `#!/bin/sh\n[ "$1" != ${CACHE} ]\n`, {
      mode: 0o755,
    });
    const { code, err } = await place.run();
    expect([code, hook.take()]).toEqual([0, []]);
    expect(err).toMatch(
      /^warning: nobody was told anything: what was told cannot be remembered at refs\/certwright\/cache/,
    );
  });

  it('tells again what a lost memory forgot, and buys nothing because of it', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    await place.run();
    await git(place.shop.remote.path, 'update-ref', '-d', CACHE);
    await place.run();
    expect(told(hook)).toEqual(['waiting approval-missing', 'waiting approval-missing']);
    expect(await place.shop.control.purchases()).toBe(0);
  });

  it('is sync as well, which takes nothing for over that it did not look at', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    const own = place.shop.context();
    await sync.run({ ...own, env: { ...own.env, ...place.env } }, GLOBALS, {}, []);
    expect(told(hook)).toEqual(['waiting approval-missing']);
    await place.run();
    expect(hook.take()).toEqual([]);
  });
});

describe('state that was lost', () => {
  it('is told through every channel', async () => {
    const hook = await hookServer();
    const place = await placeOf(hooked(', match: ["elsewhere/**"]'), envOf(hook), { statuses: [issued()] });
    await git(place.shop.remote.path, 'update-ref', '-d', `refs/heads/${testBranches.state}`);
    expect((await place.run()).code).toBe(4);
    expect(told(hook)).toEqual(['attention state-lost']);
  });
});

describe('certwright notify', () => {
  it('shows what would be told, and tells nothing', async () => {
    const hook = await hookServer();
    const place = await placeOf(HELD + hooked(), envOf(hook), ORDERED);
    const shown = await place.command(notify);
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(
      /^webhook \(webhook\)\n {2}1 thing waits for a person\n {4}shop: order waits: /,
    );
    const { channels } = JSON.parse((await place.command(notify, { dryRun: true }, [], true)).out);
    expect(channels).toMatchObject([
      {
        name: 'webhook',
        digest: false,
        messages: [{ level: 'waiting', notices: [{ reason: 'approval-missing' }] }],
      },
    ]);
    expect(hook.take()).toEqual([]);
    await place.run();
    expect((await place.command(notify)).out).toBe('webhook (webhook): nothing to tell\n');
  });

  it('tries every channel, and says what became of it', async () => {
    const hook = await hookServer();
    const place = await placeOf(
      `notifications:
  - { type: slack, url: "\${HOOK}", on: [attention] }
  - { type: webhook, url: "\${HOOK_TOO}", on: [attention] }
  - { type: github-issue, on: [attention] }
  - { type: email, host: 127.0.0.1, port: 1, tls: none, from: a@example.com, to: [b@example.com], on: [attention] }
`,
      envOf(hook),
    );
    const refs = await refsOf(place.shop.remote);
    const { code, out } = await place.command(notify, { test: true });
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '✓ slack (slack): sent',
      '✓ webhook (webhook): sent',
      expect.stringMatching(/^✗ github-issue \(github-issue\): there is no token for GitHub/),
      expect.stringMatching(/^ {2}/),
      expect.stringMatching(/^✗ email \(email\): mail through 127.0.0.1: .*ECONNREFUSED/),
      '',
    ]);
    expect(hook.take().map(({ json }) => json.event ?? json.text.split('\n')[0])).toEqual([
      expect.stringMatching(/^\*certwright: a test of this channel\*/),
      'test',
    ]);
    expect(await refsOf(place.shop.remote)).toEqual(refs);
    const one = JSON.parse((await place.command(notify, { test: true }, ['slack'], true)).out);
    expect(one).toEqual({
      channels: [{ name: 'slack', type: 'slack', ok: true, message: 'sent' }],
      exitCode: 0,
    });
    await expect(place.command(notify, { test: true }, ['slak'])).rejects.toThrow(
      'there is no channel "slak"',
    );
  });

  it('is stopped at a channel that does not answer', async () => {
    const hook = await hookServer();
    const place = await placeOf(
      `notifications:\n  - { type: webhook, url: "\${HOOK}", on: [attention] }\n`,
      envOf(hook),
    );
    const stop = new AbortController();
    hook.silence(() => stop.abort());
    const { shop, env } = place;
    const base = shop.context();
    const context = shop.context({ env: { ...base.env, ...env }, signal: stop.signal });
    await expect(notify.run(context, GLOBALS, { test: true }, [])).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringContaining('stopped at the test'),
    });
    expect(hook.posts).toHaveLength(1);
  });

  it('says what to do where nobody is told anything', async () => {
    const place = await placeOf('', {});
    expect((await place.command(notify)).out).toMatch(
      /^certwright.yaml on the approval branch has no notifications; docs\/notif/,
    );
  });
});
