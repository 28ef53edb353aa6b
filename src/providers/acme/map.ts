import { CertError } from '../../model/errors.js';
import { type DnsName, nameSet, parseName, sameNames } from '../../model/names.js';
import type { OrderSnapshot } from '../../model/order.js';
import type { Recorded } from '../../ports/provider.js';
import { plainText, problemText } from './problem.js';
import { PRODUCT } from './products.js';
import { nameOf } from './proofs.js';
import { type AuthorizationWire, type OrderWire, problemIn } from './wire.js';

/** The ACME order behind an order of ours: the newest one, where a reissue is under way. */
export function addressOf(orderId: string, recorded: Recorded | undefined): string {
  const placed = recorded?.results.reissue?.order;
  return typeof placed === 'string' ? placed : orderId;
}

/** Is what is looked at a reissue, beside a certificate that is good? */
const isReissue = (recorded: Recorded | undefined): recorded is Recorded =>
  recorded?.request.action === 'reissue' || recorded?.request.action === 'add-names';

export type Known = Pick<OrderSnapshot, 'id' | 'ids' | 'reference' | 'product' | 'names'>;

/** @throws CertError `wire.unexpected` for what is no host name */
export function namesIn({ identifiers }: OrderWire): readonly DnsName[] {
  return nameSet(
    identifiers.map(({ type, value }) => {
      const parsed = parseName(value);
      if (type === 'dns' && parsed.ok) return parsed.name;
      throw new CertError(
        'wire.unexpected',
        `the CA has an order for "${plainText(value, 80)}", no host name`,
      );
    }),
  );
}

/** Until a reissue is issued, the order goes by the id it had. */
export function knownFacts(
  orderId: string,
  url: string,
  order: OrderWire,
  recorded: Recorded | undefined,
): Known {
  const { reference = '', predecessor } = recorded?.request ?? {};
  const ids = isReissue(recorded) ? (predecessor?.ids ?? []) : [];
  const told = namesIn(order);
  const asked = recorded?.request.names;
  if (asked !== undefined && !sameNames(asked, told)) {
    throw new CertError(
      'wire.unexpected',
      `order ${url} is for ${told.slice(0, 5).join(', ')}, not for the names that were ordered`,
    );
  }
  return {
    id: orderId,
    ids: [...ids.filter((id) => id !== orderId && id !== url), orderId],
    ...(reference === '' ? {} : { reference }),
    product: PRODUCT,
    names: asked ?? told,
  };
}

/** On its way: beside the certificate that is good, where it is a reissue. */
export const underWay = (
  known: Known,
  recorded: Recorded | undefined,
  facts: Pick<OrderSnapshot, 'waitingFor' | 'validation' | 'message'>,
): OrderSnapshot =>
  isReissue(recorded)
    ? { ...known, ...facts, state: 'issued', reissuePending: true }
    : { ...known, ...facts, state: 'pending' };

/** Nothing will come of it; what a reissue was for goes on with the certificate it has. */
export const ended = (known: Known, recorded: Recorded | undefined, message: string): OrderSnapshot =>
  isReissue(recorded)
    ? { ...known, state: 'issued', reissueEnded: true, validation: [], message }
    : { ...known, state: 'rejected', validation: [], message };

/** Why an order came to nothing: its own words, else those of the names that were not proven. */
export function orderText(order: OrderWire, all: readonly AuthorizationWire[]): string {
  const failed = all
    .filter(({ status }) => status !== 'valid' && status !== 'pending')
    .map((one) => {
      const { error } = one.challenges.find((challenge) => challenge.error !== undefined) ?? {};
      return `${nameOf(one)}: ${error === undefined ? `the proof is ${one.status}` : problemText(problemIn(error))}`;
    });
  if (failed.length > 0) {
    return [...failed.slice(0, 3), ...(failed.length > 3 ? [`and ${failed.length - 3} more`] : [])].join(
      '; ',
    );
  }
  return order.error === undefined
    ? 'the order is invalid; it may have expired'
    : problemText(problemIn(order.error));
}
