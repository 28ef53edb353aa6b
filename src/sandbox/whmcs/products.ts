/** What a custom field of a product is used for by the module behind it. */
export type FieldRole =
  | 'none'
  | 'csr'
  | 'approver'
  | 'names'
  | 'state'
  | 'certificate'
  | 'chain'
  | 'recordName'
  | 'recordValue'
  | 'remote';

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly role: FieldRole;
  /** Shown on the order form: GetProducts lists it, AddOrder takes it. */
  readonly orderForm: boolean;
}

/** A configurable option that is a number, as additional names are sold. */
export interface QuantityOption {
  readonly id: number;
  readonly name: string;
  /** Price of each, by cycle. */
  readonly prices: Readonly<Record<string, string>>;
}

/**
 * `wizard`: configured by people on a web page. `fields`: reads and writes custom fields. `rvssl`: as published.
 * `wholesale`: buys at a wholesaler's API, and leaves the request to whoever has the account there.
 */
export type ModuleKind = 'wizard' | 'fields' | 'rvssl' | 'wholesale';

export interface Product {
  readonly name: string;
  readonly module: ModuleKind;
  readonly level: 'DV' | 'OV' | 'EV';
  /** When the shop runs the module by itself: never without AcceptOrder, or at the payment. */
  readonly autosetup: 'off' | 'payment';
  readonly paytype: 'recurring' | 'onetime';
  /** By cycle; `-1.00`: not offered. */
  readonly prices: Readonly<Record<string, string>>;
  readonly setupFee: string;
  readonly fields: readonly Field[];
  readonly option?: QuantityOption;
  /** rvssl: what the reseller pays upstream. */
  readonly upstreamPrice?: string;
  /** wholesale: the product there. */
  readonly wholesaleType?: string;
}

export const CYCLE_MONTHS: Readonly<Record<string, number>> = {
  monthly: 1,
  quarterly: 3,
  semiannually: 6,
  annually: 12,
  biennially: 24,
  triennially: 36,
  // What a one-time product is good for is the module's business: a year here.
  onetime: 12,
};

/** Columns of the price table, with the first letter of their set-up fees. */
export const CYCLES = [
  'monthly',
  'quarterly',
  'semiannually',
  'annually',
  'biennially',
  'triennially',
] as const;

const yearly = (year: string, twoYears: string): Product['prices'] => ({
  annually: year,
  biennially: twoYears,
});

const field = (id: number, name: string, role: FieldRole, orderForm: boolean): Field => ({
  id,
  name,
  role,
  orderForm,
});

/** Fields of a product, numbered from its first one. */
const fieldsFrom = (first: number): readonly Field[] => [
  field(first, 'Reference', 'none', true),
  field(first + 1, 'CSR', 'csr', true),
  field(first + 2, 'Approver email', 'approver', true),
  field(first + 3, 'Additional names', 'names', true),
  field(first + 4, 'State', 'state', false),
  field(first + 5, 'Certificate', 'certificate', false),
  field(first + 6, 'CA chain', 'chain', false),
  field(first + 7, 'Validation record name', 'recordName', false),
  field(first + 8, 'Validation record value', 'recordValue', false),
];

const base = { autosetup: 'off', paytype: 'recurring', setupFee: '0.00' } as const;

/** A shop made up for rehearsals; numbers, names and prices are nobody's. */
export const DEFAULT_PRODUCTS: Readonly<Record<string, Product>> = {
  '12': {
    ...base,
    name: 'Standard DV SSL',
    module: 'fields',
    level: 'DV',
    prices: yearly('10.00', '19.00'),
    fields: fieldsFrom(31),
  },
  '13': {
    ...base,
    name: 'Multi-domain DV SSL',
    module: 'fields',
    level: 'DV',
    prices: yearly('25.00', '48.00'),
    fields: fieldsFrom(51),
    option: { id: 7, name: 'Additional names', prices: yearly('6.00', '11.00') },
  },
  '14': {
    ...base,
    name: 'DV SSL, configured by hand',
    module: 'wizard',
    level: 'DV',
    prices: yearly('9.00', '17.00'),
    fields: [field(71, 'Reference', 'none', true)],
  },
  '15': {
    ...base,
    name: 'RVssl DV',
    module: 'rvssl',
    level: 'DV',
    prices: yearly('12.00', '23.00'),
    upstreamPrice: '7.00',
    fields: fieldsFrom(81),
  },
  '16': {
    ...base,
    name: 'RVssl OV',
    module: 'rvssl',
    level: 'OV',
    prices: yearly('40.00', '78.00'),
    upstreamPrice: '25.00',
    fields: fieldsFrom(101),
  },
  '17': {
    ...base,
    name: 'RVssl EV',
    module: 'rvssl',
    level: 'EV',
    prices: yearly('90.00', '170.00'),
    upstreamPrice: '60.00',
    fields: fieldsFrom(121),
  },
  '18': {
    ...base,
    name: 'Wholesale DV SSL',
    module: 'wholesale',
    level: 'DV',
    prices: yearly('11.00', '21.00'),
    wholesaleType: 'Standard SSL',
    fields: [field(141, 'Reference', 'none', true), field(142, 'Certificate ID', 'remote', false)],
  },
};
