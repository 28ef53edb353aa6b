import { type Arguments, list } from './arguments.js';
import type { Answer, Fields } from './encode.js';
import { settle } from './progress.js';
import { type Certificate, type Desk, type Licence, newestOf, type Order } from './state.js';
import { statusFlags, statusText, termFields, unixSeconds, validationText } from './status.js';

/** Numbers and words of the push service, read here as well. */
const STATUS: Readonly<Record<Certificate['state'], { readonly code?: string; readonly word?: string }>> = {
  pending: {},
  issued: { code: '6', word: 'issued' },
  rejected: { code: '7', word: 'rejected' },
  revoked: { code: '8', word: 'revoked' },
  replaced: { code: '14', word: 'replaced' },
};
const BUNDLE = '1072';
const ADDRESS = [
  'organizationName',
  'streetAddress1',
  'localityName',
  'stateOrProvinceName',
  'postalCode',
  'countryName',
] as const;

/** `!WebHostReport`: orders by filters, page by page. */
export async function report(desk: Desk, args: Arguments): Promise<Answer> {
  const { settings, state } = desk;
  const orders = state.orders.filter((order) => matches(desk, args, order)).map((order) => ({ order }));
  const licences = settings.reportShowsSiteLock
    ? state.siteLock.licences.filter((one) => licenceMatches(desk, args, one)).map((licence) => ({ licence }))
    : [];
  const found: Row[] = [...orders, ...licences].sort((a, b) => placedMs(a) - placedMs(b));
  if (settings.reportOrder === 'newest') found.reverse();
  const { first, rows } = pageOf(desk, args, found);
  for (const row of rows) {
    if ('order' in row) await settle(desk, { order: row.order, certificate: newestOf(row.order) });
  }
  const base = settings.reportNumbering === 'continue' ? first : 0;
  return {
    fields: [
      [settings.reportErrorKey, 0],
      ['noOfResults', settings.reportCount === 'total' ? found.length : rows.length],
      ...rows.flatMap((row, i) =>
        'order' in row
          ? rowFields(desk, args, row.order, base + i + 1)
          : licenceFields(desk, args, row.licence, base + i + 1),
      ),
    ],
  };
}

/** An order for a certificate, or one for website protection. */
type Row = { readonly order: Order } | { readonly licence: Licence };

const placedMs = (row: Row): number => ('order' in row ? row.order : row.licence).placedAtMs;

/** `first` counts from 0, whatever the caller counts from. */
function pageOf({ settings }: Desk, args: Arguments, found: readonly Row[]) {
  const base = settings.reportFirst;
  const first = Math.max(0, Number(args.firstResultNo ?? base) - base);
  const last =
    args.lastResultNo === undefined ? first + settings.reportPageSize - 1 : Number(args.lastResultNo) - base;
  const end = Math.min(last + 1, first + settings.reportMaximum);
  return { first, rows: found.slice(first, Math.max(first, end)) };
}

function matches({ settings, nowMs }: Desk, args: Arguments, order: Order): boolean {
  const { certificates, placedAtMs, reference } = order;
  const newest = newestOf(order);
  const expires = newest.issued?.notAfterMs;
  const status = order.state === 'open' ? STATUS[newest.state] : STATUS.rejected;
  const within = (ms: number | undefined, from: string | undefined, to: string | undefined): boolean =>
    (from === undefined || (ms !== undefined && unixSeconds(ms) >= Number(from))) &&
    (to === undefined || (ms !== undefined && unixSeconds(ms) <= Number(to)));
  const oneOf = (wanted: string | undefined, values: readonly (string | null | undefined)[]): boolean =>
    wanted === undefined || values.some((value) => typeof value === 'string' && list(wanted).includes(value));
  const like = (pattern: string | undefined, values: readonly (string | undefined)[]): boolean =>
    pattern === undefined || values.some((value) => value !== undefined && wildcards(pattern).test(value));
  return (
    placedAtMs + settings.visibilityLagSeconds * 1000 <= nowMs &&
    within(placedAtMs, args.notBefore, args.notAfter) &&
    within(expires, args.expireNotBefore, args.expireNotAfter) &&
    oneOf(args.orderNumber, [order.number, ...certificates.map(({ orderNumber }) => orderNumber)]) &&
    oneOf(args.foreignOrderNumber, [reference]) &&
    oneOf(
      args.certificateID,
      certificates.map(({ certificateId }) => certificateId),
    ) &&
    oneOf(args.certificateStatusCode, [status.code]) &&
    oneOf(args.certificateStatusDesc, [status.word]) &&
    like(args.organizationName, [order.details.organizationName]) &&
    like(
      args.fqdn,
      newest.dcv.map(({ name }) => name),
    )
  );
}

