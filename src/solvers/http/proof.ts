import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';

export type FileRecord = Extract<SolvableRecord, { readonly type: 'file' }>;

/** Where certificate authorities begin, whatever a redirect makes of it. */
export const HTTP_PORT = 80;

/** The places certificate authorities look at, and one plain file name: nothing to climb out with. */
const PATH = /^\/\.well-known\/(pki-validation|acme-challenge)\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,254})$/;

export const isProofPath = (path: string): boolean => PATH.test(path);

/** Folder below `.well-known`, and the name of the file. @throws CertError `solver.blocked` */
export function proofPath(url: string): { readonly folder: string; readonly name: string } {
  const path = URL.parse(url)?.pathname ?? '';
  const [, folder, name] = PATH.exec(path) ?? [];
  if (folder !== undefined && name !== undefined) return { folder, name };
  throw new CertError('solver.blocked', `${url} is no place a proof may be written to`, {
    remedy:
      'only single files below .well-known/pki-validation/ and .well-known/acme-challenge/ are; publish it by hand',
  });
}

export const notAFile = (solver: string): CertError =>
  new CertError('solver.zone', `${solver} publishes files, and this proof is a DNS record`, {
    remedy: 'name a solver of type rfc2136, cloudflare, route53 or exec for it',
  });
