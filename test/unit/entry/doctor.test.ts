import { createSocket } from 'node:dgram';
import { rename } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as doctor from '../../../src/entry/cli/doctor.js';
import { startServer } from '../../../src/entry/daemon/server.js';
import { examineGitHub } from '../../../src/entry/doctor/github.js';
import { machineOf } from '../../../src/entry/doctor/machine.js';
import { DAY_MS, HOUR_MS, toInstant } from '../../../src/model/time.js';
import type { Diagnosis } from '../../../src/report/doctor-text.js';
import { TOKEN as CLOUDFLARE_TOKEN, startCloudflare } from '../../support/cloudflare-api.js';
import { cloneOf, commitAndPush, git, setRef, testBranches, writeFiles } from '../../support/git.js';
import { forgeOf } from '../../support/github/forge.js';
import { type FakeGitHub, fakeGitHub } from '../../support/github/server.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';
import { startNameServer } from '../../support/name-server.js';
import { openShop, type Shop } from './shop.js';

async function examine(
  shop: Shop,
  env: Readonly<Record<string, string>> = {},
  gitHub = false,
  options: { readonly daemon?: string; readonly json?: boolean } = {},
) {
  const context = shop.context();
  const own = {
    ...context,
    env: { ...context.env, ...env },
    render: { color: false, width: Number.POSITIVE_INFINITY },
  };
  const code = await doctor.run(
    own,
    { json: options.json === true, identity: [] },
    { ...options, github: gitHub },
  );
  return { code, out: context.out() };
}

/** Where nobody answers. */
async function closedUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const { port } = socket.address();
  socket.close();
  return port;
}

