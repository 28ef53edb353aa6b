import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { generateIdentity } from '../../src/keys/age.js';
import { httpRemote, recordingGit, tempFolder, testEnv } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { PAID_COMMAND, PAID_MANIFEST, paidShop } from './paid.js';
import { LONG_MS, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const run = promisify(execFile);

const HTTP_PASSWORD = 'canary-http-0f3a9c';
const TOKEN = 'canary-token-7be241';
const PHONE = '+49 30 canary-phone-55d1';
const EXPORT_PASSWORD = 'canary-export-c40e77';

/** Every form in which a text may lie somewhere. */
const formsOf = (secret: string): readonly string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('hex'),
];

/** Every object of a repository, loose or packed, reachable or not. */
async function objectsOf(repository: string): Promise<string> {
  const { stdout } = await run('git', ['cat-file', '--batch-all-objects', '--batch'], {
    cwd: repository,
    env: testEnv(),
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  return stdout;
}

/** Every file below a folder; repositories on the way with their objects unpacked. */
async function everythingBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  if (!existsSync(folder)) return found;
  for (const path of await readdir(folder, { recursive: true })) {
    const file = join(folder, path);
    const { isFile } = await stat(file).then(
      (info) => ({ isFile: info.isFile() }),
      () => ({ isFile: false }),
    );
    if (isFile) found[file] = await readFile(file, 'latin1');
    if (path.endsWith('HEAD') && existsSync(join(file, '../objects'))) {
      found[`${file} objects`] = await objectsOf(join(file, '..'));
    }
  }
  return found;
}

describeWith(['openssl'], 'what must never be seen', () => {
  it('is in no output, log, Git object, cache, spool or argument, whatever is done', async () => {
    const shop = await paidShop({ token: TOKEN, settings: { pollsUntilIssued: 1 } });
    const remote = await httpRemote({ files: {}, user: 'ann', password: HTTP_PASSWORD });
    const url = new URL(remote.url);
    const recorded = await recordingGit();
    const team = await teamOf({
      remote: {
        path: remote.path,
        url: `http://ann:${HTTP_PASSWORD}@${url.host}${url.pathname}`,
      },
      program: PAID_COMMAND,
      providers: `${shop.providers.replace('policy:', '  ca: { type: local-ca }\npolicy:')}contacts: { acme: { admin: { firstName: Ann, lastName: Lee, phone: "\${ACME_PHONE}" } } }\n`,
      env: {
        SHOP_TOKEN: TOKEN,
        ACME_PHONE: PHONE,
        CERTWRIGHT_LOG: 'debug',
        CERTWRIGHT_EXPORT_PASSWORD: EXPORT_PASSWORD,
        PATH: recorded.env.PATH ?? '',
      },
      files: {
        'certificates/shop.yaml': `${PAID_MANIFEST}contacts: acme\n`,
        'certificates/inside.yaml': 'domain: inside.example.com\nprovider: ca\n',
      },
    });
    const out = await tempFolder();
    const configuration = await readFile(join(team.clone, 'certwright.yaml'), 'utf8');
    const recipient = /age1\w+/.exec(configuration)?.[0] ?? '';
    // One recipient more from here on: everything is opened and sealed anew.
    const { recipient: another } = await generateIdentity();
    const withAnother = configuration.replace(/^( +)- age1\w+$/m, `$&\n$1- ${another}`);
    expect(withAnother).not.toBe(configuration);
    const said: string[] = [];
    for (const [code, ...args] of [
      [0, 'plan'],
      [0, 'apply', '--wait', '20s'],
      [0, 'apply', '--json'],
      [0, 'reissue', 'shop', '--reason', 'rotation'],
      [0, 'apply', '--wait', '20s'],
      [0, 'show', 'shop', '--json'],
      [0, 'status', '--json'],
      [0, 'export', 'shop', '--format', 'p12', '--out', out],
      [0, 'export', 'shop', '--format', 'k8s-sops', '--sops-age', recipient, '--out', '-'],
      [0, 'compromise', 'inside', '--reason', 'found in a log', '--yes', '--json'],
      [0, 'apply', '--wait', '20s'],
      [0, 'rekey', '--yes'],
      [1, 'resolve', 'shop', '--order-id', 'nothing'],
      [1, 'export', 'inside', '--out', '/dev/null/x'],
    ] as const) {
      if (args[0] === 'rekey') await team.merge({ 'certwright.yaml': withAnother });
      const ended = await team.certwright(args);
      expect(ended.code, `${args.join(' ')}\n${ended.said}`).toBe(code);
      said.push(ended.said);
    }
    expect(await shop.control.purchases()).toBe(1);
    expect((await team.status('shop')).previous).toHaveLength(1);

    const identities = await everythingBelow(join(team.home, 'config'));
    const ageKeys = [
      ...Object.values(identities)
        .join('\n')
        .matchAll(/AGE-SECRET-KEY-1(\w+)/g),
    ].map(([, key]) => key ?? '');
    expect(ageKeys).toHaveLength(2);

    const places: Readonly<Record<string, string>> = {
      'stdout and stderr': said.join('\n'),
      'objects of the remote': await objectsOf(remote.path),
      'arguments of git': (await recorded.calls()).join('\n'),
      ...(await everythingBelow(join(team.home, 'cache'))),
      ...(await everythingBelow(join(team.home, 'state'))),
    };
    expect(Object.keys(places).some((place) => place.includes('/cache/'))).toBe(true);
    expect(places['stdout and stderr']).toContain('"level":"debug"');
    expect(places['objects of the remote']).toMatch(/BEGIN AGE ENCRYPTED FILE|age-encryption.org/);
    expect(places['arguments of git']).toContain('push');

    const secrets = [HTTP_PASSWORD, TOKEN, PHONE, EXPORT_PASSWORD, `ann:${HTTP_PASSWORD}`];
    const forbidden = [...secrets.flatMap(formsOf), ...ageKeys, 'PRIVATE KEY', 'AGE-SECRET-KEY'];
    for (const [place, text] of Object.entries(places)) {
      for (const canary of forbidden) expect(text.includes(canary), `${canary} in ${place}`).toBe(false);
    }
    // The seller did get the phone number and the remote the password: the canaries were alive.
    expect(remote.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
  });
});
