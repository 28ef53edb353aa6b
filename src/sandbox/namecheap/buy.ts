import Big from 'big.js';
import { productOf, typeIn } from './csr.js';
import { invalidStatus, NOT_FOUND, noFunds, paddedDate, Refusal, statusText } from './reply.js';
import { countIn, type Fields, needed } from './request.js';
import { DAY_MS, type Desk, type Entry, isSlot } from './state.js';
import { element, type Markup } from './xml.js';

const MOST_EXTRA_NAMES = 97;
const WINDOW_MS = { before: 90 * DAY_MS, after: 180 * DAY_MS } as const;

/** @throws Refusal */
export function entryIn({ state }: Desk, fields: Fields): Entry {
  const id = needed(fields, 'CertificateID', 2010294);
  const found = state.entries.find((entry) => entry.id === id);
  if (found === undefined) throw NOT_FOUND();
  return found;
}

const yearsIn = (fields: Fields): number =>
  countIn(fields, 'Years', { missing: 2010167, wrong: 2011167, least: 1, most: 5 });

/** A price without a row is one the account is not sold. @throws Refusal */
function priceOf({ settings }: Desk, type: string, years: number, action: 'purchase' | 'renew'): string {
  const row = settings.prices[type]?.find((one) => one.years === years);
  if (row === undefined) throw new Refusal(2013167, 'Years is out of range');
  return row[action];
}

/** @throws Refusal before anything happened */
function charge({ seat, state }: Desk, price: Big, operation: string): string {
  const poor = new Big(state.balance).lt(price);
  if (poor || seat.fault('out-of-funds', operation) !== undefined) throw noFunds();
  state.balance = new Big(state.balance).minus(price).toFixed(2);
  return price.toFixed(4);
}

const newOrder = ({ state, seat }: Desk) => {
  state.lastOrder += 1;
  return { orderId: String(state.lastOrder), transactionId: `1${seat.token(6).replaceAll(/\D/g, '7')}` };
};

export function newEntry(desk: Desk, of: Partial<Entry> & Pick<Entry, 'type' | 'years' | 'orderId'>): Entry {
  const { state, nowMs } = desk;
  state.lastEntry += 1;
  const entry: Entry = {
    id: String(state.lastEntry),
    extraNames: 0,
    status: 'NewPurchase',
    boughtAtMs: nowMs,
    madeAtMs: nowMs,
    activatedAtMs: null,
    termEndMs: null,
    renews: null,
    replaces: null,
    replacedBy: null,
    csrPem: null,
    spkiBase64: null,
    names: [],
    proofs: [],
    adminEmail: '',
    organization: null,
    country: null,
    now: false,
    revoked: false,
    issued: null,
    ...of,
  };
  state.entries.push(entry);
  return entry;
}

const namesToAdd = (fields: Fields, type: string): number => {
  if ((fields.get('sanstoadd') ?? '') === '') return 0;
  if (productOf(type).included === 1) throw new Refusal(2011767, 'The product takes no further names');
  return countIn(fields, 'SANStoADD', {
    missing: 2011900,
    wrong: 2013900,
    least: 0,
    most: MOST_EXTRA_NAMES,
  });
};

/** @throws Refusal, and nothing was bought */
export function create(desk: Desk, fields: Fields): Markup {
  const { seat, settings } = desk;
  const type = typeIn(fields, 'Type', 2010298);
  const years = yearsIn(fields);
  const extraNames = namesToAdd(fields, type);
  const price = new Big(settings.pricePerName).times(extraNames).plus(priceOf(desk, type, years, 'purchase'));
  const buy = (): { readonly entry: Entry; readonly charged: string; readonly transactionId: string } => {
    const charged = charge(desk, price, 'create');
    const { orderId, transactionId } = newOrder(desk);
    const entry = newEntry(desk, { type, years, extraNames, orderId });
    seat.sold({
      order: entry.id,
      product: `${type}/${years}`,
      amount: price.toFixed(2),
      currency: settings.currency,
      reference: null,
    });
    return { entry, charged, transactionId };
  };
  const { entry, charged, transactionId } = buy();
  if (seat.fault('duplicate', 'create') !== undefined) buy();
  return element(
    'SSLCreateResult',
    { IsSuccess: 'true', OrderId: entry.orderId, TransactionId: transactionId, ChargedAmount: charged },
    element('SSLCertificate', {
      CertificateID: entry.id,
      Created: paddedDate(entry.boughtAtMs),
      SSLType: entry.type,
      Years: years,
      Status: statusText(desk, entry.status, 'as-is'),
    }),
  );
}

