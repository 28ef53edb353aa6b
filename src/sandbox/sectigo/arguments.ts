import type { WireCall } from '../frame/definition.js';
import { invalid, missing, Refusal } from './codes.js';

/** What one argument may be. */
interface Rule {
  readonly required?: true;
  readonly max?: number;
  readonly form?: RegExp;
}
export type ArgumentTable = Readonly<Record<string, Rule>>;

const any: Rule = {};
const upTo = (max: number): Rule => ({ max });
const whole: Rule = { form: /^-?\d{1,12}$/ };
const yesNo: Rule = { form: /^[YN]$/ };
const zeroOrOne: Rule = { form: /^[01]$/ };
const certificateId: Rule = { form: /^\d{1,16}$/ };
const numbers: Rule = { form: /^[0-9, ]+$/ };
const required = (rule: Rule): Rule => ({ ...rule, required: true });

const METHODS = /^(EMAIL|HTTP_CSR_HASH|HTTPS_CSR_HASH|CNAME_CSR_HASH)$/;
const login: ArgumentTable = { loginName: required(upTo(64)), loginPassword: required(upTo(128)) };
const orderNumber = upTo(128);

const subject: ArgumentTable = {
  organizationName: upTo(64),
  organizationalUnitName: upTo(64),
  postOfficeBox: upTo(40),
  streetAddress1: upTo(128),
  streetAddress2: upTo(128),
  streetAddress3: upTo(128),
  localityName: upTo(128),
  stateOrProvinceName: upTo(128),
  postalCode: upTo(40),
  countryName: upTo(2),
  companyNumber: any,
  dunsNumber: any,
  joiLocalityName: any,
  joiStateOrProvinceName: any,
  joiCountryName: upTo(2),
  appRepForename: upTo(64),
  appRepSurname: upTo(64),
  appRepEmailAddress: upTo(255),
  appRepTelephone: upTo(32),
  appRepTitle: upTo(64),
  isAppRepValidated: yesNo,
  isCallbackCompleted: yesNo,
  emailAddress: upTo(255),
  contactEmailAddress: upTo(255),
};

const request: ArgumentTable = {
  ...subject,
  isCustomerValidated: required(yesNo),
  serverSoftware: whole,
  csr: upTo(32_767),
  dcvMethod: { form: METHODS },
  dcvEmailAddress: upTo(255),
  dcvEmailAddresses: upTo(32_767),
  uniqueValue: { form: /^[A-Za-z0-9]{1,20}$/ },
  domainNames: upTo(32_767),
  primaryDomainName: upTo(64),
  maxSubjectCNs: whole,
  prioritiseCSRValues: { form: /^[YNPC]$/ },
  foreignOrderNumber: upTo(64),
  responseFormat: zeroOrOne,
  showCertificateID: yesNo,
};

const order: ArgumentTable = {
  ...login,
  ...request,
  product: required(upTo(64)),
  days: required(whole),
  csr: required(upTo(32_767)),
  serverSoftware: required(whole),
  servers: whole,
  caCertificateID: whole,
  checkFONIsUnique: yesNo,
  showCertificateState: yesNo,
  test: yesNo,
  disableSiteLock: yesNo,
  enableAutoRenew: yesNo,
  domainName: upTo(64),
};

/**
 * The same call for website protection. None of its flows carries a reference of the buyer's: `foreignOrderNumber` is an
 * unknown argument here.
 */
export const LICENCE_ORDER: ArgumentTable = {
  ...login,
  product: required(upTo(64)),
  days: whole,
  domainName: required(upTo(64)),
  appRepEmailAddress: required(upTo(255)),
  previousOrderNumber: orderNumber,
  enableAutoRenew: yesNo,
  organizationName: upTo(64),
  streetAddress1: upTo(128),
  stateOrProvinceName: upTo(128),
  postalCode: upTo(40),
  countryName: upTo(2),
  appRepForename: upTo(64),
  appRepSurname: upTo(64),
  appRepLoginName: upTo(50),
  appRepLoginPassword: upTo(50),
  responseFormat: zeroOrOne,
};

const revoke: ArgumentTable = {
  ...login,
  orderNumber,
  certificateID: certificateId,
  serialNumber: { form: /^[0-9a-fA-F]{1,34}$/ },
  revocationReason: upTo(1024),
  codeReason: { form: /^[01345]$/ },
  test: yesNo,
  responseFormat: zeroOrOne,
};

