import type { Json } from '../../model/json.js';
import type { Setting } from '../frame/definition.js';
import { AMOUNT, amount, choice, count, flag, servers, setting, text } from '../frame/setting.js';
import { type ValidityLimit, validityLimits } from '../frame/validity.js';
import { DEFAULT_PRICES, type PriceRow } from './products.js';

/**
 * Everything that differs between accounts, and everything the reference leaves open. The defaults are the poorest
 * documented behaviour.
 */
export const SETTINGS: Readonly<Record<keyof NamecheapSettings, Setting>> = {
  personality: choice('production, or the vendor’s sandbox, where OV and EV are never issued', [
    'production',
    'sandbox',
  ]),
  currency: text('currency of the account', 'USD'),
  openingBalance: amount('money of an account that is new', '1000.00'),
  prices: setting('product → rows of years, purchase and renew', DEFAULT_PRICES as unknown as Json, {
    type: 'object',
    additionalProperties: {
      type: 'array',
      items: {
        type: 'object',
        required: ['years', 'purchase', 'renew'],
        additionalProperties: false,
        properties: {
          years: { type: 'integer', minimum: 1, maximum: 5 },
          purchase: AMOUNT,
          renew: AMOUNT,
        },
      },
    },
  }),
  pricePerName: amount('a name beyond the three that are included', '7.00'),
  pricedAs: choice('names in the price list: present ones, or retired ones', ['current', 'retired']),

  autoApprove: flag('every name counts as proved at once, nothing is looked at', false),
  webServers: servers('name or *, and the address:port where its web server is looked for'),
  dnsServer: text('address:port that records are looked up at; system = resolver of the machine', ''),
  issueDelayMinutes: count('from the activation to the certificate, whatever is proved', 0),
  vettingDays: count('OV, EV: days until the organisation is checked', 2),
  validityLimits: validityLimits([
    { since: '2020-09-01', days: 397 },
    { since: '2026-03-12', days: 199 },
    { since: '2027-03-15', days: 99 },
    { since: '2029-03-15', days: 46 },
  ]),
  companionNames: flag('single names bring their www. twin', false),

  replacedAt: choice('when the old record of a reissue turns replaced', ['issuance', 'call']),
  reissueDates: choice('PurchaseDate of a record that a reissue made', ['reissue', 'purchase']),
  expires: choice('what Expires tells', ['certificate', 'term']),
  sansCount: choice('what SANSCount counts: names that were added, or all that are allowed', [
    'added',
    'allowed',
  ]),
  moreNamesWhen: choice('what further names may be bought for', ['any', 'newpurchase']),
  activationDays: count('days within which a slot has to be activated', 365),
  deliveryEmail: choice('AdminEmailAddress', ['optional', 'required']),
  statusCase: choice('letters of a status: as the samples mix them, or one way', ['mixed', 'lower', 'upper']),
  reissueElement: choice('result element of a reissue', ['SSLReissueResult', 'SSLActivateResult']),
  namespace: flag('the root element names its namespace', true),
  emptyResponse: flag('a refusal carries an empty CommandResponse', false),
  invalidStatusNumber: choice('number of the error “status is invalid”', ['4011331', '2011331']),
  maximumPageSize: count('most lines of a page', 100),
  callsPerMinute: count('more calls are throttled; 0 = never', 0),
  throttleAs: choice('how: HTTP 405, or error 500000', ['405', '500000']),
  refuseAddress: flag('the address of the caller is not on the list', false),
  purchasesShow: flag('new purchases show in the list', true),
};

export interface NamecheapSettings {
  readonly personality: 'production' | 'sandbox';
  readonly currency: string;
  readonly openingBalance: string;
  readonly prices: Readonly<Record<string, readonly PriceRow[]>>;
  readonly pricePerName: string;
  readonly pricedAs: 'current' | 'retired';
  readonly autoApprove: boolean;
  readonly webServers: Readonly<Record<string, string>>;
  readonly dnsServer: string;
  readonly issueDelayMinutes: number;
  readonly vettingDays: number;
  readonly validityLimits: readonly ValidityLimit[];
  readonly companionNames: boolean;
  readonly replacedAt: 'issuance' | 'call';
  readonly reissueDates: 'reissue' | 'purchase';
  readonly expires: 'certificate' | 'term';
  readonly sansCount: 'added' | 'allowed';
  readonly moreNamesWhen: 'any' | 'newpurchase';
  readonly activationDays: number;
  readonly deliveryEmail: 'optional' | 'required';
  readonly statusCase: 'mixed' | 'lower' | 'upper';
  readonly reissueElement: 'SSLReissueResult' | 'SSLActivateResult';
  readonly namespace: boolean;
  readonly emptyResponse: boolean;
  readonly invalidStatusNumber: '4011331' | '2011331';
  readonly maximumPageSize: number;
  readonly callsPerMinute: number;
  readonly throttleAs: '405' | '500000';
  readonly refuseAddress: boolean;
  readonly purchasesShow: boolean;
}
