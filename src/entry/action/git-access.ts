import { Buffer } from 'node:buffer';
import type { Secret } from '../../model/secret.js';
import { type Asking, userGit } from '../../repository/user-clone.js';

/**
 * The environment with which git reaches the repository: as the checkout does, and with the token where that kept no
 * credentials (`persist-credentials: false`). A header sent twice is refused by GitHub, hence the look first.
 */
export async function withGitAccess(
  asking: Asking,
  folder: string,
  token: Secret | undefined,
): Promise<NodeJS.ProcessEnv> {
  const env = asking.ambient;
  const server = env.GITHUB_SERVER_URL ?? '';
  if (!token || !/^https?:\/\//.test(server)) return env;
  const key = `http.${server.replace(/\/+$/, '')}/.extraheader`;
  if (await hasSetting(asking, folder, key)) return env;
  const count = Number(env.GIT_CONFIG_COUNT ?? 0) || 0;
  const basic = Buffer.from(`x-access-token:${token.reveal()}`).toString('base64');
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: `AUTHORIZATION: basic ${basic}`,
  };
}

async function hasSetting(asking: Asking, folder: string, key: string): Promise<boolean> {
  const { code, stdout } = await userGit(
    folder,
    asking,
  )(['config', '--includes', '--list', '--name-only', '-z']);
  const names = code === 0 ? stdout.toString('utf8').split('\0') : [];
  return names.some((name) => name.toLowerCase() === key.toLowerCase());
}
