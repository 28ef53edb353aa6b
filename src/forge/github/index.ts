import { parseBaseUrl } from '../../http/base-url.js';
import { CertError } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import type { Clock } from '../../ports/clock.js';
import type { Forge } from '../../ports/forge.js';
import type { Log } from '../../ports/log.js';
import { branches } from './branches.js';
import type { Line } from './call.js';
import { checks } from './checks.js';
import type { Client } from './client.js';
import { comments } from './comments.js';
import { facts } from './facts.js';
import { issues } from './issues.js';
import { ownership } from './own-text.js';
import { pulls } from './pulls.js';
import { commitPublisher } from './state-commits.js';
import { events, people, workflows } from './surroundings.js';

export interface GitHubOptions {
  /** `owner/name`, as `GITHUB_REPOSITORY` has it. */
  readonly repository: string;
  /** `GITHUB_API_URL`: `https://api.github.com`, or `https://HOST/api/v3` of GitHub Enterprise. */
  readonly apiUrl: string;
  /** `GITHUB_SERVER_URL`. */
  readonly serverUrl: string;
  readonly token: Secret;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Length of a second in pauses between repetitions, ms; default 1000. */
  readonly secondMs?: number;
}

const REPOSITORY = /^([\w.-]+)\/([\w.-]+)$/;

/** GitHub by its API. Contacts and loads nothing until it is used. @throws CertError `usage`, `config.invalid` */
export function openGitHub(options: GitHubOptions): Forge {
  const { repository, serverUrl, secondMs = 1000, ...rest } = options;
  const [, owner = '', repo = ''] = REPOSITORY.exec(repository) ?? [];
  if (owner === '') {
    throw new CertError('usage', `${JSON.stringify(repository)} is no GitHub repository`, {
      remedy: 'write it as owner/name',
    });
  }
  parseBaseUrl(options.apiUrl, 'the address of the GitHub API');
  let loading: Promise<Client> | undefined;
  const client = (): Promise<Client> => {
    loading ??= import('./client.js').then(({ createClient }) => createClient({ ...rest, secondMs }));
    return loading;
  };
  const line: Line = {
    call: async (route, parameters, about) => (await client()).call(route, parameters, about),
    query: async (query, variables, about) => (await client()).query(query, variables, about),
    at: { owner, repo },
    repository,
  };
  const isOurs = ownership(line);
  return {
    repository,
    webUrl: `${serverUrl.replace(/\/+$/, '')}/${repository}`,
    comments: comments(line, isOurs),
    checks: checks(line),
    pulls: pulls(line),
    branches: branches(line),
    publishCommit: commitPublisher(line),
    issues: issues(line, isOurs),
    people: people(line),
    events: events(line),
    workflows: workflows(line),
    facts: facts(line),
    async close() {
      await (await loading)?.close();
    },
  };
}
