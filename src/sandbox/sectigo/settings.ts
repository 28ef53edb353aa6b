import type { Setting } from '../frame/definition.js';
import {
  AMOUNT,
  amount,
  choice,
  code,
  count,
  flag,
  servers,
  setting,
  text,
  texts,
} from '../frame/setting.js';
import { type ValidityLimit, validityLimits } from '../frame/validity.js';
import { DEFAULT_PRICES } from './products.js';

/**
 * Everything that differs between accounts, and everything the reference leaves open. The defaults are the poorest
 * documented behaviour: what is unknown is absent.
 */
export const SETTINGS: Readonly<Record<keyof SectigoSettings, Setting>> = {
  // the account
  currency: text('currency of every amount; the wire prints none but in the balance', 'USD'),
  accountId: text('account number in the balance', '100001'),
  openingBalance: amount('credit of an account that is new', '1000.00'),
  hardCreditLimit: amount('printed beside the balance; it extends nothing', '0.00'),
  prices: setting('product code, days, amount; what is missing is not sold (-115)', DEFAULT_PRICES, {
    type: 'object',
    additionalProperties: {
      type: 'object',
      additionalProperties: AMOUNT,
    },
  }),
  payment: choice('debit: from the balance, status 0; required: Sectigo takes payment, status 1', [
    'debit',
    'required',
  ]),
  testOrders: flag('may test=Y be ordered? otherwise -16', false),
  accountLocked: flag('every call is answered with -16', false),

  // proof of control
  autoApprove: flag('every name counts as proved at once, nothing is looked at', false),
  webServers: servers('name or *, and the address:port where its web server is looked for (HTTP)'),
  tlsWebServers: servers('the same for HTTPS; any certificate is accepted'),
  dnsServer: text('address:port that CNAMEs are looked up at; system = resolver of the machine', ''),
  dcvSuffixes: texts('endings of a CNAME target and second word of a file', ['sectigo.com']),
  reuseDays: count('days in which a name proved before needs no new proof', 0),

  // from proof to certificate: so many polls or so much time, whichever comes first
  processingPolls: count('CollectSSL calls still answered 0 when everything is proved', 1),
  processingSeconds: count('or this long', 3600),
  issuingPolls: count('then CollectSSL calls answered -26', 1),
  issuingSeconds: count('or this long', 60),
  organizationDays: count('OV, EV: days until the organisation is checked', 1),
  callbackDays: count('OV, EV: days from there to the call-back', 1),
  documentsDays: count('EV: days from there to the agreement', 1),
  validityLimits: validityLimits([
    { since: '2020-09-01', days: 397 },
    { since: '2026-03-12', days: 199 },
    { since: '2027-03-14', days: 99 },
    { since: '2029-03-14', days: 46 },
  ]),
  companionNames: flag('a single-name certificate also holds www. or the bare name', true),
  requiredForOv: texts('OV, EV: arguments without which an order is -3, if the CSR has no such field', [
    'organizationName',
    'streetAddress1',
    'localityName',
    'postalCode',
    'countryName',
  ]),
  requiredForEv: texts('EV: further arguments without which an order is -3', [
    'companyNumber',
    'joiCountryName',
    'appRepForename',
    'appRepSurname',
    'appRepEmailAddress',
    'appRepTelephone',
  ]),

  // replies
  certificateEncoding: choice('certificate in URL-encoded replies', ['bare', 'pem', 'pem-base64']),
  caOrder: choice('order of caCertificate in URL-encoded replies', ['root-first', 'issuer-first']),
  echoUniqueValue: flag('a uniqueValue that was sent comes back in the order reply', false),
  statusTexts: flag(
    'placeholders where the words are unknown: certificateStatus, orderStatus, type …',
    false,
  ),
  productTermDates: choice('productTermStartDate and its like, whose form is unknown', [
    'absent',
    'unix',
    'date',
  ]),
  refundReply: choice('form of the reply of AutoRefund', ['newline', 'url-encoded']),

  // codes that nobody knows
  repeatedReferenceCode: code('foreignOrderNumber used before, with checkFONIsUnique=Y', -990),
  unknownOrderCode: code('order or certificate number that the account does not have', -4),
  unpaidCollectCode: code('CollectSSL while payment is awaited', 0),
  parallelCollectCode: code('CollectSSL while another one is open', -42),

  // behaviour that nobody knows
  parallelCollect: choice('a second CollectSSL at the same time', ['refuse', 'allow']),
  collectSeconds: count('CollectSSL for one certificate more often than this is -42; 0 = no limit', 0),
  pendingReissue: choice('what an order number answers while a reissue is pending', ['pending', 'issued']),
  reissueChangesOrderNumber: flag(
    'a reissue gets an order number of its own, under the same base number',
    false,
  ),
  revokeByOrderNumber: choice('what AutoRevokeSSL by order number revokes', ['all', 'newest']),
  rejectRefunds: flag('rejecting an order that is not issued gives the money back', false),
  refundDays: count('days in which AutoRefund gives the money back', 30),

  // SiteLock
  siteLockActive: flag('website protection is sold to this account; otherwise -76', true),
  siteLockAutoRenew: flag('licences ordered without enableAutoRenew renew themselves', true),
  siteLockKnownCode: code('a new customer whose domain, e-mail or login is known (-122 or -4)', -122),
  siteLockRefundDays: count('days in which a licence of a year gives its money back', 14),
  siteLockRenewal: choice('when the term of a renewal begins', ['now', 'end']),
  siteLockIds: flag('slUserID and slSiteID in the reply of an order', false),
  bundleForKnown: choice('a bundle for an e-mail or domain that is known: -122, or no second licence', [
    'refuse',
    'join',
  ]),

  // WebHostReport
  reportShowsSiteLock: flag('licences stand in it beside certificates', false),
  visibilityLagSeconds: count('how long an order stays out of reports', 0),
  reportCount: choice('what noOfResults counts', ['page', 'total']),
  reportNumbering: choice('numbering of the rows of a later page', ['restart', 'continue']),
  reportOrder: choice('which order comes first', ['newest', 'oldest']),
  reportFirst: setting('number of the first result', 1, { type: 'integer', enum: [0, 1] }),
  reportPageSize: count('rows when no range is asked for', 10),
  reportMaximum: count('most rows of one reply', 100),
  reportErrorKey: choice('key of the code', ['error_code', 'errorCode']),
  reportShowsReference: flag('foreignOrderNumber is one of the fields', false),
  reportAdditionalNames: choice('mdcDomainNames with showAdditionalDomains=Y', ['absent', 'comma', 'space']),
};

