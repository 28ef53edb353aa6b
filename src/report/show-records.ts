import { formatMoney } from '../model/money.js';
import type { CurrentCertificate, OrderRecord, PreviousCertificate, Status } from '../model/status.js';
import { day, minute } from './dates.js';
import { say, terminalText } from './escape.js';
import { optional } from './layout.js';
import { copy, type Section } from './show-section.js';
import { isLoud, providerText, waitingText } from './words.js';

const validity = ({ notBefore, notAfter }: PreviousCertificate): string =>
  `${day(notBefore)} → ${day(notAfter)}`;

export function currentSection(current: CurrentCertificate): Section {
  return {
    title: 'Certificate',
    fields: [
      { label: 'names', text: current.names.map(terminalText).join(', ') },
      { label: 'valid', text: validity(current) },
      ...(current.revoked
        ? [{ label: 'revoked', text: `${day(current.revoked.at)}, ${current.revoked.reason}` }]
        : []),
      { label: 'issuer', text: say(current.issuer) },
      copy('serial', current.serial),
      copy('sha256', current.sha256),
      {
        label: 'key',
        text: current.ownKey ? say(current.keyAlgorithm) : `${say(current.keyAlgorithm)}, not with us`,
      },
      copy('key sha256', current.keyHash),
      copy('order', current.order),
      ...optional(
        'also',
        current.revokesAt && `the provider revokes the certificate before it on ${minute(current.revokesAt)}`,
      ),
    ],
  };
}

/** A site at a glance: what it has, until when, and who renews it. */
export function protectionSection({ orders }: Status): Section {
  const there = orders.filter(({ state, abandoned }) => state === 'issued' && !abandoned);
  const newest = new Map(there.map((order) => [`${order.addOn ?? false} ${order.product}`, order]));
  const main = there.findLast(({ addOn }) => !addOn);
  const shown = [...newest.values()].filter((order) => order.addOn || order === main);
  return {
    title: 'Protection',
    fields: [
      ...optional('site', main?.names.map(terminalText).join(', ')),
      ...shown.map((order) => ({
        label: order.addOn ? 'add-on' : 'licence',
        text: [
          say(order.product),
          order.paidTill === undefined
            ? 'once'
            : `${day(order.paidFrom ?? order.placedAt)} → ${day(order.paidTill)}`,
          ...(order.paidTill === undefined ? [] : [renewedText(order)]),
        ].join(', '),
      })),
    ],
  };
}

const renewedText = ({ autoRenew, provider }: OrderRecord): string =>
  autoRenew === undefined
    ? 'it is not known who renews it'
    : autoRenew
      ? `renewed by ${terminalText(provider)} itself, as its order said`
      : 'renewed by certwright alone, where autoRenew is set';

/** Given up here alone: it stays paid until a person sees to it. */
const isLeftThere = ({ state }: OrderRecord): boolean => state === 'pending' || state === 'issued';

export function orderSection(order: OrderRecord): Section {
  const loud = isLoud(order.environment);
  const provider = providerText(order.provider, order.environment);
  const what = [order.product, ...(order.term === undefined ? [] : [order.term])].map(say);
  const span =
    order.paidTill === undefined
      ? undefined
      : `${day(order.paidFrom ?? order.placedAt)} → ${day(order.paidTill)}`;
  const earlier = order.ids.filter((id) => id !== order.id);
  return {
    title: `Order ${terminalText(order.id)}`,
    fields: [
      { label: 'product', text: [...what, provider].join(', ') },
      ...(loud ? [{ label: '', text: 'nothing real is bought in this environment' }] : []),
      {
        label: 'state',
        text: order.waitingFor ? `${order.state}, waiting for ${waitingText(order.waitingFor)}` : order.state,
      },
      ...optional(
        'given up',
        order.abandoned &&
          `${minute(order.abandoned.at)}: ${say(order.abandoned.reason)}${isLeftThere(order) ? `; it is still there, have ${terminalText(order.provider)} cancel it` : ''}`,
      ),
      ...optional('message', order.message && say(order.message)),
      { label: 'placed', text: `${minute(order.placedAt)}${order.adopted ? ', taken over' : ''}` },
      ...optional('paid', span),
      ...order.charges.map(({ at, action, quoted, charged, refunded }) => {
        if (refunded) {
          return { label: 'refund', text: `${formatMoney(refunded)}, ${say(action)} on ${day(at)}` };
        }
        const amount = charged ?? quoted;
        const text = amount ? `${formatMoney(amount)}${charged ? '' : ' (quoted)'}` : 'amount unknown';
        return { label: 'charge', text: `${text}, ${say(action)} on ${day(at)}` };
      }),
      copy('reference', order.reference),
      ...optional('follows', order.predecessor && say(order.predecessor)),
      ...optional('earlier ids', earlier.map(terminalText).join(', ')),
      ...(order.autoRenew === undefined
        ? []
        : [{ label: 'auto-renew', text: order.autoRenew ? 'on at the provider' : 'off at the provider' }]),
    ],
  };
}

export function previousSection(previous: readonly PreviousCertificate[]): Section {
  return {
    title: 'Earlier certificates',
    fields: previous.map((certificate) => ({
      label: '',
      text: `${validity(certificate)}  ${terminalText(certificate.serial)}${certificate.revoked ? `, revoked ${day(certificate.revoked.at)}` : ''}`,
    })),
  };
}
