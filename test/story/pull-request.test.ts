/**
 * A year of a repository on GitHub: the built Action on faked time, two sellers whose clocks go along, nginx, and everything
 * counted at its source. What people do is push, merge and nothing else.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { DAY_MS, toInstant } from '../../src/model/time.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { messagesOf, tempFolder } from '../support/git.js';
import { type FakeGitHub, fakeGitHub } from '../support/github/server.js';
import type { Trigger } from '../support/github/trigger.js';
import { servedSerial, startNginx } from '../support/nginx.js';
import { describeWith } from '../support/system.js';
import { type ActionRun, runAction } from './runner.js';
import { COMMAND, LONG_MS, STATE, type Team, teamOf } from './stage.js';

const run = promisify(execFile);
const EXAMPLE = fileURLToPath(new URL('../../examples/deploy/', import.meta.url));

const FIRST_DAY = Date.UTC(2026, 11, 1, 10);
const SECTIGO = { loginName: 'acme', loginPassword: 'S3cret+ word' };
const STORE = { partnerCode: '10000001', authToken: 'S3cret+ token' };

const configuration = (sectigo: Sandbox, store: Sandbox): string => `providers:
  sectigo:
    type: sectigo
    environment: rehearsal
    url: ${sectigo.url}
    currency: USD
    credentials: { loginName: "\${SECTIGO_LOGIN}", loginPassword: "\${SECTIGO_PASSWORD}" }
    prices: { positivessl: { 1y: { base: 9.99 USD } } }
  store:
    type: thesslstore
    environment: rehearsal
    url: ${store.url}
    credentials: { partnerCode: "\${STORE_PARTNER}", authToken: "\${STORE_TOKEN}" }
policy:
  approval: { order: merge, renew: pull-request, free: auto, revoke: pull-request }
  spending: { perOrder: 20 USD, perDay: 60 USD, perMonth: 100 USD }
`;

/** Renewed early enough that nobody has to hurry. */
const manifest = (name: string, provider: string): string =>
  `domain: ${name}.example.com\nprovider: ${provider}\nautoRenew: true\nrenewBefore: 30d\n`;

const NAMES = ['shop', 'api', 'wiki'] as const;

interface World {
  readonly team: Team;
  readonly github: FakeGitHub;
  readonly sellers: readonly Sandbox[];
  readonly identity: string;
  /** Moves every clock. */
  at(day: number): void;
  act(trigger: Trigger): Promise<ActionRun>;
  purchases(): number;
}

async function worldOf(): Promise<World> {
  let anchor = { virtualMs: FIRST_DAY, realMs: Date.now() };
  const now = (): number => anchor.virtualMs + Date.now() - anchor.realMs;
  const settings = { autoApprove: true };
  const [sectigo, store] = await Promise.all([
    startSandbox('sectigo', {
      now,
      login: SECTIGO,
      settings: { ...settings, processingPolls: 0, processingSeconds: 0, issuingPolls: 0, issuingSeconds: 0 },
    }),
    startSandbox('thesslstore', { now, login: STORE, settings }),
  ]);
  onTestFinished(() => sectigo.close());
  onTestFinished(() => store.close());
  const env = {
    SECTIGO_LOGIN: SECTIGO.loginName,
    SECTIGO_PASSWORD: SECTIGO.loginPassword,
    STORE_PARTNER: STORE.partnerCode,
    STORE_TOKEN: STORE.authToken,
  };
  const team = await teamOf({ env, providers: configuration(sectigo, store), program: faked(now()) });
  const { id } = parse(await readFile(join(team.clone, 'certwright.yaml'), 'utf8')) as {
    readonly id: string;
  };
  const github = await fakeGitHub({ remote: team.remote, nowMs: now });
  const token = github.token();
  return {
    team,
    github,
    sellers: [sectigo, store],
    identity: join(team.home, 'config/certwright', id, 'identity.txt'),
    at(day) {
      anchor = { virtualMs: FIRST_DAY + day * DAY_MS, realMs: Date.now() };
    },
    async act(trigger) {
      // Every job has a disk of its own.
      const home = await tempFolder();
      return runAction(team, github, trigger, {
        token,
        inputs: { wait: '0s' },
        program: faked(now(), []),
        env: { XDG_CACHE_HOME: join(home, 'cache'), XDG_STATE_HOME: join(home, 'state') },
      });
    },
    purchases: () => sectigo.purchases().length + store.purchases().length,
  };
}

