import { CertError } from '../../model/errors.js';
import { findLicence, type LicenceProduct } from '../../model/licence.js';
import { type Money, money } from '../../model/money.js';
import { type DnsName, nameSet, parseName } from '../../model/names.js';
import type { DcvItem, OrderState, WaitingFor } from '../../model/order.js';
import { type Instant, parseInstant, SECOND_MS, toInstant } from '../../model/time.js';
import type { StepOutcome } from '../../ports/provider.js';
import type { Collected } from './collect.js';
import { LICENCE_OFFER } from './licence-products.js';
import { findProduct, type SectigoProduct } from './products.js';
import {
  type CodedReply,
  type Fields,
  type PlacedWire,
  parsePlaced,
  type ReportRow,
  single,
} from './wire.js';

const REPORT = '!WebHostReport';

const moneyOf = (amount: string | undefined, currency: string | undefined): Money | undefined =>
  amount !== undefined && currency !== undefined && /^\d{1,12}(\.\d{1,6})?$/.test(amount)
    ? money(amount, currency)
    : undefined;

/** The reply of an order. Code 1: taken, and the payment is still to come. */
export function placedOutcome(reply: CodedReply, currency: string | undefined): StepOutcome {
  const placed = placedFrom(reply);
  const charged = reply.code === 0 ? moneyOf(placed.totalCost, currency) : undefined;
  return {
    result: {
      orderId: placed.orderNumber,
      ...(placed.certificateID === undefined ? {} : { certificateId: placed.certificateID }),
      ...(placed.uniqueValue === undefined ? {} : { uniqueValue: placed.uniqueValue }),
      ...(reply.code === 1 ? { paymentDue: placed.totalCost ?? true } : {}),
    },
    orderId: placed.orderNumber,
    ...(charged === undefined ? {} : { charged }),
  };
}

/** In newline form only the number and the amount have places of their own. */
function placedFrom(reply: CodedReply): PlacedWire {
  const [orderNumber, totalCost] = reply.lines;
  if (orderNumber === undefined) return parsePlaced('!AutoApplyOrder', reply.fields, 'unknown');
  const lines = new Map([
    ['ordernumber', [orderNumber.trim()]],
    ['totalcost', [totalCost?.trim() ?? '']],
  ]);
  return parsePlaced('!AutoApplyOrder', lines, 'unknown');
}

/** An order found in the report under our reference, as if its reply had come. */
export function foundOutcome(row: ReportRow, currency: string | undefined): StepOutcome {
  const charged = moneyOf(single(REPORT, row.order, 'cost'), currency);
  const [certificateId] = certificateIds(row);
  return {
    result: {
      orderId: row.orderNumber,
      ...(certificateId === undefined || row.items.length > 1 ? {} : { certificateId }),
    },
    orderId: row.orderNumber,
    ...(charged === undefined ? {} : { charged }),
  };
}

export const certificateIds = (row: ReportRow): readonly string[] => [
  ...new Set(row.items.flatMap((item) => single(REPORT, item, 'certificateID') ?? [])),
];

/**
 * Unix seconds, or a date as ISO writes it; undefined for any other: the form of term dates is not known.
 * @param time  of a date alone
 */
