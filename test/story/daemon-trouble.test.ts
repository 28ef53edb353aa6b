import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HOUR_MS } from '../../src/model/time.js';
import { fullDisk } from '../support/full-disk.js';
import { tempFolder } from '../support/git.js';
import { daemonOf, RUN_ENDED, tell, WEBHOOK_SECRET } from './daemon-stage.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, teamOf } from './stage.js';

const run = promisify(execFile);
const SLOW = { timeout: LONG_MS };
const ISSUED_AT_ONCE = { settings: { pollsUntilIssued: 0 } } as const;
const SHOP = { 'certificates/shop.yaml': PAID_MANIFEST };

async function cloneWithoutRemote(): Promise<string> {
  const folder = await tempFolder();
  await run('git', ['init', '--quiet', folder]);
  return folder;
}

describe('the daemon in trouble', () => {
  it('takes up exchanged credentials and secrets on SIGHUP, without a new start', SLOW, async () => {
    const shop = await paidShop(ISSUED_AT_ONCE);
    const folder = await tempFolder();
    const files = { token: join(folder, 'token'), secrets: join(folder, 'webhook') };
    await writeFile(files.token, 'a token that was exchanged\n');
    await writeFile(files.secrets, 'the first secret of the hook\n');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own way to name a file
    const providers = shop.providers.replace('${SHOP_TOKEN}', `\${file:${files.token}}`);
    const team = await teamOf({ ...shop, providers, program: PAID_COMMAND, files: SHOP });
    const daemon = await daemonOf(team, { args: ['--webhook-secret', files.secrets] });
    await daemon.line(/this token is not known/);
    await daemon.line(RUN_ENDED);
    expect(await shop.control.purchases()).toBe(0);

    await writeFile(files.token, `${shop.token}\n`);
    await writeFile(files.secrets, 'the second secret of the hook\nthe first secret of the hook\n');
    daemon.process.child.kill('SIGHUP');
    await daemon.line(/"cert":"shop".*"outcome":"done"/);
    await daemon.line(RUN_ENDED);
    expect(await shop.control.purchases()).toBe(1);
    expect(await tell(daemon, 'refs/heads/other', 'the second secret of the hook')).toBe(200);
    expect(await tell(daemon, 'refs/heads/other', 'the first secret of the hook')).toBe(200);

    // One that is too short is not taken: those that were there stay.
    await writeFile(files.secrets, 'short\n');
    daemon.process.child.kill('SIGHUP');
    await daemon.line(/stay as they were/);
    await daemon.line(RUN_ENDED);
    expect(await tell(daemon, 'refs/heads/other', 'the second secret of the hook')).toBe(200);
    await writeFile(files.secrets, 'the third secret of the hook\n');
    daemon.process.child.kill('SIGHUP');
    await daemon.line(RUN_ENDED);
    expect(await tell(daemon, 'refs/heads/other', 'the second secret of the hook')).toBe(401);
    const { code, said } = await daemon.stop();
    expect(code).toBe(0);
    for (const secret of [shop.token, 'secret of the hook']) expect(said).not.toContain(secret);
  });

  it('looks at an order when its provider tells that it is issued', SLOW, async () => {
    const shop = await paidShop({ settings: { pollsUntilIssued: null } });
    const providers = shop.providers.replace('search: unique', `search: unique\n    pollEveryMs: ${HOUR_MS}`);
    const team = await teamOf({ ...shop, providers, program: PAID_COMMAND, files: SHOP });
    const daemon = await daemonOf(team);
    await daemon.line(RUN_ENDED);
    await shop.control.issue();
    const [{ id = '' } = {}] = (await team.status('shop')).orders;
    const notify = async (password: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`seller:${password}`).toString('base64')}`;
      const path = `/notify/internal?order=${id}`;
      return (await fetch(`${daemon.url}${path}`, { headers: { authorization } })).status;
    };
    expect(await notify('a guess of the secret')).toBe(401);
    expect(await notify(WEBHOOK_SECRET)).toBe(200);
    await daemon.line(/"cert":"shop".*"outcome":"done"/);
    expect((await team.status('shop')).current).toBeDefined();
    expect((await daemon.stop()).code).toBe(0);
  });

  it('says that its disk is full, lives on, and buys once there is room', SLOW, async (test) => {
    const disk = await fullDisk();
    if (disk === undefined) return test.skip('only root can make a small disk');
    const shop = await paidShop(ISSUED_AT_ONCE);
    const team = await teamOf({ ...shop, program: PAID_COMMAND, files: SHOP });
    const folders = { XDG_CACHE_HOME: join(disk, 'cache'), XDG_STATE_HOME: join(disk, 'state') };
    const daemon = await daemonOf(team, { env: folders });
    await daemon.line(/run failed/);
    expect(await daemon.ready()).toBe(503);
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    expect(await shop.control.purchases()).toBe(0);

    await rm(join(disk, 'filler'));
    await run('mount', ['-o', 'remount,size=64m', disk]);
    await tell(daemon);
    await daemon.line(/"cert":"shop".*"outcome":"done"/);
    await daemon.line(RUN_ENDED);
    expect(await daemon.ready()).toBe(200);

    expect((await daemon.stop()).code).toBe(0);
    expect(await shop.control.purchases()).toBe(1);
  });

  it('stops in its time although a push hangs, and goes on from the spool of its machine', SLOW, async () => {
    const shop = await paidShop(ISSUED_AT_ONCE);
    const team = await teamOf({ ...shop, program: PAID_COMMAND, files: SHOP });
    const hang = join(await tempFolder(), 'hang');
    const hook = join(team.remote.path, 'hooks', 'pre-receive');
    await mkdir(join(team.remote.path, 'hooks'), { recursive: true });
    await writeFile(hook, `#!/bin/sh\nwhile [ -e '${hang}' ]; do sleep 0.1; done\n`, { mode: 0o755 });
    onTestFinished(() => rm(hang, { force: true }));
    await shop.control.fault({ fault: { kind: 'slow', ms: 1000 }, path: '^/slots$' });
    const daemon = await daemonOf(team, { args: ['--stop-within', '2s'] });
    const isBuying = async (): Promise<boolean> =>
      (await shop.control.wire()).some(({ text }) => text.includes('POST /slots '));
    await expect.poll(isBuying, { timeout: LONG_MS, interval: 20 }).toBe(true);
    await writeFile(hang, '');
    await expect.poll(() => shop.control.purchases(), { timeout: LONG_MS, interval: 20 }).toBe(1);
    await daemon.line(/"msg":"sent"/);
    const startedMs = performance.now();
    const { said } = await daemon.stop();
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(said).toContain('daemon stopped');
    expect((await team.status('shop')).intents).toMatchObject([{ phase: 'intended' }]);

    await rm(hang);
    const again = await daemonOf(team);
    await again.line(/"cert":"shop".*"outcome":"done"/);
    expect((await again.stop()).code).toBe(0);
    expect(await shop.control.purchases()).toBe(1);
  });

  it('does not start with what it cannot use', SLOW, async () => {
    const { certwright } = await teamOf();
    const cases = [
      [['--poll', 'often'], /--poll often is no duration/],
      [['--max-actions', '0'], /--max-actions 0 is no number of at least 1/],
      [['--stop-within', '0s'], /--stop-within 0s is no duration of at least 1 s/],
      [['--webhook-secret', '/nowhere/secret'], /\/nowhere\/secret cannot be read/],
      [['-C', await tempFolder()], /is not in a Git repository\n +Run certwright in a clone/],
      [['-C', await cloneWithoutRemote()], /this clone has no remote/],
    ] as const;
    const ended = await Promise.all(cases.map(([args]) => certwright(['daemon', '--port', '0', ...args])));
    for (const [i, [args, says]] of cases.entries())
      expect([ended[i]?.code, ended[i]?.err], args.join(' ')).toEqual([1, expect.stringMatching(says)]);
  });
});
