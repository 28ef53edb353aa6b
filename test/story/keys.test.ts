import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { git, tempFolder } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { LONG_MS, openssl, STATE, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const EXAMPLE = fileURLToPath(new URL('../../examples/keystore/file-key.mjs', import.meta.url));
const configurationOf = (team: Team) => readFile(join(team.clone, 'certwright.yaml'), 'utf8');

/** Somebody with an identity that age itself made. */
async function person() {
  const file = join(await tempFolder(), 'identity.txt');
  execFileSync('age-keygen', ['-o', file], { stdio: 'pipe' });
  const recipient = /age1[a-z0-9]+/.exec(await readFile(file, 'utf8'))?.[0] ?? '';
  return {
    file,
    recipient,
    /** What age opens with it. */
    open: (sealed: string) =>
      execFileSync('age', ['-d', '-i', file], { input: sealed, stdio: ['pipe', 'pipe', 'pipe'] }).toString(),
  };
}

const sealedKey = async (team: Team, name: string): Promise<string> =>
  (await team.state())[`issued/${name}/key.pem.age`] ?? '';

/** Does this private key belong to the certificate on the state branch? */
async function expectKeyOf(team: Team, name: string, keyPem: string): Promise<void> {
  const certificate = new X509Certificate((await team.state())[`issued/${name}/certificate.pem`] ?? '');
  const of = (key: ReturnType<typeof createPublicKey>) => key.export({ type: 'spki', format: 'pem' });
  expect(of(createPublicKey(createPrivateKey(keyPem)))).toBe(of(certificate.publicKey));
}

const ok = async (team: Team, ...args: string[]) => {
  const ended = await team.certwright(args);
  expect(ended.code, `${args.join(' ')}\n${ended.said}`).toBe(0);
  return ended;
};

describeWith(['openssl', 'age'], 'people come and go', () => {
  it('rekey lets a new recipient open what there is, tells what a removed one still knows, and has new keys made', async () => {
    const hook = '#!/bin/sh\ncat >> published.log\n';
    const team = await teamOf({
      files: {
        'certificates/shop.yaml': 'domain: shop.example.com\n',
        'certificates/pinned.yaml':
          'domain: pinned.example.com\nkey: { algorithm: ecdsa-p256, rotate: never }\n',
        'hook.sh': hook,
      },
    });
    await chmod(join(team.clone, 'hook.sh'), 0o755);
    const before = await configurationOf(team);
    await team.merge({ 'certwright.yaml': `${before}hooks: { published: { run: [./hook.sh] } }\n` });
    await ok(team, 'apply', '--yes');
    const certificates = await team.state();
    const told = () => readFile(join(team.clone, 'published.log'), 'utf8');
    const toldOnce = await told();

    const bob = await person();
    const base = await configurationOf(team);
    const withBob = base.replace(/^( +)- (age1\w+)$/m, `$1- $2\n$1- ${bob.recipient}`);
    expect(withBob).not.toBe(base);
    await team.merge({ 'certwright.yaml': withBob });
    expect(() => bob.open(certificates['issued/shop/key.pem.age'] ?? '')).toThrow();

    const dry = await ok(team, 'rekey', '--dry-run');
    expect(dry.out).toContain(`+ ${bob.recipient}  does not open 2 files yet`);
    expect(dry.out).toContain('To be sealed anew: 2 keys');
    expect(dry.out).not.toContain('WARNING');
    const done = await ok(team, 'rekey', '--yes');
    expect(done.out).toContain('Sealed anew: 2 keys.');
    for (const name of ['shop', 'pinned']) {
      await expectKeyOf(team, name, bob.open(await sealedKey(team, name)));
    }
    // One commit, of keys and the header alone: nothing takes it for a publication.
    const changed = await git(team.remote.path, 'diff', '--name-only', `${STATE}~1`, STATE);
    expect(changed.trim().split('\n')).toEqual([
      'issued/_certwright.json',
      'issued/pinned/key.pem.age',
      'issued/shop/key.pem.age',
    ]);
    const refs = await team.refs();
    expect((await ok(team, 'apply', '--yes')).out).toContain('No changes');
    expect(await team.refs()).toEqual(refs);
    expect(await told()).toBe(toldOnce);

    await team.merge({ 'certwright.yaml': base });
    const warned = await ok(team, 'rekey', '--yes');
    expect(warned.out).toContain(`- ${bob.recipient.slice(0, 24)}…  is a recipient no more`);
    expect(warned.out).toContain('WARNING: sealing anew takes nothing back.');
    expect(warned.out).toContain('certwright rekey --reissue-removed');
    expect(() => bob.open(certificates['issued/shop/key.pem.age'] ?? '')).toThrow();
    const sealedForRest = await sealedKey(team, 'shop');
    expect(() => bob.open(sealedForRest)).toThrow();
    const asked = JSON.parse((await ok(team, 'rekey', '--reissue-removed', '--yes', '--json')).out);
    expect(asked).toMatchObject({ changed: true, removed: [bob.recipient.slice(0, 24)], sealed: [] });
    expect(asked.requested.sort()).toEqual(['pinned', 'shop']);
    await ok(team, 'apply', '--yes');
    const after = await team.state();
    for (const name of ['shop', 'pinned']) {
      const key = (files: typeof after) =>
        new X509Certificate(files[`issued/${name}/certificate.pem`] ?? '').publicKey.export({
          type: 'spki',
          format: 'pem',
        });
      expect(key(after), name).not.toBe(key(certificates));
    }
    const over = await ok(team, 'rekey', '--dry-run');
    expect(over.out).not.toContain('WARNING');
  });

  it('a program is the keystore: it seals for the run, for export, prove and rekey, and a person beside it opens too', async () => {
    const keys = join(await tempFolder(), 'keys');
    await mkdir(keys);
    for (const purpose of ['certificate', 'runner']) {
      await writeFile(join(keys, `${purpose}.key`), await openssl('rand', '-base64', '32'), { mode: 0o600 });
    }
    const team = await teamOf({ env: { KEYSTORE_FOLDER: keys } });
    const own = await configurationOf(team);
    const keystore = `  keystore: { type: exec, run: [${EXAMPLE}], environment: [KEYSTORE_FOLDER] }\n`;
    const only = own.replace(/^keys:\n(?:[ #].*\n)*/m, `keys:\n${keystore}`);
    expect(only).toContain('providers:');
    await team.merge({
      'certwright.yaml': only,
      'certificates/shop.yaml': 'domain: shop.example.com\n',
    });
    // Nobody has an identity any more.
    const alone = { env: { ...team.env, XDG_CONFIG_HOME: join(team.home, 'empty') } };
    const run = async (...args: string[]) => {
      const ended = await team.certwright(args, alone);
      expect(ended.code, `${args.join(' ')}\n${ended.said}`).toBe(0);
      return ended;
    };
    expect((await run('keys', 'prove')).out).toMatch(/^keystore:[0-9a-f]{16} {2}proven now$/m);
    await run('apply', '--yes');
    const out = await tempFolder();
    await run('export', 'shop', '--out', out);
    await expectKeyOf(team, 'shop', await readFile(join(out, 'key.pem'), 'utf8'));

    const bob = await person();
    await team.merge({
      'certwright.yaml': only.replace(keystore, `${keystore}  recipients: [${bob.recipient}]\n`),
    });
    expect((await run('rekey', '--yes')).out).toContain('Sealed anew: 1 key.');
    await expectKeyOf(team, 'shop', bob.open(await sealedKey(team, 'shop')));

    // Gone: whoever is beside it takes over, accounts of the runs included once they are told to.
    await writeFile(join(keys, 'certificate.key'), await openssl('rand', '-base64', '32'));
    const broken = await team.certwright(['export', 'shop', '--out', out], alone);
    expect(broken.code).toBe(1);
    expect(broken.err).toContain('open ended with exit code 1');
    await run('--identity', bob.file, 'export', 'shop', '--out', await tempFolder());
  });
});

describeWith(['openssl'], 'a key leaks', () => {
  it('is blocked, replaced wherever it is used, and revoked after that; a CSR for it is an error where it stands', async () => {
    const folder = await tempFolder();
    const at = (file: string) => join(folder, file);
    const newCsr = async (key: string) => {
      const made = ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(key)];
      await openssl(...made);
      await openssl('req', '-new', '-key', at(key), '-subj', '/CN=own.example.com', '-out', at('own.csr'));
      return readFile(at('own.csr'), 'utf8');
    };
    const hashOf = async (key: string) => {
      const spki = await openssl('pkey', '-in', at(key), '-pubout');
      return createHash('sha256')
        .update(createPublicKey(spki).export({ type: 'spki', format: 'der' }))
        .digest('hex');
    };
    const team = await teamOf({
      files: {
        'certificates/own.csr': await newCsr('leaked.pem'),
        'certificates/own.yaml':
          'domain: own.example.com\nowner: shop-team\nkey: { csr: certificates/own.csr }\n',
        'certificates/shop.yaml': 'domain: shop.example.com\n',
      },
    });
    await ok(team, 'apply', '--yes');
    const before = { own: await team.status('own'), shop: await team.status('shop') };

    // Somebody sends the file that leaked; and shop's own key is known as well.
    const said = await ok(
      team,
      'compromise',
      'shop',
      '--file',
      at('leaked.pem'),
      '--reason',
      'in a log',
      '--yes',
      '--json',
    );
    const told = JSON.parse(said.out);
    expect(told.blocked).toContain(await hashOf('leaked.pem'));
    expect(told.certificates.map(({ name }: { name: string }) => name)).toEqual(['own', 'shop']);
    expect(told.manifests).toMatchObject([{ name: 'own', at: 'certificates/own.yaml:3' }]);
    const body = (await readFile(at('leaked.pem'), 'utf8')).split('\n')[1] ?? '';
    expect(said.said).not.toContain(body);

    const plan = await team.certwright(['plan']);
    expect(plan.code).toBe(4);
    expect(plan.said).toContain('certificates/own.yaml:3');
    expect(plan.said).toContain('was reported as compromised');
    await team.certwright(['apply', '--yes']);
    expect((await team.status('shop')).current?.serial).not.toBe(before.shop.current?.serial);
    expect((await team.status('own')).current?.serial).toBe(before.own.current?.serial);

    // A new key for the CSR, and the approvals the command printed.
    const approvals: readonly { readonly file: string; readonly text: string }[] = told.approvals;
    await team.merge({
      'certificates/own.csr': await newCsr('new.pem'),
      ...Object.fromEntries(approvals.map(({ file, text }) => [file, text])),
    });
    await ok(team, 'apply', '--yes');
    const files = await team.state();
    const own = new X509Certificate(files['issued/own/certificate.pem'] ?? '');
    expect(own.checkPrivateKey(createPrivateKey(await readFile(at('new.pem'), 'utf8')))).toBe(true);
    for (const name of ['own', 'shop'] as const) {
      const { previous, orders } = await team.status(name);
      expect(previous[0]).toMatchObject({
        serial: before[name].current?.serial,
        revoked: { reason: 'keyCompromise' },
      });
      expect(orders).toHaveLength(1);
    }
    const refs = await team.refs();
    expect((await ok(team, 'apply', '--yes')).out).toContain('No changes');
    expect(await team.refs()).toEqual(refs);
  });
});
