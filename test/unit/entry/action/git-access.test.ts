import { describe, expect, it } from 'vitest';
import { withGitAccess } from '../../../../src/entry/action/git-access.js';
import { Secret } from '../../../../src/model/secret.js';
import { cloneOf, git, httpRemote, openClone, testEnv } from '../../../support/git.js';
import { memoryLog } from '../../../support/memory-log.js';

const TOKEN = 'ghs_token_of_the_run';

/** A private repository, and a checkout that kept no credentials. */
async function hosted() {
  const remote = await httpRemote({ user: 'x-access-token', password: TOKEN });
  const clone = await cloneOf({ url: remote.path });
  await git(clone, 'remote', 'set-url', 'origin', remote.url);
  const server = new URL(remote.url).origin;
  return { remote, clone, env: testEnv({ GITHUB_SERVER_URL: server }), server };
}

describe('how git reaches the repository', () => {
  it('is the token of the step where the checkout kept no credentials', async () => {
    const { clone, env } = await hosted();
    const bare = await openClone(clone, { env });
    await expect(bare.observe()).rejects.toMatchObject({ code: 'repository.unavailable' });
    const given = await withGitAccess({ ambient: env, log: memoryLog() }, clone, new Secret(TOKEN));
    const opened = await openClone(clone, { env: given });
    expect((await opened.observe()).integrity).toEqual({ kind: 'absent' });
  });

  it('is what the checkout kept, as it is: a header sent twice is refused', async () => {
    const { clone, env, server, remote } = await hosted();
    const basic = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
    await git(clone, 'config', `http.${server}/.extraheader`, `AUTHORIZATION: basic ${basic}`);
    const given = await withGitAccess({ ambient: env, log: memoryLog() }, clone, new Secret('another'));
    expect(given).toBe(env);
    const opened = await openClone(clone, { env: given });
    await opened.observe();
    expect(new Set(remote.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`basic ${basic}`]),
    );
  });

  it('is left alone without a token', async () => {
    const { clone, env } = await hosted();
    expect(await withGitAccess({ ambient: env, log: memoryLog() }, clone, undefined)).toBe(env);
  });
});
