import { CertError } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { type DnsName, isWildcard } from '../../model/names.js';
import type { OrderRequest, RequestedValidation } from '../../model/order.js';
import { parseTerm } from '../../model/term.js';
import { findProduct, type StoreProduct } from './products.js';

/** Words for a method of validation; those of a list of names, which a change of method shares. */
export type DcvKeyword = 'EMAIL' | 'HTTP_CSR_HASH' | 'HTTPS_CSR_HASH' | 'CNAME_CSR_HASH';

/** How the CSR is written: clients have met accounts that take one form only. */
export type CsrEncoding = 'url' | 'pem';

export const needed = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new CertError('internal', `the request has no ${what}`);
  return value;
};

export function productOf(request: OrderRequest): StoreProduct {
  const product = findProduct(request.product);
  if (product) return product;
  throw new CertError(
    'provider.unsupported',
    `certwright knows no product "${request.product}" of The SSL Store`,
  );
}

export const predecessorId = (request: OrderRequest): string =>
  needed(request.predecessor, 'predecessor').orderId;

/** What the proof of a wildcard hangs on. */
export const bare = (name: DnsName): DnsName => (isWildcard(name) ? name.slice(2) : name);

/** `manual` publishes the same record, by hand. */
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

export const wishFor = (request: OrderRequest, name: DnsName): RequestedValidation =>
  request.validation.find((wish) => wish.name === name) ?? { name, method: 'dns' };

/** The common name first, as lists want it. */
const inOrder = (request: OrderRequest): readonly DnsName[] => [
  request.commonName,
  ...request.names.filter((name) => name !== request.commonName),
];

/** Names beside the common name. */
const otherNames = (request: OrderRequest): readonly DnsName[] => inOrder(request).slice(1);

/** PEM with LF; or the same percent-encoded, as the vendor's own portal sends it. */
function encodedCsr(csrPem: string, encoding: CsrEncoding): string {
  const pem = `${csrPem.trim().replaceAll(/\r\n?/g, '\n')}\n`;
  return encoding === 'url' ? encodeURIComponent(pem) : pem;
}

/**
 * How names are proved. Of one name the flags tell it, of several at Sectigo a list; DigiCert takes one way for all.
 * @param mailbox  one that the approver list allows: wanted even where nothing is mailed
 */
function proofs(request: OrderRequest, mailbox: string): JsonObject & { readonly ApproverEmail: string } {
  const product = productOf(request);
  const names = inOrder(request);
  const wishes = names.map((name) => wishFor(request, name));
  const [first = { name: request.commonName, method: 'dns' as const }] = wishes;
  const keyword = dcvKeyword(first, request.options);
  const flags = {
    FileAuthDVIndicator: keyword === 'HTTP_CSR_HASH',
    HTTPSFileAuthDVIndicator: keyword === 'HTTPS_CSR_HASH',
    CNAMEAuthDVIndicator: keyword === 'CNAME_CSR_HASH',
  };
  if (product.shape === 'multi' && product.authority === 'sectigo') {
    const listed = wishes.map((wish) => {
      const word = dcvKeyword(wish, request.options);
      return word === 'EMAIL' ? needed(wish.approver, `approver for ${wish.name}`) : word;
    });
    return { ...flags, ApproverEmail: listed.join(',') };
  }
  return { ...flags, ApproverEmail: keyword === 'EMAIL' ? needed(first.approver, 'approver') : mailbox };
}

/** What an order and a reissue share. */
function common(request: OrderRequest, encoding: CsrEncoding): JsonObject {
  const { authority } = productOf(request);
  const uniqueValue = request.unique.uniqueValue;
  const server = request.options.webServerType;
  return {
    CSR: encodedCsr(needed(request.csrPem, 'CSR'), encoding),
    WebServerType: typeof server === 'string' ? server : 'Other',
    DNSNames: otherNames(request),
    // Without it DigiCert products are refused by a text about the CSR.
    SignatureHashAlgorithm: authority === 'digicert' ? 'sha256' : 'PREFER_SHA2',
    ...(typeof uniqueValue === 'string' && authority === 'sectigo' ? { CSRUniqueValue: uniqueValue } : {}),
  };
}

const objectAt = (from: JsonObject | undefined, key: string): JsonObject => {
  const value = from?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

/** Members of ours to members of theirs; what is empty is not sent. */
function renamed(from: JsonObject, names: Readonly<Record<string, string>>): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const value = from[ours];
    if (typeof value === 'string' && value.trim() !== '') found[theirs] = value.trim();
  }
  return found;
}

const PERSON = {
  firstName: 'FirstName',
  lastName: 'LastName',
  title: 'Title',
  email: 'Email',
  phone: 'Phone',
};
const ADDRESS = {
  street: 'AddressLine1',
  city: 'City',
  state: 'Region',
  postalCode: 'PostalCode',
  country: 'Country',
};

/** A contact with the address of its organisation. Two letters as country: a full name is refused by the authority. */
function contact(contacts: JsonObject | undefined, part: 'admin' | 'technical'): JsonObject {
  const organization = objectAt(contacts, 'organization');
  const person = { ...objectAt(contacts, 'admin'), ...objectAt(contacts, part) };
  return {
    ...renamed(person, PERSON),
    ...renamed(organization, { name: 'OrganizationName', ...ADDRESS }),
  };
}

