import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { overviewCalendar } from '../../../src/report/overview/calendar.js';
import type { Overview } from '../../../src/report/overview/types.js';
import { manyCertificates, overview, overviewCertificate } from '../../support/overview.js';
import { HOSTILE } from './samples.js';

/** As a reader of calendars that shares nothing with the writer sees it. */
function eventsOf(view: Overview) {
  const calendar = new ICAL.Component(ICAL.parse(overviewCalendar(view)));
  return calendar.getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component);
    return {
      uid: event.uid,
      summary: event.summary,
      description: event.description,
      day: event.startDate.toString(),
      allDay: event.startDate.isDate,
      days: event.duration.toSeconds() / 86_400,
      stamp: String(component.getFirstPropertyValue('dtstamp')),
      sequence: event.sequence,
      transparent: component.getFirstPropertyValue('transp'),
    };
  });
}

const one = overviewCertificate(1, 'healthy', {
  name: 'team-a/shop',
  notAfter: '2027-05-18T23:59:59Z',
  publishedAt: '2026-11-01T10:00:00Z',
  paidTill: '2027-11-01T00:00:00Z',
  reissueAt: '2027-04-20T00:00:00Z',
  renewAt: '2027-10-02T10:00:00Z',
});

describe('the calendar', () => {
  it('has a whole day for each date, that takes nobody’s time', () => {
    const events = eventsOf(overview([one]));
    expect(events.map(({ summary, day }) => `${day} ${summary}`)).toEqual([
      '2027-05-18 team-a/shop: certificate ends',
      '2027-11-01 team-a/shop: paid term ends',
      '2027-04-20 team-a/shop: reissue is due',
      '2027-10-02 team-a/shop: renewal is due',
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        allDay: true,
        days: 1,
        transparent: 'TRANSPARENT',
        stamp: '2026-11-01T10:00:00Z',
      });
      expect(event.description).toContain('Owner: shop\nProvider: thesslstore\n');
    }
  });

  it('is the same text for the same facts, whenever it is made', () => {
    const later = { madeAt: '2027-01-01T00:00:00Z' };
    expect(overviewCalendar(overview([one], later))).toBe(overviewCalendar(overview([one])));
  });

  it('moves an entry when its date moves: same UID, higher sequence', () => {
    const [before] = eventsOf(overview([one]));
    const renewed = { ...one, notAfter: '2027-11-01T23:59:59Z', publishedAt: '2027-04-21T08:00:00Z' };
    const [after] = eventsOf(overview([renewed]));
    expect(after?.uid).toBe(before?.uid);
    expect(after?.day).toBe('2027-11-01');
    expect(after?.sequence).toBeGreaterThan(before?.sequence ?? Infinity);
  });

  it('never gives one UID twice, nor to two repositories', () => {
    const certificates = manyCertificates(60);
    const uids = eventsOf(overview(certificates)).map(({ uid }) => uid);
    const others = eventsOf(overview(certificates, { repositoryId: 'other' })).map(({ uid }) => uid);
    expect(new Set([...uids, ...others]).size).toBe(2 * uids.length);
  });

  it('keeps to RFC 5545 whatever names say: CRLF, lines of 75 octets, and texts that come back', () => {
    const certificates = [
      ...HOSTILE,
      'a; b, c: d\\n "quoted" ^caret',
      'BEGIN:VEVENT\r\nSUMMARY:injected\r\nEND:VEVENT',
      'ü'.repeat(200),
      '🔐'.repeat(60),
    ].map((text, n) => overviewCertificate(n, 'healthy', { name: text, owner: text, names: [text] }));
    const text = overviewCalendar(overview(certificates));
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    // A line is never cut inside of a character.
    expect(text).not.toContain('\ufffd');
    const events = eventsOf(overview(certificates));
    const expected = certificates.flatMap(({ reissueAt, renewAt }) =>
      [1, 1, reissueAt, renewAt].filter(Boolean),
    );
    expect(events).toHaveLength(expected.length);
    expect(events.map(({ summary }) => summary)).toEqual(
      expect.arrayContaining([
        'a; b, c: d\\n "quoted" ^caret: certificate ends',
        'BEGIN:VEVENT\\r\\nSUMMARY:injected\\r\\nEND:VEVENT: certificate ends',
        `${'ü'.repeat(200)}: certificate ends`,
        `${'🔐'.repeat(60)}: certificate ends`,
      ]),
    );
  });
});
