import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { type Money, money } from '../../model/money.js';
import { type DnsName, nameSet, parseName } from '../../model/names.js';
import type { OrderRequest, OrderSnapshot, OrderState, WaitingFor } from '../../model/order.js';
import { toMs } from '../../model/time.js';
import type { ListedOrder } from '../../ports/provider.js';
import { dcvItems } from './dcv.js';
import { findProduct } from './products.js';
import { amountOf, idOf, numberOf, objectOf, textOf, utcOf } from './wire.js';

const CALL = 'order/status';
const PENDING_REISSUE = 'PENDING_REISSUE';

export const chargedOf = (order: JsonObject, currency: string | undefined): Money | undefined => {
  const amount = amountOf(order, 'OrderAmount');
  return amount === undefined || currency === undefined ? undefined : money(amount, currency);
};

/** @throws CertError `wire.unexpected` for a word that is not documented: it is quoted, never guessed */
function stateOf(order: JsonObject): { readonly state: OrderState; readonly waitingFor?: WaitingFor } {
  const word = textOf(objectOf(order, 'OrderStatus'), 'MajorStatus');
  switch (word?.toLowerCase()) {
    case 'initial':
      return { state: 'pending', waitingFor: 'configuration' };
    case 'pending':
      return { state: 'pending' };
    case 'active':
      return { state: 'issued' };
    case 'cancelled':
      return { state: 'cancelled' };
    case 'expired':
      return { state: 'expired' };
    default:
      throw new CertError(
        'wire.unexpected',
        `The SSL Store calls the state of order ${textOf(order, 'TheSSLStoreOrderID') ?? '?'} "${word ?? ''}"`,
        { remedy: 'Look at the order in its portal; certwright does nothing about it.' },
      );
  }
}

/** Names of an order; the list comes as one text. */
export function namesOf(order: JsonObject): readonly DnsName[] {
  const listed = order.DNSNames;
  const texts = [
    textOf(order, 'CommonName') ?? '',
    ...(Array.isArray(listed) ? listed.map(String) : (textOf(order, 'DNSNames') ?? '').split(/[\s,;]+/)),
  ];
  return nameSet(
    texts.flatMap((text) => {
      const parsed = parseName(text.trim());
      return parsed.ok ? [parsed.name] : [];
    }),
  );
}

const MONTHS_A_YEAR = 12;

const termOf = (order: JsonObject): string | undefined => {
  const months = numberOf(order, 'Validity');
  return months !== undefined && months > 0 && months % MONTHS_A_YEAR === 0
    ? `${months / MONTHS_A_YEAR}y`
    : undefined;
};

/**
 * The end of what is paid: told apart from the certificate's only where it is later. The core takes the later of this and
 * purchase + term.
 */
function paidTillOf(order: JsonObject, notAfter: string | undefined): string | undefined {
  const told = utcOf(CALL, order, 'OrderExpiryDateInUTC');
  return told !== undefined && (notAfter === undefined || toMs(told) > toMs(notAfter)) ? told : undefined;
}

const serialOf = (order: JsonObject): string | undefined => {
  const serial = textOf(order, 'SerialNumber')?.replaceAll(/[\s:]/g, '').toLowerCase();
  return serial !== undefined && /^[0-9a-f]{2,64}$/.test(serial) ? serial : undefined;
};

export const isReissuing = (order: JsonObject): boolean =>
  textOf(objectOf(order, 'OrderStatus'), 'MinorStatus')?.toUpperCase() === PENDING_REISSUE;

/** One order as the store tells it. @throws CertError `wire.unexpected` */
export function snapshotOf(order: JsonObject, request?: OrderRequest): OrderSnapshot {
  const id = idOf(order, 'TheSSLStoreOrderID');
  if (id === undefined)
    throw new CertError('wire.unexpected', 'The SSL Store told an order without its number');
  const code = textOf(order, 'ProductCode') ?? 'unknown';
  const product = findProduct(code);
  const { state, waitingFor } = stateOf(order);
  const reissuing = state === 'issued' && isReissuing(order);
  const open = state === 'pending' || reissuing;
  const validation = open ? dcvItems(order, product?.authority ?? 'sectigo', request) : [];
  const notAfter = state === 'pending' ? undefined : utcOf(CALL, order, 'CertificateEndDateInUTC');
  const placedAt = utcOf(CALL, order, 'PurchaseDateInUTC');
  const paidTill = paidTillOf(order, notAfter);
  const reference = textOf(order, 'CustomOrderID');
  const serial = state === 'pending' ? undefined : serialOf(order);
  const term = termOf(order);
  const words = wordsOf(order);
  const who = state === 'pending' ? (waitingFor ?? actor(validation)) : undefined;
  return {
    id,
    ids: [id],
    ...(reference === undefined ? {} : { reference }),
    state,
    ...(who === undefined ? {} : { waitingFor: who }),
    product: product?.id ?? code,
    names: namesOf(order),
    ...(term === undefined ? {} : { term }),
    ...(placedAt === undefined ? {} : { placedAt }),
    ...(paidTill === undefined ? {} : { paidTill }),
    ...(serial === undefined ? {} : { serial }),
    ...(notAfter === undefined ? {} : { notAfter }),
    validation,
    ...(reissuing ? { reissuePending: true } : {}),
    ...(words === undefined ? {} : { message: words }),
  };
}

/**
 * A line of a list. One whose state or dates are in words that nobody documents is there all the same: it counts for its own
 * names, and says nothing of others.
 */
export function listedOrder(row: JsonObject): ListedOrder {
  try {
    return snapshotOf(row);
  } catch (error) {
    const id = idOf(row, 'TheSSLStoreOrderID');
    if (!(error instanceof CertError) || id === undefined) throw error;
    const code = textOf(row, 'ProductCode') ?? 'unknown';
    const reference = textOf(row, 'CustomOrderID');
    return {
      id,
      ids: [id],
      ...(reference === undefined ? {} : { reference }),
      state: 'issued',
      stateTold: false,
      product: findProduct(code)?.id ?? code,
      names: namesOf(row),
      validation: [],
      message: error.message,
    };
  }
}

/** Who has to act first on a pending order. */
function actor(validation: OrderSnapshot['validation']): WaitingFor {
  const open = validation.filter(({ state }) => state !== 'valid');
  if (open.some(({ method }) => method !== 'email')) return 'dcv';
  return open.length > 0 ? 'approver-mail' : 'ca';
}

/** The store's own words for where an order stands. */
function wordsOf(order: JsonObject): string | undefined {
  const status = objectOf(order, 'OrderStatus');
  const words = ['MinorStatus', 'AuthenticationComments'].flatMap((key) => textOf(status, key) ?? []);
  return words.length === 0 ? undefined : words.join('; ').slice(0, 500);
}
