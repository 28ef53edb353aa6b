import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openKeystore } from '../../../src/entry/sealers.js';
import { testContext } from '../../support/context.js';
import { git, tempFolder, writeFiles } from '../../support/git.js';

const NODE = process.execPath;
const KEY = Buffer.from('0123456789abcdef');
/** Leaves its mark, then answers as a keystore does. */
const program = (mark: string): string => `
import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(mark)}, '');
process.stdout.write('{"version":1,"ciphertext":"sealed"}');
`;

/** A checkout with a planted program, and one of the runner's own elsewhere. */
async function placeOf(run: (at: { checkout: string; own: string }) => readonly string[], proposal = true) {
  const [checkout, elsewhere] = [await tempFolder(), await tempFolder()];
  const [planted, started] = [join(elsewhere, 'planted'), join(elsewhere, 'started')];
  await git(checkout, 'init', '--quiet');
  await writeFiles(checkout, {
    'tools/keystore.mjs': program(planted),
    'tools/keystore': `#!/bin/sh\nexec ${NODE} ${join(checkout, 'tools/keystore.mjs')}\n`,
  });
  await writeFiles(elsewhere, {
    'keystore.mjs': program(started),
    'read.mjs': "await import(process.cwd() + '/keystore.mjs')",
  });
  await symlink(join(checkout, 'tools'), join(elsewhere, 'link'));
  const context = testContext({
    cwd: join(checkout, 'tools'),
    ...(proposal ? { isProposal: true as const } : {}),
  });
  const keystore = openKeystore(context, {
    keystore: { type: 'exec', run: run({ checkout, own: elsewhere }), timeoutMs: 20_000, environment: [] },
  });
  const asked = await keystore?.wrap(KEY, 'certificate').catch((error: unknown) => error);
  return { asked, planted: existsSync(planted), started: existsSync(started) };
}

describe('a keystore while a proposal is planned', () => {
  it.each<[string, (at: { checkout: string; own: string }) => readonly string[]]>([
    ['a relative program', () => ['./keystore']],
    ['an interpreter and a file of it', () => [NODE, 'keystore.mjs']],
    ['an interpreter and a file above', () => [NODE, '../tools/keystore.mjs']],
    ['an absolute path into it', ({ checkout }) => [NODE, join(checkout, 'tools/keystore.mjs')]],
    [
      'a path into it within an option',
      ({ checkout, own }) => [NODE, `--import=${checkout}/tools/keystore.mjs`, join(own, 'keystore.mjs')],
    ],
    [
      'a relative path within an option',
      ({ own }) => [NODE, '--import=./keystore.mjs', join(own, 'keystore.mjs')],
    ],
    ['a link that leads into it', ({ own }) => [NODE, join(own, 'link/keystore.mjs')]],
    ['a program that reads where it stands', ({ own }) => [NODE, join(own, 'read.mjs')]],
    ['a shell', () => ['/bin/sh', '-c', `exec ${NODE} keystore.mjs`]],
  ])('is not started from the proposal: %s', async (_title, run) => {
    const { asked, planted } = await placeOf(run);
    expect([asked, planted]).toEqual([expect.objectContaining({ code: 'key.keystore' }), false]);
  });

  it('is started where nothing of it lies in the proposal', async () => {
    const ended = await placeOf(({ own }) => [NODE, join(own, 'keystore.mjs'), 'tools']);
    expect(ended).toEqual({ asked: 'sealed', planted: false, started: true });
  });

  it('may lie in the repository everywhere else', async () => {
    const ended = await placeOf(() => [NODE, 'keystore.mjs'], false);
    expect(ended).toEqual({ asked: 'sealed', planted: true, started: false });
  });
});
