import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitEnvironment } from '../../../src/repository/environment.js';
import { createGit, mustRun } from '../../../src/repository/process.js';
import { redactor } from '../../../src/repository/remote.js';
import { tempFolder, testEnv, writeFiles } from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';

/** Runs a shell script in the place of git. */
async function fakeGit(script: string, signal?: AbortSignal) {
  const folder = await tempFolder();
  await writeFiles(folder, { git: `#!/bin/sh\n${script}\n` });
  await chmod(join(folder, 'git'), 0o755);
  const env = testEnv({ PATH: `${folder}:${process.env.PATH ?? ''}` });
  const redact = redactor(['hunter22']);
  return createGit({
    cwd: folder,
    env,
    redact,
    log: memoryLog(),
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('a git process', () => {
  it('is ended at its time limit, and what it did is unknown', async () => {
    const git = await fakeGit('exec sleep 60');
    await expect(git(['push'], { limitMs: 50 })).rejects.toMatchObject({
      code: 'repository.unavailable',
      effect: 'unknown',
      message: expect.stringContaining('git push took longer than'),
    });
  });

  it('is ended on abort, and not started after it', async () => {
    const stop = new AbortController();
    const git = await fakeGit('echo started; exec sleep 60', stop.signal);
    const running = git(['fetch'], { onStdout: () => stop.abort() });
    await expect(running).rejects.toMatchObject({ code: 'interrupted', effect: 'unknown' });
    await expect(git(['fetch'])).rejects.toMatchObject({ code: 'interrupted', effect: 'none' });
  });

  it('may print more to stderr than anybody wants, and end without reading its input', async () => {
    const git = await fakeGit('yes hunter22 | head -c 1000000 >&2; exit 3');
    const { code, stderr } = await git(['x'], { input: 'y'.repeat(1_000_000) });
    expect(code).toBe(3);
    expect(stderr.length).toBeLessThan(200_000);
    expect(stderr).not.toContain('hunter22');
  });

  it('that fails where it must not says why, whatever git prints after it', async () => {
    const git = await fakeGit('echo "fatal: disk full" >&2; echo crash report >&2; exit 128');
    await expect(mustRun(git, ['fast-import'])).rejects.toMatchObject({
      message: 'git fast-import failed: disk full',
      providerText: 'fatal: disk full\ncrash report',
    });
  });

  it('killed by somebody else has failed', async () => {
    const git = await fakeGit('kill -9 $$');
    expect(await git(['fetch'])).toMatchObject({ code: 128, stderr: expect.stringContaining('SIGKILL') });
  });
});

describe('the environment of git', () => {
  it('keeps the caller’s settings between the clone’s and ours, and drops what leads elsewhere or talks', () => {
    const env = gitEnvironment(
      {
        PATH: '/bin',
        GIT_DIR: '/elsewhere',
        GIT_TRACE_CURL: '1',
        GIT_SSH_COMMAND: 'ssh -i key',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'gc.auto',
        GIT_CONFIG_VALUE_0: '99',
      },
      [['http.extraheader', 'X: y']],
    );
    const settings = Array.from({ length: Number(env.GIT_CONFIG_COUNT) }, (_, index) => [
      env[`GIT_CONFIG_KEY_${index}`],
      env[`GIT_CONFIG_VALUE_${index}`],
    ]);
    expect(settings.slice(0, 3)).toEqual([
      ['http.extraheader', 'X: y'],
      ['gc.auto', '99'],
      ['gc.auto', '0'],
    ]);
    expect(env).toMatchObject({
      PATH: '/bin',
      GIT_SSH_COMMAND: 'ssh -i key',
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
    });
    expect(env).not.toHaveProperty('GIT_DIR');
    expect(env).not.toHaveProperty('GIT_TRACE_CURL');
  });
});
