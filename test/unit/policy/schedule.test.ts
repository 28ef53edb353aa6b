import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Calendar, INDUSTRY_CALENDAR, validityLimitDays } from '../../../src/model/calendar.js';
import { parseTerm } from '../../../src/model/term.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toInstant, toMs } from '../../../src/model/time.js';
import { LEAD_DAYS, type ValidationLevel } from '../../../src/model/vetting.js';
import { marginDays, type ReissueRule } from '../../../src/policy/coverage.js';
import {
  certificatesForTerm,
  type DueReissue,
  overdueFromMs,
  paidTillOf,
  type ReissueInput,
  type ReissueSchedule,
  type RenewalInput,
  reissueSchedule,
  renewal,
} from '../../../src/policy/schedule.js';

/** Always the same validity. */
const constant = (days: number): Calendar => ({
  ...INDUSTRY_CALENDAR,
  validity: [{ since: '2000-01-01', days }],
  cas: {},
});

const D0 = toMs('2030-01-01T00:00:00Z');

/** A certificate of `days` from `fromMs` on, as CAs write it: its last second is before the next day's first. */
const certificate = (fromMs: number, days: number) => ({
  notBeforeMs: fromMs,
  notAfterMs: fromMs + days * DAY_MS - SECOND_MS,
});

const due = (schedule: ReissueSchedule): DueReissue => {
  if (!schedule.needed) throw new Error('no reissue is needed');
  return schedule;
};

const dayOf = (ms: number, fromMs = D0): number => (ms - fromMs) / DAY_MS;

describe('golden values from day 0', () => {
  it.each([
    [365, 199, 30, 2, [166, 169]],
    [365, 99, 30, 5, [59, 69]],
    [365, 46, 15, 12, [9, 31]],
    [1095, 199, 30, 7, [51, 169]],
    [1095, 99, 30, 16, [30, 69]],
    [1095, 46, 15, 35, [26, 31]],
  ])(
    '%i paid days at %i with margin %i take %i certificates, the first window is %j',
    (term, V, m, count, window) => {
      const rule: ReissueRule = { validation: 'dv', calendar: constant(V), reissueBeforeMs: m * DAY_MS };
      const paidTillMs = D0 + term * DAY_MS;
      const schedule = due(
        reissueSchedule({ ...rule, name: 'shop', nowMs: D0, ...certificate(D0, V), paidTillMs }),
      );
      expect([dayOf(schedule.earliestMs), dayOf(schedule.latestMs)]).toEqual(window);
      expect(schedule.certificatesLeft).toBe(count - 1);
      expect(schedule.attentionFromMs).toBe(D0 + (V - m / 2) * DAY_MS);
      expect(certificatesForTerm({ fromMs: D0, paidTillMs }, rule)).toBe(count);
    },
  );
});

describe('the margin', () => {
  it.each([
    [199, undefined, 'dv', 30, 'thirty days by default'],
    [46, undefined, 'dv', 15, 'a third of a short certificate'],
    [46, 10 * DAY_MS, 'dv', 10, 'what the manifest says, if that is less'],
    [199, undefined, 'ov', 33, 'three days more for an organisation'],
    [199, undefined, 'ev', 37, 'seven days more for extended validation'],
    [46, undefined, 'ev', 22, 'a third and the lead'],
    [12, undefined, 'ev', 6, 'never more than half, whatever the lead'],
    [10, undefined, 'dv', 3, 'a third from ten days on'],
    [9, undefined, 'dv', 4, 'half below ten days'],
    [199, 36 * HOUR_MS, 'dv', 2, 'whole days, rounded up'],
    [199, 0, 'dv', 1, 'never nothing'],
    [1, undefined, 'dv', 0, 'nothing where there is no room'],
  ] as [number, number | undefined, ValidationLevel, number, string][])(
    'of %i days with reissueBefore %s and %s is %i: %s',
    (validity, before, validation, days) => {
      const rule = { validation, ...(before === undefined ? {} : { reissueBeforeMs: before }) };
      expect(marginDays(validity, rule)).toBe(days);
    },
  );
});

