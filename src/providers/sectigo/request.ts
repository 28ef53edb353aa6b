import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { DnsName } from '../../model/names.js';
import type { OrderRequest, RequestedValidation } from '../../model/order.js';
import { parseTerm, termDays } from '../../model/term.js';
import { bundleParameters, NO_BUNDLE, wantsBundle } from './bundle.js';
import type { Parameters } from './client.js';
import { findProduct, type SectigoProduct } from './products.js';

export type DcvKeyword = 'EMAIL' | 'HTTP_CSR_HASH' | 'HTTPS_CSR_HASH' | 'CNAME_CSR_HASH';

export const needed = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new CertError('internal', `the request has no ${what}`);
  return value;
};

export function productOf(request: OrderRequest): SectigoProduct {
  const product = findProduct(request.product);
  if (product) return product;
  throw new CertError('provider.unsupported', `Sectigo sells no product "${request.product}"`);
}

export const predecessorId = (request: OrderRequest): string =>
  needed(request.predecessor, 'predecessor').orderId;

/** The token that makes the DCV records of one attempt different from every other's. */
export const uniqueValueOf = (request: OrderRequest): string | undefined =>
  textAt(request.unique, 'uniqueValue');

const textAt = (from: JsonObject, key: string): string | undefined => {
  const value = from[key];
  return typeof value === 'string' ? value : undefined;
};

/** How a name is proved, in the words of a request. `manual` publishes the same record, by hand. */
export function dcvKeyword({ method }: Pick<RequestedValidation, 'method'>, options: JsonObject): DcvKeyword {
  switch (method) {
    case 'email':
      return 'EMAIL';
    case 'http':
      return options.fileScheme === 'https' ? 'HTTPS_CSR_HASH' : 'HTTP_CSR_HASH';
    case 'dns':
    case 'manual':
      return 'CNAME_CSR_HASH';
  }
}

/** In the list of a multi-domain order: a mailbox, or the keyword without its underscores. */
const listed = (wish: RequestedValidation, options: JsonObject): string =>
  wish.method === 'email'
    ? needed(wish.approver, `approver for ${wish.name}`)
    : dcvKeyword(wish, options).replaceAll('_', '');

/** One of the names, the one that is to be the common name, comes first: the lists run in parallel. */
const inOrder = (request: OrderRequest): readonly DnsName[] => [
  request.commonName,
  ...request.names.filter((name) => name !== request.commonName),
];

const wishFor = (request: OrderRequest, name: DnsName): RequestedValidation =>
  request.validation.find((wish) => wish.name === name) ?? { name, method: 'dns' };

/** Names and how each is proved: an order and a reissue say it alike. */
function namesAndProofs(request: OrderRequest): Parameters {
  const { options } = request;
  if (productOf(request).shape !== 'multi') {
    const wish = wishFor(request, request.commonName);
    return {
      dcvMethod: dcvKeyword(wish, options),
      ...(wish.method === 'email'
        ? { dcvEmailAddress: needed(wish.approver, `approver for ${wish.name}`) }
        : {}),
    };
  }
  const names = inOrder(request);
  const wishes = names.map((name) => wishFor(request, name));
  const [method, ...others] = new Set(wishes.map((wish) => dcvKeyword(wish, options)));
  return {
    domainNames: names.join(','),
    primaryDomainName: request.commonName,
    // Whether one method beside a list rules the list is not known: sent where both say the same.
    ...(others.length === 0 ? { dcvMethod: method } : {}),
    dcvEmailAddresses: wishes.map((wish) => listed(wish, options)).join(','),
  };
}

