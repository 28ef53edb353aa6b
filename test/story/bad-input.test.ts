import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fullDisk } from '../support/full-disk.js';
import {
  cloneOf,
  commitToRemote,
  emptyRemote,
  type Files,
  git,
  httpRemote,
  installHook,
  setRef,
  tempFolder,
} from '../support/git.js';
import { describeWith } from '../support/system.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import {
  type Ended,
  LONG_MS,
  laterBy,
  STATE,
  type StartOptions,
  type Team,
  teamAt,
  teamOf,
} from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const PAGE_BYTES = 4 * 1024;
const SHOP: Files = { 'certificates/shop.yaml': 'domain: shop.example.com\n' };

interface Refusal {
  /** Everything of it has to be told. */
  readonly says: readonly RegExp[];
  readonly code?: number;
}

/** It ends with a sentence for people and never as a defect; afterwards the remote is what it was. */
async function refuses(
  team: Team,
  { says, code = 1 }: Refusal,
  changes: Partial<StartOptions> = {},
): Promise<Ended> {
  const before = await team.refs();
  const ended = await team.certwright(['apply'], changes);
  expect(ended.code, ended.said).toBe(code);
  for (const words of says) expect(ended.said).toMatch(words);
  expect(ended.said).not.toMatch(/defect of certwright|\bat .*\.js:\d+|undefined|\[object/);
  expect(await team.refs()).toEqual(before);
  expect(await team.orders()).toEqual([]);
  return ended;
}

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  .concat(
    'bcdefghi'.split('').map((name, i) => {
      const before = 'abcdefgh'[i];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`;
    }),
  )
  .join('\n');

describe('a file nobody can use', () => {
  const files: Readonly<Record<string, { readonly files: Files; readonly says: readonly RegExp[] }>> = {
    'broken YAML': {
      files: { 'certificates/broken.yaml': 'domain: broken.example.com\n  owner: : x\n' },
      says: [/certificates\/broken\.yaml:1:\d+/, /put quotes/],
    },
    'a wildcard without quotes': {
      files: { 'certificates/wild.yaml': 'domains:\n  - *.example.com\n' },
      says: [/certificates\/wild\.yaml:2:\d+/, /quote/],
    },
    'an unknown key': {
      files: { 'certificates/typo.yaml': 'domian: shop.example.com\n' },
      says: [/certificates\/typo\.yaml:1:1/, /domain/],
    },
    'two MiB of YAML': {
      files: { 'certificates/huge.yaml': `domain: huge.example.com\n${'# padding\n'.repeat(210_000)}` },
      says: [/certificates\/huge\.yaml/, /1 MiB/],
    },
    'an alias bomb': {
      files: { 'certificates/bomb.yaml': `${bomb}\ndomain: bomb.example.com\n` },
      says: [/certificates\/bomb\.yaml/],
    },
    'a provider that is not configured': {
      files: { 'certificates/shop.yaml': 'domain: shop.example.com\nprovider: sectigo\n' },
      says: [/certificates\/shop\.yaml:2:11/, /sectigo/, /internal/],
    },
    'a name that would leave the state folder': {
      files: { 'certificates/out.yaml': 'name: ../../main\ndomain: out.example.com\n' },
      says: [/certificates\/out\.yaml:1:7/],
    },
    'no certwright.yaml on the approval branch': {
      files: { ...SHOP, 'certwright.yaml': null },
      says: [/certwright\.yaml/, /certwright init/],
    },
    'contacts whose variable is not set': {
      files: { 'certificates/shop.yaml': 'domain: shop.example.com\ncontacts: acme\n' },
      says: [/ACME_PHONE/, /set ACME_PHONE/],
    },
  };
  it('ends with its place and what to do, and orders nothing', async () => {
    const team = await teamOf({
      providers: `providers: { internal: { type: local-ca } }
contacts: { acme: { admin: { firstName: Ann, phone: "\${ACME_PHONE}" } } }
`,
    });
    const { 'refs/heads/main': good = '' } = await team.refs();
    for (const [title, { files: wrong, says }] of Object.entries(files)) {
      await team.merge(wrong, title);
      await refuses(team, { says });
      await setRef(team.remote, 'refs/heads/main', good);
      await git(team.clone, 'reset', '--quiet', '--hard', good);
    }
  });

  it('does not stop the manifests beside it', async () => {
    const team = await teamOf({ files: { ...SHOP, 'certificates/broken.yaml': 'domain: [\n' } });
    const applied = await team.certwright(['apply']);
    expect(applied.code).toBe(1);
    expect(applied.err).toContain('certificates/broken.yaml:');
    expect((await team.status('shop')).current?.names).toEqual(['shop.example.com']);
  });
});

describe('a command line nobody can use', () => {
  it('says what would be right', async () => {
    const team = await teamOf({ files: SHOP });
    const before = await team.refs();
    for (const [args, says] of [
      [['aply'], /apply/],
      [['apply', '--diggest', 'x'], /--digest/],
      [['apply', '--wait', 'soon'], /30s/],
      [['status', '-o', 'yaml'], /wide/],
      [['show'], /name/],
      [['plan', 'nothing-of-that-name'], /status -o name/],
    ] as const) {
      const ended = await team.certwright(args);
      expect(ended, args.join(' ')).toMatchObject({ code: 1, out: '' });
      expect(ended.err, args.join(' ')).toMatch(says);
    }
    expect(await team.refs()).toEqual(before);
  });
});

describe('a remote that cannot be used', () => {
  it('is missing', async () => {
    const folder = await tempFolder();
    await git(folder, 'init', '--quiet');
    const team = await teamAt(await emptyRemote());
    for (const command of ['init', 'apply', 'status']) {
      const ended = await team.certwright([command], { cwd: folder });
      expect(ended.code, command).toBe(1);
      expect(ended.err, command).toMatch(/git remote add/);
    }
    const outside = await team.certwright(['apply'], { cwd: team.home });
    expect(outside.code).toBe(1);
    expect(outside.err).toMatch(/not (in )?a git repository|no git repository/i);
  });

  it('has no approval branch yet', async () => {
    const team = await teamAt(await emptyRemote());
    await refuses(team, { says: [/branch main/, /Push it/] });
  });

  it('was never set up', async () => {
    const remote = await emptyRemote();
    await commitToRemote(remote, 'main', SHOP);
    await refuses(await teamAt(remote), { says: [/certwright init/] });
  });

  it('answers with an error of its own, refuses the connection, or the password', async () => {
    const password = 'canary-right-password';
    const remote = await httpRemote({ files: {}, user: 'ann', password });
    const url = new URL(remote.url);
    const withPassword = (secret: string) => `http://ann:${secret}@${url.host}${url.pathname}`;
    const team = await teamOf({ remote: { path: remote.path, url: withPassword(password) }, files: SHOP });

    remote.intercept({ match: /./, with: 500 });
    const broken = await refuses(team, { says: [/500/, /git remote -v/] });
    remote.intercept(undefined);

    const wrong = 'canary-wrong-password';
    await git(team.clone, 'remote', 'set-url', 'origin', withPassword(wrong));
    const denied = await refuses(team, { says: [/credentials/, /token or key/] });

    const closed = createServer();
    await new Promise<void>((ready) => closed.listen(0, '127.0.0.1', ready));
    const address = closed.address();
    await new Promise((done) => closed.close(done));
    const port = typeof address === 'object' ? address?.port : undefined;
    await git(team.clone, 'remote', 'set-url', 'origin', `http://ann:${password}@127.0.0.1:${port}/x.git`);
    const refused = await refuses(team, { says: [/git remote -v/] });

    const said = [broken, denied, refused].map((ended) => ended.said).join('\n');
    expect(said).not.toContain(password);
    expect(said).not.toContain(wrong);

    await git(team.clone, 'remote', 'set-url', 'origin', withPassword(password));
    expect((await team.certwright(['apply'])).code).toBe(0);
  });

  it('refuses pushes by a rule', async () => {
    const team = await teamOf({ files: SHOP });
    for (const branch of ['certwright/state', 'certwright/seen']) {
      await installHook(
        team.remote,
        'pre-receive',
        `while read old new ref; do case $ref in refs/heads/${branch}) echo 'GH013: rule violations' >&2; exit 1;; esac; done`,
      );
      await refuses(team, { says: [/GH013: rule violations/, /certwright\/seen/, /rules|permission/] });
    }
  });

  it('takes the order but not its outcome: nothing is lost, and nothing ordered twice', async () => {
    const team = await teamOf({ files: SHOP });
    await installHook(
      team.remote,
      'pre-receive',
      `case "$(cat)" in *refs/certwright/accounts*) touch '${team.home}/ordered'; exit 0;; esac
[ -e '${team.home}/ordered' ] && { echo 'closed for tonight' >&2; exit 1; }
exit 0`,
    );
    const cut = await team.certwright(['apply']);
    expect(cut.code, cut.said).toBe(1);
    expect(cut.said).toContain('closed for tonight');
    expect(await team.orders()).toHaveLength(1);
    await installHook(team.remote, 'pre-receive', 'exit 0');
    const next = await team.certwright(['apply']);
    expect(next, next.said).toMatchObject({ code: 0, err: '' });
    expect(await team.orders()).toHaveLength(1);
    expect((await team.status('shop')).current?.names).toEqual(['shop.example.com']);
  });
});

