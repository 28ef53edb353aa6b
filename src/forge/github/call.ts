import type { Endpoints } from '@octokit/types';
import { CertError } from '../../model/errors.js';

/** What a call is for: decides its repetitions, and what is said when it fails. */
export interface About {
  /** Follows "the token may not …" and "GitHub did not …": `write the comment`. */
  readonly to: string;
  /** As `permissions:` of a workflow names it: `pull-requests: write`. */
  readonly needs: string;
  /** A writing call that may be sent twice. Reads always may. */
  readonly repeats?: true;
}

export type Route = keyof Endpoints;

/** One call of the REST API, failures as CertErrors. Owner and repository stand in `parameters`. */
export type Call = <R extends Route>(
  route: R,
  parameters: Endpoints[R]['parameters'],
  about: About,
) => Promise<Endpoints[R]['response']>;

/** One query of the GraphQL API. */
export type Query = <T>(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  about: About,
) => Promise<T>;

/** What the parts of the adapter share. */
export interface Line {
  readonly call: Call;
  readonly query: Query;
  /** Merged into the parameters of every call. */
  readonly at: { readonly owner: string; readonly repo: string };
  /** `owner/name`. */
  readonly repository: string;
}

export const PER_PAGE = 100;

interface Page<T> {
  readonly data: readonly T[];
  readonly headers: { readonly link?: string | undefined };
}

/** Everything of a list that comes in pages. Stop reading and no further page is asked for. */
export async function* eachOf<T>(ask: (page: number) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let page = 1; ; page += 1) {
    const { data, headers } = await ask(page);
    yield* data;
    if (!headers.link?.includes('rel="next"')) return;
  }
}

/** undefined in place of `forge.not-found`. */
export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CertError && error.code === 'forge.not-found') return undefined;
    throw error;
  }
}
