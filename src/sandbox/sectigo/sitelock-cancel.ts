import Big from 'big.js';
import type { Arguments } from './arguments.js';
import { invalid, Refusal } from './codes.js';
import type { Answer } from './encode.js';
import { SITELOCK } from './sitelock-products.js';
import { DAY_MS, type Desk, type Licence } from './state.js';

const YEAR_DAYS = 365;
const DONE: Answer = { fields: [['errorCode', 0]] };

export const licenceByNumber = ({ state }: Desk, number: string): Licence | undefined =>
  state.siteLock.licences.find((licence) => licence.number === number);

/** `!modifyThirdPartyDetails` with CANCELLICENCE: in any case, and money back where that is still possible. @throws Refusal */
export function cancelLicence(desk: Desk, args: Arguments): Answer {
  const licence = licenceByNumber(desk, args.orderNumber ?? '');
  if (licence === undefined) throw new Refusal(desk.settings.unknownOrderCode, 'orderNumber');
  if (licence.product !== args.product) throw invalid('product');
  refuseEnded(licence);
  end(desk, licence, isRefundable(desk, licence));
  return DONE;
}

/** `!AutoRefund` of a licence: only inside the period, of a year, and never of an add-on alone. @throws Refusal */
export function refundLicence(desk: Desk, licence: Licence): Answer {
  refuseEnded(licence);
  // The code for it is not known.
  if (!isRefundable(desk, licence)) throw invalid('orderNumber');
  end(desk, licence, true);
  return DONE;
}

function refuseEnded({ state }: Licence): void {
  if (state === 'refunded') throw new Refusal(-18);
  if (state === 'cancelled') throw new Refusal(-20);
}

const isRefundable = ({ settings, nowMs }: Desk, { product, days, placedAtMs }: Licence): boolean =>
  SITELOCK[product]?.role === 'main' &&
  days === YEAR_DAYS &&
  nowMs - placedAtMs <= settings.siteLockRefundDays * DAY_MS;

/** What stands beside a main licence goes with it. */
function end({ state }: Desk, licence: Licence, refunded: boolean): void {
  licence.state = refunded ? 'refunded' : 'cancelled';
  if (refunded && licence.payment === 'debited') {
    state.balance = new Big(state.balance).plus(licence.cost).toFixed(2);
  }
  if (SITELOCK[licence.product]?.role !== 'main') return;
  for (const other of state.siteLock.licences) {
    if (other.joins === licence.number && other.state === 'active') other.state = 'cancelled';
  }
}

/** The certificate is refunded or revoked: its site leaves the account, which stays. */
export function endBundle(desk: Desk, orderNumber: string): void {
  const bundle = licenceByNumber(desk, orderNumber);
  if (bundle !== undefined && bundle.state === 'active') bundle.state = 'cancelled';
}
