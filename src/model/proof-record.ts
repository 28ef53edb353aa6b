import { isWithin } from './names.js';
import type { SolvableRecord } from './order.js';

/**
 * What a proof of control can look like. Records come from sellers and authorities as text: one that could do anything
 * else (take a host name over, speak for the domain's mail, climb out of a web root) is published by nobody but a person.
 */

/** The places authorities look at (CA/B BR §3.2.2.4.18, RFC 8555 §8.3), and one plain file name: nothing to climb out with. */
const FILE_PATH = /^\/\.well-known\/(pki-validation|acme-challenge)\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,254})$/;

/** Folder below `.well-known`, and the name of the file; undefined for any other path. */
export function proofPlace(path: string): { readonly folder: string; readonly name: string } | undefined {
  const [, folder, name] = FILE_PATH.exec(path) ?? [];
  return folder === undefined || name === undefined ? undefined : { folder, name };
}

const MAX_NAME_CHARACTERS = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Many times what any authority asks for; fifty of them fit into one DNS message. */
const MAX_TEXT_BYTES = 512;
const MAX_FILE_BYTES = 8_192;
/** SPF, DMARC, DKIM, MTA-STS, TLS reports. */
const MAIL_POLICY = /^\s*v\s*=/i;
const MAIL_LABELS = new Set(['_dmarc', '_domainkey', '_mta-sts', '_smtp', '_adsp']);
const CONTROLS = /\p{Cc}/u;
const CONTROLS_IN_LINES = /[^\P{Cc}\r\n\t]/u;

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');

const isName = (name: string): boolean =>
  name.length <= MAX_NAME_CHARACTERS &&
  name.includes('.') &&
  name.split('.').every((label) => LABEL.test(label));

/** The name itself, or a domain above it that is more than a top level. */
const isDomainOf = (domain: string, name: string): boolean => domain.includes('.') && isWithin(name, domain);

/**
 * Why a record can be no proof of control over a name, as the end of a sentence that begins with the record; undefined
 * where it can.
 * @param name  as it is certified; a wildcard is proven at what is behind the star
 */
export function whyNoProof(record: SolvableRecord, name: string): string | undefined {
  const bare = plain(name).replace(/^\*\./, '');
  if (record.type === 'file') return whyNoFile(record, bare);
  const owner = plain(record.owner);
  if (!isName(owner)) return 'is at no name that DNS knows';
  const labels = owner.split('.');
  const behind = labels.slice(labels.findIndex((label) => !label.startsWith('_'))).join('.');
  if (!isWithin(behind, bare) && !isDomainOf(behind, bare)) return `is not at ${bare} or its domain`;
  if (record.type === 'CNAME') {
    if (!owner.startsWith('_')) return 'would send a host name elsewhere';
    return isName(plain(record.value)) ? undefined : 'leads to no name that DNS knows';
  }
  if (MAIL_POLICY.test(record.value) || labels.some((label) => MAIL_LABELS.has(label)))
    return 'would speak for the mail of the domain';
  if (CONTROLS.test(record.value)) return 'is no text';
  return Buffer.byteLength(record.value) > MAX_TEXT_BYTES ? 'is longer than any proof' : undefined;
}

function whyNoFile({ url, content }: SolvableRecord & { type: 'file' }, bare: string): string | undefined {
  const at = URL.parse(url);
  if (at === null || !/^https?:$/.test(at.protocol)) return 'is at no address of a web server';
  // What a URL parser takes away (`..`, `\`, a fragment) was not meant to be seen.
  if (at.href.toLowerCase() !== url.toLowerCase() || at.port !== '' || at.username !== '')
    return 'is at an odd address';
  if (!isDomainOf(at.hostname, bare)) return `is not at ${bare} or its domain`;
  if (proofPlace(at.pathname) === undefined || at.search !== '') return 'is at no place for proofs';
  if (CONTROLS_IN_LINES.test(content)) return 'is no text';
  return Buffer.byteLength(content) > MAX_FILE_BYTES ? 'is longer than any proof' : undefined;
}
