import { Buffer } from 'node:buffer';
import type { Secret } from '../../model/secret.js';
import { userGit } from '../../repository/user-clone.js';

/**
 * The environment with which git reaches the repository: as the checkout does, and with the token where that kept no
 * credentials (`persist-credentials: false`). A header sent twice is refused by GitHub, hence the look first.
 */
export async function withGitAccess(
  env: NodeJS.ProcessEnv,
  folder: string,
  token: Secret | undefined,
): Promise<NodeJS.ProcessEnv> {
  const server = env.GITHUB_SERVER_URL ?? '';
  if (!token || !/^https?:\/\//.test(server)) return env;
  const key = `http.${server.replace(/\/+$/, '')}/.extraheader`;
  if (await hasSetting(env, folder, key)) return env;
  const count = Number(env.GIT_CONFIG_COUNT ?? 0) || 0;
  const basic = Buffer.from(`x-access-token:${token.reveal()}`).toString('base64');
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: `AUTHORIZATION: basic ${basic}`,
  };
}

async function hasSetting(env: NodeJS.ProcessEnv, folder: string, key: string): Promise<boolean> {
  try {
    const text = await userGit(folder, env).raw(['config', '--includes', '--list', '--name-only', '-z']);
    return text.split('\0').some((name) => name.toLowerCase() === key.toLowerCase());
  } catch {
    return false;
  }
}
