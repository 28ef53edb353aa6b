import Big from 'big.js';
import type { ReadCsr } from '../frame/csr.js';
import { type Arguments, list } from './arguments.js';
import { invalid, missing, Refusal } from './codes.js';
import { checkCountry } from './countries.js';
import { chosenProofs, startProof } from './dcv.js';
import type { Answer } from './encode.js';
import { PRODUCTS, type Product } from './products.js';
import {
  checkedCsr,
  checkNameArguments,
  failEarlierTwins,
  namesOf,
  newCertificate,
  uniqueValueOf,
} from './request.js';
import { addBundle, customerByEmail, licencesOf } from './sitelock-orders.js';
import { DAY_MS, type Desk, newestOf, type Order } from './state.js';

/** Sent with an order and kept as facts of it; none of them changes the certificate order itself. */
const NOT_KEPT = new Set(['loginName', 'loginPassword', 'csr', 'responseFormat']);
const IN_CSR: Readonly<Record<string, string>> = {
  organizationName: 'O',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  countryName: 'C',
};

/** `!AutoApplyOrder` and `!AutoApplySSL`: buys. @throws Refusal, and nothing was bought */
export async function placeOrder(
  desk: Desk,
  args: Arguments,
  operation: 'AutoApplyOrder' | 'AutoApplySSL',
): Promise<Answer> {
  const { state, settings, seat } = desk;
  const code = productCode(args.product ?? '');
  const product = PRODUCTS[code];
  if (args.test === 'Y' && !settings.testOrders) throw new Refusal(-16);
  for (const name of ['countryName', 'joiCountryName'] as const) checkCountry(args[name]);
  if (product !== undefined) checkNameArguments(product, args);
  const csr = await checkedCsr(desk, args.csr ?? '');
  const price = settings.prices[code]?.[args.days ?? ''];
  // What is not in the list has no rules either, so it is refused where its price would be.
  if (product === undefined) throw new Refusal(-115);
  checkOrganization(desk, product, args, csr);
  const naming = namesOf(product, args, csr);
  const proofs = chosenProofs(desk, args, naming.names, product.multi);
  checkReference(desk, args);
  if (price === undefined) throw new Refusal(-115);
  const bundled = bundleDomain(desk, args, naming.commonName ?? naming.names[0] ?? '');
  const debited = settings.payment === 'debit' && args.test !== 'Y';
  const poor = debited && new Big(state.balance).lt(price);
  if (poor || seat.fault('out-of-credit', operation) !== undefined) throw new Refusal(-15);

  const uniqueValue = uniqueValueOf(desk, args, csr);
  const open = (): Order => {
    state.lastOrder += 1;
    const number = String(state.lastOrder);
    const dcv = proofs.map((proof) => startProof(desk, proof));
    const order: Order = {
      number,
      product: code,
      days: Number(args.days),
      placedAtMs: desk.nowMs,
      cost: price,
      payment: args.test === 'Y' ? 'test' : debited ? 'debited' : 'required',
      reference: args.foreignOrderNumber ?? null,
      state: 'open',
      reason: null,
      termStartMs: null,
      termEndMs: null,
      vetting: vettingOf(desk, product),
      details: Object.fromEntries(Object.entries(args).filter(([name]) => !NOT_KEPT.has(name))),
      certificates: [newCertificate(desk, { orderNumber: number, csr, naming, uniqueValue, dcv })],
    };
    state.orders.push(order);
    if (debited) state.balance = new Big(state.balance).minus(price).toFixed(2);
    if (args.test !== 'Y') {
      const { currency } = settings;
      seat.sold({
        order: number,
        product: `${code}/${args.days}`,
        amount: price,
        currency,
        reference: order.reference,
      });
    }
    return order;
  };
  const order = open();
  if (bundled !== undefined) addBundle(desk, args, order.number, bundled);
  failEarlierTwins(desk, newestOf(order));
  if (seat.fault('duplicate', operation) !== undefined) open();
  if (seat.fault('reject', operation) !== undefined) {
    order.state = 'rejected';
    order.reason = 'the sandbox was told to reject it';
  }
  return orderAnswer(desk, args, order, product);
}

/** Shorter terms bring no bundle. */
const BUNDLE_DAYS = 90;

/** The site of the licence that is sold silently to whoever gives an address and does not decline. @throws Refusal -122 */
function bundleDomain(desk: Desk, args: Arguments, name: string): string | undefined {
  const { appRepEmailAddress: email, disableSiteLock, days, test } = args;
  const { siteLockActive, bundleForKnown } = desk.settings;
  if (email === undefined || disableSiteLock === 'Y' || test === 'Y' || !siteLockActive) return undefined;
  if (Number(days) < BUNDLE_DAYS) return undefined;
  const domain = name.replace(/^\*\./, '');
  const there = licencesOf(desk, domain).length > 0;
  if (bundleForKnown === 'refuse' && (there || customerByEmail(desk, email) !== undefined)) {
    throw new Refusal(-122);
  }
  return there ? undefined : domain;
}

function orderAnswer({ settings }: Desk, args: Arguments, order: Order, product: Product): Answer {
  const { certificateId, uniqueValue } = newestOf(order);
  const shown = args.uniqueValue === undefined || settings.echoUniqueValue ? uniqueValue : null;
  return {
    fields: [
      ['errorCode', order.payment === 'required' ? 1 : 0],
      ['orderNumber', order.number],
      ['totalCost', order.cost],
      ['expectedDeliveryTime', product.level === 'EV' ? 240 : 1],
      ...(args.showCertificateID === 'Y' ? [['certificateID', certificateId] as const] : []),
      ...(args.showCertificateState === 'Y' && settings.statusTexts
        ? [['certificateStatus', 'Awaiting Validation'] as const]
        : []),
      // Clients find the numbers by a pattern that needs an `&` after them, so this stands last.
      ...(shown === null ? [] : [['uniqueValue', shown] as const]),
    ],
  };
}

/** Whole numbers with commas between; add-ons are not sold here. @throws Refusal */
function productCode(value: string): string {
  const codes = list(value);
  if (codes.length === 0 || !codes.every((code) => /^\d+$/.test(code))) throw invalid('product');
  if (codes.filter((code) => PRODUCTS[code] !== undefined).length > 1) throw invalid('product');
  if (codes.length > 1) throw new Refusal(-115);
  return codes[0] ?? '';
}

/** OV and EV name an organisation, in the arguments or in the request. */
function checkOrganization({ settings }: Desk, product: Product, args: Arguments, csr: ReadCsr): void {
  if (product.level === 'DV') return;
  const needed = [...settings.requiredForOv, ...(product.level === 'EV' ? settings.requiredForEv : [])];
  const absent = needed.find(
    (name) => args[name] === undefined && csr.subject[IN_CSR[name] ?? ''] === undefined,
  );
  if (absent !== undefined) throw missing(absent);
}

function checkReference({ state, settings }: Desk, args: Arguments): void {
  if (args.checkFONIsUnique !== 'Y' || args.foreignOrderNumber === undefined) return;
  const used = state.orders.some(({ reference }) => reference === args.foreignOrderNumber);
  if (used) throw new Refusal(settings.repeatedReferenceCode, 'foreignOrderNumber');
}

function vettingOf({ settings, nowMs }: Desk, { level }: Product): Order['vetting'] {
  if (level === 'DV') return { organization: null, callback: null, documents: null };
  const organization = nowMs + settings.organizationDays * DAY_MS;
  const callback = organization + settings.callbackDays * DAY_MS;
  return {
    organization,
    callback,
    documents: level === 'EV' ? callback + settings.documentsDays * DAY_MS : null,
  };
}
