import { isZero, type Money } from '../model/money.js';
import type { Notice } from '../model/notice.js';
import type { CertificateRecord, Charge, OrderRecord, PreviousCertificate, Status } from '../model/status.js';
import { dayOf, type Instant, toMs } from '../model/time.js';

type Change = Omit<Notice, 'certificate' | 'owner' | 'level'>;

/**
 * What happened to a certificate, as far as its facts still tell: ordered, renewed, issued, reissued, revoked. Keys name
 * orders and certificates, so that a rename or a run that broke off makes no news of them.
 * @param since  what happened before is left out: instants in their one form compare as texts
 */
export function changesOf(status: Status, since: Instant = ''): readonly Change[] {
  const { orders, current, previous } = status;
  const isOld = ({ at = '' }: { readonly at?: Instant }): boolean => at < since;
  const isQuiet =
    orders.every(({ placedAt, charges }) => placedAt < since && charges.every(isOld)) &&
    [...previous, ...(current ? [current] : [])].every(
      ({ publishedAt, revoked }) => publishedAt < since && (revoked === undefined || isOld(revoked)),
    );
  if (isQuiet) return [];
  const issued = [...previous].reverse().concat(current === undefined ? [] : [current]);
  return [
    ...orders.filter(({ adopted }) => !adopted).flatMap(ordered),
    ...issued.map((one, at) => issuance(one, issued.slice(0, at), orders)),
    ...issued.flatMap(revocation),
  ].filter((change) => !isOld(change));
}

const paidOf = ({ charged, quoted }: Charge): Money | undefined => charged ?? quoted ?? undefined;

const priced = (price: Money | undefined): { readonly price?: Money } =>
  price === undefined || isZero(price) ? {} : { price };

function ordered(order: OrderRecord): readonly Change[] {
  const { provider, environment, product, term, placedAt, charges, predecessor } = order;
  const id = order.ids[0] ?? order.id;
  const key = `order ${provider} ${environment} ${id}`;
  const [first, ...more] = charges;
  const what = [product, ...(term === undefined ? [] : [`for ${term}`])].join(' ');
  const after = predecessor === undefined ? '' : `, after order ${predecessor}`;
  return [
    {
      key,
      reason: predecessor === undefined ? 'ordered' : 'renewed',
      message: `${what} ${predecessor === undefined ? 'ordered' : 'renewed'} at ${provider}, order ${order.id}${after}`,
      at: placedAt,
      ...priced(first && paidOf(first)),
    },
    ...more.flatMap((charge): readonly Change[] => {
      const price = paidOf(charge);
      if (price === undefined || isZero(price)) return [];
      const message = `${charge.action} of order ${order.id} at ${provider}`;
      return [{ key: `${key} ${charge.action} ${charge.at}`, reason: 'paid', message, at: charge.at, price }];
    }),
  ];
}

function issuance(
  { serial, sha256, notAfter, publishedAt, order: id, names }: CertificateRecord,
  before: readonly CertificateRecord[],
  orders: readonly OrderRecord[],
): Change {
  const order = orders.find(({ ids }) => ids.includes(id));
  const isReissue = before.some((one) => one.order === id || order?.ids.includes(one.order));
  const reason = isReissue ? 'reissued' : order?.predecessor === undefined ? 'issued' : 'renewed';
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return {
    key: `certificate ${sha256}`,
    reason,
    message: `certificate ${serial} for ${names[0] ?? 'no name'}${more} is published, valid until ${dayOf(toMs(notAfter))}, order ${id}`,
    at: publishedAt,
  };
}

const revocation = ({ serial, revoked }: PreviousCertificate): readonly Change[] =>
  revoked === undefined
    ? []
    : [
        {
          key: `revoked ${serial}`,
          reason: 'revoked',
          message: `certificate ${serial} is revoked (${revoked.reason})`,
          at: revoked.at,
        },
      ];
