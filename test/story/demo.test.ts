import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSealer, parseIdentities } from '../../src/keys/age.js';
import { describeWith } from '../support/system.js';
import { type Ended, PUBLISHED, type Started, type StartOptions, start } from './stage.js';

/** What a person's machine may be set to; none of it may show in the demo, and the demo may touch none of it. */
const HOSTILE_SETTINGS = `\
[init]
  defaultBranch = trunk
[commit]
  gpgSign = true
[core]
  hooksPath = /nonexistent/hooks
[remote "origin"]
  pushurl = /nonexistent/push.git
`;

interface Machine {
  readonly home: string;
  readonly temporary: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A machine without any identity of git: a home with settings, a folder for temporary files. */
function machineIn(folder: string): Machine {
  const home = join(folder, 'home');
  const temporary = join(folder, 'temporary');
  for (const path of [home, temporary]) mkdirSync(path);
  writeFileSync(join(home, '.gitconfig'), HOSTILE_SETTINGS);
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GIT_|XDG_|LC_|LANG)/.test(name));
  return {
    home,
    temporary,
    env: {
      ...Object.fromEntries(inherited),
      HOME: home,
      TMPDIR: temporary,
      LC_ALL: 'de_DE.UTF-8',
      GIT_DIR: '/nonexistent/repository',
      CERTWRIGHT_IDENTITY: '/nonexistent/identity',
    },
  };
}

const newFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'certwright-story-')));
const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

function untouched({ home, temporary }: Machine): void {
  expect(readdirSync(temporary)).toEqual([]);
  expect(readdirSync(home)).toEqual(['.gitconfig']);
}

/** As somebody starts it who installed the package. */
const published = (args: readonly string[], options: StartOptions): Started =>
  start(args, { ...options, program: PUBLISHED });

/** Interrupts the demo as soon as it has said `text`. */
async function interruptedAt({ child, ended }: Started, text: string): Promise<Ended> {
  let said = '';
  child.stdout?.on('data', (chunk: string) => {
    said += chunk;
    if (said.includes(text)) child.kill('SIGINT');
  });
  return ended;
}

describe('the demo', () => {
  let folder = '';
  let machine: Machine;
  beforeEach(() => {
    folder = newFolder();
    machine = machineIn(folder);
    return () => removeFolder(folder);
  });

  it('leaves nothing behind', async () => {
    const { code, err, out } = await published(['demo'], { cwd: folder, env: machine.env }).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('The folder of this demo is gone now.');
    untouched(machine);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const demo = published(['demo'], { cwd: folder, env: machine.env });
    expect(await interruptedAt(demo, '== 3.')).toMatchObject({ code: 130 });
    untouched(machine);
  });

  it('takes a folder it made away again when it is interrupted', async () => {
    const demo = published(['demo', '--dir', 'made'], { cwd: folder, env: machine.env });
    expect(await interruptedAt(demo, '== 3.')).toMatchObject({ code: 130 });
    expect(existsSync(join(folder, 'made'))).toBe(false);
    untouched(machine);
  });

  it('keeps a folder that was there, empty as it was, when it is interrupted', async () => {
    mkdirSync(join(folder, 'mine'));
    const demo = published(['demo', '--dir', 'mine'], { cwd: folder, env: machine.env });
    expect(await interruptedAt(demo, '== 3.')).toMatchObject({ code: 130 });
    expect(readdirSync(join(folder, 'mine'))).toEqual([]);
  });

  it('says so where git is missing', async () => {
    const env = { ...machine.env, PATH: machine.home };
    const { code, err } = await published(['demo'], { cwd: folder, env }).ended;
    expect(code).toBe(1);
    expect(err).toContain('error: git was not found: install git 2.31 or newer and put it on PATH');
    untouched(machine);
  });

  it.each([
    ['a folder that holds something', 'full', /^error: the folder \S+full is not empty$/m],
    ['a file', 'full/file', /^error: the folder \S+file cannot be used: /m],
  ])('refuses %s, and leaves it alone', async (_, dir, message) => {
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full/file'), 'mine\n');
    const { code, err, out } = await published(['demo', '--dir', dir], { cwd: folder, env: machine.env })
      .ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).toContain('give `--dir` a folder that is empty or not there yet');
    expect(readFileSync(join(folder, 'full/file'), 'utf8')).toBe('mine\n');
    untouched(machine);
  });
});