describe('a machine that lacks something', () => {
  it('has no git', async () => {
    const team = await teamOf({ files: SHOP });
    const bin = await tempFolder();
    await symlink(process.execPath, join(bin, 'node'));
    await refuses(team, { says: [/git was not found/, /install git/] }, { env: { ...team.env, PATH: bin } });
  });

  it('has no identity for the embedded CA', async () => {
    const team = await teamOf({ files: SHOP });
    const stranger = { ...team.env, XDG_CONFIG_HOME: await tempFolder() };
    const ended = await team.certwright(['apply'], { env: stranger });
    expect(ended.code).toBe(1);
    expect(ended.said).toContain('CERTWRIGHT_IDENTITY');
    expect(await team.orders()).toEqual([]);
  });

  it('has a file where its folders should be', async () => {
    const team = await teamOf({ files: SHOP });
    const file = join(team.home, 'file');
    await writeFile(file, '');
    await refuses(team, { says: [/XDG_CACHE_HOME/] }, { env: { ...team.env, XDG_CACHE_HOME: file } });
  });

  it('has no room in the cache folder', async (test) => {
    const disk = await fullDisk(PAGE_BYTES);
    if (disk === undefined) return test.skip('only root can make a small disk');
    const team = await teamOf({ files: SHOP });
    await refuses(
      team,
      { says: [/disk is full|no space left|cannot be made/i, /room|writable/i] },
      { env: { ...team.env, XDG_CACHE_HOME: disk } },
    );
    expect((await team.certwright(['apply'])).code).toBe(0);
  });

  it('has no room for the spool: the outcome still lands on the branch', async (test) => {
    const disk = await fullDisk(PAGE_BYTES);
    if (disk === undefined) return test.skip('only root can make a small disk');
    await writeFile(join(disk, 'rest'), Buffer.alloc(8 * 1024)).catch(() => undefined);
    const team = await teamOf({ files: SHOP });
    const applied = await team.certwright(['apply'], { env: { ...team.env, XDG_STATE_HOME: disk } });
    expect(applied.said).not.toContain('defect of certwright');
    expect(await team.certwright(['apply'])).toMatchObject({ code: 0 });
    expect(await team.orders()).toHaveLength(1);
    expect((await team.status('shop')).current?.names).toEqual(['shop.example.com']);
  });
});

