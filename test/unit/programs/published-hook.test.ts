import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProgramHook } from '../../../src/model/configuration.js';
import type { PublishedEvent } from '../../../src/ports/hook.js';
import { publishedHook } from '../../../src/programs/published-hook.js';
import { tempFolder, writeFiles } from '../../support/git.js';

const EVENT: PublishedEvent = {
  event: 'published',
  name: 'team-a/shop',
  serial: '0a',
  sha256: 'f'.repeat(64),
  names: ['shop.example.com'],
  notBefore: '2026-11-22T00:00:00Z',
  notAfter: '2027-05-22T23:59:59Z',
  issuer: 'CN=$(touch owned)\n; rm -rf .',
  ownKey: true,
  repository: { id: 'k3v9x2', remote: 'git.example.com/certs' },
  state: { branch: 'certwright/state', commit: 'c'.repeat(40), folder: 'issued/team-a/shop' },
};

const SECRETS = { SHOP_PASSWORD: 'never', CERTWRIGHT_IDENTITY: 'AGE-SECRET-KEY-1', DEPLOY_HOST: 'web1' };

async function hookOf(
  script: string,
  more: Partial<ProgramHook> = {},
  signal = new AbortController().signal,
) {
  const folder = await tempFolder();
  await writeFiles(folder, { 'hook.sh': `#!/bin/sh\n${script}\n` });
  await chmod(join(folder, 'hook.sh'), 0o755);
  const config = {
    kind: 'run' as const,
    run: ['./hook.sh', 'a b', '$HOME'],
    timeoutMs: 20_000,
    environment: [],
    ...more,
  };
  const hook = publishedHook(config, {
    folder,
    signal,
    variable: (name) => ({ PATH: process.env.PATH, ...SECRETS })[name],
  });
  return { hook, file: (name: string) => readFile(join(folder, name), 'utf8') };
}

describe('the program of the published hook', () => {
  it('gets one JSON object on its input, its arguments as they stand, and nothing of our environment that is not named', async () => {
    const { hook, file } = await hookOf('cat > in; echo "$#|$1|$2" > args; env > env', {
      environment: ['DEPLOY_HOST'],
    });
    await hook(EVENT);
    expect(JSON.parse(await file('in'))).toEqual(EVENT);
    expect(await file('args')).toBe('2|a b|$HOME\n');
    const env = await file('env');
    expect(env).toContain('DEPLOY_HOST=web1');
    expect(env).not.toMatch(/never|AGE-SECRET/);
  });

  it.each([
    ['that reads nothing of it', 'exit 0'],
    ['that closes it', 'exec 0<&-; exit 0'],
  ])('%s is fine', async (_title, script) => {
    const { hook } = await hookOf(script);
    await expect(
      hook({ ...EVENT, names: Array.from({ length: 20_000 }, (_, i) => `n${i}.example.com`) }),
    ).resolves.toBeUndefined();
  });

  it.each([
    [
      'that fails says what it printed last',
      'echo "scp: web1: lost connection" >&2; exit 3',
      {},
      /exit code 3: scp: .*lost/,
    ],
    [
      'that prints what it was given shows nothing of it',
      'echo "host $DEPLOY_HOST"; exit 1',
      { environment: ['DEPLOY_HOST'] },
      /exit code 1: host (?!web1)/,
    ],
    ['that is not there says so', '', { run: ['./none.sh'] }, /none\.sh cannot be started/],
    ['that hangs is ended', 'sleep 60', { timeoutMs: 200 }, /took longer than 0\.2 s/],
  ])('%s', async (_title, script, more, message) => {
    const { hook } = await hookOf(script, more);
    await expect(hook(EVENT)).rejects.toMatchObject({
      code: 'hook.failed',
      message: expect.stringMatching(message),
    });
  });

  it('is ended with the run', async () => {
    const stop = new AbortController();
    const { hook } = await hookOf('sleep 60', {}, stop.signal);
    const ended = hook(EVENT);
    stop.abort();
    await expect(ended).rejects.toMatchObject({ code: 'interrupted' });
  });
});
