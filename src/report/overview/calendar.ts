import { createHash } from 'node:crypto';
import {
  ICalCalendarMethod,
  type ICalEventData,
  ICalEventTransparency,
  default as ical,
} from 'ical-generator';
import { formatMoney } from '../../model/money.js';
import { DAY_MS, type Instant, MINUTE_MS, toMs } from '../../model/time.js';
import { terminalText } from '../escape.js';
import type { Overview, OverviewCertificate } from './types.js';
import { accountText, selectionText } from './words.js';

/** Readers of a subscribed calendar ask again this often. */
const REFRESH_S = 12 * 60 * 60;

type DateKind = 'ends' | 'paid-till' | 'reissue' | 'renew';

const TITLES: Readonly<Record<DateKind, string>> = {
  ends: 'certificate ends',
  'paid-till': 'paid term ends',
  reissue: 'reissue is due',
  renew: 'renewal is due',
};

/**
 * RFC 5545: every date of every certificate as a day of its own, nobody's time is blocked. UIDs stay the same when a date
 * moves; DTSTAMP is when the fact behind it was recorded, so that equal facts are equal text.
 */
export function overviewCalendar(view: Overview): string {
  const selection = selectionText(view);
  const calendar = ical({
    name: terminalText(
      `Certificates of ${view.repository}${selection === undefined ? '' : `, ${selection}`}`,
    ),
    prodId: { company: 'certwright', product: 'report', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    ttl: REFRESH_S,
  });
  for (const one of view.certificates) {
    const recordedAt = one.publishedAt ?? one.orders.at(-1)?.placedAt ?? view.madeAt;
    const dates: readonly (readonly [DateKind, Instant | undefined])[] = [
      ['ends', one.notAfter],
      ['paid-till', one.paidTill],
      ['reissue', one.reissueAt],
      ['renew', one.renewAt],
    ];
    for (const [kind, at] of dates) {
      if (at !== undefined) calendar.createEvent(eventOf(view.repositoryId, one, kind, at, recordedAt));
    }
  }
  return calendar.toString().replace(/(?:\r\n)?$/, '\r\n');
}

function eventOf(
  repositoryId: string,
  one: OverviewCertificate,
  kind: DateKind,
  at: Instant,
  recordedAt: Instant,
): ICalEventData {
  const recordedMs = toMs(recordedAt);
  return {
    id: `${createHash('sha256')
      .update(JSON.stringify([repositoryId, kind, one.name]))
      .digest('hex')
      .slice(0, 40)}@certwright`,
    // Grows whenever a date moves because something was issued or bought (RFC 5545 §3.8.7.4).
    sequence: Math.floor(recordedMs / MINUTE_MS),
    start: new Date(Math.floor(toMs(at) / DAY_MS) * DAY_MS),
    allDay: true,
    stamp: new Date(recordedMs),
    summary: terminalText(`${one.name}: ${TITLES[kind]}`),
    description: detailsOf(one),
    transparency: ICalEventTransparency.TRANSPARENT,
    categories: [
      { name: 'certwright' },
      ...(one.owner === undefined ? [] : [{ name: terminalText(one.owner) }]),
    ],
  };
}

function detailsOf(one: OverviewCertificate): string {
  const order = one.orders.at(-1);
  const paid = order?.charges.findLast(({ charged }) => charged !== undefined)?.charged;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['State', one.reason === undefined ? one.state : `${one.state}, ${one.reason}`],
    ['Names', one.names.join(', ')],
    ['Owner', one.owner],
    ['Provider', accountText(one)],
    ['Order', order && `${order.id}, ${order.product}`],
    ['Charged', paid && formatMoney(paid)],
    ['Serial', one.serial],
  ];
  return lines
    .flatMap(([label, text]) =>
      text === undefined || text === '' ? [] : [`${label}: ${terminalText(text)}`],
    )
    .join('\n');
}
