import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as exporting from '../../../src/entry/cli/export.js';
import type { Options } from '../../../src/entry/cli/program.js';
import type { Context } from '../../../src/entry/context.js';
import { createSealer, generateIdentity, type IdentityPair } from '../../../src/keys/age.js';
import { createKeyMaker } from '../../../src/keys/generate.js';
import type { CurrentCertificate } from '../../../src/model/status.js';
import { testContext } from '../../support/context.js';
import { tempFolder } from '../../support/git.js';
import { manualClock } from '../../support/manual-clock.js';
import { CONFIGURATION, certificate, order, status, worldOf } from '../../support/state.js';
import { describeWith } from '../../support/system.js';
import { everythingIn, failure, makeCa, openssl, temporaryFolder } from '../keys/support.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const PASSWORD = 'canary-password-77';
const folder = temporaryFolder();

interface Pair {
  readonly certificatePem: string;
  readonly chainPem: string;
  readonly sealed: string;
  readonly keyPem: string;
}

let person: IdentityPair;
let stranger: IdentityPair;
let pair: Pair;
let other: Pair;

beforeAll(async () => {
  person = await generateIdentity();
  stranger = await generateIdentity();
  const ca = makeCa(folder, { name: 'Exported', key: 'ec' });
  const sealer = createSealer({ recipients: [person.recipient], identities: [person.identity] });
  const make = async (): Promise<Pair> => {
    const made = await createKeyMaker(sealer).generate(
      { commonName: 'shop.example.com', names: ['shop.example.com'] },
      'ecdsa-p256',
    );
    return {
      certificatePem: ca.sign(made.csrPem),
      chainPem: ca.issuingPem,
      sealed: made.sealed,
      keyPem: await sealer.open(made.sealed),
    };
  };
  pair = await make();
  other = await make();
});

interface Given {
  readonly current?: Partial<CurrentCertificate>;
  readonly sealed?: string | null;
}