/** A commit on the state branch and `seen`, as only a broken or newer certwright would make it. */
async function rewrite(team: Team, files: Files): Promise<void> {
  const commit = await commitToRemote(team.remote, STATE, files);
  await setRef(team.remote, 'refs/heads/certwright/seen', commit);
}

describe('a state nobody can read', () => {
  it('was written by a newer version', async () => {
    const team = await teamOf({ files: SHOP });
    const header = JSON.parse((await team.state())['issued/_certwright.json'] ?? '{}');
    await rewrite(team, {
      'issued/_certwright.json': `${JSON.stringify({ ...header, formatVersion: 99 })}\n`,
    });
    await refuses(team, { says: [/newer/, /update|newer certwright|install/i] });
    expect((await team.certwright(['status'])).code).toBe(1);
  });

  it('holds garbage where a status should be', async () => {
    const team = await teamOf({ files: SHOP });
    for (const garbage of ['{ "version": 1, "name":', '{"version":1}', '<<<<<<< HEAD']) {
      await rewrite(team, { 'issued/shop/status.json': `${garbage}\n` });
      await refuses(team, { says: [/issued\/shop\/status\.json/, /git revert|history/] });
    }
  });
});

describeWith(['faketime'], 'a clock that is an hour off', () => {
  it('buys nothing at a provider with the right time; once it is set, once, and then asks nothing any more', async () => {
    const shop = await paidShop({ settings: { pollsUntilIssued: 1 } });
    const team = await teamOf({
      providers: shop.providers,
      env: shop.env,
      program: PAID_COMMAND,
      files: { 'certificates/shop.yaml': PAID_MANIFEST },
    });
    for (const shift of ['+1h', '-1h']) {
      const wrong = await team.certwright(['apply'], {
        program: [...laterBy(shift).slice(0, 3), ...PAID_COMMAND],
      });
      expect(wrong.code, wrong.said).toBe(1);
      expect(wrong.said, shift).toMatch(/clock/);
      expect(wrong.said, shift).toMatch(/NTP|set the clock/);
    }
    expect(await shop.control.purchases()).toBe(0);
    const right = await team.certwright(['apply', '--wait', '5s']);
    expect(right, right.said).toMatchObject({ code: 0 });
    expect(await shop.control.purchases()).toBe(1);
    expect((await team.status('shop')).current).toBeDefined();
    const calls = await shop.control.ledger();
    expect(await team.certwright(['apply'])).toMatchObject({ code: 0, err: '' });
    expect(await shop.control.ledger()).toEqual(calls);
  });
});