describe('doctor', () => {
  it('looks at files, remote, state, keys, runs and accounts, and changes nothing', async () => {
    const shop = await openShop();
    const before = await git(shop.remote.path, 'for-each-ref');
    const { code, out } = await examine(shop);
    expect(out).toMatch(/^ok +machine: Node [\d.]+; folders for clone and outcomes can be written$/m);
    expect(out).toMatch(/^ok +files: configuration and 1 manifest are fine$/m);
    expect(out).toMatch(/^ok +merged: the files on main are fine$/m);
    expect(out).toMatch(/^ok +remote: .* takes pushes from here, several branches at once$/m);
    expect(out).toMatch(/^ok +state: state and certwright\/seen agree$/m);
    expect(out).toMatch(/^ok +keys: 1 recipient of 1 proven$/m);
    expect(out).toMatch(/^warning +keys: one identity alone opens every private key/m);
    expect(out).toMatch(/^warning +runs: an account was never listed.*\n +→ run `certwright apply/m);
    expect(out).toMatch(
      /^warning +runs: no run has left a sign here or on the remote yet\n +→ run `certwright apply/m,
    );
    expect(out).toMatch(/^ok +accounts: paid can be used$/m);
    expect(out).toMatch(/^ok +clock: this clock is within 0 s of that of paid$/m);
    expect(out.trimEnd()).toMatch(/\n\n0 problems, 3 warnings\.$/);
    expect(code).toBe(0);
    expect(await git(shop.remote.path, 'for-each-ref')).toBe(before);
    expect((await shop.control.ledger()).filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('finds what is not as it should be', async () => {
    const shop = await openShop();
    await git(shop.remote.path, 'config', 'receive.advertiseAtomic', 'false');
    await commitAndPush(shop.clone, { 'certificates/wiki.yaml': 'domian: wiki.example.com\n' });
    const first = await examine(shop, { PAID_TOKEN: '' });
    expect(first.out).toMatch(/^warning +remote: .*cannot move two branches at once/m);
    expect(first.out).toMatch(/^problem +files: 2 errors in the files: .*\n +→ run `certwright validate`/m);
    expect(first.out).toMatch(
      /^problem +merged: the files on main have 2 errors: certificates\/wiki\.yaml:1 /m,
    );
    expect(first.out).toMatch(/^ok +clock: nobody tells the time here/m);
    expect(first.out).toMatch(/^problem +accounts: paid: no credentials.*\n +→ `certwright check paid`/m);
    expect(first.code).toBe(1);

    await setRef(shop.remote, 'refs/heads/certwright/seen', null);
    const lost = await examine(shop);
    expect(lost.out).toMatch(/^problem +state: state was lost or rewound/m);
    expect(lost.code).toBe(4);

    await rename(shop.remote.path, `${shop.remote.path}.away`);
    const gone = await examine(shop);
    expect(gone.out).toMatch(/^problem +remote: .*\n +→ /m);
    expect(gone.out).toMatch(/^ok +accounts: paid/m);
    expect(gone.code).toBe(1);
  });

  it('finds a state that belongs elsewhere, and recipients nobody proved', async () => {
    const shop = await openShop({
      header: { remote: 'git.example.com/old', provenRecipients: [] },
    });
    const { code, out } = await examine(shop);
    expect(out).toMatch(/^problem +state: the state was written for git\.example\.com\/old/m);
    expect(out).toMatch(/^problem +keys: nobody has shown/m);
    expect(code).toBe(1);
  });
});

describe('doctor, of what runs need', () => {
  it('sees what ran, a checkout that is behind, and a clock that is off', async () => {
    const shop = await openShop({}, { settings: { search: 'unique' } });
    await shop.call(apply, { yes: true, wait: '0s', sync: true }, []);
    const fresh = await examine(shop);
    expect(fresh.out).toMatch(/^ok +runs: the last sign of a run is less than an hour old$/m);
    expect(fresh.out).toMatch(/^ok +runs: every account was listed within 0 hours$/m);

    const other = await cloneOf(shop.remote);
    await commitAndPush(other, { 'certwright.yaml': `${await shop.configuration()}# changed\n` });
    await shop.advance(3 * DAY_MS);
    const later = await examine(shop);
    expect(later.out).toMatch(
      /^warning +runs: the last sign of a run is 3 days old.*\n +→ run `certwright apply/m,
    );
    expect(later.out).toMatch(
      /^warning +merged: certwright\.yaml here is not the one on main, which counts\n +→ /m,
    );

    await shop.control.setTime(shop.clock.now() - 5 * 60_000);
    const ahead = await examine(shop);
    expect(ahead.out).toMatch(
      /^problem +clock: this clock is 300 s ahead of that of paid; beyond 120 s.*\n +→ /m,
    );
    expect(ahead.code).toBe(1);
  });

  it('finds solvers without credentials, and zones they cannot see', async () => {
    const port = await closedUdpPort();
    const server = await startNameServer(() => []);
    const api = await startCloudflare([{ id: 'a1', name: 'example.org' }]);
    const solvers = `solvers:
  zone-a: { type: rfc2136, zones: [example.com], server: "127.0.0.1:${port}", key: "\${TSIG_KEY}" }
  zone-b: { type: cloudflare, apiToken: "\${CF_TOKEN}" }
  zone-c: { type: cloudflare, zones: [example.org, example.edu], url: "${api.url}", visibleAt: ["${server}"], apiToken: "\${ZONE_C}" }
  people: { type: manual, zones: [example.net] }
`;
    const shop = await openShop();
    await writeFiles(shop.clone, { 'certwright.yaml': `${await shop.configuration()}${solvers}` });
    const key = 'hmac-sha256:certwright:c2VjcmV0IG9mIHRoZSB6b25l';
    const { out, code } = await examine(shop, { TSIG_KEY: key, ZONE_C: CLOUDFLARE_TOKEN });
    expect(out).toMatch(/^warning +solvers: zone-a cannot see example\.com: .+\n +→ /m);
    expect(out).toMatch(/^ok +solvers: zone-c sees example\.org$/m);
    expect(out).toMatch(/^warning +solvers: zone-c cannot see example\.edu: .+\n +→ /m);
    expect(api.calls.filter((call) => !call.startsWith('GET '))).toEqual([]);
    expect(out).toMatch(/^problem +solvers: zone-b has no credentials: not set: CF_TOKEN\n +→ /m);
    expect(out).toMatch(/^ok +solvers: people stands for a person/m);
    for (const secret of ['c2VjcmV0', CLOUDFLARE_TOKEN]) expect(out).not.toContain(secret);
    expect(code).toBe(1);
  });

  it('asks a daemon whether it is ready, and prints all of it as JSON', async () => {
    let ready = false;
    const daemon = await startServer({
      host: '127.0.0.1',
      port: 0,
      log: memoryLog(),
      clock: manualClock(),
      stuck: () => undefined,
      branch: () => 'main',
      unready: () => (ready ? undefined : 'no run has ended yet'),
      onPush: () => undefined,
    });
    const shop = await openShop();
    const told = async (address: string) => {
      const { out, code } = await examine(shop, {}, false, { daemon: address, json: true });
      const { diagnoses, exitCode } = JSON.parse(out) as { diagnoses: Diagnosis[]; exitCode: number };
      expect(exitCode).toBe(code);
      for (const one of diagnoses) {
        expect(one).toEqual({
          part: expect.stringMatching(/^[a-z]+$/),
          level: expect.stringMatching(/^(ok|warning|problem)$/),
          message: expect.any(String),
          ...(one.level === 'ok' ? {} : { remedy: expect.any(String) }),
        });
      }
      return diagnoses.find(({ part }) => part === 'daemon');
    };
    expect(await told(daemon.url)).toMatchObject({
      level: 'problem',
      message: `${daemon.url} is not ready (503): no run has ended yet`,
    });
    ready = true;
    expect(await told(`${daemon.url}/healthz`)).toMatchObject({ level: 'ok' });
    await daemon.close();
    expect(await told(daemon.url)).toMatchObject({
      level: 'problem',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    await expect(examine(shop, {}, false, { daemon: 'here' })).rejects.toMatchObject({ code: 'usage' });
  });

  it('finds folders that cannot be written, where the user is not root', () => {
    const found = machineOf({ env: { XDG_STATE_HOME: '/proc/nowhere', XDG_CACHE_HOME: '/proc/nowhere' } });
    expect(found.map(({ level }) => level)).toEqual(
      process.getuid?.() === 0 ? ['ok'] : ['problem', 'problem'],
    );
  });
});

const rule = (type: string, parameters?: object) => ({ type, ...(parameters && { parameters }) }) as never;
const REVIEWED = rule('pull_request', {
  required_approving_review_count: 1,
  require_code_owner_review: true,
  dismiss_stale_reviews_on_push: false,
  require_last_push_approval: false,
  required_review_thread_resolution: false,
});
const EVERYTHING = { contents: 'write', actions: 'read', administration: 'read' } as const;
const KEPT = [rule('non_fast_forward'), rule('deletion')];

const SEEN = 'certwright/seen';

describe('doctor --github', () => {
  /** As a team has it that did everything right. */
  function wellKept(github: FakeGitHub, nowMs: number): void {
    github.protect('main', { rules: [REVIEWED] });
    for (const branch of [testBranches.state, SEEN]) github.protect(branch, { rules: KEPT });
    const lastScheduledAt = toInstant(nowMs - 3 * HOUR_MS);
    github.workflow('certwright.yml', { state: 'active', lastScheduledAt });
  }

  it('says that all is well, or what it lacks to say so', async () => {
    const shop = await openShop();
    const github = await fakeGitHub({ remote: shop.remote });
    wellKept(github, shop.clock.now());
    const env = { GITHUB_API_URL: github.apiUrl, GITHUB_REPOSITORY: github.repository };
    const told = async (token: Readonly<Record<string, string>>) => {
      const { code, out } = await examine(shop, { ...env, ...token }, true);
      return { code, lines: out.split('\n').filter((line) => line.includes(' github: ')) };
    };
    const all = await told({ GITHUB_TOKEN: github.token({ permissions: EVERYTHING }) });
    expect(all.lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
    expect(all.lines.join('\n')).toMatch(/main requires 1 approving review\(s\), from code owners/);
    expect(all.lines.join('\n')).toMatch(/the last scheduled run is 3 hours ago/);
    expect(all.code).toBe(0);
    expect(github.unknown).toEqual([]);

    const less = await told({ GH_TOKEN: github.token({ permissions: { contents: 'read' } }) });
    expect(less.lines.filter((line) => line.startsWith('warning')).length).toBeGreaterThan(0);
    expect(less.code).toBe(0);
    const none = await told({});
    expect(none.lines).toEqual(['problem  github: there is no token to ask GitHub with']);
    expect(none.code).toBe(1);
  });

  it('finds what is not', async () => {
    const github = await fakeGitHub({ files: { 'certwright.yaml': 'version: 1\n' } });
    for (const branch of [testBranches.state, SEEN]) await github.push(branch, { 'issued/x': 'x' });
    const forge = forgeOf(github, { permissions: EVERYTHING });
    const nowMs = Date.UTC(2026, 10, 22, 12);
    const cases: readonly (readonly [() => void, Diagnosis['level'], RegExp])[] = [
      [() => github.protect('main', { classic: {} }), 'problem', /^main takes pushes without a pull request/],
      [
        () =>
          github.protect(testBranches.state, {
            classic: { allow_force_pushes: { enabled: true }, allow_deletions: { enabled: true } },
          }),
        'warning',
        /^certwright\/state allows force pushes and deletion/,
      ],
      [
        () => github.protect(SEEN, { rules: [REVIEWED, ...KEPT] }),
        'problem',
        /^certwright\/seen requires pull requests/,
      ],
      [
        () => github.workflow('certwright.yml', { state: 'disabled_inactivity' }),
        'problem',
        /^GitHub stopped the schedule/,
      ],
      [() => github.workflow('certwright.yml', { state: 'disabled_manually' }), 'problem', /is stopped$/],
      [
        () =>
          github.workflow('certwright.yml', {
            state: 'active',
            lastScheduledAt: toInstant(nowMs - 3 * DAY_MS),
          }),
        'warning',
        /^the last scheduled run is 72 hours ago/,
      ],
    ];
    const quiet = await fakeGitHub({
      files: { 'certwright.yaml': 'version: 1\n' },
      isPrivate: false,
      pushedAt: toInstant(nowMs - 50 * DAY_MS),
    });
    wellKept(quiet, nowMs);
    const early = await examineGitHub(
      forgeOf(quiet, { permissions: EVERYTHING }),
      { branches: testBranches },
      nowMs,
    );
    expect(early.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^nothing was pushed for 50 days: GitHub may stop the schedule in 10,/),
    );
    for (const [spoil, level, message] of cases) {
      wellKept(github, nowMs);
      spoil();
      const found = await examineGitHub(forge, { branches: testBranches }, nowMs);
      const wrong = found.filter((one) => one.level !== 'ok');
      expect(wrong).toEqual([
        expect.objectContaining({
          level,
          message: expect.stringMatching(message),
          remedy: expect.any(String),
        }),
      ]);
    }
  });

  it('says whether approvals need a GitHub App, and whether the jobs may do what they do', async () => {
    const github = await fakeGitHub({ files: { 'certwright.yaml': 'version: 1\n' }, isPrivate: false });
    const forge = forgeOf(github, { permissions: EVERYTHING });
    const nowMs = Date.UTC(2026, 10, 22, 12);
    wellKept(github, nowMs);
    const said = async (...lines: readonly string[]) => {
      await github.push('main', { '.github/workflows/certwright.yml': `${lines.join('\n')}\n` });
      const found = await examineGitHub(forge, { branches: testBranches }, nowMs);
      return found
        .filter(({ message }) => /certwright\.yml|checks/.test(message))
        .map(({ level, message }) => `${level} ${message}`);
    };
    const step = 'steps: [{ uses: acme/certwright@v1, with: { dashboard: "true" } }]';
    const job = (permissions: string) => [
      'on: { schedule: [{ cron: "1 * * * *" }], push: {}, pull_request: {} }',
      'jobs:',
      `  all: { permissions: ${permissions}, ${step} }`,
    ];
    const lacking = await said(...job('{ contents: read }'));
    expect(lacking.map((line) => line.replace(/: (?=nothing|there|nobody|GitHub)[\s\S]*/, ''))).toEqual([
      'problem job all of certwright.yml lacks `contents: write`',
      'warning job all of certwright.yml lacks `pull-requests: write`',
      'warning job all of certwright.yml lacks `checks: write`',
      'warning job all of certwright.yml lacks `pull-requests: write`',
      'warning job all of certwright.yml lacks `issues: write`',
      'warning job all of certwright.yml lacks `actions: write`',
      expect.stringMatching(/^ok .*no GitHub App is needed$/),
    ]);
    const enough = await said(...job('write-all'));
    expect(enough[0]).toBe('ok the permissions in certwright.yml suffice for what all do');

    github.protect('main', { rules: [REVIEWED, rule('required_status_checks', {})] });
    expect((await said(...job('write-all'))).at(-1)).toBe(
      'warning main requires checks, which never start on approvals: a GitHub App is needed',
    );
    const app = job('{ contents: write }').map((line) =>
      line.replace('dashboard: "true"', `token: "\${{ steps.app.outputs.token }}"`),
    );
    expect(await said(...app)).toEqual([
      expect.stringMatching(/^ok the permissions/),
      expect.stringMatching(/^ok approvals are opened with a token of their own/),
    ]);

    expect(await said('on: push', 'jobs: { all: { steps: [{ run: certwright apply }] } }')).toEqual([
      expect.stringMatching(/^warning no job of certwright\.yml is known to run certwright/),
      expect.stringMatching(/a GitHub App is needed$/),
      expect.stringMatching(/^problem certwright\.yml has no schedule/),
    ]);
    expect((await said('{ no: [workflow')).length).toBe(1);
  });
});
