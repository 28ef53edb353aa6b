import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import { proofPlace } from '../../model/proof-record.js';

export type FileRecord = Extract<SolvableRecord, { readonly type: 'file' }>;

/** Where certificate authorities begin, whatever a redirect makes of it. */
export const HTTP_PORT = 80;

/** Folder below `.well-known`, and the name of the file. @throws CertError `solver.blocked` */
export function proofPath(url: string): { readonly folder: string; readonly name: string } {
  const place = proofPlace(URL.parse(url)?.pathname ?? '');
  if (place) return place;
  throw new CertError('solver.blocked', `${url} is no place a proof may be written to`, {
    remedy:
      'only single files below .well-known/pki-validation/ and .well-known/acme-challenge/ are; publish it by hand',
  });
}

export const notAFile = (solver: string): CertError =>
  new CertError('solver.zone', `${solver} publishes files, and this proof is a DNS record`, {
    remedy: 'name a solver of type rfc2136, cloudflare, route53 or exec for it',
  });
