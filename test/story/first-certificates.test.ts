import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { changesIn, recordingGit, tempFolder } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { LONG_MS, openssl, PUBLISHED, published, rootPem, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const PASSWORD = 'correct horse';

/** A request made by openssl, as an appliance would; its key never comes near the command. */
async function ownRequest(names: readonly string[]): Promise<{ readonly csr: string; readonly key: string }> {
  const folder = await tempFolder();
  const key = join(folder, 'appliance.key');
  const csr = join(folder, 'appliance.csr');
  await openssl('genpkey', '-quiet', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', key);
  const san = names.map((name) => `DNS:${name}`).join(',');
  await openssl(
    'req',
    '-new',
    '-key',
    key,
    '-subj',
    `/CN=${names[0]}`,
    '-addext',
    `subjectAltName=${san}`,
    '-out',
    csr,
  );
  return { csr: await readFile(csr, 'utf8'), key };
}

const publicKey = (kind: 'pkey' | 'x509', file: string): Promise<string> =>
  kind === 'pkey'
    ? openssl('pkey', '-in', file, '-pubout')
    : openssl('x509', '-in', file, '-noout', '-pubkey');

/** openssl builds the chain from the CA's own root, and reads the names. */
async function judged(
  team: Team,
  name: string,
): Promise<{ readonly names: string[]; readonly folder: string }> {
  const folder = await published(team, name);
  const root = join(folder, 'root.pem');
  await writeFile(root, await rootPem(team));
  const certificate = join(folder, 'certificate.pem');
  expect(
    await openssl('verify', '-CAfile', root, '-untrusted', join(folder, 'chain.pem'), certificate),
  ).toMatch(/: OK$/);
  const san = await openssl('x509', '-in', certificate, '-noout', '-ext', 'subjectAltName');
  return { names: [...san.matchAll(/DNS:([^\s,]+)/g)].map(([, dns]) => dns ?? '').sort(), folder };
}

describeWith(['openssl'], 'a team declares its first certificates', () => {
  it('gets them all, in every shape of manifest, and a second apply changes nothing', async () => {
    const request = await ownRequest(['appliance.example.com']);
    const team = await teamOf({ program: PUBLISHED });
    const before = await team.refs();
    await team.merge({
      'certificates/one-line.yaml': 'domain: one-line.example.com\n',
      'certificates/many.yaml':
        'name: first\ndomain: first.example.com\n---\nname: second\ndomains: [second.example.com, "*.second.example.com"]\nformats: [pem, p7b, der]\n',
      'certificates/team-a/_defaults.yaml': 'owner: team-a\nkey: rsa-2048\n',
      'certificates/team-a/shop.yaml': 'domains:\n  - Shop.Example.com.\n  - bücher.example.com\n',
      'certificates/appliance.yaml': 'domain: appliance.example.com\nkey: { csr: requests/appliance.csr }\n',
      'requests/appliance.csr': request.csr,
    });

    const validated = await team.certwright(['validate']);
    expect(validated).toMatchObject({ code: 0, err: '' });
    expect(validated.out).toContain('5 manifests are fine.');

    const planned = await team.certwright(['plan', '--json']);
    expect(planned.code).toBe(0);
    const plan = JSON.parse(planned.out);
    expect(
      plan.items.map(({ name, action }: { name: string; action: string }) => `${action} ${name}`),
    ).toEqual(['order appliance', 'order first', 'order one-line', 'order second', 'order team-a/shop']);
    expect((await team.certwright(['plan', '--detailed-exitcode'])).code).toBe(2);
    const { 'refs/heads/main': merged } = await team.refs();
    expect(await team.refs()).toEqual({ ...before, 'refs/heads/main': merged });
    expect(await changesIn(team.clone)).toBe('');

    const applied = await team.certwright(['apply', '--digest', plan.digest]);
    expect(applied).toMatchObject({ code: 0, err: '' });
    expect(await team.orders()).toHaveLength(5);

    const shop = await judged(team, 'team-a/shop');
    expect(shop.names).toEqual(['shop.example.com', 'xn--bcher-kva.example.com']);
    expect(await openssl('x509', '-in', join(shop.folder, 'certificate.pem'), '-noout', '-text')).toContain(
      '(2048 bit)',
    );
    expect((await judged(team, 'one-line')).names).toEqual(['one-line.example.com']);
    const second = await judged(team, 'second');
    expect(second.names).toEqual(['*.second.example.com', 'second.example.com']);
    const serial = await openssl('x509', '-in', join(second.folder, 'certificate.pem'), '-noout', '-serial');
    expect(
      await openssl('pkcs7', '-in', join(second.folder, 'certificate.p7b'), '-print_certs', '-noout'),
    ).toContain('subject=CN');

    const appliance = await judged(team, 'appliance');
    expect(await publicKey('x509', join(appliance.folder, 'certificate.pem'))).toBe(
      await publicKey('pkey', request.key),
    );
    expect(Object.keys(await team.state())).not.toContain('issued/appliance/key.pem.age');

    const status = JSON.parse((await team.certwright(['status', '--json'])).out);
    expect(
      status.certificates.map((one: { name: string; state: string; owner: string }) => [
        one.name,
        one.state,
        one.owner,
      ]),
    ).toEqual([
      ['appliance', 'Ready', 'platform-team'],
      ['first', 'Ready', 'platform-team'],
      ['one-line', 'Ready', 'platform-team'],
      ['second', 'Ready', 'platform-team'],
      ['team-a/shop', 'Ready', 'team-a'],
    ]);
    expect((await team.certwright(['status', '-o', 'name', 'team-a/**'])).out).toBe('team-a/shop\n');
    const shown = await team.certwright(['show', 'second']);
    expect(shown.code).toBe(0);
    expect(shown.out.toLowerCase()).toContain(serial.replace('serial=', '').toLowerCase());

    const settled = await team.refs();
    const counted = await recordingGit();
    const again = await team.certwright(['apply'], { env: { ...team.env, PATH: counted.env.PATH } });
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(await team.refs()).toEqual(settled);
    const calls = (await counted.calls()).map((call) => call.split(' ').find((word) => !/^-/.test(word)));
    expect(calls.filter((call) => call === 'fetch')).toHaveLength(1);
    expect(calls.filter((call) => call === 'push' || call === 'ls-remote' || call === 'clone')).toEqual([]);
    expect((await team.certwright(['plan', '--detailed-exitcode'])).code).toBe(0);
    expect(await changesIn(team.clone)).toBe('');
  });

  it('takes the certificate out in every form a server wants, each opened by openssl', async () => {
    const team = await teamOf({
      files: { 'certificates/shop.yaml': 'domain: shop.example.com\nkey: rsa-2048\n' },
    });
    expect((await team.certwright(['apply'])).code).toBe(0);
    const folder = await tempFolder();
    const out = join(folder, 'out');
    const password = join(folder, 'password');
    await writeFile(password, `${PASSWORD}\n`);
    const exported = async (...args: string[]): Promise<void> => {
      expect(await team.certwright(['export', 'shop', '--out', out, ...args])).toMatchObject({
        code: 0,
        err: '',
      });
    };
    await exported();
    const key = join(out, 'key.pem');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const pair = await publicKey('pkey', key);
    expect(await publicKey('x509', join(out, 'fullchain.pem'))).toBe(pair);
    expect(await openssl('pkey', '-in', key, '-check', '-noout')).toMatch(/valid/);

    await exported('--format', 'der');
    expect(
      await openssl('x509', '-inform', 'DER', '-in', join(out, 'certificate.der'), '-noout', '-pubkey'),
    ).toBe(pair);
    expect(await openssl('pkey', '-inform', 'DER', '-in', join(out, 'key.der'), '-pubout')).toBe(pair);

    await exported('--format', 'p7b');
    const listed = await openssl('pkcs7', '-in', join(out, 'certificate.p7b'), '-print_certs', '-noout');
    expect(listed.match(/subject=/g)).toHaveLength(2);

    await exported('--format', 'p12', '--password-file', password);
    const opened = join(folder, 'opened.pem');
    const p12 = ['pkcs12', '-in', join(out, 'certificate.p12'), '-nodes', '-out', opened, '-passin'];
    await openssl(...p12, `pass:${PASSWORD}`);
    expect(await publicKey('pkey', opened)).toBe(pair);
    await expect(openssl(...p12, 'pass:wrong')).rejects.toThrow(/password|mac/i);

    await exported('--format', 'k8s', '--namespace', 'web', '--secret-name', 'shop-tls');
    const { parse } = await import('yaml');
    const secret = parse(await readFile(join(out, 'secret.yaml'), 'utf8'));
    expect(secret).toMatchObject({
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name: 'shop-tls', namespace: 'web' },
    });
    await writeFile(join(folder, 'tls.key'), Buffer.from(secret.data['tls.key'], 'base64'));
    expect(await publicKey('pkey', join(folder, 'tls.key'))).toBe(pair);

    const inside = await team.certwright(['export', 'shop', '--out', '.']);
    expect(inside.code).toBe(1);
    expect(inside.err).toContain('must not lie inside the repository');
    expect(await changesIn(team.clone)).toBe('');

    const stranger = join(folder, 'stranger');
    await mkdir(stranger);
    const closed = await team.certwright(['export', 'shop', '--out', join(folder, 'closed')], {
      env: { ...team.env, XDG_CONFIG_HOME: stranger },
    });
    expect(closed.code).toBe(1);
    expect(closed.err).toContain('--identity');
    await expect(stat(join(folder, 'closed'))).rejects.toThrow(/ENOENT/);
    expect(
      (await team.certwright(['export', 'shop', '--no-key', '--out', join(folder, 'public')])).code,
    ).toBe(0);
    await expect(stat(join(folder, 'public', 'key.pem'))).rejects.toThrow(/ENOENT/);
  });
});
