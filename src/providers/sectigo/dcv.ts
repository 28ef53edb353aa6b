import { createHash } from 'node:crypto';
import { derOf } from '../../keys/pem.js';
import type { JsonObject } from '../../model/json.js';
import { type DnsName, isWildcard } from '../../model/names.js';
import type { DcvItem, OrderRequest, RequestedValidation } from '../../model/order.js';
import { type DcvKeyword, dcvKeyword, needed, uniqueValueOf } from './request.js';
import type { DomainWire } from './wire.js';

const DEFAULT_SUFFIX = 'sectigo.com';

/** What is hashed and published for one CSR: hashes of its DER, never of the text around it. */
export interface DcvToken {
  readonly md5: string;
  readonly sha256: string;
  readonly uniqueValue: string | undefined;
  readonly suffix: string;
}

export function dcvToken(csrPem: string, uniqueValue: string | undefined, suffix: string): DcvToken {
  const der = derOf(csrPem);
  const hash = (algorithm: string): string => createHash(algorithm).update(der).digest('hex').toUpperCase();
  return { md5: hash('md5'), sha256: hash('sha256'), uniqueValue, suffix };
}

/** What the proof of a wildcard hangs on. */
export const bare = (name: DnsName): DnsName => (isWildcard(name) ? name.slice(2) : name);

/** The record that proves control of a name. An e-mail has none but its address. */
export function dcvRecord(
  wish: RequestedValidation,
  token: DcvToken,
  options: JsonObject,
): NonNullable<DcvItem['record']> {
  const { md5, sha256, suffix } = token;
  const unique = token.uniqueValue === undefined ? [] : [token.uniqueValue];
  const keyword = dcvKeyword(wish, options);
  switch (keyword) {
    case 'EMAIL':
      return { type: 'email', address: needed(wish.approver, `approver for ${wish.name}`) };
    case 'HTTP_CSR_HASH':
    case 'HTTPS_CSR_HASH': {
      const scheme = keyword === 'HTTPS_CSR_HASH' ? 'https' : 'http';
      return {
        type: 'file',
        url: `${scheme}://${wish.name}/.well-known/pki-validation/${md5}.txt`,
        content: [sha256, suffix, ...unique].join('\n'),
      };
    }
    case 'CNAME_CSR_HASH':
      return {
        type: 'CNAME',
        owner: `_${md5}.${bare(wish.name)}`,
        value: [sha256.slice(0, 32), sha256.slice(32), ...unique, suffix].join('.'),
      };
  }
}

export const suffixOf = (options: JsonObject): string =>
  typeof options.dcvSuffix === 'string' ? options.dcvSuffix : DEFAULT_SUFFIX;

/** The token of a recorded request; Sectigo's own unique value, where it gave one, wins over ours. */
export const tokenOf = (request: OrderRequest, given: string | undefined, suffix: string): DcvToken =>
  dcvToken(needed(request.csrPem, 'CSR'), given ?? uniqueValueOf(request), suffix);

const DESCRIBED: Readonly<Record<string, DcvKeyword>> = {
  EMAIL: 'EMAIL',
  HTTPCSRHASH: 'HTTP_CSR_HASH',
  HTTPSCSRHASH: 'HTTPS_CSR_HASH',
  CNAMECSRHASH: 'CNAME_CSR_HASH',
};

const METHODS: Readonly<Record<DcvKeyword, DcvItem['method']>> = {
  EMAIL: 'email',
  HTTP_CSR_HASH: 'http',
  HTTPS_CSR_HASH: 'http',
  CNAME_CSR_HASH: 'dns',
};

/**
 * A reply describes a method (`CNAME CSR Hash`, a mailbox, either as `Pre-Validated (…)`) where a request has a keyword.
 * @returns undefined for a description nobody has seen
 */
export function describedKeyword(text: string): DcvKeyword | undefined {
  const inner = /^Pre-Validated \((.*)\)$/.exec(text)?.[1] ?? text;
  return inner.includes('@') ? 'EMAIL' : DESCRIBED[inner.replaceAll(' ', '').toUpperCase()];
}

/** The whole word: `Not Validated` holds the same letters. */
const VALIDATED = 'Validated';
const NOT_VALIDATED = 'Not Validated';

export const isValidated = ({ dcvStatus }: DomainWire): boolean => dcvStatus === VALIDATED;

/** A name as Sectigo tells it alone. Any word but the one exact one is no proof; an unknown one is quoted. */
function toldItem(domain: DomainWire): DcvItem {
  const { domainName, dcvMethod, dcvStatus } = domain;
  const keyword = describedKeyword(dcvMethod);
  const strange = [
    ...(isValidated(domain) || dcvStatus === NOT_VALIDATED ? [] : [`Sectigo says "${dcvStatus}"`]),
    ...(keyword === undefined ? [`Sectigo calls the method "${dcvMethod}"`] : []),
  ].join('; ');
  return {
    name: domainName.toLowerCase(),
    method: keyword === undefined ? 'manual' : METHODS[keyword],
    state: isValidated(domain) ? 'valid' : 'pending',
    ...(strange === '' ? {} : { message: strange }),
  };
}

/** What the request asked for, as far as it is told and known. */
export interface Asked {
  readonly request: OrderRequest;
  readonly token: DcvToken;
}

/** State of each name, with what to publish where the request is known. */
export function dcvItems(domains: readonly DomainWire[], asked: Asked | undefined): readonly DcvItem[] {
  const told = new Map(domains.map((domain) => [domain.domainName.toLowerCase(), domain]));
  if (asked === undefined) return domains.map(toldItem);
  return asked.request.validation.map((wish) => {
    const domain = told.get(wish.name) ?? told.get(bare(wish.name));
    return askedItem(wish, domain, asked);
  });
}

function askedItem(wish: RequestedValidation, domain: DomainWire | undefined, asked: Asked): DcvItem {
  const record = dcvRecord(wish, asked.token, asked.request.options);
  const base = { name: wish.name, method: wish.method, record };
  if (domain === undefined) {
    return { ...base, state: 'pending', message: 'Sectigo does not list this name for the order' };
  }
  const { state, message } = toldItem(domain);
  const present = describedKeyword(domain.dcvMethod);
  const other = present !== undefined && METHODS[present] !== METHODS[dcvKeyword(wish, {})];
  const note = other && state !== 'valid' ? `Sectigo proves this name by "${domain.dcvMethod}"` : message;
  return { ...base, state, ...(note === undefined ? {} : { message: note }) };
}