describe('a reissue inside the paid term', () => {
  const rule: ReissueRule = { validation: 'dv', calendar: constant(199) };
  const at = (paidTillMs: number) =>
    reissueSchedule({ ...rule, name: 'shop', nowMs: D0, ...certificate(D0, 199), paidTillMs });

  it.each([
    ['the certificate outlives the term', D0 + 150 * DAY_MS],
    ['both end together', D0 + 199 * DAY_MS],
    ['the term ends a second later', D0 + 199 * DAY_MS + SECOND_MS],
    ['one whole day is left', D0 + 200 * DAY_MS],
  ])('is not needed when %s', (_title, paidTillMs) => {
    expect(at(paidTillMs)).toEqual({ needed: false });
  });

  it('is needed when more than a day is left', () => {
    expect(due(at(D0 + 200 * DAY_MS + SECOND_MS)).certificatesLeft).toBe(1);
  });

  it('counts what the order really got where that is less than the limit', () => {
    const schedule = due(
      reissueSchedule({
        ...rule,
        name: 'shop',
        nowMs: D0,
        ...certificate(D0, 90),
        paidTillMs: D0 + 365 * DAY_MS,
      }),
    );
    // V = 90, m = 30: r = 275, k = ⌈275/60⌉
    expect(schedule.certificatesLeft).toBe(5);
    expect(dayOf(schedule.latestMs)).toBe(60);
  });

  it('counts the limit where the order got more, before it was lowered', () => {
    const from = toMs('2026-03-01T00:00:00Z');
    const schedule = due(
      reissueSchedule({
        validation: 'dv',
        ca: 'sectigo',
        name: 'shop',
        nowMs: toMs('2026-06-01T00:00:00Z'),
        ...certificate(from, 397),
        paidTillMs: from + 730 * DAY_MS,
      }),
    );
    // Ends 2027-04-02, so the reissue falls behind the cut-over of 2027-03-14 with 99 days, or is pulled before it.
    expect(schedule.certificatesLeft).toBe(4);
    expect(toInstant(schedule.latestMs)).toBe('2027-03-03T00:00:00Z');
  });

  it('ignores hours: what ends in the afternoon ends that day, what is paid till the morning is paid that day', () => {
    const shifted = {
      notBeforeMs: D0 + 15 * HOUR_MS,
      notAfterMs: D0 + 15 * HOUR_MS + 199 * DAY_MS - SECOND_MS,
    };
    const schedule = due(
      reissueSchedule({
        ...rule,
        name: 'shop',
        nowMs: D0,
        ...shifted,
        paidTillMs: D0 + 365 * DAY_MS + 9 * HOUR_MS,
      }),
    );
    expect([dayOf(schedule.earliestMs), dayOf(schedule.latestMs)]).toEqual([167, 169]);
  });

  it('stays where it is however often one asks, until the certificate changes', () => {
    const ask = (nowMs: number) =>
      reissueSchedule({
        ...rule,
        name: 'shop',
        nowMs,
        ...certificate(D0, 199),
        paidTillMs: D0 + 1095 * DAY_MS,
      });
    for (const day of [1, 50, 120, 169, 198, 230]) expect(ask(D0 + day * DAY_MS)).toEqual(ask(D0));
  });

  it('spreads many names over the first share of the window', () => {
    const days = Array.from({ length: 300 }, (_, i) =>
      dayOf(
        due(
          reissueSchedule({
            ...rule,
            name: `team/${i}`,
            nowMs: D0,
            ...certificate(D0, 199),
            paidTillMs: D0 + 1095 * DAY_MS,
          }),
        ).dueMs,
      ),
    );
    // S = 118 over k = 6 certificates: 20 days, the latest included.
    expect(new Set(days).size).toBe(20);
    expect([Math.min(...days), Math.max(...days)]).toEqual([150, 169]);
  });
});