function organization(contacts: JsonObject | undefined, options: JsonObject): JsonObject {
  const given = objectAt(contacts, 'organization');
  return {
    ...renamed(given, { name: 'OrganizationName', duns: 'DUNS', registration: 'RegistrationNumber' }),
    ...renamed(options, {
      joiLocalityName: 'JurisdictionCity',
      joiStateOrProvinceName: 'JurisdictionRegion',
      joiCountryName: 'JurisdictionCountry',
    }),
    OrganizationAddress: {
      ...renamed(given, { ...ADDRESS, phone: 'Phone' }),
      ...renamed(given, { city: 'LocalityName' }),
    },
  };
}

/**
 * What an order of this product has to name, by an integrator's matrix. Found out by the order itself it would leave open
 * whether something was bought.
 * @throws CertError `provider.refused`; nothing was sent
 */
function refuseIncomplete(
  { id, authority, validation, shape }: StoreProduct,
  contacts: JsonObject,
  vettedBefore: boolean,
): void {
  const ev = validation === 'ev';
  const person = [
    'firstName',
    'lastName',
    'phone',
    'email',
    ...(ev && authority === 'digicert' ? ['title'] : []),
  ];
  const organized = validation !== 'dv' && !vettedBefore;
  const address = [
    'name',
    'street',
    'state',
    'postalCode',
    ...(authority === 'digicert' ? ['country', 'phone'] : []),
    ...(authority === 'sectigo' && (ev || shape === 'multi') ? ['city'] : []),
  ];
  const missingIn = (part: string, keys: readonly string[]): readonly string[] => {
    const given = objectAt(contacts, part);
    return keys
      .filter((key) => typeof given[key] !== 'string' || String(given[key]).trim() === '')
      .map((key) => `${part}.${key}`);
  };
  const missing = [...missingIn('admin', person), ...(organized ? missingIn('organization', address) : [])];
  if (missing.length === 0) return;
  throw new CertError(
    'provider.refused',
    `The SSL Store takes no order of ${id} without ${missing.join(', ')}`,
    {
      remedy: 'Add what is missing to the contacts in certwright.yaml; nothing was sent.',
    },
  );
}

/** Who is named where nothing is vetted but the names, and the manifest names no contacts. */
const NOBODY: JsonObject = { FirstName: 'Host', LastName: 'Master', Phone: '+1.0000000000' };

/**
 * Body of `order/neworder`.
 * @param mailbox  as `proofs`
 */
export function orderBody(
  request: OrderRequest,
  contacts: JsonObject | undefined,
  mailbox: string,
  encoding: CsrEncoding,
): JsonObject {
  const product = productOf(request);
  const term = needed(request.term === undefined ? undefined : parseTerm(request.term), 'term');
  if (term.unit !== 'year') {
    throw new CertError('provider.unsupported', 'The SSL Store sells months; terms are whole years here');
  }
  const renewed = request.action === 'renew' ? request.predecessor?.orderId : undefined;
  const vetted = product.validation !== 'dv';
  const organizationId = product.authority === 'digicert' ? request.options.organizationId : undefined;
  const vettedBefore = typeof organizationId === 'number';
  if (contacts !== undefined) refuseIncomplete(product, contacts, vettedBefore);
  const person = (part: 'admin' | 'technical'): JsonObject => ({
    ...(contacts === undefined ? { ...NOBODY, Email: mailbox } : {}),
    ...contact(contacts, part),
  });
  return {
    CustomOrderID: request.reference,
    ProductCode: product.vendorCode,
    ValidityPeriod: term.count * 12,
    ServerCount: 1,
    DomainName: request.commonName,
    ...common(request, encoding),
    ReserveSANCount: product.shape === 'multi' ? otherNames(request).length : 0,
    isCUOrder: false,
    isRenewalOrder: renewed !== undefined,
    isTrialOrder: false,
    RelatedTheSSLStoreOrderID: renewed ?? '',
    ...(vetted && vettedBefore
      ? { TSSOrganizationId: organizationId }
      : vetted
        ? { OrganizationInfo: organization(contacts, request.options) }
        : {}),
    AdminContact: person('admin'),
    TechnicalContact: person('technical'),
    ...proofs(request, mailbox),
  };
}

/**
 * Body of `order/reissue`.
 * @param mailbox  as `proofs`
 * @param before  names of the order, to tell which are added and which are gone
 * @param email  the admin contact's of the order: it has to be the same
 */
export function reissueBody(
  request: OrderRequest,
  mailbox: string,
  encoding: CsrEncoding,
  before: readonly DnsName[],
  email: string | undefined,
): JsonObject {
  const { ApproverEmail, ...flags } = proofs(request, mailbox);
  const added = otherNames(request).filter((name) => !before.includes(name));
  const gone = before.filter((name) => !request.names.includes(name));
  return {
    TheSSLStoreOrderID: predecessorId(request),
    ...common(request, encoding),
    isWildCard: request.names.some(isWildcard),
    ...flags,
    ApproverEmails: ApproverEmail,
    PreferEnrollmentLink: false,
    ...(email === undefined ? {} : { ReissueEmail: email }),
    AddSAN: added.map((name) => ({ OldValue: '', NewValue: name })),
    DeleteSAN: gone.map((name) => ({ OldValue: name, NewValue: '' })),
    EditSAN: [],
  };
}