/** Node, from an instant on. */
const faked = (ms: number, command: readonly string[] = [COMMAND]): readonly string[] => [
  'faketime',
  '-f',
  `@${toInstant(ms).replace('T', ' ').replace('Z', '')}`,
  process.execPath,
  ...command,
];

/** The nginx of a server that shows all three, and the example's own script that brings them there. */
async function serverOf({ team, identity }: World) {
  const nginx = await startNginx();
  const folder = await tempFolder();
  const tls = join(folder, 'tls');
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink(COMMAND, join(bin, 'certwright'));
  await chmod(COMMAND, 0o755);
  for (const name of NAMES) await mkdir(join(tls, name), { recursive: true });
  const site = await readFile(join(EXAMPLE, 'nginx.conf'), 'utf8');
  const env = {
    ...team.env,
    PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
    TLS_DIR: tls,
    NGINX: nginx.command,
    CERTWRIGHT_CLONE: team.clone,
    CERTWRIGHT_IDENTITY: identity,
  };
  let isUp = false;
  return {
    async deploy() {
      const script = `for name in ${NAMES.join(' ')}; do ${join(EXAMPLE, 'deploy.sh')} "$name"; done`;
      await run('bash', ['-ec', script], { env });
      if (isUp) return;
      isUp = true;
      for (const name of NAMES) {
        const own = site
          .replace('listen 443', `listen 127.0.0.1:${nginx.port}`)
          .replaceAll('/etc/nginx/tls', tls)
          .replaceAll('shop', name);
        await writeFile(join(nginx.sites, `${name}.conf`), own);
      }
      await nginx.reload();
    },
    /** Until nginx shows these. */
    async shows(serials: Readonly<Record<string, string | undefined>>) {
      for (const name of NAMES) {
        await expect
          .poll(() => servedSerial(nginx.port, `${name}.example.com`), { timeout: 20_000, interval: 50 })
          .toBe(serials[name]);
      }
    },
  };
}

/** Orders of one price in the price list of the store. */
async function storePrice({ sellers }: World, price: string): Promise<void> {
  const [, store] = sellers;
  const settings = await store?.control('GET', 'settings');
  const { prices } = settings as unknown as { readonly prices: Readonly<Record<string, readonly object[]>> };
  const positivessl = (prices.positivessl ?? []).map((row) => ({ ...row, price }));
  await store?.control('POST', 'settings', { prices: { ...prices, positivessl } });
}