describe('a cut-over ahead', () => {
  const CUT = toMs('2027-03-14T00:00:00Z');
  const ask = (
    input: Pick<ReissueInput, 'notBeforeMs' | 'notAfterMs' | 'paidTillMs'> & Partial<ReissueInput>,
  ) =>
    due(
      reissueSchedule({ validation: 'dv', ca: 'sectigo', name: 'shop', nowMs: input.notBeforeMs, ...input }),
    );

  it('pulls the reissue before it when that saves a certificate', () => {
    const from = toMs('2026-10-15T00:00:00Z');
    // Ends 2027-05-02; 2027-04-02 + 99 days would need a third one, 2027-03-13 + 199 days reaches the end of the term.
    const schedule = ask({ ...certificate(from, 199), paidTillMs: from + 340 * DAY_MS });
    expect(schedule.certificatesLeft).toBe(1);
    expect(schedule.beforeCutOverMs).toBe(CUT);
    expect(toInstant(schedule.latestMs)).toBe('2027-03-13T00:00:00Z');
    // 2027-09-20 − 199 days: a day earlier would not reach the end.
    expect(toInstant(schedule.earliestMs)).toBe('2027-03-05T00:00:00Z');
    expect(schedule.dueMs).toBeGreaterThanOrEqual(schedule.earliestMs);
    expect(schedule.dueMs).toBeLessThanOrEqual(schedule.latestMs);
  });

  it('spreads a pull over no more than 21 days before it', () => {
    const from = toMs('2026-10-15T00:00:00Z');
    const days = Array.from({ length: 200 }, (_, i) =>
      ask({ name: `n${i}`, ...certificate(from, 199), paidTillMs: from + 320 * DAY_MS }),
    );
    expect(new Set(days.map((d) => toInstant(d.earliestMs)))).toEqual(new Set(['2027-02-21T00:00:00Z']));
    expect(new Set(days.map((d) => d.dueMs)).size).toBe(21);
    expect(days.every((d) => d.dueMs < CUT)).toBe(true);
  });

  it('starts a pull earlier by the time that vetting takes', () => {
    const from = toMs('2026-10-15T00:00:00Z');
    const schedule = ask({ validation: 'ev', ...certificate(from, 199), paidTillMs: from + 330 * DAY_MS });
    expect(toInstant(schedule.latestMs)).toBe('2027-03-06T00:00:00Z');
    expect(schedule.beforeCutOverMs).toBe(CUT);
  });

  it('changes nothing when no certificate is saved', () => {
    const from = toMs('2026-10-15T00:00:00Z');
    const schedule = ask({ ...certificate(from, 199), paidTillMs: from + 250 * DAY_MS });
    expect(schedule.certificatesLeft).toBe(1);
    expect(schedule.beforeCutOverMs).toBeUndefined();
    expect(toInstant(schedule.latestMs)).toBe('2027-04-02T00:00:00Z');
    // Not before the cut-over, although that would be early enough for the end of the term.
    expect(schedule.earliestMs).toBeGreaterThanOrEqual(CUT);
  });

  it('is no longer pulled once it is past', () => {
    const from = toMs('2026-10-15T00:00:00Z');
    const schedule = ask({ nowMs: CUT, ...certificate(from, 199), paidTillMs: from + 340 * DAY_MS });
    expect(schedule.beforeCutOverMs).toBeUndefined();
    // r = 141 days at 99 with margin 30, where the pull would have made it one.
    expect(schedule.certificatesLeft).toBe(3);
    expect(toInstant(schedule.latestMs)).toBe('2027-04-02T00:00:00Z');
  });
});

describe('certificates for a term across the calendar', () => {
  it.each([
    ['2025-03-01', '1y', 1, 'a certificate of 397 days covers a year'],
    ['2026-04-01', '1y', 2, '2026-04-01 and 2026-09-17 at 199 days'],
    ['2026-12-01', '1y', 3, 'a pull before 2027-03-14 would save nothing'],
    ['2026-10-01', '1y', 3, 'the second is pulled before 2027-03-14; without that it would be 4'],
    ['2026-09-28', '1y', 2, 'the second is pulled before 2027-03-14 and just reaches the end'],
    ['2027-03-20', '1y', 5, 'all at 99 days'],
    ['2028-02-29', '1y', 5, 'over a leap day, by months'],
    ['2029-03-20', '1y', 12, 'all at 46 days'],
    ['2026-04-01', '3y', 12, 'over two cut-overs'],
    ['2025-03-14', '1y', 1, 'a year that ends as 200 days begin'],
    ['2026-03-15', '1y', 2, 'from the day of 200 days'],
    ['2027-03-13', '1y', 4, 'the last day of 199 days, the others at 99'],
    ['2027-03-14', '1y', 5, "the CA's own day of 99, a day before the industry's"],
    ['2027-03-15', '1y', 5, 'from the day of 100 days'],
    ['2027-08-31', '1y', 5, 'from the end of a month'],
    ['2028-02-28', '1y', 5, 'from the day before a leap day'],
    ['2029-03-13', '1y', 10, 'the last day of 99 days, the others at 46'],
    ['2029-03-14', '1y', 12, "the CA's own day of 46"],
    ['2029-03-15', '1y', 12, 'from the day of 47 days'],
    ['2026-01-31', '5y', 32, 'five years over three cut-overs, from the end of a month'],
    ['2026-10-20', '5y', 39, 'ordered and paid on 2026-10-20 for 5 years'],
    ['2028-02-29', '4y', 39, 'from leap day to leap day'],
  ])('from %s for %s are %i: %s', (from, text, count) => {
    const fromMs = toMs(`${from}T00:00:00Z`);
    const paidTillMs = paidTill(fromMs, text, 'months');
    const rule = { validation: 'dv', ca: 'sectigo' } as const;
    expect(certificatesForTerm({ fromMs, paidTillMs }, rule)).toBe(count);
    expect(fewest(rule, fromMs, paidTillMs)).toBe(count);
  });
});