/** Every argument of every operation, by the spelling of the documentation. */
export const ARGUMENTS = {
  AutoApplyOrder: order,
  AutoApplySSL: order,
  CollectSSL: {
    ...login,
    orderNumber,
    certificateID: certificateId,
    baseOrderNumber: orderNumber,
    queryType: required({ form: /^[0-3]$/ }),
    responseType: { form: /^[0-3]$/ },
    responseEncoding: zeroOrOne,
    responseMimeType: upTo(255),
    responseFormat: zeroOrOne,
    showValidityPeriod: yesNo,
    showFQDN: yesNo,
    showExtStatus: yesNo,
    showStatusDetails: yesNo,
    showMDCDomainDetails: yesNo,
    showMDCDomainDetails2: yesNo,
  },
  AutoReplaceSSL: { ...login, ...request, orderNumber: required(orderNumber), exactOrder: yesNo },
  AutoRevokeSSL: revoke,
  autoRevokeCertificate: { ...revoke, accountID: upTo(128), includeInCRL: yesNo },
  AutoReject: { ...login, orderNumber: required(orderNumber), test: yesNo, disableSWP: yesNo },
  AutoRefund: {
    ...login,
    orderNumber: required(orderNumber),
    refundReasonCode: required({ form: /^([1-9]|1[01])$/ }),
  },
  modifyThirdPartyDetails: {
    ...login,
    orderNumber: required(orderNumber),
    product: required({ form: /^\d{1,6}$/ }),
    action: required({ form: /^CANCELLICENCE$/ }),
  },
  AutoUpdateDCV: {
    ...login,
    orderNumber,
    baseOrderNumber: orderNumber,
    newMethod: { form: METHODS },
    newDCVEmailAddress: upTo(255),
    domainName: upTo(255),
    domainNames: upTo(32_767),
    newMethods: upTo(32_767),
    newDCVEmailAddresses: upTo(32_767),
    dcvTemplateID: whole,
  },
  ResendDCVEmail: {
    ...login,
    orderNumber,
    baseOrderNumber: orderNumber,
    dcvEmailAddress: upTo(255),
    dcvTemplateID: whole,
  },
  // 2 is JSON whose layout is not known; it is refused as a value.
  GetDCVEmailAddressList: { ...login, domainName: required(upTo(255)), responseFormat: { form: /^1$/ } },
  GetMDCDomainDetails: {
    ...login,
    orderNumber: required(orderNumber),
    showStatusDetails: yesNo,
    responseFormat: { form: /^1$/ },
  },
  AutoRemoveMDCDomain: { ...login, orderNumber: required(orderNumber), domainName: required(upTo(255)) },
  WebHostReport: {
    ...login,
    notBefore: whole,
    notAfter: whole,
    expireNotBefore: whole,
    expireNotAfter: whole,
    organizationName: upTo(64),
    fqdn: upTo(255),
    orderNumber: numbers,
    foreignOrderNumber: any,
    certificateID: numbers,
    certificateStatusCode: numbers,
    certificateStatusDesc: any,
    firstResultNo: whole,
    lastResultNo: whole,
    showStatusDetails: yesNo,
    showExtStatus: yesNo,
    showAdditionalDomains: yesNo,
    showSignatureAlgorithm: yesNo,
    showCertificateID: yesNo,
    showOldItems: yesNo,
    showCost: yesNo,
    showAssociatedOrders: yesNo,
  },
  // A JSON form exists; neither its number nor its layout is known.
  getAccountBalance: { ...login, responseFormat: zeroOrOne },
} as const satisfies Readonly<Record<string, ArgumentTable>>;

export type Operation = keyof typeof ARGUMENTS;

/** Arguments by the spelling of the documentation; an empty one counts as absent. */
export type Arguments = Readonly<Record<string, string>>;

export interface Received {
  readonly values: Arguments;
  /** As the caller spelt them: those that the operation does not have, in order of arrival. */
  readonly unknown: readonly string[];
  readonly repeated: readonly string[];
}

/** A body that is no form has no arguments at all; an address has none ever. */
export function receive(table: ArgumentTable, call: WireCall): Received {
  const spelling = new Map(Object.keys(table).map((name) => [name.toLowerCase(), name]));
  const type = String(call.headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  const form = type === 'application/x-www-form-urlencoded' ? call.body.toString('utf8') : '';
  const values: Record<string, string> = {};
  const unknown: string[] = [];
  const repeated: string[] = [];
  for (const [given, value] of new URLSearchParams(form)) {
    const name = spelling.get(given.toLowerCase());
    if (name === undefined) unknown.push(given);
    else if (Object.hasOwn(values, name)) repeated.push(name);
    else if (value !== '') values[name] = value;
  }
  return { values, unknown: [...unknown, ...call.query.keys()], repeated };
}

/** @throws Refusal -2, then -3 */
export function checkNames(table: ArgumentTable, { values, unknown }: Received): void {
  const [stranger] = unknown;
  if (stranger !== undefined) throw new Refusal(-2, stranger);
  const absent = Object.keys(table).find((name) => table[name]?.required && values[name] === undefined);
  if (absent !== undefined) throw missing(absent);
}

/** @throws Refusal -4 */
export function checkValues(table: ArgumentTable, { values, repeated }: Received): void {
  const [twice] = repeated;
  if (twice !== undefined) throw invalid(twice);
  for (const [name, value] of Object.entries(values)) {
    const rule = table[name];
    if (rule?.max !== undefined && value.length > rule.max) throw invalid(name);
    if (rule?.form !== undefined && !rule.form.test(value)) throw invalid(name);
  }
}

export const list = (value: string | undefined): readonly string[] =>
  (value ?? '').split(/[\s,]+/).filter((part) => part !== '');