describeWith(['faketime', 'nginx', 'openssl'], 'three certificates at two sellers', () => {
  it.each(['merge', 'squash', 'rebase'] as const)(
    'are planned, bought, served, reissued by themselves and renewed by approval, all merged by %s',
    { timeout: 2 * LONG_MS },
    async (method) => {
      const world = await worldOf();
      const { team, github } = world;
      const server = await serverOf(world);
      const serials = async () =>
        Object.fromEntries(
          await Promise.all(
            NAMES.map(async (name) => [name, (await team.status(name)).current?.serial] as const),
          ),
        );
      const commits = async () => (await messagesOf(team.remote, STATE)).length;
      /** Branches: what GitHub keeps for pull requests, and the cache, move by themselves. */
      const tips = async () =>
        Object.fromEntries(
          Object.entries(await team.refs()).filter(([ref]) => ref.startsWith('refs/heads/')),
        );
      const approvals = () => github.topics.filter(({ title }) => title.startsWith('Approve:'));

      // The pull request: one comment with the price, however often it is planned; nothing is bought.
      await github.push('three', {
        'certificates/_defaults.yaml': 'product: positivessl\nterm: 1y\nowner: web\nmaxPrice: 12 USD\n',
        'certificates/shop.yaml': manifest('shop', 'sectigo'),
        'certificates/api.yaml': manifest('api', 'sectigo'),
        'certificates/wiki.yaml': manifest('wiki', 'store'),
      });
      await github.push('three', { 'README.md': 'a second commit of the branch\n' });
      const pull = await github.openPull({ head: 'three', title: 'Three certificates' });
      const fresh = await tips();
      for (let i = 0; i < 2; i++) {
        const planned = await world.act({ event: 'pull_request', pull });
        expect(planned.code, planned.out).toBe(0);
        expect(planned.outputs).toMatchObject({ changes: '3', held: '0' });
      }
      expect(github.comments.map(({ number }) => number)).toEqual([pull.number]);
      expect(github.comments[0]?.body).toContain('3 to order (26.98 USD');
      expect(github.comments[0]?.body).toContain('perMonth: 73.02 USD of 100.00 USD left');
      expect(await tips()).toEqual(fresh);
      expect(world.purchases()).toBe(0);

      // Merged, bought, served.
      await github.merge(pull.number, method);
      const bought = await world.act({ event: 'push' });
      expect(bought, bought.out).toMatchObject({ code: 0, err: '' });
      expect(JSON.parse(bought.outputs.issued ?? '')).toEqual(['api', 'shop', 'wiki']);
      expect(world.purchases()).toBe(3);
      const first = await serials();
      await server.deploy();
      await server.shows(first);

      // A price that rises between plan and merge is held, and the job is red.
      await github.push('blog', { 'certificates/blog.yaml': manifest('blog', 'store') });
      const rising = await github.openPull({ head: 'blog', title: 'One more' });
      expect((await world.act({ event: 'pull_request', pull: rising })).code).toBe(0);
      expect(github.comments.at(-1)?.body).toContain('7.00 USD');
      await storePrice(world, '15.00');
      await github.merge(rising.number, method);
      const held = await world.act({ event: 'push' });
      expect(held.code, held.out).toBe(3);
      expect(held.commands.at(-1)).toContain('held back');
      expect(held.out).toMatch(/! order blog[\s\S]*15\.00 USD[\s\S]*held/);
      expect(world.purchases()).toBe(3);
      await storePrice(world, '7.00');
      await github.push('main', { 'certificates/blog.yaml': null });
      expect((await world.act({ event: 'push' })).code).toBe(0);

      // Months later: nobody does anything, and nothing is paid.
      let before = first;
      for (const day of [170, 237, 305]) {
        world.at(day);
        const reissued = await world.act({ event: 'schedule' });
        expect(reissued, `day ${day}\n${reissued.out}`).toMatchObject({ code: 0, err: '' });
        const now = await serials();
        for (const name of NAMES) expect(now[name], `${name} on day ${day}`).not.toBe(before[name]);
        before = now;
        const idle = await tips();
        expect((await world.act({ event: 'schedule' })).code).toBe(0);
        expect(await tips()).toEqual(idle);
      }
      expect(world.purchases()).toBe(3);
      expect(approvals()).toEqual([]);
      await server.deploy();
      await server.shows(before);

      // The paid term ends: held, and asked for, once each.
      world.at(337);
      const due = await world.act({ event: 'schedule' });
      expect(due, due.out).toMatchObject({ code: 0, err: '', outputs: { held: '3' } });
      await world.act({ event: 'schedule' });
      expect(approvals().map(({ title }) => title)).toEqual([
        'Approve: renew api (9.99 USD)',
        'Approve: renew shop (9.99 USD)',
        'Approve: renew wiki (7.00 USD)',
      ]);
      expect(world.purchases()).toBe(3);

      // Two are merged, the third is declined; what was merged is renewed once, however often it runs.
      const [api, shop, wiki] = approvals().map(({ number }) => number);
      for (const number of [api, shop]) await github.merge(number ?? 0, method);
      github.close(wiki ?? 0);
      const renewed = await world.act({ event: 'push' });
      expect(renewed, renewed.out).toMatchObject({ code: 0, err: '' });
      await world.act({ event: 'push' });
      await world.act({ event: 'schedule' });
      expect(world.purchases()).toBe(5);
      for (const name of ['api', 'shop']) {
        const { orders, current } = await team.status(name);
        expect(orders).toHaveLength(2);
        expect(orders[1]?.predecessor).toBe(orders[0]?.id);
        expect(current?.order).toBe(orders[1]?.id);
      }
      expect((await team.status('wiki')).orders).toHaveLength(1);
      expect(approvals()).toHaveLength(3);
      const last = await serials();
      expect(last.wiki).toBe(before.wiki);
      await server.deploy();
      await server.shows(last);
      for (const { out, err } of [bought, renewed])
        expect(out + err).not.toMatch(/S3cret|BEGIN [A-Z ]*PRIVATE KEY|AGE-SECRET/);

      // Everything counted at its source.
      const paid = world.sellers.flatMap((seller) => seller.purchases().map(({ amount }) => String(amount)));
      expect(paid.toSorted()).toEqual(['7.00', '9.99', '9.99', '9.99', '9.99']);
      expect(github.comments.map(({ number }) => number)).toEqual([pull.number, rising.number]);
      expect(Object.keys(await team.refs()).filter((ref) => ref.includes('certwright-approval'))).toEqual([
        expect.stringContaining('wiki'),
      ]);
      // Each round is announced, recorded and published together: three certificates cost little more than one would.
      expect(await commits()).toBeLessThanOrEqual(28);
      expect(github.unknown).toEqual([]);
    },
  );
});