function paidTill(startMs: number, text: string, counting: 'days' | 'months'): number {
  const term = parseTerm(text);
  const ms = term && paidTillOf({ startMs, counting, term });
  if (ms === undefined) throw new Error(`no term: ${text}`);
  return ms;
}

/** Fewest certificates of a term found by trying every day: knows nothing of the arithmetic under test. */
function fewest(rule: ReissueRule, fromMs: number, paidTillMs: number, cap = Infinity): number {
  const validityOn = (day: number) => Math.min(validityLimitDays(day * DAY_MS, rule.ca, rule.calendar), cap);
  const fromDay = Math.floor(fromMs / DAY_MS);
  const tillDay = Math.ceil(paidTillMs / DAY_MS);
  let count = 1;
  let end = fromDay + validityOn(fromDay);
  let from = fromDay;
  if (tillDay - end <= 1) return 1;
  while (end < tillDay) {
    let best = { end: 0, day: 0 };
    for (let day = from; day < end; day++) {
      const validity = validityOn(day);
      const sure = validityOn(day + LEAD_DAYS[rule.validation]) === validity;
      if (sure && day <= end - marginDays(validity, rule) && day + validity > best.end) {
        best = { end: day + validity, day };
      }
    }
    [count, end, from] = [count + 1, best.end, best.day];
  }
  return count;
}

