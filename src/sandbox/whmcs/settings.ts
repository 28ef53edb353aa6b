import type { Json, JsonObject } from '../../model/json.js';
import type { Setting } from '../frame/definition.js';
import { AMOUNT, amount, choice, count, flag, setting, text, texts } from '../frame/setting.js';
import { type ValidityLimit, validityLimits } from '../frame/validity.js';
import { DEFAULT_PRODUCTS, type Product } from './products.js';

const CYCLE_PRICES: JsonObject = {
  type: 'object',
  additionalProperties: { type: 'string', pattern: '^(-1|\\d{1,9})\\.\\d{2}$' },
};

const PRODUCT_SCHEMA: JsonObject = {
  type: 'object',
  propertyNames: { pattern: '^[1-9]\\d{0,8}$' },
  additionalProperties: {
    type: 'object',
    required: ['name', 'module', 'level', 'autosetup', 'paytype', 'prices', 'setupFee', 'fields'],
    additionalProperties: false,
    properties: {
      name: { type: 'string' },
      module: { enum: ['wizard', 'fields', 'rvssl', 'wholesale'] },
      level: { enum: ['DV', 'OV', 'EV'] },
      autosetup: { enum: ['off', 'payment'] },
      paytype: { enum: ['recurring', 'onetime'] },
      prices: CYCLE_PRICES,
      setupFee: AMOUNT,
      upstreamPrice: AMOUNT,
      wholesaleType: { type: 'string' },
      option: {
        type: 'object',
        required: ['id', 'name', 'prices'],
        additionalProperties: false,
        properties: { id: { type: 'integer' }, name: { type: 'string' }, prices: CYCLE_PRICES },
      },
      fields: {
        type: 'array',
        items: {
          type: 'object',
          required: ['id', 'name', 'role', 'orderForm'],
          additionalProperties: false,
          properties: {
            id: { type: 'integer' },
            name: { type: 'string' },
            role: {
              enum: [
                'none',
                'csr',
                'approver',
                'names',
                'state',
                'certificate',
                'chain',
                'recordName',
                'recordValue',
                'remote',
              ],
            },
            orderForm: { type: 'boolean' },
          },
        },
      },
    },
  },
};

/** Everything that differs between shops, and everything the reference leaves open. Defaults: the poorest documented. */
export const SETTINGS: Readonly<Record<keyof WhmcsSettings, Setting>> = {
  clientId: count('the client that orders', 77),
  currency: text('currency of the client', 'USD'),
  openingCredit: amount('credit of the client when the shop is new', '1000.00'),
  products: setting(
    'product id → what it is, its module, prices by cycle and custom fields',
    DEFAULT_PRODUCTS as unknown as Json,
    PRODUCT_SCHEMA,
  ),
  taxPercent: setting('percentage that invoices add', '0', {
    type: 'string',
    pattern: '^\\d{1,2}(\\.\\d{1,4})?$',
  }),
  autoApplyCredit: flag('new invoices take the credit by themselves; the reply does not say so', false),
  autoPayRenewals: flag('the cron pays renewal invoices from credit', false),
  invoiceDays: count('days before the due date on which the cron makes a renewal invoice', 14),
  onDemandRenewal: flag('services may be renewed by AddOrder', true),
  dueDates: choice('what the due date follows: the paid term, or (by the sync) the certificate', [
    'billing',
    'certificate',
  ]),

  forbidden: texts('API actions that the role of the credential does not have', []),
  tellsInvoice: flag('AddOrder names the invoice it made', true),
  addressAllowed: flag('the address of the caller is on the list', true),
  accessKey: text('lets every address in; empty: there is none', ''),
  adminContext: flag('the credential has an admin behind it', true),

  emptyAs: choice('form of an empty collection', ['text', 'list', 'nested']),
  numbersAs: choice('form of numbers', ['mixed', 'text']),
  htmlEntities: flag('texts come with HTML entities', true),
  utcOffsetMinutes: setting('minutes by which the clock of the shop is ahead of UTC', 120, {
    type: 'integer',
    minimum: -720,
    maximum: 840,
  }),
  listOrder: choice('which orders and services come first', ['newest', 'oldest']),
  maximumPageSize: count('most rows of a page', 250),
  flatKeys: flag('GetCredits and GetModuleQueue in the flattened form of the documentation', false),

  acceptRunsAgain: flag('AcceptOrder with autosetup runs create for active services as well', true),
  hook: flag('the module takes a CSR that is written later without being told to', false),
  renewal: choice('what a paid renewal does: wait for configuration, or ask for the same again', [
    'configuration',
    'same',
  ]),
  bridge: flag('the module writes state, certificate and record into custom fields', true),
  rejectedService: choice('status of the service when its certificate is rejected', ['Active', 'Cancelled']),
  autoApprove: flag('approvers click, papers are checked and calls answered at once', false),
  validityLimits: validityLimits([
    { since: '2020-09-01', days: 397 },
    { since: '2026-03-15', days: 199 },
    { since: '2027-03-15', days: 99 },
    { since: '2029-03-15', days: 46 },
  ]),

  upstreamCredit: amount('rvssl: credit of the reseller at RVglobalsoft when the shop is new', '500.00'),
  upstreamPanel: choice('rvssl: which panel the state field mirrors while upstream credit is short', [
    'client',
    'admin',
    'account',
  ]),

  wholesaleUrl: text('wholesale: address of the API that the module buys at (a sandbox of namecheap)', ''),
  wholesaleUser: text('wholesale: ApiUser there', 'acme'),
  wholesaleKey: text('wholesale: ApiKey there', ''),
  wholesaleIp: text('wholesale: ClientIp there', '127.0.0.1'),
};

export interface WhmcsSettings {
  readonly clientId: number;
  readonly currency: string;
  readonly openingCredit: string;
  readonly products: Readonly<Record<string, Product>>;
  readonly taxPercent: string;
  readonly autoApplyCredit: boolean;
  readonly autoPayRenewals: boolean;
  readonly invoiceDays: number;
  readonly onDemandRenewal: boolean;
  readonly dueDates: 'billing' | 'certificate';
  readonly forbidden: readonly string[];
  readonly tellsInvoice: boolean;
  readonly addressAllowed: boolean;
  readonly accessKey: string;
  readonly adminContext: boolean;
  readonly emptyAs: 'text' | 'list' | 'nested';
  readonly numbersAs: 'mixed' | 'text';
  readonly htmlEntities: boolean;
  readonly utcOffsetMinutes: number;
  readonly listOrder: 'newest' | 'oldest';
  readonly maximumPageSize: number;
  readonly flatKeys: boolean;
  readonly acceptRunsAgain: boolean;
  readonly hook: boolean;
  readonly renewal: 'configuration' | 'same';
  readonly bridge: boolean;
  readonly rejectedService: 'Active' | 'Cancelled';
  readonly autoApprove: boolean;
  readonly validityLimits: readonly ValidityLimit[];
  readonly upstreamCredit: string;
  readonly upstreamPanel: 'client' | 'admin' | 'account';
  readonly wholesaleUrl: string;
  readonly wholesaleUser: string;
  readonly wholesaleKey: string;
  readonly wholesaleIp: string;
}
