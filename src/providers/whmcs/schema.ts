import type { JsonObject } from '../../model/json.js';
import { optionText } from '../../model/option-schema.js';
import { DEFAULT_PATIENCE } from './options.js';
import { MEANING_NAMES } from './states.js';

const id = (description: string): JsonObject => ({ type: 'integer', minimum: 1, description });
const text = (description: string, maxLength = 120): JsonObject => optionText(description, maxLength);
const strict = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});

const FUNCTION = { type: 'string', pattern: '^[A-Za-z0-9_]{1,64}$' };

const states: JsonObject = {
  type: 'object',
  description: 'What texts of the state field mean: text → meaning.',
  additionalProperties: { enum: [...MEANING_NAMES] },
};

const fields = strict({
  reference: id('Order-form field that holds our reference: how a lost order is found again.'),
  csr: id('Field that takes the CSR.'),
  approver: id('Field that takes the mailbox of the approver.'),
  names: id('Field that takes the names beside the first one.'),
  state: id('Field in which the module says where the order stands.'),
  certificate: id('Field with the certificate, PEM.'),
  chain: id('Field with its chain, PEM; root or not.'),
  recordName: id('Field with the name of the validation record.'),
  recordValue: id('Field with its value.'),
  upstream: id('Field with the id that the order has in the account that delivers.'),
});

const product = strict(
  {
    pid: id('Product id in WHMCS.'),
    title: text('Name for people.'),
    validation: { enum: ['dv', 'ov', 'ev'], description: 'What the authority checks (dv).' },
    wildcard: { type: 'boolean', description: 'It is for one wildcard name.' },
    names: { type: 'integer', minimum: 1, maximum: 250, description: 'Most names (1).' },
    caa: {
      type: 'array',
      items: text('Name that the authority goes by in CAA records.', 253),
      description: 'Names the authority behind it goes by in CAA records; absent: not known.',
    },
    terms: {
      type: 'object',
      description: 'Term → billing cycle; by default 1y annually, 2y biennially, 3y triennially.',
      minProperties: 1,
      propertyNames: { pattern: '^[1-9]\\d{0,2}[dy]$' },
      additionalProperties: {
        enum: ['onetime', 'monthly', 'quarterly', 'semiannually', 'annually', 'biennially', 'triennially'],
      },
    },
    setup: {
      enum: ['accept', 'create', 'payment'],
      description:
        'Who runs the module: AcceptOrder with autosetup (accept), ModuleCreate (create), or the shop at the payment.',
    },
    completion: {
      enum: ['fields', 'manual', 'upstream'],
      description:
        'How the certificate comes: through mapped custom fields, handed in by people (manual), or through the account that `upstream` names.',
    },
    upstreamProduct: {
      ...text('completion: upstream: the product there (the same name).', 64),
      pattern: '^[a-z0-9][a-z0-9-]*$',
    },
    sendAt: {
      enum: ['order', 'service'],
      description: 'When the CSR is written: with the order (default), or once the service is active.',
    },
    fields,
    contactFields: {
      type: 'object',
      description: 'Where contacts go: `admin.email`, `organization.name` … → field.',
      propertyNames: { pattern: '^(organization|admin|technical|approver)\\.[A-Za-z]{1,40}$' },
      additionalProperties: id('Field.'),
    },
    functions: strict(
      {
        submit: FUNCTION,
        reissue: FUNCTION,
        resend: FUNCTION,
        sync: FUNCTION,
        revoke: FUNCTION,
      },
      { description: 'Functions of the module, as its buttons call them.' },
    ),
    recordType: {
      enum: ['CNAME', 'TXT'],
      description: 'What the validation record is, where it is mapped.',
    },
    namesOption: strict(
      { id: id('Configurable option (quantity).'), included: { type: 'integer', minimum: 1 } },
      { required: ['id'], description: 'Option that sells further names, and how many are included (1).' },
    ),
    states,
  },
  { required: ['pid'] },
);

export const optionsSchema: JsonObject = strict(
  {
    clientId: id('The client of the shop that orders.'),
    paymentMethod: text('System name of a payment method of the shop, as banktransfer.', 64),
    payFromCredit: {
      type: 'boolean',
      description: 'Pay invoices from the credit of the client (true); else they wait until somebody pays.',
    },
    renewalOwner: {
      enum: ['certwright', 'whmcs'],
      description: 'Who renews: certwright (default), or the shop, outside every limit.',
    },
    profile: {
      enum: ['rvssl'],
      description: 'RVssl of RVglobalsoft: its words, and its separate upstream credit.',
    },
    upstream: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
      description: 'completion: upstream: the account of this configuration in which the module buys.',
    },
    patience: {
      type: 'string',
      pattern: '^[1-9]\\d{0,3}[hd]$',
      description: `How long a DV order may show nothing before it is said to stall (${DEFAULT_PATIENCE}).`,
    },
    states,
    products: {
      type: 'object',
      minProperties: 1,
      description: 'Products of the shop by the names that manifests use.',
      propertyNames: { pattern: '^[a-z0-9][a-z0-9-]{0,63}$' },
      additionalProperties: product,
    },
    callsPerMinute: {
      type: 'integer',
      minimum: 1,
      maximum: 6000,
      description: 'Most calls in a minute (240); WHMCS names no limit.',
    },
  },
  { required: ['clientId', 'paymentMethod', 'products'] },
);