describe('living by the rule', () => {
  const lives = fc.record({
    startDay: fc.integer({ min: 0, max: 5 * 365 }),
    hour: fc.integer({ min: 0, max: 23 }),
    term: fc.constantFrom('90d', '180d', '1y', '2y', '3y', '5y'),
    ca: fc.constantFrom('sectigo', 'digicert', 'none'),
    validation: fc.constantFrom('dv', 'ov', 'ev'),
    reissueBefore: fc.integer({ min: 1, max: 90 }),
    cap: fc.constantFrom(Infinity, 90, 47, 9, 3),
    // Share of the time an issuance may take: a day, and for an organisation the days of its lead.
    delays: fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 5 }),
    name: fc.string({ minLength: 1, maxLength: 12 }),
  } as const);

  it('leaves no gap, keeps the margin, and takes no certificate more than the fewest', () => {
    const base = toMs('2026-01-01T00:00:00Z');
    fc.assert(
      fc.property(lives, (life) => {
        const rule: ReissueRule = {
          validation: life.validation,
          ca: life.ca,
          reissueBeforeMs: life.reissueBefore * DAY_MS,
        };
        const startMs = base + life.startDay * DAY_MS + life.hour * HOUR_MS;
        const paidTillMs = paidTill(startMs, life.term, 'months');
        let nowMs = startMs;
        let count = 0;
        for (;;) {
          const validity = Math.min(validityLimitDays(nowMs, life.ca), life.cap);
          const current = certificate(nowMs, validity);
          count++;
          const schedule = reissueSchedule({ ...rule, name: life.name, nowMs, ...current, paidTillMs });
          if (!schedule.needed) {
            expect(current.notAfterMs + SECOND_MS).toBeGreaterThanOrEqual(paidTillMs - 2 * DAY_MS);
            break;
          }
          expect(schedule.dueMs).toBeGreaterThanOrEqual(schedule.earliestMs);
          expect(schedule.dueMs).toBeLessThanOrEqual(schedule.latestMs);
          // A reissue that is due has its whole margin left: more than half of it is no attention yet.
          expect(schedule.dueMs).toBeLessThan(schedule.attentionFromMs + (validity === 1 ? 1 : 0));
          const share = life.delays[count % life.delays.length] ?? 0;
          const delayMs = Math.floor(share * (LEAD_DAYS[life.validation] + 1) * 24 * 60) * MINUTE_MS;
          const nextMs = Math.max(nowMs, schedule.dueMs) + (validity < 10 ? delayMs % (DAY_MS / 2) : delayMs);
          expect(nextMs).toBeLessThan(current.notAfterMs);
          nowMs = nextMs;
        }
        expect(count).toBeLessThanOrEqual(fewest(rule, startMs, paidTillMs, life.cap));
        expect(count).toBeLessThanOrEqual(
          certificatesForTerm({ fromMs: startMs, paidTillMs, observedDays: life.cap }, rule),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('promises the fewest certificates beforehand', () => {
    const base = toMs('2026-01-01T00:00:00Z');
    fc.assert(
      fc.property(lives, ({ startDay, hour, term: text, ca, validation, reissueBefore, cap }) => {
        const rule: ReissueRule = { validation, ca, reissueBeforeMs: reissueBefore * DAY_MS };
        const fromMs = base + startDay * DAY_MS + hour * HOUR_MS;
        const paidTillMs = paidTill(fromMs, text, 'days');
        expect(certificatesForTerm({ fromMs, paidTillMs, observedDays: cap }, rule)).toBe(
          fewest(rule, fromMs, paidTillMs, cap),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('without a paid term', () => {
  const ask = (days: number, rule: Partial<ReissueInput> = {}) =>
    due(reissueSchedule({ validation: 'dv', name: 'shop', nowMs: D0, ...certificate(D0, days), ...rule }));

  it.each([
    [90, {}, 60, 54],
    [90, { reissueBeforeMs: 10 * DAY_MS }, 80, 72],
    [47, {}, 47 - 47 / 3, undefined],
    [6, {}, 3, 2.7],
    [1, {}, 0.5, undefined],
  ])(
    'a certificate of %i days with %j is replaced on day %d at the latest',
    (days, rule, latest, earliest) => {
      const schedule = ask(days, rule);
      expect(dayOf(schedule.latestMs)).toBeCloseTo(latest, 3);
      if (earliest !== undefined) expect(dayOf(schedule.earliestMs)).toBeCloseTo(earliest, 3);
      expect(schedule.dueMs).toBeGreaterThanOrEqual(schedule.earliestMs);
      expect(schedule.dueMs).toBeLessThanOrEqual(schedule.latestMs);
      expect(schedule.certificatesLeft).toBeUndefined();
    },
  );

  it('is never due at once, however short it lives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 24 }), fc.string(), (hours, name) => {
        const current = { notBeforeMs: D0, notAfterMs: D0 + hours * HOUR_MS - SECOND_MS };
        const schedule = due(reissueSchedule({ validation: 'ev', name, nowMs: D0, ...current }));
        expect(schedule.dueMs).toBeGreaterThan(D0 + (hours * HOUR_MS) / 3);
        expect(schedule.dueMs).toBeLessThan(schedule.attentionFromMs);
        expect(schedule.attentionFromMs).toBeLessThan(current.notAfterMs);
      }),
    );
  });
});

describe('overdue', () => {
  it.each([
    [199, {}, 199 - 15],
    [46, {}, 46 - 7.5],
    [6, {}, 6 - 1.5],
    [199, { validation: 'ev' as const }, 199 - 18.5],
  ])('a certificate of %i days with %j is overdue from day %d', (days, rule, from) => {
    expect(dayOf(overdueFromMs(certificate(D0, days), { validation: 'dv', ...rule }))).toBe(from);
  });

  it.each([
    ['falls due later than that', 199 - 10, 199 - 5],
    ['falls due earlier', 199 - 60, 199 - 15],
  ])('one whose renewal %s is overdue half way to its end at the earliest', (_, due, from) => {
    const dueMs = D0 + due * DAY_MS;
    expect(dayOf(overdueFromMs(certificate(D0, 199), { validation: 'dv' }, dueMs))).toBe(from);
  });
});

describe('a renewal', () => {
  const paidTillMs = toMs('2028-03-01T00:00:00Z');
  const ask = (input: Partial<RenewalInput> = {}) =>
    renewal({
      nowMs: D0 - 5 * 365 * DAY_MS,
      paidTillMs,
      validation: 'dv',
      carriesRemainingDays: false,
      ...input,
    });

  it.each([
    [{}, '2028-02-20T00:00:00Z', 10, 'ten days for DV, over a leap day'],
    [{ validation: 'ov' }, '2028-02-09T00:00:00Z', 21, 'three weeks for OV'],
    [{ validation: 'ev' }, '2028-01-31T00:00:00Z', 30, 'thirty days for EV'],
    [{ carriesRemainingDays: true }, '2028-01-31T00:00:00Z', 0, 'thirty days where nothing is lost'],
    [{ renewBeforeMs: 45 * DAY_MS }, '2028-01-16T00:00:00Z', 45, 'what the manifest says'],
    [{ renewBeforeMs: 45 * DAY_MS, windowMs: 30 * DAY_MS }, '2028-01-31T00:00:00Z', 30, 'inside the window'],
    [{ windowMs: 90 * DAY_MS }, '2028-02-20T00:00:00Z', 10, 'a wide window changes nothing'],
    [{ nowMs: toMs('2028-02-26T12:00:00Z') }, '2028-02-20T00:00:00Z', 3, 'late: fewer days are lost'],
    [{ nowMs: toMs('2028-03-05T00:00:00Z') }, '2028-02-20T00:00:00Z', 0, 'after the end nothing is lost'],
  ] as [Partial<RenewalInput>, string, number, string][])(
    'with %j is due %s and loses %i days: %s',
    (input, at, lost) => {
      const answer = ask(input);
      expect(toInstant(answer.dueMs)).toBe(at);
      expect(answer.daysLost).toBe(lost);
      expect(answer.paidTillMs).toBe(paidTillMs);
    },
  );

  it('is never due before paidTill − renewBefore, and always before the term is over', () => {
    const inputs = fc.record({
      till: fc.integer({ min: 0, max: 3000 }),
      nowDays: fc.integer({ min: -2000, max: 4000 }),
      before: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
      window: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
      validation: fc.constantFrom('dv', 'ov', 'ev'),
      carries: fc.boolean(),
    });
    fc.assert(
      fc.property(inputs, ({ till, nowDays, before, window, validation, carries }) => {
        const endMs = D0 + till * DAY_MS;
        const answer = renewal({
          nowMs: D0 + nowDays * DAY_MS,
          paidTillMs: endMs,
          validation,
          carriesRemainingDays: carries,
          ...(before === undefined ? {} : { renewBeforeMs: before * DAY_MS }),
          ...(window === undefined ? {} : { windowMs: window * DAY_MS }),
        });
        const most = before ?? (carries ? 30 : { dv: 10, ov: 21, ev: 30 }[validation]);
        expect(answer.dueMs).toBeGreaterThanOrEqual(endMs - most * DAY_MS);
        if (window !== undefined) expect(answer.dueMs).toBeGreaterThanOrEqual(endMs - window * DAY_MS);
        expect(answer.dueMs).toBeLessThan(endMs);
        expect(answer.daysLost).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('reminds when it is due, then 14, 7, 3 and 1 days before the end', () => {
    const days = (input: Parameters<typeof ask>[0]) =>
      ask(input).remindersMs.map((ms) => (paidTillMs - ms) / DAY_MS);
    expect(days({ validation: 'ev' })).toEqual([30, 14, 7, 3, 1]);
    expect(days({})).toEqual([10, 7, 3, 1]);
    expect(days({ renewBeforeMs: 7 * DAY_MS })).toEqual([7, 3, 1]);
  });
});

describe('the end of what is paid', () => {
  const at = (text: string) => toMs(`${text}T12:00:00Z`);
  it.each([
    ['a year by months', { start: '2027-03-15', term: '1y', counting: 'months' }, '2028-03-15'],
    ['a year by days', { start: '2027-03-15', term: '1y', counting: 'days' }, '2028-03-14'],
    ['a leap day', { start: '2028-02-29', term: '1y', counting: 'months' }, '2029-02-28'],
    ['four years to a leap day', { start: '2028-02-29', term: '4y', counting: 'months' }, '2032-02-29'],
    ['five years by days', { start: '2026-01-01', term: '5y', counting: 'days' }, '2031-01-01'],
    ['a month end', { start: '2026-08-31', term: '90d', counting: 'months' }, '2026-11-29'],
    ['days carried over', { start: '2027-03-15', term: '1y', counting: 'months', carried: 12 }, '2028-03-27'],
    [
      "the provider's later word",
      { start: '2027-03-15', term: '1y', counting: 'months', said: '2028-04-01' },
      '2028-04-01',
    ],
    [
      "not the certificate's date",
      { start: '2027-03-15', term: '1y', counting: 'months', said: '2027-06-22' },
      '2028-03-15',
    ],
  ] as const)('for %s', (_title, facts, till) => {
    const term = parseTerm(facts.term);
    expect(
      paidTillOf({
        startMs: at(facts.start),
        counting: facts.counting,
        ...(term ? { term } : {}),
        ...('carried' in facts ? { carriedDays: facts.carried } : {}),
        ...('said' in facts ? { providerPaidTillMs: at(facts.said) } : {}),
      }),
    ).toBe(at(till));
  });

  it('is what the provider says, or nothing, where no term was bought', () => {
    expect(paidTillOf({ startMs: D0, counting: 'days' })).toBeUndefined();
    expect(paidTillOf({ startMs: D0, counting: 'days', providerPaidTillMs: D0 + 5 })).toBe(D0 + 5);
  });
});

describe('a window of the CA (RFC 9773)', () => {
  const life = certificate(D0, 90);
  const dated = (over: Partial<ReissueInput> = {}): DueReissue =>
    due(reissueSchedule({ validation: 'dv', name: 'shop', nowMs: D0, ...life, ...over }));
  const window = (from: number, days: number) => ({
    advice: { startMs: D0 + from * DAY_MS, endMs: D0 + (from + days) * DAY_MS },
  });
  const own = dated();

  it('takes the place of ours: at a moment in it that the name chooses, the same each time', () => {
    const advised = dated(window(40, 2));
    expect(advised).toMatchObject({ advised: true, attentionFromMs: own.attentionFromMs });
    expect(advised.dueMs).toBeGreaterThanOrEqual(D0 + 40 * DAY_MS);
    expect(advised.dueMs).toBeLessThan(D0 + 42 * DAY_MS);
    expect(dated({ ...window(40, 2), nowMs: D0 + 39 * DAY_MS })).toEqual(advised);
  });

  it('spreads many names over all of it', () => {
    const days = Array.from({ length: 400 }, (_, n) =>
      dayOf(dated({ ...window(40, 4), name: `n${n}` }).dueMs),
    );
    for (const quarter of [40, 41, 42, 43]) {
      expect(days.filter((day) => Math.floor(day) === quarter).length).toBeGreaterThan(60);
    }
  });

  it('that is over makes it due at once', () => {
    expect(dated({ ...window(-3, 1), nowMs: D0 + 5 * DAY_MS }).dueMs).toBeLessThan(D0);
  });

  it('that comes too late does not: it is due before it is overdue', () => {
    const late = dated(window(85, 100));
    expect(late.dueMs).toBe(own.attentionFromMs);
    expect(late.latestMs).toBe(own.attentionFromMs);
  });

  it('does not outweigh a margin that a person wrote down', () => {
    const asked = { reissueBeforeMs: 20 * DAY_MS };
    expect(dated({ ...asked, ...window(80, 2) }).dueMs).toBe(dated(asked).latestMs);
  });

  it('is nothing for a term that needs no further certificate', () => {
    const input = {
      validation: 'dv',
      name: 'shop',
      nowMs: D0,
      ...life,
      paidTillMs: D0 + 90 * DAY_MS,
    } as const;
    expect(reissueSchedule({ ...input, ...window(40, 2) })).toEqual({ needed: false });
  });
});