/** @throws Refusal, and nothing was bought */
export function renew(desk: Desk, fields: Fields): Markup {
  const { seat, settings, state, nowMs } = desk;
  const old = entryIn(desk, fields);
  const years = yearsIn(fields);
  const type = typeIn(fields, 'SSLType', 2010301);
  if (type !== old.type) throw new Refusal(2012301, 'SSLType does not match the certificate');
  if (old.status !== 'Active') throw invalidStatus(desk);
  const endMs = old.termEndMs ?? nowMs;
  if (nowMs < endMs - WINDOW_MS.before || nowMs > endMs + WINDOW_MS.after) {
    throw new Refusal(4011294, 'The certificate is outside the renewal window');
  }
  const queued = state.entries.some(({ renews, status }) => renews === old.id && status !== 'Cancelled');
  if (queued) throw new Refusal(4028294, 'The certificate is queued for renewal already');
  const price = new Big(settings.pricePerName)
    .times(old.extraNames)
    .plus(priceOf(desk, type, years, 'renew'));
  const charged = charge(desk, price, 'renew');
  const { orderId, transactionId } = newOrder(desk);
  const { extraNames } = old;
  const entry = newEntry(desk, { type, years, extraNames, orderId, status: 'NewRenewal', renews: old.id });
  seat.sold({
    order: entry.id,
    product: `${type}/${years}`,
    amount: price.toFixed(2),
    currency: settings.currency,
    reference: null,
  });
  return element('SSLRenewResult', {
    CertificateID: entry.id,
    SSLType: type,
    Years: years,
    OrderID: orderId,
    TransactionId: transactionId,
    ChargedAmount: charged,
  });
}

/** @throws Refusal, and nothing was bought */
export function purchaseMoreSans(desk: Desk, fields: Fields): Markup {
  const { seat, settings } = desk;
  const entry = entryIn(desk, fields);
  if (productOf(entry.type).included === 1) throw new Refusal(2011767, 'The product takes no further names');
  const count = countIn(fields, 'NumberOfSANSToAdd', {
    missing: 2011900,
    wrong: 2013900,
    least: 1,
    most: MOST_EXTRA_NAMES - entry.extraNames,
  });
  const may = settings.moreNamesWhen === 'any' ? isSlot(entry) || entry.status === 'Active' : isSlot(entry);
  if (!may) throw invalidStatus(desk);
  const price = new Big(settings.pricePerName).times(count);
  const charged = charge(desk, price, 'purchaseMoreSans');
  const { orderId, transactionId } = newOrder(desk);
  entry.extraNames += count;
  seat.sold({
    order: entry.id,
    product: `${entry.type}/names`,
    amount: price.toFixed(2),
    currency: settings.currency,
    reference: null,
  });
  return element(
    'SSLPurchaseMoreSANSResult',
    { IsSuccess: 'true', OrderId: orderId, TransactionId: transactionId, ChargedAmount: charged },
    element('SSLCertificate', {
      CertificateID: entry.id,
      SSLType: entry.type,
      Years: entry.years,
      Status: statusText(desk, entry.status, 'as-is'),
      SANSCount: sansCount(desk, entry),
    }),
  );
}

/** Under one of the readings that the documentation leaves open. */
export function sansCount({ settings }: Desk, { type, extraNames }: Entry): number {
  const { included } = productOf(type);
  return settings.sansCount === 'added' || included === 1 ? extraNames : included + extraNames;
}
