import type { Position } from '../../model/manifest.js';
import type { Context } from '../context.js';
import { repositoryAt } from '../forge.js';

/**
 * Where people look at a manifest on the approval branch: at GitHub, or at GitLab, in whose jobs `CI_PROJECT_URL` says where
 * that is. Undefined elsewhere.
 * @param remote  host/path
 */
export function manifestLink(
  { env, ...context }: Context,
  remote: string,
  branch: string,
  { file, line }: Position,
): string | undefined {
  const path = [branch, file].map(encodePath).join('/');
  const gitHub = repositoryAt({ ...context, env }, remote);
  if (gitHub !== undefined) {
    const server = env.GITHUB_SERVER_URL || 'https://github.com';
    return `${server}/${encodePath(gitHub)}/blob/${path}#L${line}`;
  }
  const project = env.CI_PROJECT_URL || (remote.startsWith('gitlab.com/') ? `https://${remote}` : undefined);
  return project && /^https?:\/\//.test(project) ? `${project}/-/blob/${path}#L${line}` : undefined;
}

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