function instantOf(text: string | undefined, time = '00:00:00'): Instant | undefined {
  if (text === undefined) return undefined;
  if (/^\d{9,11}$/.test(text)) return toInstant(Number(text) * SECOND_MS);
  const ms = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T${time}Z` : text);
  return ms === undefined ? undefined : toInstant(ms);
}

/** What the report says of an order beside its state. */
export interface RowFacts {
  readonly placedAt?: Instant;
  readonly paidFrom?: Instant;
  readonly paidTill?: Instant;
  readonly product?: SectigoProduct;
  /** Website protection, where the report says so. */
  readonly licence?: LicenceProduct;
  /** undefined: the report leaves open whether there are more names. */
  readonly names?: readonly DnsName[];
  readonly domains: readonly DnsName[];
}

export function rowFacts(row: ReportRow): RowFacts {
  const item = row.items.at(-1) ?? new Map();
  const type = single(REPORT, item, 'type') ?? '';
  const product = findProduct(type);
  const licence = findLicence(LICENCE_OFFER, type);
  const domains = nameSet(row.items.flatMap((one) => namesIn(one, ['domain', 'additionalDomain'])));
  const listed = nameSet(row.items.flatMap((one) => namesIn(one, ['mdcDomainNames'])));
  const one = licence !== undefined || (product !== undefined && product.shape !== 'multi');
  const complete = listed.length > 0 || one;
  return {
    ...optional('placedAt', instantOf(single(REPORT, row.order, 'dateTime'))),
    ...termDates(item),
    ...optional('product', product),
    ...optional('licence', licence),
    domains: nameSet([...domains, ...listed]),
    ...(complete ? { names: nameSet([...domains, ...listed]) } : {}),
  };
}

/** Bought term, where a reply tells it: apart from the life of one certificate. */
export const termDates = (fields: Fields): Pick<RowFacts, 'paidFrom' | 'paidTill'> => ({
  ...optional('paidFrom', instantOf(single(REPORT, fields, 'productTermStartDate'))),
  ...optional('paidTill', instantOf(single(REPORT, fields, 'productTermEndDate'), '23:59:59')),
});

const optional = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: T });

const namesIn = (fields: Fields, keys: readonly string[]): readonly DnsName[] =>
  keys
    .flatMap((key) => fields.get(key.toLowerCase()) ?? [])
    .flatMap((text) => text.split(/[\s,;]+/))
    .flatMap((text) => {
      const parsed = parseName(text);
      return parsed.ok ? [parsed.name] : [];
    });

/**
 * States of a certificate by the words of the push service, which the report is believed to share. A word that is not
 * among them says nothing: the order itself is asked.
 */
const WORDS: Readonly<Record<string, OrderState>> = {
  issued: 'issued',
  replaced: 'issued',
  rejected: 'rejected',
  revoked: 'revoked',
};

/** By the report alone; undefined where its words are none that are documented. */
export function stateByReport(row: ReportRow): OrderState | undefined {
  const words = row.items.map((item) => WORDS[single(REPORT, item, 'status')?.toLowerCase() ?? '']);
  const [first, ...others] = new Set(words);
  if (words.includes('issued')) return 'issued';
  return others.length === 0 ? first : undefined;
}

export const STATES: Readonly<Record<Collected['kind'], OrderState>> = {
  pending: 'pending',
  issued: 'issued',
  rejected: 'rejected',
  revoked: 'revoked',
};

type Flag = 'not-required' | 'open' | 'done';

/** A `…Status` flag of CollectSSL. @throws CertError for a value nobody has seen */
function flagOf(fields: Fields, key: string): Flag {
  const text = single('CollectSSL', fields, key);
  switch (text) {
    case undefined:
    case '-1':
      return 'not-required';
    case '0':
    case '2':
      return 'open';
    case '1':
      return 'done';
    default:
      throw new CertError('wire.unexpected', `CollectSSL gave ${key} the unknown value "${text}"`);
  }
}

/** Who has to act on a pending order, the one who can do it first. */
export function waitingFor(
  { fields }: CodedReply,
  validation: readonly DcvItem[],
  paymentDue: boolean,
): WaitingFor {
  const open = (key: string): boolean => flagOf(fields, key) === 'open';
  const unproved = validation.filter(({ state }) => state !== 'valid');
  if (unproved.some(({ method }) => method !== 'email')) return 'dcv';
  if (unproved.length > 0) return 'approver-mail';
  if (paymentDue) return 'payment';
  if (open('organizationValidationStatus')) return 'documents';
  if (open('ovCallBackStatus')) return 'call-back';
  if (open('evClickThroughStatus')) return 'person';
  return 'ca';
}

/** Sectigo's own words for where an order stands. */
export function wordsOf({ fields }: CodedReply): string | undefined {
  const words = ['certificateStatus', 'validationStatus'].flatMap(
    (key) => single('CollectSSL', fields, key) ?? [],
  );
  return words.length === 0 ? undefined : words.join('; ');
}
