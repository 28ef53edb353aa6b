import { chmod, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../support/git.js';
import { type Daemon, daemonOf, RUN_ENDED, tell, WEBHOOK_SECRET } from './daemon-stage.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, teamAt, teamOf } from './stage.js';

const SLOW = { timeout: LONG_MS };
const ISSUED_AT_ONCE = { settings: { pollsUntilIssued: 0 } } as const;
/** The seller takes the call, and its reply takes a while. */
const SLOW_SALE = { fault: { kind: 'slow', ms: 1500 }, path: '^/slots$' } as const;

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
      expect(await daemon.ready()).toBe(200);

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
      expect(await daemon.ready()).toBe(503);
      await rename(`${team.remote.path}.away`, team.remote.path);
      await team.merge({ 'certificates/wiki.yaml': PAID_MANIFEST.replace('shop.', 'wiki.') });
      await tell(daemon);
      await daemon.line(/"cert":"wiki","action":"hook"/);
      await daemon.line(RUN_ENDED);
      expect(await daemon.ready()).toBe(200);

      const second = await team.certwright(['daemon', '--port', new URL(daemon.url).port]);
      expect([second.code, second.err]).toEqual([1, expect.stringContaining('it is in use')]);
      const { code, said } = await daemon.stop();
      expect(code).toBe(0);
      expect(await shop.control.purchases()).toBe(2);
      expect(said).toContain('daemon stopped');
      for (const secret of [WEBHOOK_SECRET, shop.token]) expect(said).not.toContain(secret);
    },
  );

  it(
    'that is stopped or killed while it buys is followed by two that go on: everything is bought once',
    SLOW,
    async () => {
      const shop = await paidShop(ISSUED_AT_ONCE);
      const team = await teamOf({ ...shop, program: PAID_COMMAND });
      const sales = async (): Promise<number> =>
        (await shop.control.wire()).filter(({ text }) => text.includes('POST /slots ')).length;
      const isBuying = (nth: number) => expect.poll(sales, { timeout: LONG_MS, interval: 20 }).toBe(nth);
      const haveSold = (count: number) =>
        expect.poll(() => shop.control.purchases(), { timeout: LONG_MS, interval: 20 }).toBe(count);
      const manifest = (name: string) => ({
        [`certificates/${name}.yaml`]: PAID_MANIFEST.replace('shop.', `${name}.`),
      });

      // SIGTERM: what is on its way is finished and pushed.
      await team.merge(manifest('shop'));
      await shop.control.fault(SLOW_SALE);
      const first = await daemonOf(team);
      await isBuying(1);
      expect((await first.stop()).code).toBe(0);
      expect(await shop.control.purchases()).toBe(1);
      const { intents } = await team.status('shop');
      expect(intents).toMatchObject([{ steps: [{ name: 'buy', phase: 'done' }, {}] }]);

      // Two go on, each with a clone and a home of its own.
      const replica = await teamAt(team.remote, { ...shop, program: PAID_COMMAND });
      const ended = (both: readonly Daemon[]) => Promise.all(both.map(({ line }) => line(RUN_ENDED)));
      const [a, b] = await Promise.all([daemonOf(team), daemonOf(replica)]);
      await ended([a, b]);

      // SIGKILL: the other one finds what was bought and brings it to its end.
      await team.merge(manifest('a'));
      await shop.control.fault(SLOW_SALE);
      await tell(a);
      await isBuying(2);
      a.process.child.kill('SIGKILL');
      expect((await a.process.ended).code).toBeNull();
      await haveSold(2);
      await tell(b);
      await b.line(/"cert":"a".*"outcome":"done"/);
      expect(await shop.control.purchases()).toBe(2);

      // It is started again where it was, and both are told at the same time.
      const again = await daemonOf(team);
      await again.line(RUN_ENDED);
      const names = ['b', 'c', 'd'];
      await team.merge(Object.assign({}, ...names.map(manifest)));
      await Promise.all([again, b].map((one) => tell(one)));
      await ended([again, b]);
      // Who came second may have left something to the next look.
      await Promise.all([again, b].map((one) => tell(one)));
      await ended([again, b]);
      expect(await Promise.all([again, b].map(async (one) => (await one.stop()).code))).toEqual([0, 0]);
      expect(await shop.control.purchases()).toBe(2 + names.length);
      for (const name of ['shop', 'a', ...names])
        expect((await team.status(name)).current, name).toBeDefined();
    },
  );
});
