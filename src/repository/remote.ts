import { resolve } from 'node:path';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22', git: '9418' };
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** `[user@]host:path`, as ssh has it; a slash before the colon makes it a path. */
const SCP_LIKE = /^(?:[^/@]*@)?(\[[^\]]+\]|[^/:@]+):(?!:)(.*)$/;

const trimPath = (path: string): string =>
  path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/\/+$/, '');

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A path on this machine, and no URL or ssh address. */
export const isLocalPath = (url: string): boolean =>
  !SCHEME.test(url) && !url.includes('::') && !SCP_LIKE.test(url);

const localIdentity = (path: string): string => `local/${trimPath(resolve(path))}`;

/**
 * A remote as `host/path`, the same for every way of writing its URL: without scheme, user, default port, `.git` and
 * trailing slash, the host in lower case. Files are `local/<absolute path>`. Holds no credentials.
 */
export function remoteIdentity(url: string): string {
  if (isLocalPath(url)) return localIdentity(url);
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const [, host = '', path = ''] = SCP_LIKE.exec(url) ?? [];
    if (host === '') return trimPath(redactUrls(url));
    return `${host.toLowerCase()}/${trimPath(path)}`;
  }
  const rest = url.slice(scheme.length + 3).replace(/[?#].*$/, '');
  if (scheme === 'file') return localIdentity(decoded(rest.replace(/^localhost(?=\/)/i, '')));
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.replace(/^.*@/, '')) ?? [];
  const shownPort = port === undefined || port === '' || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  return `${host.toLowerCase()}${shownPort}/${trimPath(decoded(path))}`;
}

export interface BareUrl {
  /** Without user and password where the scheme is http or https: safe for an argument list. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** Takes user and password out of an http(s) URL; others are given back unchanged (ssh needs its user). */
export function splitCredentials(url: string): BareUrl {
  const match = /^(https?:\/\/)([^/?#]*)@(.*)$/i.exec(url);
  if (!match) return { url };
  const [, scheme = '', userinfo = '', rest = ''] = match;
  const colon = userinfo.indexOf(':');
  const username = decoded(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? undefined : decoded(userinfo.slice(colon + 1));
  return { url: scheme + rest, username, ...(password === undefined ? {} : { password }) };
}

/** Replaces user and password in every URL of a text. */
export const redactUrls = (text: string): string =>
  text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, '$1[redacted]@');

const SHORTEST_SECRET = 4;

/**
 * What makes a text fit for people: no credentials in URLs, and none of `secrets` anywhere, not even the parts of a
 * header value.
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const parts = new Set([...secrets].flatMap((secret) => [secret, ...secret.split(/\s+/)]));
  const longestFirst = [...parts]
    .filter((part) => part.length >= SHORTEST_SECRET && !/^(authorization:|basic|bearer|token)$/i.test(part))
    .sort((a, b) => b.length - a.length);
  return (text) =>
    longestFirst.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), redactUrls(text));
}
