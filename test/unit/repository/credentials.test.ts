import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/model/errors.js';
import {
  cloneOf,
  git,
  type HttpRemote,
  httpRemote,
  openClone,
  tempFolder,
  testEnv,
  writeFiles,
} from '../../support/git.js';
import { memoryLog } from '../../support/memory-log.js';

const PASSWORD = 'canary-5e1f0c';
const BASIC = Buffer.from(`ann:${PASSWORD}`).toString('base64');
const HEADER = { path: 'issued/_certwright.json', content: '{}\n' };

const guarded = () => httpRemote({ user: 'ann', password: PASSWORD });
const withUser = (remote: HttpRemote, userinfo: string) =>
  remote.url.replace('http://', `http://${userinfo}@`);

/** Argument lists of every process git starts, its own helpers included: trace2, switched on as a machine would. */
async function everyArgument() {
  const folder = await tempFolder();
  const target = join(folder, 'events');
  await writeFiles(folder, { system: `[trace2]\n\teventTarget = ${target}\n` });
  const env = testEnv({ GIT_CONFIG_NOSYSTEM: '0', GIT_CONFIG_SYSTEM: join(folder, 'system') });
  return { env, read: () => readFile(target, 'utf8') };
}

async function textsOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')));
}

/** A clone whose configuration does not say how to get in. */
async function bareKnowledge(remote: HttpRemote): Promise<string> {
  const clone = await cloneOf({ url: remote.path });
  await git(clone, 'config', 'remote.origin.url', remote.url);
  return clone;
}

const ways: readonly [
  string,
  (clone: string, remote: HttpRemote) => Promise<NodeJS.ProcessEnv | undefined>,
][] = [
  [
    'a header in the clone’s configuration',
    async (clone, remote) => {
      await git(clone, 'config', `http.${remote.url}.extraheader`, `AUTHORIZATION: basic ${BASIC}`);
      return undefined;
    },
  ],
  [
    'a header in an includeIf file, as actions/checkout leaves it',
    async (clone) => {
      const file = join(await tempFolder(), 'credentials.config');
      await git(clone, 'config', '--file', file, 'http.extraheader', `AUTHORIZATION: basic ${BASIC}`);
      await git(clone, 'config', `includeIf.gitdir:${clone}/.git.path`, file);
      return undefined;
    },
  ],
  [
    'a header in a global file included for this clone only',
    async (clone) => {
      const folder = await tempFolder();
      await writeFiles(folder, {
        secret: `[http]\n\textraheader = "Authorization: Basic ${BASIC}"\n`,
        config: `[includeIf "gitdir:${clone}/"]\n\tpath = ${folder}/secret\n`,
      });
      return { GIT_CONFIG_GLOBAL: join(folder, 'config') };
    },
  ],
  [
    'a header in the global file',
    async () => {
      const folder = await tempFolder();
      await writeFiles(folder, { config: `[http]\n\textraheader = "Authorization: Basic ${BASIC}"\n` });
      return { GIT_CONFIG_GLOBAL: join(folder, 'config') };
    },
  ],
  [
    'a header in the environment',
    async () => ({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${BASIC}`,
    }),
  ],
  [
    'user and password in the URL',
    async (clone, remote) => {
      await git(clone, 'config', 'remote.origin.url', withUser(remote, `ann:${PASSWORD}`));
      return undefined;
    },
  ],
  [
    'user and password by insteadOf, as CI scripts have it',
    async (clone, remote) => {
      await git(clone, 'config', 'remote.origin.url', 'http://git.example/remote.git');
      await git(
        clone,
        'config',
        `url.${withUser(remote, `ann:${PASSWORD}`).replace('/remote.git', '/')}.insteadOf`,
        'http://git.example/',
      );
      return undefined;
    },
  ],
  [
    'a user in the URL and a helper that knows the password',
    async (clone, remote) => {
      const folder = await tempFolder();
      await writeFiles(folder, { password: `password=${PASSWORD}\n` });
      await git(clone, 'config', 'remote.origin.url', withUser(remote, 'ann'));
      const helper = `!f() { grep -q ^username=ann && cat ${folder}/password; }; f`;
      await git(clone, 'config', 'credential.helper', helper);
      return undefined;
    },
  ],
];

describe.each(ways)('%s', (_, arrange) => {
  it('reaches our own clone once per request, and stands in no argument list, log or file of ours', async () => {
    const remote = await guarded();
    const clone = await bareKnowledge(remote);
    const extra = await arrange(clone, remote);
    const cacheDir = await tempFolder();
    const log = memoryLog();
    const trace = await everyArgument();
    const repository = await openClone(clone, { cacheDir, log, env: { ...trace.env, ...extra } });
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('pushed');
    expect((await repository.observe()).integrity).toEqual({ kind: 'healthy' });
    await repository.close();

    expect(repository.remote).toBe(remote.url.replace('http://', '').replace('.git', ''));
    const sent = remote.requests.flatMap(({ authorization }) => authorization ?? []);
    // Two headers would arrive joined by a comma: GitHub refuses that.
    expect(new Set(sent.map((value) => value.toLowerCase()))).toEqual(
      new Set([`basic ${BASIC}`.toLowerCase()]),
    );
    const started = await trace.read();
    expect(started).toMatch(/remote-http/);
    const written = [started, JSON.stringify(log.lines), ...(await textsOf(cacheDir))].join('\n');
    for (const secret of [PASSWORD, BASIC]) expect(written).not.toContain(secret);
  });
});

describe('credentials that are refused', () => {
  it.each([
    ['a wrong password in the URL', (remote: HttpRemote) => withUser(remote, 'ann:wrong-canary-77')],
    ['a token as user in the URL', (remote: HttpRemote) => withUser(remote, 'wrong-canary-77')],
    ['none at all', (remote: HttpRemote) => remote.url],
  ])('%s gives a sentence without them', async (_, url) => {
    const remote = await guarded();
    const clone = await bareKnowledge(remote);
    await git(clone, 'config', 'remote.origin.url', url(remote));
    const repository = await openClone(clone);
    const error = await repository.observe().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'repository.unavailable' });
    expect(messageOf(error)).toMatch(/does not accept the credentials/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
    const outcome = await repository.initialise([HEADER], 'Set up');
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('a token that may read but not write is a refusal', async () => {
    const remote = await httpRemote();
    const repository = await openClone(await cloneOf(remote));
    remote.intercept({ match: /receive-pack/, with: 403 });
    expect((await repository.observe()).integrity).toEqual({ kind: 'absent' });
    expect((await repository.initialise([HEADER], 'Set up')).kind).toBe('refused');
  });

  it('a helper is not asked to store or forget what stands in the URL', async () => {
    const remote = await guarded();
    const clone = await bareKnowledge(remote);
    const store = join(await tempFolder(), 'store');
    const env = testEnv({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'credential.helper',
      GIT_CONFIG_VALUE_0: `store --file=${store}`,
    });
    await git(clone, 'config', 'remote.origin.url', withUser(remote, `ann:${PASSWORD}`));
    await (await openClone(clone, { env })).observe();
    await expect(git(clone, 'config', '--file', store, '--list')).rejects.toThrow();
  });
});