export interface SectigoSettings {
  readonly currency: string;
  readonly accountId: string;
  readonly openingBalance: string;
  readonly hardCreditLimit: string;
  readonly prices: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly payment: 'debit' | 'required';
  readonly testOrders: boolean;
  readonly accountLocked: boolean;
  readonly autoApprove: boolean;
  readonly webServers: Readonly<Record<string, string>>;
  readonly tlsWebServers: Readonly<Record<string, string>>;
  readonly dnsServer: string;
  readonly dcvSuffixes: readonly string[];
  readonly reuseDays: number;
  readonly processingPolls: number;
  readonly processingSeconds: number;
  readonly issuingPolls: number;
  readonly issuingSeconds: number;
  readonly organizationDays: number;
  readonly callbackDays: number;
  readonly documentsDays: number;
  readonly validityLimits: readonly ValidityLimit[];
  readonly companionNames: boolean;
  readonly requiredForOv: readonly string[];
  readonly requiredForEv: readonly string[];
  readonly certificateEncoding: 'bare' | 'pem' | 'pem-base64';
  readonly caOrder: 'root-first' | 'issuer-first';
  readonly echoUniqueValue: boolean;
  readonly statusTexts: boolean;
  readonly productTermDates: 'absent' | 'unix' | 'date';
  readonly refundReply: 'newline' | 'url-encoded';
  readonly repeatedReferenceCode: number;
  readonly unknownOrderCode: number;
  readonly unpaidCollectCode: number;
  readonly parallelCollectCode: number;
  readonly parallelCollect: 'refuse' | 'allow';
  readonly collectSeconds: number;
  readonly pendingReissue: 'pending' | 'issued';
  readonly reissueChangesOrderNumber: boolean;
  readonly revokeByOrderNumber: 'all' | 'newest';
  readonly rejectRefunds: boolean;
  readonly refundDays: number;
  readonly siteLockActive: boolean;
  readonly siteLockAutoRenew: boolean;
  readonly siteLockKnownCode: number;
  readonly siteLockRefundDays: number;
  readonly siteLockRenewal: 'now' | 'end';
  readonly siteLockIds: boolean;
  readonly bundleForKnown: 'refuse' | 'join';
  readonly reportShowsSiteLock: boolean;
  readonly visibilityLagSeconds: number;
  readonly reportCount: 'page' | 'total';
  readonly reportNumbering: 'restart' | 'continue';
  readonly reportOrder: 'newest' | 'oldest';
  readonly reportFirst: 0 | 1;
  readonly reportPageSize: number;
  readonly reportMaximum: number;
  readonly reportErrorKey: 'error_code' | 'errorCode';
  readonly reportShowsReference: boolean;
  readonly reportAdditionalNames: 'absent' | 'comma' | 'space';
}
