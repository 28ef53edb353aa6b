import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { run } from '../../../src/entry/cli/validate.js';
import { testContext } from '../../support/context.js';
import { cloneOf, commitFiles, type Files, fileRemote, tempFolder, writeFiles } from '../../support/git.js';
import { CONFIGURATION } from '../../support/state.js';
import { describeWith } from '../../support/system.js';

const FINE: Files = {
  'certwright.yaml': CONFIGURATION,
  'certificates/shop.yaml': 'domain: shop.example.com\n',
  'certificates/two.yaml': 'name: a\ndomain: a.example.com\n---\nname: b\ndomain: b.example.com\n',
};

const WRONG: Files = {
  'certificates/team/_defaults.yaml': 'ownr: web\n',
  'certificates/other/bad.yaml': 'domain: not a name\n',
  'approvals/x.yaml': 'certificate: shop\n',
};

async function validate(cwd: string, json = false) {
  const context = testContext({ cwd });
  const code = await run(context, { json, identity: [] });
  return { code, out: context.out(), err: context.err() };
}

async function folderWith(files: Files): Promise<string> {
  const folder = await tempFolder();
  await writeFiles(folder, files);
  return folder;
}

describe('validate', () => {
  test('says how many manifests are fine, outside Git too', async () => {
    const { out, err, code } = await validate(await folderWith(FINE));
    expect(out).toBe('3 manifests are fine.\n');
    expect(err).toBe('note: nothing of this is committed yet\n');
    expect(code).toBe(0);
  });

  test('does not ask for a manifest where the only one is wrong', async () => {
    const files = {
      ...FINE,
      'certificates/two.yaml': null,
      'certificates/shop.yaml': 'domian: shop.example.com\n',
    };
    const { out, code } = await validate(await folderWith(files));
    expect(out).toContain('2 errors in 1 file.');
    expect(out).not.toContain('No manifest to check');
    expect(code).toBe(1);
  });

  test('finds what is wrong in every kind of file at once', async () => {
    const { out, code } = await validate(await folderWith({ ...FINE, ...WRONG }));
    expect(code).toBe(1);
    for (const place of [
      'certificates/team/_defaults.yaml:1:1:',
      'certificates/other/bad.yaml:1:9:',
      'approvals/x.yaml:1:1:',
    ]) {
      expect(out).toContain(`${place} error:`);
    }
    expect(out).toContain('3 manifests are fine.');
  });

  test('a configuration that is wrong is told with its place', async () => {
    const broken = CONFIGURATION.replace('type: local-ca', 'type: lokal-ca');
    const { out, code } = await validate(await folderWith({ ...FINE, 'certwright.yaml': broken }));
    expect(out).toMatch(/^certwright\.yaml:7:11: error: .*lokal-ca/);
    expect(out).not.toContain('fine');
    expect(code).toBe(1);
  });

  test('without a configuration says what to run', async () => {
    const { out, code } = await validate(await folderWith({}));
    expect(out).toContain('certwright init');
    expect(code).toBe(1);
  });

  test('without a manifest says where one goes', async () => {
    const { out, code } = await validate(await folderWith({ 'certwright.yaml': CONFIGURATION }));
    expect(out).toContain('put one under certificates/');
    expect(code).toBe(0);
  });

  test('notes what is not committed, and only then', async () => {
    const clone = await cloneOf(await fileRemote(FINE));
    expect((await validate(clone)).err).toBe('');
    await writeFiles(clone, { 'certificates/more.yaml': 'domain: more.example.com\n' });
    const dirty = await validate(clone);
    expect(dirty.out).toBe('4 manifests are fine.\n');
    expect(dirty.err).toContain('uncommitted changes');
    await commitFiles(clone, {});
    expect((await validate(clone)).err).toBe('');
  });

  test('needs no remote that answers', async () => {
    const remote = await fileRemote(FINE);
    const clone = await cloneOf(remote);
    await writeFiles(remote.path, { HEAD: null });
    expect((await validate(clone)).code).toBe(0);
  });

  test('prints one JSON document', async () => {
    const folder = await folderWith({ ...FINE, ...WRONG });
    const { out, err, code } = await validate(folder, true);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      counts: { errors: told.findings.length, warnings: 0, files: 3 },
      manifests: { fine: 3 },
      uncommitted: true,
    });
    expect(err).toBe('');
    expect(code).toBe(1);
  });
});

