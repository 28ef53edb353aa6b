import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { KeystoreConfig } from '../../../src/model/configuration.js';
import type { CertError } from '../../../src/model/errors.js';
import { execKeystore } from '../../../src/programs/keystore.js';
import { tempFolder, writeFiles } from '../../support/git.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples/keystore/', import.meta.url));
const FILE_KEY = Buffer.from('0123456789abcdef');

const configOf = (run: readonly string[], more: Partial<KeystoreConfig> = {}): KeystoreConfig => ({
  type: 'exec',
  run,
  timeoutMs: 20_000,
  environment: [],
  ...more,
});

async function scripted(script: string, more: Partial<KeystoreConfig> = {}) {
  const folder = await tempFolder();
  await writeFiles(folder, { 'keystore.sh': `#!/bin/sh\n${script}\n` });
  await chmod(join(folder, 'keystore.sh'), 0o755);
  return execKeystore(configOf(['./keystore.sh'], more), 'keystore:test', {
    folder,
    signal: new AbortController().signal,
    variable: (name) => (name === 'PATH' ? process.env.PATH : name === 'TOKEN' ? 'canary-token' : undefined),
  });
}

const refused = async (asked: Promise<unknown>): Promise<CertError> => {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'key.keystore' });
  return error as CertError;
};

/** The example programs, with what they call played by a file key: the wire of the real ones is not here. */
async function exampleOf(file: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = await tempFolder();
  for (const purpose of ['certificate', 'runner']) {
    await writeFile(join(folder, `${purpose}.key`), randomBytes(32).toString('base64'));
  }
  const env: Readonly<Record<string, string | undefined>> = {
    PATH: process.env.PATH,
    KEYSTORE_FOLDER: folder,
    ...environment,
  };
  const names = Object.keys(env).filter((name) => name !== 'PATH');
  return execKeystore(configOf([join(EXAMPLES, file)], { environment: names }), 'keystore:example', {
    folder,
    signal: new AbortController().signal,
    variable: (name) => env[name],
  });
}

describe('a program as keystore', () => {
  it('wraps and opens again, each purpose under a key of its own', async () => {
    const keystore = await exampleOf('file-key.mjs');
    const wrapped = await keystore.wrap(FILE_KEY, 'certificate');
    expect(wrapped).not.toContain(FILE_KEY.toString('base64').slice(0, 8));
    expect(Buffer.from(await keystore.unwrap(wrapped, 'certificate'))).toEqual(FILE_KEY);
    expect((await refused(keystore.unwrap(wrapped, 'runner'))).message).toContain('ended with exit code 1');
  });

  it('gets one JSON object on its input, and of our environment what is named', async () => {
    const keystore = await scripted(
      'cat > in; env > env; printf \'{"version":1,"ciphertext":"%s"}\' "$(wc -c < in)"',
      {
        environment: ['TOKEN'],
      },
    );
    expect(await keystore.wrap(FILE_KEY, 'runner')).toMatch(/^\d+$/);
  });

  it.each([
    ['nothing', 'cat > /dev/null'],
    ['no JSON', 'cat > /dev/null; echo sealed'],
    ['another version', `cat > /dev/null; echo '{"version":2,"ciphertext":"x"}'`],
    ['what would break a file', `cat > /dev/null; printf '{"version":1,"ciphertext":"a\\nb"}'`],
  ])('is refused when it answers %s', async (_what, script) => {
    const error = await refused((await scripted(script)).wrap(FILE_KEY, 'certificate'));
    expect(error.message).toContain('did not answer {"version":1,"ciphertext":"…"}');
  });

  it('is refused when it hands back what it was to seal', async () => {
    const script = `printf '{"version":1,"ciphertext":"%s"}' "$(sed 's/.*"plaintext":"\\([^"]*\\)".*/\\1/')"`;
    const error = await refused((await scripted(script)).wrap(FILE_KEY, 'certificate'));
    expect(error.message).toContain('answered with what it was to seal');
  });

  it('is stopped when it takes too long or says too much', async () => {
    const slow = await scripted('sleep 60', { timeoutMs: 300 });
    expect((await refused(slow.wrap(FILE_KEY, 'certificate'))).message).toContain('longer than 0.3 s');
    const loud = await scripted('head -c 100000 /dev/zero');
    expect((await refused(loud.wrap(FILE_KEY, 'certificate'))).message).toContain('more than 16384 bytes');
  });

  it('leaves neither the key nor a credential in what it says when it fails', async () => {
    const keystore = await scripted('cat >&2; echo "token $TOKEN" >&2; cat; exit 3', {
      environment: ['TOKEN'],
    });
    const error = await refused(keystore.wrap(FILE_KEY, 'certificate'));
    const said = `${error.message} ${error.providerText}`;
    expect(said).toContain('ended with exit code 3');
    expect(said).not.toContain('canary-token');
    expect(said).not.toContain(FILE_KEY.toString('base64').replace(/=+$/, ''));
  });

  it('cannot be started: says so, and what to mend', async () => {
    const missing = execKeystore(configOf(['./missing']), 'keystore:missing', {
      folder: await tempFolder(),
      signal: new AbortController().signal,
      variable: () => undefined,
    });
    expect((await refused(missing.wrap(FILE_KEY, 'certificate'))).message).toContain('cannot be started');
  });
});