/** A repository with the issued certificate `team-a/shop`, as its owner stands in it. */
async function standing({ current, sealed = pair.sealed }: Given = {}) {
  const name = 'team-a/shop';
  const { clone } = await worldOf({
    files: {
      'certwright.yaml': CONFIGURATION,
      'certificates/team-a/shop.yaml': 'domain: shop.example.com\n',
      'certificates/later.yaml': 'domain: later.example.com\n',
    },
    statuses: [
      status(name, {
        orders: [order('o-1')],
        current: certificate('o-1', { ownKey: sealed !== null, ...current }),
      }),
    ],
    issued: {
      [`issued/${name}/certificate.pem`]: pair.certificatePem,
      [`issued/${name}/chain.pem`]: pair.chainPem,
      ...(sealed === null ? {} : { [`issued/${name}/key.pem.age`]: sealed }),
    },
  });
  const out = join(await tempFolder(), 'out');
  const identityFile = join(await tempFolder(), 'identity.txt');
  await writeFile(identityFile, `${person.identity.reveal()}\n`, { mode: 0o600 });
  async function call(options: Options, over: Partial<Context> & { readonly identity?: string } = {}) {
    const { identity = identityFile, ...overrides } = over;
    const context = testContext({ cwd: clone, clock: manualClock(NOW), ...overrides });
    const globals = { json: options.json === true, identity: identity === '' ? [] : [identity] };
    const args = [typeof options.name === 'string' ? options.name : name];
    const code = await exporting.run(context, globals, { format: 'pem', out, key: true, ...options }, args);
    return { code, out: context.out(), err: context.err() };
  }
  const file = (file: string): string => join(out, file);
  return { clone, out, file, call, identityFile };
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describeWith(['unzip'], 'what unzip unpacks', () => {
  test.each([
    ['nginx', ['fullchain.pem', 'key.pem']],
    ['apache', ['certificate.pem', 'chain.pem', 'key.pem']],
  ])('a zip for %s, as unzip unpacks it', async (server, names) => {
    const { call, file } = await standing();
    const { out: printed } = await call({ format: 'zip', server });
    const archive = file(`certificate-${server}.zip`);
    expect(printed).toBe(`${archive}  (private key, mode 0600)\n`);
    expect(await modeOf(archive)).toBe('600');
    const unpacked = await tempFolder();
    execFileSync('unzip', ['-q', archive, '-d', unpacked]);
    expect((await readdir(unpacked)).sort()).toEqual(names);
    expect(await modeOf(join(unpacked, 'key.pem'))).toBe('600');
    const [first = ''] = names;
    expect(await openssl(['x509', '-in', join(unpacked, first), '-noout', '-pubkey'])).toBe(
      await openssl(['pkey', '-in', join(unpacked, 'key.pem'), '-pubout']),
    );
    const once = await readFile(archive);
    await call({ format: 'zip', server });
    expect(await readFile(archive)).toEqual(once);
  });

  test('a zip for IIS: a pfx with the key, or a p7b without', async () => {
    const { call, file } = await standing();
    const env = { ...testContext().env, CERTWRIGHT_EXPORT_PASSWORD: PASSWORD };
    await call({ format: 'zip', server: 'iis' }, { env });
    const unpacked = await tempFolder();
    execFileSync('unzip', ['-q', file('certificate-iis.zip'), '-d', unpacked]);
    const pfx = join(unpacked, 'certificate.pfx');
    const read = execFileSync('openssl', ['pkcs12', '-in', pfx, '-nodes', '-passin', 'stdin'], {
      input: `${PASSWORD}\n`,
    }).toString();
    expect(read).toContain('PRIVATE KEY');

    const { out: printed } = await call({ format: 'zip', server: 'iis', key: false });
    expect(printed).not.toContain('private key');
    const bare = await tempFolder();
    execFileSync('unzip', ['-q', file('certificate-iis.zip'), '-d', bare]);
    expect(await readdir(bare)).toEqual(['certificate.p7b']);
    const certificates = await openssl([
      'pkcs7',
      '-in',
      join(bare, 'certificate.p7b'),
      '-print_certs',
      '-noout',
    ]);
    expect(certificates).toContain('Exported Issuing');
  });
});

describe('what openssl reads', () => {
  test('pem: certificate, chain and key belong together; only the key is secret', async () => {
    const { call, file, out } = await standing();
    const { code, out: printed } = await call({});
    expect(code).toBe(0);
    expect(printed.trim().split('\n')).toEqual([
      file('certificate.pem'),
      file('chain.pem'),
      file('fullchain.pem'),
      `${file('key.pem')}  (private key, mode 0600)`,
    ]);
    expect(await openssl(['x509', '-in', file('certificate.pem'), '-noout', '-pubkey'])).toBe(
      await openssl(['pkey', '-in', file('key.pem'), '-pubout']),
    );
    expect((await readFile(file('fullchain.pem'), 'utf8')).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(await modeOf(file('key.pem'))).toBe('600');
    expect(await modeOf(file('certificate.pem'))).toBe('644');
    expect((await readdir(out)).sort()).toEqual(['certificate.pem', 'chain.pem', 'fullchain.pem', 'key.pem']);
  });

  test('der and p7b', async () => {
    const { call, file } = await standing();
    await call({ format: 'der' });
    await openssl(['pkey', '-inform', 'DER', '-in', file('key.der'), '-noout']);
    await call({ format: 'p7b' });
    const printed = await openssl(['pkcs7', '-in', file('certificate.p7b'), '-print_certs', '-noout']);
    expect(printed).toContain('Exported Issuing');
  });

  test.each(['from the environment', 'from a file'])('p12 with its password %s', async (source) => {
    const { call, file } = await standing();
    const passwordFile = join(await tempFolder(), 'password');
    await writeFile(passwordFile, `${PASSWORD}\n`);
    const base = testContext();
    const { out, err } =
      source === 'from a file'
        ? await call({ format: 'p12', passwordFile })
        : await call({ format: 'p12' }, { env: { ...base.env, CERTWRIGHT_EXPORT_PASSWORD: PASSWORD } });
    const read = execFileSync(
      'openssl',
      ['pkcs12', '-in', file('certificate.p12'), '-nodes', '-passin', 'stdin'],
      {
        input: `${PASSWORD}\n`,
      },
    ).toString();
    expect(read).toContain('PRIVATE KEY');
    expect(read).toContain('team-a/shop');
    expect(out + err).not.toContain(PASSWORD);
  });

  test('k8s on stdout, named after the certificate', async () => {
    const { call, out } = await standing();
    const printed = await call({ format: 'k8s', out: '-', namespace: 'web' });
    const secret = parse(printed.out);
    expect(secret.metadata).toEqual({ name: 'team-a-shop', namespace: 'web' });
    const key = Buffer.from(secret.data['tls.key'], 'base64').toString();
    await openssl(['pkey', '-noout'], key);
    await expect(readdir(out)).rejects.toThrow();
  });

  test('pem on stdout is full chain and key, without the key where it is not wanted', async () => {
    const { call } = await standing();
    const whole = (await call({ out: '-' })).out;
    expect(whole.match(/BEGIN (CERTIFICATE|PRIVATE KEY)/g)).toEqual([
      'BEGIN CERTIFICATE',
      'BEGIN CERTIFICATE',
      'BEGIN PRIVATE KEY',
    ]);
    const open = await call({ out: '-', key: false }, { identity: '' });
    expect(open.out.match(/BEGIN [A-Z ]+/g)).toEqual(['BEGIN CERTIFICATE', 'BEGIN CERTIFICATE']);
  });
});

describe('files', () => {
  test('are replaced, and a key that was readable by others is so no more', async () => {
    const { call, file, out } = await standing();
    await mkdir(out);
    await writeFile(file('key.pem'), 'old');
    await chmod(file('key.pem'), 0o644);
    await call({});
    expect(await readFile(file('key.pem'), 'utf8')).toBe(pair.keyPem);
    expect(await modeOf(file('key.pem'))).toBe('600');
  });

  test('with a key never go into the repository, not by a link either, unless insisted', async () => {
    const { call, clone } = await standing();
    const link = join(await tempFolder(), 'link');
    await symlink(clone, link);
    for (const out of ['.', 'sub/folder', link]) {
      const error = await failure(call({ out }), 'usage');
      expect(error.message).toContain('key.pem holds the private key and must not lie inside the repository');
    }
    expect((await readdir(clone)).sort()).toEqual(['.git', 'certificates', 'certwright.yaml']);
    await call({ out: '.', key: false });
    await call({ out: 'tls', force: true });
    expect(await modeOf(join(clone, 'tls/key.pem'))).toBe('600');
  });

  test('that cannot be written leave nothing behind', async () => {
    const { call, out, file } = await standing();
    await mkdir(file('key.pem'), { recursive: true });
    const error = await failure(call({}), 'usage');
    expect(error.message).toContain(`${out} cannot be written (EISDIR)`);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('are listed as JSON', async () => {
    const { call, file } = await standing();
    const { out } = await call({ json: true });
    expect(JSON.parse(out).files).toContainEqual({ path: file('key.pem'), secret: true });
  });
});

describe('what cannot be exported says why, and never shows a secret', () => {
  test.each([
    ['nothing is issued yet', {}, { name: 'later' }, 'usage', 'the state knows no certificate "later"'],
    ['the name is unknown', {}, { name: 'shap' }, 'usage', 'the state knows no certificate "shap"'],
    ['the key lives elsewhere', { sealed: null }, {}, 'usage', 'its CSR was made'],
    ['p12 has no password', {}, { format: 'p12' }, 'usage', 'a PKCS#12 file needs a password'],
    ['p12 goes without a key', {}, { format: 'p12', key: false, passwordFile: '/dev/null' }, 'usage', 'p12'],
    ['a zip is for nobody', {}, { format: 'zip' }, 'usage', 'packed for a web server'],
    [
      'a server gets no zip',
      {},
      { format: 'pem', server: 'nginx' },
      'usage',
      '--server goes with --format zip',
    ],
    [
      'a zip goes to stdout',
      {},
      { format: 'zip', server: 'nginx', out: '-' },
      'usage',
      'does not go to stdout',
    ],
    ['a pfx has no password', {}, { format: 'zip', server: 'iis' }, 'usage', 'needs a password'],
    ['p12 goes to stdout', {}, { format: 'p12', out: '-' }, 'usage', 'p12 does not go to stdout'],
    ['the sealed key is damaged', { sealed: 'no age file\n' }, {}, 'key.unreadable', 'damaged'],
  ] as const)('when %s', async (_title, given, options, code, says) => {
    const { call } = await standing(given);
    const error = await failure(call(options), code);
    expect(error.message).toContain(says);
  });

  test('when no identity, or a wrong one, is given', async () => {
    const { call } = await standing();
    expect((await failure(call({}, { identity: '' }), 'key.no-identity')).message).toContain('--identity');
    const wrong = join(await tempFolder(), 'wrong.txt');
    await writeFile(wrong, `${stranger.identity.reveal()}\n`, { mode: 0o600 });
    const error = await failure(call({}, { identity: wrong }), 'key.no-identity');
    expect(everythingIn(error)).not.toContain(stranger.identity.reveal());
  });

  test('when the key belongs to another certificate', async () => {
    const { call } = await standing({ sealed: other.sealed });
    const error = await failure(call({}), 'key.unreadable');
    expect(everythingIn(error)).not.toContain('PRIVATE KEY');
    for (const line of other.keyPem.split('\n').filter((text) => text.length > 20)) {
      expect(everythingIn(error)).not.toContain(line);
    }
  });

  test('an expired or revoked certificate is given with a warning', async () => {
    const { call } = await standing({
      current: {
        notAfter: '2026-11-20T00:00:00Z',
        revoked: { at: '2026-11-19T00:00:00Z', reason: 'superseded' },
      },
    });
    const { err } = await call({});
    expect(err).toContain('expired at 2026-11-20T00:00:00Z');
    expect(err).toContain('was revoked at 2026-11-19T00:00:00Z');
  });
});
