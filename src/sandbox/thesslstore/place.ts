import { UTCDate } from '@date-fns/utc';
import Big from 'big.js';
import { addMonths } from 'date-fns/addMonths';
import type { JsonObject } from '../../model/json.js';
import type { ReadCsr } from '../frame/csr.js';
import type { PriceRow, Product } from './products.js';
import { PRODUCTS } from './products.js';
import { authoritySays, coded, Refusal } from './reply.js';
import { countIn, csrIn, flagIn, namesIn, objectIn, productIn, proofsIn, textIn } from './request.js';
import { type Certificate, DAY_MS, type Desk, newestOf, type Order } from './state.js';

/** `order/neworder`: buys. @throws Refusal, and nothing was bought */
export async function placeOrder(desk: Desk, body: JsonObject): Promise<Order> {
  const { seat, settings, state } = desk;
  const code = textIn(body, 'ProductCode') ?? '';
  const product = productIn(body);
  const months = countIn(body, 'ValidityPeriod');
  const row = settings.prices[code]?.find((one) => one.months === months);
  if (row === undefined) throw new Refusal('This validity period is not available for the product.');
  const csr = await csrIn(desk, body, product);
  const names = namesIn(body, product, csr);
  checkContacts(body, product);
  const proofs = proofsIn(desk, body, product, names, csr);
  const reference = textIn(body, 'CustomOrderID') ?? null;
  if (
    settings.repeatedReference === 'refuse' &&
    state.orders.some((order) => order.reference === reference)
  ) {
    throw new Refusal('The custom order id was used before.');
  }
  const related = textIn(body, 'RelatedTheSSLStoreOrderID') ?? null;
  if (flagIn(body, 'isRenewalOrder') && related !== null && !state.orders.some(({ id }) => id === related)) {
    throw new Refusal('The related order does not exist.');
  }
  const amount = amountOf(desk, product, row, countIn(body, 'ReserveSANCount') ?? 0);
  if (names.length - 1 > Math.max(product.included ?? 0, countIn(body, 'ReserveSANCount') ?? 0)) {
    throw authoritySays('More names than were bought.');
  }
  const poor = !settings.allowCredit && new Big(state.balance).lt(amount);
  if (poor || seat.fault('out-of-funds', 'NewOrder') !== undefined)
    throw new Refusal(settings.insufficientFunds);

  const organization = objectIn(body, 'OrganizationInfo');
  const address = objectIn(organization, 'OrganizationAddress');
  const open = (): Order => {
    state.lastOrder += 1;
    const order: Order = {
      id: String(state.lastOrder),
      vendorOrderId: `8123${state.lastOrder}${product.included !== undefined && product.vendor !== 'DIGICERT' ? '#1' : ''}`,
      reference,
      related,
      product: code,
      months: row.months,
      servers: countIn(body, 'ServerCount') ?? 1,
      amount,
      placedAtMs: desk.nowMs,
      paidTillMs: addMonths(new UTCDate(desk.nowMs), row.months).getTime(),
      activatedAtMs: null,
      cancelled: false,
      refund: null,
      token: [String(state.lastOrder), seat.token(12)],
      adminEmail: textIn(objectIn(body, 'AdminContact'), 'Email') ?? '',
      organization:
        product.level === 'DV' ? null : (textIn(organization, 'OrganizationName') ?? 'Vetted before'),
      country: textIn(address, 'Country') ?? null,
      certificates: [certificateOf(desk, product, csr, names, structuredClone(proofs))],
    };
    state.orders.push(order);
    state.balance = new Big(state.balance).minus(amount).toFixed(2);
    seat.sold({
      order: order.id,
      product: `${code}/${row.months}`,
      amount,
      currency: settings.currency,
      reference,
    });
    return order;
  };
  const order = open();
  if (seat.fault('duplicate', 'NewOrder') !== undefined) open();
  if (seat.fault('cancel', 'NewOrder') !== undefined) order.cancelled = true;
  return order;
}

/** Names beyond the included ones are paid for; whether they come off is one of the settings. */
function amountOf({ settings }: Desk, product: Product, row: PriceRow, reserved: number): string {
  const included = settings.includedNamesFree ? (product.included ?? 0) : 0;
  const extra = product.included === undefined ? 0 : Math.max(0, reserved - included);
  return new Big(row.perName).times(extra).plus(row.price).toFixed(2);
}

/** What is missing of an object, in the order it is asked for. */
const missingIn = (object: JsonObject, keys: readonly string[]): readonly string[] =>
  keys.filter((key) => textIn(object, key) === undefined);