/** What `vault` and `aws` do for the scripts, under a key in a file: arguments and output as their manuals show. */
const VAULT = `#!/bin/sh
set -eu
printf '%s\\n' "$*" >> "$KEYSTORE_FOLDER/calls"
value=$(cat)
name=\${3##*/}
operation=\${3%/*}; operation=\${operation##*/}
case "$operation" in
  encrypt) echo "{\\"data\\":{\\"ciphertext\\":\\"vault:v1:$name:$(printf '%s' "$value" | tr 'A-Za-z' 'N-ZA-Mn-za-m')\\"}}" ;;
  decrypt) echo "{\\"data\\":{\\"plaintext\\":\\"$(printf '%s' "\${value#vault:v1:$name:}" | tr 'A-Za-z' 'N-ZA-Mn-za-m')\\"}}" ;;
esac
`;
const AWS = `#!/bin/sh
set -eu
printf '%s\\n' "$*" >> "$KEYSTORE_FOLDER/calls"
case "$2" in
  encrypt) printf '{"CiphertextBlob":"%s"}' "$( { printf "$4:$6:"; cat; } | base64 -w0 | tr 'A-Za-z' 'N-ZA-Mn-za-m' | base64 -w0)" ;;
  decrypt) printf '{"Plaintext":"%s"}' "$(tr 'N-ZA-Mn-za-m' 'A-Za-z' | base64 -d | sed "s|^$4:$6:||" | base64 -w0)" ;;
esac
`;

async function fake(name: string, script: string): Promise<string> {
  const folder = join(await tempFolder(), 'bin');
  await mkdir(folder);
  await writeFile(join(folder, name), script, { mode: 0o755 });
  return join(folder, name);
}

describe('the example scripts', () => {
  it('ask the transit engine of Vault, and put no key into an argument', async () => {
    const keystore = await exampleOf('vault.sh', { VAULT: await fake('vault', VAULT) });
    const wrapped = await keystore.wrap(FILE_KEY, 'runner');
    expect(wrapped).toMatch(/^vault:v1:certwright-runner:/);
    expect(Buffer.from(await keystore.unwrap(wrapped, 'runner'))).toEqual(FILE_KEY);
  });

  it('ask AWS KMS, with the purpose as context', async () => {
    const keystore = await exampleOf('aws-kms.sh', {
      AWS: await fake('aws', AWS),
      CERTWRIGHT_KMS_CERTIFICATE: 'alias/certificates',
    });
    const wrapped = await keystore.wrap(FILE_KEY, 'certificate');
    expect(Buffer.from(await keystore.unwrap(wrapped, 'certificate'))).toEqual(FILE_KEY);
  });
});
