import { openGitHub } from '../../forge/github/index.js';
import type { Secret } from '../../model/secret.js';
import type { Forge } from '../../ports/forge.js';
import { version } from '../version.js';
import type { Job } from './plan-pull.js';

/** The repository of the run. To be closed. Contacts nobody yet. */
export const forgeOf = ({ context, event }: Pick<Job, 'context' | 'event'>, token: Secret): Forge =>
  openGitHub({
    repository: event.repository,
    apiUrl: context.env.GITHUB_API_URL || 'https://api.github.com',
    serverUrl: context.env.GITHUB_SERVER_URL || 'https://github.com',
    token,
    userAgent: `certwright/${version}`,
    clock: context.clock,
    log: context.log,
    signal: context.signal,
  });