/** Named by an integrator's matrix of what has to be there. @throws Refusal */
function checkContacts(body: JsonObject, { level, vendor, included }: Product): void {
  const digicert = vendor === 'DIGICERT';
  const person = ['FirstName', 'LastName', 'Phone', 'Email'];
  for (const part of ['AdminContact', 'TechnicalContact'] as const) {
    const wanted = part === 'AdminContact' && digicert && level === 'EV' ? [...person, 'Title'] : person;
    const [key] = missingIn(objectIn(body, part), wanted);
    if (key !== undefined) throw new Refusal(`${part}: ${key} is required.`);
  }
  if (level === 'DV' || (digicert && (countIn(body, 'TSSOrganizationId') ?? 0) > 0)) return;
  const organization = objectIn(body, 'OrganizationInfo');
  const address = objectIn(organization, 'OrganizationAddress');
  const missing = [
    ...missingIn(organization, [
      'OrganizationName',
      ...(level === 'EV' && !digicert ? ['JurisdictionCountry'] : []),
    ]),
    ...missingIn(address, [
      'AddressLine1',
      'Region',
      'PostalCode',
      ...(digicert ? ['Country', 'Phone'] : []),
      ...(!digicert && (level === 'EV' || included !== undefined) ? ['LocalityName'] : []),
    ]),
  ];
  if (missing.length > 0) throw new Refusal(`${missing.join(', ')} is required.`);
  const country = textIn(address, 'Country');
  if (country !== undefined && !/^[A-Z]{2}$/.test(country)) {
    throw authoritySays(`The value of the 'countryName' argument is invalid: ${country}`);
  }
}

function certificateOf(
  desk: Desk,
  product: Product,
  csr: ReadCsr,
  names: readonly string[],
  proofs: Certificate['proofs'],
): Certificate {
  desk.state.lastPartner += 1;
  return {
    partnerOrderId: `P-${desk.state.lastPartner}`,
    spkiBase64: csr.spkiDer.toString('base64'),
    commonName: names[0] ?? '',
    names: [...names],
    proofs,
    requestedAtMs: desk.nowMs,
    vettedAtMs: product.level === 'DV' ? desk.nowMs : desk.nowMs + desk.settings.vettingDays * DAY_MS,
    state: 'pending',
    now: false,
    issued: null,
  };
}

/** Names of the certificate there is, with what AddSAN, DeleteSAN and EditSAN do to them. */
function pairedNames(body: JsonObject, before: readonly string[]): string[] {
  const pairs = (key: string) =>
    (Array.isArray(body[key]) ? (body[key] as readonly JsonObject[]) : []).map((pair) => ({
      old: textIn(pair, 'OldValue')?.toLowerCase(),
      next: textIn(pair, 'NewValue')?.toLowerCase(),
    }));
  const names = new Set(before);
  for (const { old, next } of ['AddSAN', 'DeleteSAN', 'EditSAN'].flatMap(pairs)) {
    if (old !== undefined) names.delete(old);
    if (next !== undefined) names.add(next);
  }
  return [...names];
}

/** `order/reissue`: the next certificate of the same order; its reference stays what it was. @throws Refusal */
export async function reissueOrder(desk: Desk, body: JsonObject, order: Order): Promise<void> {
  const product = PRODUCTS[order.product];
  const before = newestOf(order);
  if (product === undefined || order.cancelled || desk.nowMs > order.paidTillMs) {
    throw new Refusal('The order cannot be reissued.');
  }
  // What a reissue during another one does is not documented: here the first is finished first.
  if (before.state === 'pending') throw coded(-9009, 'Vendor returns error:The order is being processed.');
  const email = textIn(body, 'ReissueEmail');
  if (email !== undefined && email.toLowerCase() !== order.adminEmail.toLowerCase()) {
    throw new Refusal('The reissue e-mail must be that of the admin contact.');
  }
  const csr = await csrIn(desk, body, product);
  const listed =
    desk.settings.reissueNames === 'pairs' ? { ...body, DNSNames: pairedNames(body, before.names) } : body;
  const names = namesIn(listed, product, csr);
  if (names.length > Math.max(before.names.length, (product.included ?? 0) + 1)) {
    throw authoritySays('More names than were bought.');
  }
  const proofs = proofsIn(desk, body, product, names, csr);
  order.certificates.push(certificateOf(desk, product, csr, names, proofs));
}