describe('the demo with --dir', () => {
  let folder = '';
  let machine: Machine;
  let ended: Ended;
  const path = (...parts: string[]) => join(folder, 'demo', ...parts);
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: path('remote.git'), encoding: 'utf8', maxBuffer: 1 << 28 }).trimEnd();
  const issued = (file: string) => `${git('show', `certwright/state:issued/${file}`)}\n`;

  beforeAll(() => {
    folder = newFolder();
    machine = machineIn(folder);
    const [node = '', ...command] = PUBLISHED;
    const { status, stdout, stderr } = spawnSync(node, [...command, 'demo', '--dir', 'demo'], {
      cwd: folder,
      env: machine.env,
      encoding: 'utf8',
    });
    ended = { code: status, out: stdout, err: stderr, said: stdout + stderr };
  });
  afterAll(() => removeFolder(folder));

  it('ends well and leaves remote, clone and identity, and nothing else anywhere', () => {
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: '' });
    expect(readdirSync(path()).sort()).toEqual(['identity.txt', 'remote.git', 'repo']);
    untouched(machine);
  });

  it('fits 80 columns, where no path is longer', () => {
    const hasPath = (line: string) => line.includes(folder) || line.includes(process.execPath);
    const long = ended.out.split('\n').filter((line) => line.length > 80 && !hasPath(line));
    expect(long).toEqual([]);
  });

  it('shows price, reason and coverage of what is bought, before it is bought', () => {
    const [before = ''] = ended.out.split('$ certwright apply');
    expect(before).toContain('why       declared, and no order exists');
    expect(before).toContain('price     19.00 USD, prices in certwright.yaml');
    expect(before).toMatch(/covers {4}\S+ → \S+, \d certificates/);
  });

  it('shows price, reason and coverage of an edit, and does not carry it out', () => {
    const [, edit = ''] = ended.out.split('== 8.');
    expect(edit).toContain('why       the term changes from 1y to 2y, now; order ');
    expect(edit).toContain('price     34.00 USD, prices in certwright.yaml');
    expect(edit).toMatch(/covers {4}\S+ → \S+, \d certificates/);
    expect(JSON.parse(issued('shop/status.json')).orders).toHaveLength(1);
  });

  it('shows that the second apply wrote nothing', () => {
    const [, again = ''] = ended.out.split('== 6.');
    const heads = again.match(/^[0-9a-f]{40} {2}refs\/heads\/certwright\/\w+$/gm) ?? [];
    expect(heads).toHaveLength(4);
    expect(heads.slice(0, 2)).toEqual(heads.slice(2));
    expect(again).toContain('No changes. 3 certificates are as declared.');
    expect(heads).toContain(`${git('rev-parse', 'certwright/state')}  refs/heads/certwright/state`);
  });

  it('leaves a sound remote: the branches, both refs of the state on one commit', () => {
    git('fsck', '--strict', '--no-dangling');
    const refs = git('for-each-ref', '--format=%(refname)').split('\n');
    expect(refs).toEqual(
      expect.arrayContaining([
        'refs/heads/certwright/seen',
        'refs/heads/certwright/state',
        'refs/heads/main',
      ]),
    );
    expect(git('rev-parse', 'certwright/seen')).toBe(git('rev-parse', 'certwright/state'));
  });

  it('puts no key and no identity in clear on stdout, stderr or into any object of the remote', () => {
    const canary = /AGE-SECRET-KEY-\w+/.exec(readFileSync(path('identity.txt'), 'utf8'))?.[0] ?? '';
    expect(canary).not.toBe('');
    const objects = git('cat-file', '--batch-all-objects', '--batch', '--unordered');
    for (const text of [ended.said, objects]) {
      expect(text).not.toContain(canary);
      expect(text).not.toMatch(/AGE-SECRET-KEY|BEGIN (?:EC |RSA )?PRIVATE KEY/);
    }
    expect(objects).toContain('BEGIN AGE ENCRYPTED FILE');
  });

  it('leaves an identity that opens the private keys, and a clone to go on with', async () => {
    const repo = path('repo');
    const env = {
      ...machine.env,
      GIT_DIR: undefined,
      GIT_CONFIG_GLOBAL: '/dev/null',
      CERTWRIGHT_IDENTITY: path('identity.txt'),
    };
    const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
    execFileSync('git', [...person, 'commit', '--quiet', '--all', '--message', 'Two years'], { cwd: repo });
    execFileSync('git', ['push', '--quiet'], { cwd: repo });
    const { code, out } = await published(['apply'], { cwd: repo, env }).ended;
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('order shop: published') });
    expect(JSON.parse(issued('shop/status.json')).orders).toHaveLength(2);
    expect(JSON.parse(issued('docs/status.json')).current.names).toEqual(['wiki.example.com']);
  });

  describeWith(['openssl'], 'as openssl sees it', () => {
    it.each([
      ['shop', 'reseller', 'DNS:shop.example.com'],
      ['apps', 'internal', 'DNS:*.apps.example.com'],
      ['wiki', 'internal', 'DNS:wiki.example.com'],
    ])('the certificate %s is good and its key is the sealed one', async (name, account, san) => {
      const file = (text: string, as: string) => {
        writeFileSync(join(folder, as), text);
        return join(folder, as);
      };
      const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8' });
      const [root] = JSON.parse(git('show', `refs/certwright/accounts/${account}:ca.json`)).roots;
      // Renamed by the edit that another test carries out.
      const folderName = git('ls-tree', '--name-only', 'certwright/state', `issued/${name}/`) ? name : 'docs';
      const certificate = file(issued(`${folderName}/certificate.pem`), 'certificate.pem');
      const chain = file(issued(`${folderName}/chain.pem`), 'chain.pem');
      const verified = openssl(
        'verify',
        '-purpose',
        'sslserver',
        '-CAfile',
        file(root.pem, 'root.pem'),
        '-untrusted',
        chain,
        certificate,
      );
      expect(verified).toBe(`${certificate}: OK\n`);
      expect(openssl('x509', '-in', certificate, '-noout', '-ext', 'subjectAltName')).toContain(san);
      const identities = parseIdentities(readFileSync(path('identity.txt'), 'utf8'));
      const key = await createSealer({ recipients: [], identities }).open(
        issued(`${folderName}/key.pem.age`),
      );
      expect(openssl('pkey', '-in', file(key, 'key.pem'), '-pubout')).toBe(
        openssl('x509', '-in', certificate, '-noout', '-pubkey'),
      );
    });
  });
});
