import { RequestError } from '@octokit/request-error';
import { CertError, type ErrorDetails, messageOf } from '../../model/errors.js';
import { SECOND_MS } from '../../model/time.js';
import type { About } from './call.js';

/** `- https://docs.github.com/…`, which Octokit hangs at the end of GitHub's own words. */
const DOCUMENTATION = / - https:\/\/docs\.github\.com\S*$/;

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function retryAt(headers: Headers, nowMs: number): number | undefined {
  const afterSeconds = Number(headers['retry-after']);
  if (afterSeconds > 0) return nowMs + afterSeconds * SECOND_MS;
  const resetSeconds = Number(headers['x-ratelimit-reset']);
  return resetSeconds > 0 ? resetSeconds * SECOND_MS : undefined;
}

type Headers = Readonly<Record<string, string | number | undefined>>;

const isRateLimit = (status: number, headers: Headers, text: string): boolean =>
  status === 429 ||
  String(headers['x-ratelimit-remaining']) === '0' ||
  headers['retry-after'] !== undefined ||
  /secondary rate limit/i.test(text);

/** Told by GitHub where the setting is off, whatever `permissions:` says. */
const MAY_NOT_OPEN = /not permitted to create or approve pull requests/i;

function permissionMissing(about: About, text: string, details: ErrorDetails): CertError {
  if (MAY_NOT_OPEN.test(text)) {
    return new CertError('forge.permission', 'workflows of this repository may not open pull requests', {
      ...details,
      remedy:
        'allow it under Settings, Actions, General, "Allow GitHub Actions to create and approve pull requests", or use the token of a GitHub App',
    });
  }
  return new CertError(
    'forge.permission',
    `the token may not ${about.to}: it lacks the permission "${about.needs}"`,
    {
      ...details,
      remedy: `add \`${about.needs}\` under \`permissions:\` of the workflow, or to the GitHub App`,
    },
  );
}

/** An answer of the GraphQL API that says why not: https://docs.github.com/en/graphql */
interface GraphqlRefusal extends Error {
  readonly errors: readonly { readonly type?: string; readonly message: string }[];
}

const isGraphqlRefusal = (error: unknown): error is GraphqlRefusal =>
  error instanceof Error &&
  error.name === 'GraphqlResponseError' &&
  'errors' in error &&
  Array.isArray(error.errors);

function graphqlFailure(error: GraphqlRefusal, about: About): CertError {
  const [first] = error.errors;
  const details = { cause: error, providerText: error.errors.map(({ message }) => message).join('; ') };
  switch (first?.type) {
    case 'FORBIDDEN':
      return permissionMissing(about, details.providerText, details);
    case 'NOT_FOUND':
      return new CertError('forge.not-found', `GitHub did not ${about.to}: not found`, details);
    case 'RATE_LIMITED':
      return new CertError('forge.rate-limited', `GitHub wants fewer calls, so it did not ${about.to}`, {
        ...details,
        remedy: 'run it again later',
      });
    default:
      return new CertError('forge.refused', `GitHub did not ${about.to}`, details);
  }
}

/** What a failed call means. `writes`: it may have happened where nobody answered. */
export function failureOf(error: unknown, about: About, writes: boolean, nowMs: number): CertError {
  if (error instanceof CertError) return error;
  if (isGraphqlRefusal(error)) return graphqlFailure(error, about);
  const effect = writes ? ('unknown' as const) : ('none' as const);
  if (!(error instanceof RequestError) || error.response === undefined) {
    return new CertError('forge.unavailable', `GitHub did not ${about.to}: ${messageOf(error)}`, {
      effect,
      cause: error,
    });
  }
  const { status } = error;
  const headers: Headers = error.response.headers;
  const text = error.message.replace(DOCUMENTATION, '');
  const details = { cause: error, providerText: text };
  if (status === 401) {
    return new CertError('forge.credentials', 'GitHub does not accept the token', {
      ...details,
      remedy: 'hand over one that is valid, such as the github.token of the workflow',
    });
  }
  if ((status === 403 || status === 429) && isRateLimit(status, headers, text)) {
    const at = retryAt(headers, nowMs);
    return new CertError('forge.rate-limited', `GitHub wants fewer calls, so it did not ${about.to}`, {
      ...details,
      ...(at === undefined ? {} : { retryAtMs: at }),
      remedy: 'run it again later',
    });
  }
  if (status === 403) return permissionMissing(about, text, details);
  if (status === 404) {
    return new CertError('forge.not-found', `GitHub did not ${about.to}: not found`, {
      ...details,
      remedy: `it is gone, or the token lacks the permission "${about.needs}"`,
    });
  }
  if (status >= 500) {
    return new CertError('forge.unavailable', `GitHub is out of order at the moment (${status})`, {
      ...details,
      effect,
    });
  }
  return new CertError('forge.refused', `GitHub did not ${about.to} (${status})`, details);
}
