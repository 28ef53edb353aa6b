import { createHmac } from 'node:crypto';
import { chmod, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../support/git.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, type Started, start, type Team, teamAt, teamOf } from './stage.js';

const SLOW = { timeout: LONG_MS };
const SECRET = 'a secret of the webhook';
const RUN_ENDED = /run ended|nothing changed/;
const ISSUED_AT_ONCE = { settings: { pollsUntilIssued: 0 } } as const;

interface Daemon {
  readonly process: Started;
  readonly url: string;
  /** The next line of the log that fits, after those that were waited for. */
  line(pattern: RegExp): Promise<string>;
}

/** The daemon of a team, listening. It looks at the remote on its own once an hour: here, when it is told. */
async function daemonOf(team: Team, args: readonly string[] = []): Promise<Daemon> {
  const process = start(['daemon', '--port', '0', '--poll', '1h', '--wait', '2s', ...args], {
    cwd: team.clone,
    env: { ...team.env, CERTWRIGHT_WEBHOOK_SECRET: SECRET, CERTWRIGHT_LOG: 'debug' },
    program: PAID_COMMAND,
  });
  let unread: string[] = [];
  let rest = '';
  let look = (): void => undefined;
  process.child.stderr?.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    unread.push(...lines);
    look();
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((settle, fail) => {
      look = () => {
        const at = unread.findIndex((one) => pattern.test(one));
        const found = unread[at];
        if (found === undefined) return;
        unread = unread.slice(at + 1);
        settle(found);
      };
      process.ended.then(({ said }) => fail(new Error(`ended without ${pattern}: ${said}`)), fail);
      look();
    });
  const { url } = JSON.parse(await line(/daemon started/));
  return { process, url, line };
}

let tellings = 0;

/** As GitHub tells of a push: no two deliveries are the same. */
const tell = async ({ url }: Daemon, ref = 'refs/heads/main', secret = SECRET): Promise<number> => {
  tellings += 1;
  const body = JSON.stringify({ ref, after: String(tellings) });
  const response = await fetch(`${url}/webhook`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  return response.status;
};

const ready = async ({ url }: Daemon): Promise<number> => (await fetch(`${url}/readyz`)).status;

const stop = async ({ process }: Daemon) => {
  process.child.kill('SIGTERM');
  return (await process.ended).code;
};

const HOOK = `hooks: { published: { run: [./deploy.sh] } }\n`;

describe('the daemon', () => {
  it(
    'buys what a push brings, tells the hook, outlives its remote, and ends when it is told',
    SLOW,
    async () => {
      const shop = await paidShop(ISSUED_AT_ONCE);
      const team = await teamOf({ ...shop, providers: shop.providers + HOOK, program: PAID_COMMAND });
      await writeFiles(team.clone, { 'deploy.sh': '#!/bin/sh\nenv > env\ncat >> told\n' });
      await chmod(join(team.clone, 'deploy.sh'), 0o755);
      const daemon = await daemonOf(team);
      await daemon.line(RUN_ENDED);
      expect(await ready(daemon)).toBe(200);

      await team.merge({ 'certificates/shop.yaml': PAID_MANIFEST });
      expect(await tell(daemon, 'refs/heads/main', 'another secret')).toBe(401);
      expect(await tell(daemon, 'refs/heads/certwright/state')).toBe(200);
      expect(await shop.control.purchases()).toBe(0);
      expect([await tell(daemon), await tell(daemon)]).toEqual([202, 202]);
      await daemon.line(/"action":"hook","outcome":"done"/);
      await daemon.line(RUN_ENDED);
      const { current } = await team.status('shop');
      expect(JSON.parse(await readFile(join(team.clone, 'told'), 'utf8'))).toMatchObject({
        name: 'shop',
        serial: current?.serial,
      });
      expect(await readFile(join(team.clone, 'env'), 'utf8')).not.toMatch(/SHOP_TOKEN|WEBHOOK_SECRET/);

      await rename(team.remote.path, `${team.remote.path}.away`);
      await tell(daemon);
      await daemon.line(/repository\.unavailable.*run failed/);
      expect(await ready(daemon)).toBe(503);
      await rename(`${team.remote.path}.away`, team.remote.path);
      await team.merge({ 'certificates/wiki.yaml': PAID_MANIFEST.replace('shop.', 'wiki.') });
      await tell(daemon);
      await daemon.line(/"cert":"wiki","action":"hook"/);
      await daemon.line(RUN_ENDED);
      expect(await ready(daemon)).toBe(200);

      const second = await team.certwright(['daemon', '--port', new URL(daemon.url).port]);
      expect([second.code, second.err]).toEqual([1, expect.stringContaining('it is in use')]);
      expect(await stop(daemon)).toBe(0);
      expect(await shop.control.purchases()).toBe(2);
      const { said } = await daemon.process.ended;
      expect(said).toContain('daemon stopped');
      for (const secret of [SECRET, shop.token]) expect(said).not.toContain(secret);
    },
  );

  it(
    'that is stopped while it buys records what it bought, and two others go on and buy everything once',
    SLOW,
    async () => {
      const shop = await paidShop({ settings: { pollsUntilIssued: 0 } });
      const team = await teamOf({ ...shop, program: PAID_COMMAND });
      await team.merge({ 'certificates/shop.yaml': PAID_MANIFEST });
      await shop.control.fault({ fault: { kind: 'slow', ms: 1500 }, path: '^/slots$' });
      const daemon = await daemonOf(team);
      const isOut = async (): Promise<boolean> =>
        (await shop.control.wire()).some(({ text }) => text.includes('POST /slots '));
      await expect.poll(isOut, { timeout: LONG_MS, interval: 20 }).toBe(true);
      expect(await stop(daemon)).toBe(0);
      expect(await shop.control.purchases()).toBe(1);
      const { intents } = await team.status('shop');
      expect(intents).toMatchObject([{ steps: [{ name: 'buy', phase: 'done' }, {}] }]);

      // Two go on, each with a clone and a home of its own.
      const names = ['a', 'b', 'c', 'd'];
      await team.merge(
        Object.fromEntries(
          names.map((name) => [`certificates/${name}.yaml`, PAID_MANIFEST.replace('shop.', `${name}.`)]),
        ),
      );
      const replica = await teamAt(team.remote, { ...shop, program: PAID_COMMAND });
      const both = await Promise.all([daemonOf(team), daemonOf(replica)]);
      await Promise.all(both.map(({ line }) => line(RUN_ENDED)));
      // Who came second may have left something to the next look.
      await Promise.all(both.map((one) => tell(one)));
      await Promise.all(both.map(({ line }) => line(RUN_ENDED)));
      expect(await Promise.all(both.map(stop))).toEqual([0, 0]);
      expect(await shop.control.purchases()).toBe(names.length + 1);
      for (const name of ['shop', ...names]) expect((await team.status(name)).current, name).toBeDefined();
    },
  );
});