const optionText = (options: JsonObject, key: string, otherwise: string): string => {
  const value = options[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
};

/** What an order and a reissue share. */
function common(request: OrderRequest): Parameters {
  const { options } = request;
  const priority = options.prioritiseCSRValues ?? (wantsBundle(options) ? 'Y' : undefined);
  return {
    serverSoftware: optionText(options, 'serverSoftware', '-1'),
    isCustomerValidated: options.isCustomerValidated === true ? 'Y' : 'N',
    csr: needed(request.csrPem, 'CSR'),
    ...(typeof priority === 'string' ? { prioritiseCSRValues: priority } : {}),
    ...namesAndProofs(request),
    uniqueValue: needed(uniqueValueOf(request), 'unique value'),
  };
}

const objectAt = (from: JsonObject | undefined, key: string): JsonObject => {
  const value = from?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

/** Longest value of a parameter that a contact fills, as documented. */
const CONTACT_FIELDS: readonly {
  readonly parameter: string;
  readonly max: number;
  readonly part: 'organization' | 'admin';
  readonly key: string;
  /** Of EV only. */
  readonly ev?: true;
}[] = [
  { parameter: 'organizationName', max: 64, part: 'organization', key: 'name' },
  { parameter: 'streetAddress1', max: 128, part: 'organization', key: 'street' },
  { parameter: 'localityName', max: 128, part: 'organization', key: 'city' },
  { parameter: 'stateOrProvinceName', max: 128, part: 'organization', key: 'state' },
  { parameter: 'postalCode', max: 40, part: 'organization', key: 'postalCode' },
  { parameter: 'countryName', max: 2, part: 'organization', key: 'country' },
  { parameter: 'companyNumber', max: 64, part: 'organization', key: 'registration', ev: true },
  { parameter: 'dunsNumber', max: 64, part: 'organization', key: 'duns', ev: true },
  { parameter: 'appRepForename', max: 64, part: 'admin', key: 'firstName' },
  { parameter: 'appRepSurname', max: 64, part: 'admin', key: 'lastName' },
  { parameter: 'appRepEmailAddress', max: 255, part: 'admin', key: 'email' },
  { parameter: 'appRepTelephone', max: 32, part: 'admin', key: 'phone' },
];

/** Options that fill the jurisdiction of an EV order. */
const JURISDICTION = ['joiLocalityName', 'joiStateOrProvinceName', 'joiCountryName'] as const;

/**
 * Organisation and representative of an OV or EV order; nothing of it for DV.
 * @throws CertError `provider.refused` where a value is longer than Sectigo takes
 */
function subjectData(request: OrderRequest, contacts: JsonObject | undefined): Parameters {
  const { validation } = productOf(request);
  if (validation === 'dv') return {};
  const found: Record<string, string> = {};
  for (const { parameter, max, part, key, ev } of CONTACT_FIELDS) {
    const value = textAt(objectAt(contacts, part), key)?.trim();
    if (value === undefined || value === '' || (ev && validation !== 'ev')) continue;
    if (value.length > max) {
      throw new CertError(
        'provider.refused',
        `${part}.${key} of contacts "${request.contacts?.name ?? ''}" is longer than the ${max} characters that Sectigo takes`,
        { remedy: 'Shorten it.' },
      );
    }
    found[parameter] = value;
  }
  if (validation === 'ev') {
    for (const key of JURISDICTION) {
      const value = textAt(request.options, key);
      if (value !== undefined) found[key] = value;
    }
  }
  return found;
}

/** Parameters of `!AutoApplyOrder`. */
export function orderParameters(
  request: OrderRequest,
  contacts: JsonObject | undefined,
  testMode: boolean,
): Parameters {
  const term = needed(request.term === undefined ? undefined : parseTerm(request.term), 'term');
  return {
    product: productOf(request).vendorCode,
    days: String(termDays(term)),
    ...common(request),
    ...subjectData(request, contacts),
    foreignOrderNumber: request.reference,
    checkFONIsUnique: 'Y',
    showCertificateID: 'Y',
    // A test order of a certificate would bring a real licence with it.
    ...(testMode
      ? NO_BUNDLE
      : bundleParameters(request, textAt(objectAt(contacts, 'admin'), 'email')?.trim() || undefined)),
    ...(testMode ? { test: 'Y' } : {}),
    responseFormat: '1',
  };
}

/** Parameters of `!AutoReplaceSSL`. The reference stays with the order: two under one could not be told apart. */
export const replaceParameters = (request: OrderRequest): Parameters => ({
  orderNumber: predecessorId(request),
  ...common(request),
  showCertificateID: 'Y',
  responseFormat: '1',
});
