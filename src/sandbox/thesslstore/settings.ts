import type { Json } from '../../model/json.js';
import type { Setting } from '../frame/definition.js';
import { AMOUNT, amount, choice, count, flag, servers, setting, text } from '../frame/setting.js';
import { type ValidityLimit, validityLimits } from '../frame/validity.js';
import { DEFAULT_PRICES, type PriceRow } from './products.js';

/**
 * Everything that differs between accounts, and everything the reference leaves open. The defaults are the poorest
 * documented behaviour.
 */
export const SETTINGS: Readonly<Record<keyof StoreSettings, Setting>> = {
  currency: text('currency of the price list', 'USD'),
  openingBalance: amount('credit of an account that is new', '1000.00'),
  allowCredit: flag('may the account go below zero?', false),
  prices: setting(
    'product code → rows of months, price and price per name',
    DEFAULT_PRICES as unknown as Json,
    {
      type: 'object',
      additionalProperties: {
        type: 'array',
        items: {
          type: 'object',
          required: ['months', 'price', 'perName'],
          additionalProperties: false,
          properties: {
            months: { type: 'integer', minimum: 1 },
            price: AMOUNT,
            perName: AMOUNT,
          },
        },
      },
    },
  ),
  includedNamesFree: flag('included names come off the number that is paid for', true),

  autoApprove: flag('every name counts as proved at once, nothing is looked at', false),
  webServers: servers('name or *, and the address:port where its web server is looked for (HTTP)'),
  tlsWebServers: servers('the same for HTTPS; any certificate is accepted'),
  dnsServer: text('address:port that records are looked up at; system = resolver of the machine', ''),
  vettingDays: count('OV, EV: days until the organisation is checked', 2),

  validityLimits: validityLimits([
    { since: '2020-09-01', days: 397 },
    { since: '2026-03-15', days: 199 },
    { since: '2027-03-15', days: 99 },
    { since: '2029-03-15', days: 46 },
  ]),
  companionNames: flag('single names bring their www. twin', false),

  codesAs: choice('how a refusal says its code; the frame is inferred', ['framed', 'number', 'text']),
  newCodesOnRequest: flag('digi_… codes are listed only with IsForceNewSKUs', true),
  reissueNames: choice('what a reissue reads its names from: DNSNames, or AddSAN, DeleteSAN, EditSAN', [
    'list',
    'pairs',
  ]),
  notIssued: choice('download of an order that is not issued: success without files, or an error', [
    'empty',
    'error',
  ]),
  unknownOrder: choice('answer for an order that does not exist: an error text, or success without ids', [
    'error',
    'empty',
  ]),
  accountDetailError: flag('user/accountdetail says isError beside good data', true),
  balanceAs: choice('form of AccountBalance', ['text', 'number']),
  csrForms: choice('any: PEM, one line or percent-encoded; url: percent-encoded alone', ['any', 'url']),
  messageAs: choice('Message on success', ['empty', 'null', 'list-of-null', 'text']),
  noDateAs: choice('no date in the form of the culture that was asked for, or day first', [
    'culture',
    'day-first',
  ]),
  dataDelaySeconds: count('validation data and state of a new order or reissue show so much later', 0),
  listShowsReference: flag('CustomOrderID is filled in the list', false),
  listOrder: choice('which order comes first', ['newest', 'oldest']),
  paidTillShown: flag('OrderExpiryDate is told', true),
  maximumPageSize: count('most rows of a page', 100),
  repeatedReference: choice('a reference that was used already', ['accept', 'refuse']),
  refundDays: count('days after activation within which a refund may be asked for', 30),
  approveRefunds: flag('refunds are granted at once', false),
  insufficientFunds: text(
    'answer when the balance does not reach; its code is not documented',
    'Insufficient funds',
  ),
  emptyDownload: flag('an active order downloads as an empty list of files', false),
};

export interface StoreSettings {
  readonly currency: string;
  readonly openingBalance: string;
  readonly allowCredit: boolean;
  readonly prices: Readonly<Record<string, readonly PriceRow[]>>;
  readonly includedNamesFree: boolean;
  readonly autoApprove: boolean;
  readonly webServers: Readonly<Record<string, string>>;
  readonly tlsWebServers: Readonly<Record<string, string>>;
  readonly dnsServer: string;
  readonly vettingDays: number;
  readonly validityLimits: readonly ValidityLimit[];
  readonly companionNames: boolean;
  readonly codesAs: 'framed' | 'number' | 'text';
  readonly newCodesOnRequest: boolean;
  readonly reissueNames: 'list' | 'pairs';
  readonly notIssued: 'empty' | 'error';
  readonly unknownOrder: 'error' | 'empty';
  readonly accountDetailError: boolean;
  readonly balanceAs: 'text' | 'number';
  readonly csrForms: 'any' | 'url';
  readonly messageAs: 'empty' | 'null' | 'list-of-null' | 'text';
  readonly noDateAs: 'culture' | 'day-first';
  readonly dataDelaySeconds: number;
  readonly listShowsReference: boolean;
  readonly listOrder: 'newest' | 'oldest';
  readonly paidTillShown: boolean;
  readonly maximumPageSize: number;
  readonly repeatedReference: 'accept' | 'refuse';
  readonly refundDays: number;
  readonly approveRefunds: boolean;
  readonly insufficientFunds: string;
  readonly emptyDownload: boolean;
}