/** A bundle is part of its certificate's order. */
function licenceMatches({ settings, nowMs }: Desk, args: Arguments, licence: Licence): boolean {
  const { placedAtMs, number, domain, product, details } = licence;
  const none = ['foreignOrderNumber', 'certificateID', 'certificateStatusCode', 'certificateStatusDesc'];
  const seconds = unixSeconds(placedAtMs);
  return (
    product !== BUNDLE &&
    placedAtMs + settings.visibilityLagSeconds * 1000 <= nowMs &&
    none.every((name) => args[name] === undefined) &&
    (args.orderNumber === undefined || list(args.orderNumber).includes(number)) &&
    (args.fqdn === undefined || wildcards(args.fqdn).test(domain)) &&
    (args.organizationName === undefined ||
      wildcards(args.organizationName).test(details.organizationName ?? '')) &&
    (args.notBefore === undefined || seconds >= Number(args.notBefore)) &&
    (args.notAfter === undefined || seconds <= Number(args.notAfter))
  );
}

/** `_` is one character, `%` any number of them. */
function wildcards(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('_', '.')
    .replaceAll('%', '.*');
  return new RegExp(`^${source}$`, 'i');
}

function rowFields(desk: Desk, args: Arguments, order: Order, row: number): Fields {
  const { settings } = desk;
  const newest = newestOf(order);
  const items = args.showOldItems === 'Y' ? order.certificates.toReversed() : [newest];
  const own: Fields = [
    ['orderNumber', order.number],
    ...(settings.statusTexts
      ? [['orderStatus', order.state === 'open' ? 'Valid' : 'Rejected'] as const]
      : []),
    ['dateTime', unixSeconds(order.placedAtMs)],
    ...ADDRESS.flatMap((name) =>
      order.details[name] === undefined ? [] : [[name, order.details[name]] as const],
    ),
    ...(settings.statusTexts ? [['validationStatus', validationText(order, newest)] as const] : []),
    ...(args.showCost === 'Y' ? [['cost', order.cost] as const] : []),
    ...(settings.reportShowsReference && order.reference !== null
      ? [['foreignOrderNumber', order.reference] as const]
      : []),
  ];
  return [
    ...own.map(([key, value]) => [`${row}_${key}`, value] as const),
    ...items.flatMap((certificate, i) =>
      itemFields(desk, args, order, certificate).map(
        ([key, value]) => [`${row}_${i + 1}_${key}`, value] as const,
      ),
    ),
  ];
}

/** What it is and how it stands are words nobody documents: there with `statusTexts` only. */
function licenceFields({ settings }: Desk, args: Arguments, licence: Licence, row: number): Fields {
  const { placedAtMs, endMs, days } = licence;
  const form = settings.productTermDates;
  const date = (ms: number): string | number =>
    form === 'unix' ? unixSeconds(ms) : new Date(ms).toISOString().slice(0, 10);
  const status = licence.state === 'active' ? 'Issued' : 'Revoked';
  const own: Fields = [
    ['orderNumber', licence.number],
    ['dateTime', unixSeconds(placedAtMs)],
    ...(args.showCost === 'Y' ? [['cost', licence.cost] as const] : []),
  ];
  const item: Fields = [
    ...(settings.statusTexts ? [['type', licence.product] as const] : []),
    ['domain', licence.domain],
    ...(settings.statusTexts ? [['status', status] as const] : []),
    ...(form === 'absent' || endMs === null
      ? []
      : [
          ['productTermStartDate', date(placedAtMs)] as const,
          ['productTermEndDate', date(form === 'unix' ? endMs : endMs - 1000)] as const,
          ['productTermDuration', days ?? 0] as const,
        ]),
  ];
  return [
    ...own.map(([key, value]) => [`${row}_${key}`, value] as const),
    ...item.map(([key, value]) => [`${row}_1_${key}`, value] as const),
  ];
}

function itemFields(desk: Desk, args: Arguments, order: Order, certificate: Certificate): Fields {
  const { settings } = desk;
  const { issued, dcv } = certificate;
  const separator = settings.reportAdditionalNames === 'comma' ? ',' : ' ';
  const several = args.showAdditionalDomains === 'Y' && settings.reportAdditionalNames !== 'absent';
  return [
    ...(settings.statusTexts ? [['type', order.product] as const] : []),
    ['domain', certificate.commonName ?? dcv[0]?.name ?? ''],
    ...(several ? [['mdcDomainNames', dcv.map(({ name }) => name).join(separator)] as const] : []),
    ...(settings.statusTexts ? [['status', statusText(certificate)] as const] : []),
    ...(issued === null
      ? []
      : [
          ['notBefore', unixSeconds(issued.notBeforeMs)] as const,
          ['notAfter', unixSeconds(issued.notAfterMs)] as const,
          ['serialNumber', issued.serial] as const,
          ...termFields(desk, order, certificate),
        ]),
    ...(args.showCertificateID === 'Y' ? [['certificateID', certificate.certificateId] as const] : []),
    ...(args.showStatusDetails === 'Y' ? statusFlags(desk, order, certificate) : []),
  ];
}
