import { isIPv4 } from 'node:net';
import { CertError } from '../model/errors.js';

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));

/** Address of an account. @param what  how a message calls it @throws CertError `config.invalid` */
export function parseBaseUrl(text: string, what = "the provider's `url:`"): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong = (why: string) =>
    new CertError('config.invalid', `${what} ${why}`, {
      remedy: 'Write a full https: address without user name, query and fragment.',
    });
  if (url === undefined) throw wrong('is no URL');
  if (url.username !== '' || url.password !== '') throw wrong('holds a user name or password');
  if (url.search !== '' || url.hash !== '') throw wrong('has a query or a fragment');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw wrong('is not encrypted: http: is for loopback only');
}
