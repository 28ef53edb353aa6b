import { CertError } from '../../model/errors.js';
import type { Account, Marker, OwnText } from '../../ports/forge.js';
import type { Line } from './call.js';

const head = (marker: Marker): string => `<!-- certwright:${marker} -->`;

export const withMarker = (marker: Marker, body: string): string => `${head(marker)}\n${body}`;

export const isMarked = (marker: Marker, body: string | null | undefined): boolean =>
  body?.startsWith(head(marker)) === true;

/** The marker of a text that begins with one. */
export const markerOf = (body: string | null | undefined): Marker | undefined =>
  /^<!-- certwright:([a-z0-9-]+) -->/.exec(body ?? '')?.[1];

const withoutMarker = (marker: Marker, body: string): string =>
  body.slice(head(marker).length).replace(/^\r?\n/, '');

/** A user as GitHub shows one; null for accounts that are gone. */
type Wire = { readonly login: string; readonly type?: string } | null | undefined;

export const accountOf = (user: Wire): Account => ({
  login: user?.login ?? 'ghost',
  isBot: user?.type === 'Bot',
});

interface Text {
  /** Octokit reads numbers that JavaScript cannot hold as bigint; GitHub's ids are far from that. */
  readonly id: number | bigint;
  readonly body?: string | null | undefined;
  readonly updated_at: string;
}

export const ownText = (marker: Marker, { id, body, updated_at }: Text): OwnText => ({
  id: Number(id),
  body: withoutMarker(marker, body ?? ''),
  updatedAt: updated_at,
});

/**
 * Was a text written with a token like ours? Who wrote it may change it again, so a marker in somebody else's text makes
 * it none of ours. Tokens of workflows and apps may not ask who they are; what they write is a bot's.
 */
export function ownership({ call }: Line): (author: Account) => Promise<boolean> {
  let login: Promise<string | undefined> | undefined;
  async function ask(): Promise<string | undefined> {
    try {
      return (await call('GET /user', {}, { to: 'say whose the token is', needs: 'read' })).data.login;
    } catch (error) {
      const refused = error instanceof CertError && /^forge\.(permission|not-found)$/.test(error.code);
      if (refused) return undefined;
      throw error;
    }
  }
  return async (author) => {
    login ??= ask();
    const us = await login;
    return us === undefined ? author.isBot : author.login === us;
  };
}