describe('a credential', () => {
  it('that is not set is asked for by name, and one that is wrong is never printed', async () => {
    const shop = await paidShop();
    const team = await teamOf({
      providers: shop.providers,
      env: { SHOP_TOKEN: 'canary-wrong-token' },
      program: PAID_COMMAND,
      files: { 'certificates/shop.yaml': PAID_MANIFEST },
    });
    const wrong = await team.certwright(['apply'], { env: { ...team.env, CERTWRIGHT_LOG: 'debug' } });
    expect(wrong.code, wrong.said).toBe(1);
    expect(wrong.said).not.toContain('canary-wrong-token');
    const { SHOP_TOKEN: _token, ...without } = team.env;
    const before = await team.refs();
    const missing = await team.certwright(['apply'], { env: without });
    expect(missing.code, missing.said).toBe(1);
    expect(missing.said).toContain('set SHOP_TOKEN');
    expect(await team.refs()).toEqual(before);
    expect(await shop.control.purchases()).toBe(0);
  });
});

describe('validate', () => {
  it('shows every fault at once, with its place, and needs no remote', async () => {
    const team = await teamOf({ files: SHOP });
    const clone = await cloneOf(team.remote);
    await git(clone, 'remote', 'remove', 'origin');
    const text = await readFile(join(clone, 'certwright.yaml'), 'utf8');
    await mkdir(dirname(join(clone, 'certificates/x')), { recursive: true });
    await writeFile(join(clone, 'certificates/a.yaml'), 'domian: a.example.com\n');
    await writeFile(join(clone, 'certificates/b.yaml'), 'domain: b.example.com\nprovider: nobody\n');
    await writeFile(join(clone, 'certwright.yaml'), text.replace('renew: auto', 'renew: always'));
    const checked = await team.certwright(['validate'], { cwd: clone });
    expect(checked.code).toBe(1);
    for (const place of [/certificates\/a\.yaml:1:1/, /certwright\.yaml:\d+:\d+/]) {
      expect(checked.out).toMatch(place);
    }
    const json = JSON.parse((await team.certwright(['validate', '--json'], { cwd: clone })).out);
    expect(JSON.stringify(json)).toContain('certificates/a.yaml');
  });
});
