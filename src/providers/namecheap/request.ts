import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { type DnsName, isWildcard } from '../../model/names.js';
import type { OrderRequest, RequestedValidation } from '../../model/order.js';
import { parseTerm } from '../../model/term.js';
import type { Parameters } from './client.js';
import { INCLUDED_NAMES } from './limits.js';
import { findProduct, type NamecheapProduct } from './products.js';

export const needed = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new CertError('internal', `the request has no ${what}`);
  return value;
};

/** @throws CertError `provider.unsupported` */
export function productOf(request: Pick<OrderRequest, 'product'>): NamecheapProduct {
  const product = findProduct(request.product);
  if (product) return product;
  throw new CertError(
    'provider.unsupported',
    `certwright knows no product "${request.product}" of Namecheap`,
  );
}

export const predecessorId = (request: OrderRequest): string =>
  needed(request.predecessor, 'predecessor').orderId;

/** Names beyond those that come with a product for several domains. */
export const extraNames = (product: NamecheapProduct, names: readonly DnsName[]): number =>
  product.shape === 'multi' ? Math.max(0, names.length - INCLUDED_NAMES) : 0;

/** @throws CertError `provider.unsupported` */
export function yearsOf(request: OrderRequest): string {
  const term = needed(request.term === undefined ? undefined : parseTerm(request.term), 'term');
  if (term.unit === 'year') return String(term.count);
  throw new CertError('provider.unsupported', 'Namecheap sells whole years');
}

/** What the proof of a wildcard hangs on. */
export const bare = (name: DnsName): DnsName => (isWildcard(name) ? name.slice(2) : name);

const otherNames = ({ names, commonName }: OrderRequest): readonly DnsName[] =>
  names.filter((name) => name !== commonName);

const wishFor = ({ validation }: OrderRequest, name: DnsName): RequestedValidation =>
  validation.find((wish) => wish.name === name) ?? { name, method: 'dns' };

/** The tokens of `activate` and `reissue` have no underscores, those of `editDCVMethod` have. */
const tokenOf = ({ method, approver, name }: RequestedValidation): string => {
  switch (method) {
    case 'email':
      return needed(approver, `approver for ${name}`);
    case 'http':
      return 'HTTPCSRHASH';
    case 'dns':
    case 'manual':
      return 'CNAMECSRHASH';
  }
};

export const editToken = (wish: RequestedValidation): string =>
  tokenOf(wish)
    .replace(/^HTTPCSRHASH$/, 'HTTP_CSR_HASH')
    .replace(/^CNAMECSRHASH$/, 'CNAME_CSR_HASH');

/** Exactly one of the three choices, for the common name; a list for the others. */
function proofParameters(request: OrderRequest): Parameters {
  const product = productOf(request);
  const first = wishFor(request, request.commonName);
  const choice: Parameters =
    first.method === 'email'
      ? { ApproverEmail: tokenOf(first) }
      : first.method === 'http'
        ? { HTTPDCValidation: 'true' }
        : { DNSDCValidation: 'true' };
  const others = otherNames(request);
  if (product.shape !== 'multi' || others.length === 0) return choice;
  return {
    ...choice,
    DNSNames: others.join(','),
    DNSApproverEmails: others.map((name) => tokenOf(wishFor(request, name))).join(','),
  };
}

const objectAt = (from: JsonObject | undefined, key: string): JsonObject => {
  const value = from?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

/** Members of ours to parameters of theirs; what is empty is not sent. */
function renamed(from: JsonObject, names: Readonly<Record<string, string>>): Parameters {
  return Object.fromEntries(
    Object.entries(names).flatMap(([ours, theirs]) => {
      const value = from[ours];
      return typeof value === 'string' && value.trim() !== '' ? [[theirs, value.trim()]] : [];
    }),
  );
}

/** `+NNN.NNNNNNNNNN`, where only digits and the usual marks came. */
function phone(text: string): string {
  const found = /^\+(\d{1,3})[\s.()-]*([\d\s.()-]{4,20})$/.exec(text.trim());
  return found ? `+${found[1]}.${(found[2] ?? '').replaceAll(/\D/g, '')}` : text.trim();
}

const withPhone = (parameters: Parameters, ...keys: readonly string[]): Parameters => ({
  ...parameters,
  ...Object.fromEntries(
    keys.flatMap((key) => (parameters[key] === undefined ? [] : [[key, phone(parameters[key])]])),
  ),
});

/** OV and EV: the organisation, who is called back, and where it was founded. */
function organizationParameters(request: OrderRequest, contacts: JsonObject | undefined): Parameters {
  const { validation } = productOf(request);
  if (validation === 'dv') return {};
  const person = { ...objectAt(contacts, 'admin'), ...objectAt(contacts, 'approver') };
  return {
    ...withPhone(
      renamed(objectAt(contacts, 'organization'), {
        name: 'AdminOrganizationName',
        street: 'AdminAddress1',
        city: 'AdminCity',
        state: 'AdminStateProvince',
        postalCode: 'AdminPostalCode',
        country: 'AdminCountry',
        phone: 'AdminPhone',
        duns: 'OrganizationDUNS',
        ...(validation === 'ev' ? { registration: 'CompanyRegistrationNumber' } : {}),
      }),
      'AdminPhone',
    ),
    ...withPhone(
      renamed(person, {
        firstName: 'OrganizationRepFirstName',
        lastName: 'OrganizationRepLastName',
        title: 'OrganizationRepTitle',
        phone: 'OrganizationRepPhone',
        email: 'OrganizationRepEmailAddress',
      }),
      'OrganizationRepPhone',
    ),
    ...(validation === 'ev'
      ? renamed(request.options, {
          joiCountryName: 'CompanyIncorporationCountry',
          joiStateOrProvinceName: 'CompanyIncorporationStateProvince',
          joiLocalityName: 'CompanyIncorporationLocality',
          joiDate: 'CompanyIncorporationDate',
          companyDba: 'CompanyDBA',
        })
      : {}),
  };
}

const DEFAULT_SERVER = 'other';

/**
 * Parameters of `activate` and `reissue`.
 * @param deliveryEmail  where issued files are mailed to, where the account wants one
 */
export function activationParameters(
  id: string,
  request: OrderRequest,
  contacts: JsonObject | undefined,
  deliveryEmail: string | undefined,
): Parameters {
  const { uniqueValue } = request.unique;
  const { webServerType } = request.options;
  const admin = objectAt(contacts, 'admin').email;
  const delivery = deliveryEmail ?? (typeof admin === 'string' && admin !== '' ? admin : undefined);
  return {
    CertificateID: id,
    CSR: `${needed(request.csrPem, 'CSR').trim()}\n`,
    WebServerType: typeof webServerType === 'string' ? webServerType : DEFAULT_SERVER,
    ...(typeof uniqueValue === 'string' ? { UniqueValue: uniqueValue } : {}),
    ...(delivery === undefined ? {} : { AdminEmailAddress: delivery }),
    ...proofParameters(request),
    ...organizationParameters(request, contacts),
  };
}