/** An account at a public authority, and one at a private CA. */
const withSectigo = (more = ''): string =>
  CONFIGURATION.replace(
    'providers:\n',
    `providers:\n  sectigo: { type: sectigo, ${more}credentials: { loginName: "\${A}", loginPassword: "\${B}" } }\n`,
  );
const wish = (more: string): string =>
  `${more}\nprovider: sectigo\nproduct: positivessl-wildcard\nterm: 1y\nowner: team\n`;

describe('what no public authority issues', () => {
  const NAMES: Files = {
    'certificates/reserved.yaml': wish('domain: "*.shop.internal"'),
    'certificates/suffix.yaml': wish('domain: "*.co.uk"'),
    'certificates/odd.yaml': wish('domain: "*.shop.notatld"'),
    'certificates/by-file.yaml': wish('domain: "*.shop.example.com"\nvalidation: http'),
  };

  test('is found offline, with its line', async () => {
    const { out, code } = await validate(
      await folderWith({ ...FINE, ...NAMES, 'certwright.yaml': withSectigo() }),
    );
    const flat = out.replaceAll(/\s+/g, ' ');
    for (const words of [
      'certificates/reserved.yaml:1:1: error: No public authority issues for "*.shop.internal": .internal is for private networks (ICANN, 2024).',
      'certificates/suffix.yaml:1:1: error: No public authority issues for "*.co.uk": "co.uk" is a public suffix, below which anybody may register.',
      'certificates/odd.yaml:1:1: warning: .notatld of "*.shop.notatld" is no public suffix that this version knows.',
      'certificates/by-file.yaml:2:13: error: "*.shop.example.com" is a wildcard, which no public authority takes by http (Baseline Requirements §3.2.2.4.18).',
    ])
      expect(flat).toContain(words);
    expect(code).toBe(1);
  });

  test('is a warning where another provider can serve, and names are free in a rehearsal', async () => {
    const both = wish('domain: "*.shop.internal"').replace('sectigo', '[sectigo, internal]');
    const listed = await validate(
      await folderWith({
        'certwright.yaml': withSectigo(),
        'certificates/both.yaml': both.replace('positivessl-wildcard', 'private-server'),
      }),
    );
    expect(listed.out).toContain('warning: No public authority issues');
    expect(listed.code).toBe(0);
    const sandbox = withSectigo('environment: rehearsal, url: "http://127.0.0.1:9", ');
    const files = { ...FINE, ...NAMES, 'certificates/by-file.yaml': null, 'certwright.yaml': sandbox };
    expect(await validate(await folderWith(files))).toMatchObject({
      code: 0,
      out: '6 manifests are fine.\n',
    });
  });

  test('a resolver is an address', async () => {
    const at = async (resolver: string) =>
      (
        await validate(
          await folderWith({
            ...FINE,
            'certwright.yaml': `${CONFIGURATION}preflight: { resolvers: ["${resolver}"] }\n`,
          }),
        )
      ).out;
    for (const fine of ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]:5353'])
      expect(await at(fine)).toBe('3 manifests are fine.\n');
    for (const wrong of ['dns.example.com', '999.0.2.53', '192.0.2.53:99999', ':::::'])
      expect(await at(wrong), wrong).toMatch(/certwright\.yaml:\d+:\d+: error: /);
  });
});

describeWith(['openssl'], 'a CSR of a weak key', () => {
  test('is refused for a public authority, and warned of for any other', async () => {
    const request = (key: readonly string[]): string =>
      execFileSync(
        'openssl',
        ['req', '-new', '-newkey', ...key, '-nodes', '-keyout', '/dev/null', '-subj', '/CN=own.example.com'],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
    const own = 'domain: own.example.com\nkey: { csr: own.csr }\n';
    const at = async (provider: string, key: readonly string[]) =>
      (
        await validate(
          await folderWith({
            'certwright.yaml': withSectigo(),
            'own.csr': request(key),
            'certificates/own.yaml': `${own}provider: ${provider}\nterm: 1y\nowner: team\n`,
          }),
        )
      ).out;
    expect(await at('sectigo', ['rsa:1024'])).toContain('own.yaml:2:13: error: The CSR has a key (rsa-1024)');
    expect(await at('sectigo', ['ed25519'])).toContain('public authorities refuse');
    expect(await at('internal', ['rsa:1024'])).toContain('warning: The CSR has a key (rsa-1024)');
    expect(await at('sectigo', ['rsa:2048'])).toBe('1 manifest is fine.\n');
  });
});
