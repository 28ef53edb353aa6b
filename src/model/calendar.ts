import { DAY_MS } from './time.js';

/** From a UTC day on (`2026-03-15`), a limit in days. */
export interface DatedLimit {
  readonly since: string;
  readonly days: number;
}

/**
 * Industry limits by date, rows sorted by `since`. What lies before the first industry row is read as that row; a CA has
 * no limit of its own before its first row.
 */
export interface Calendar {
  /** Longest validity of a public TLS certificate, by the day it is issued. */
  readonly validity: readonly DatedLimit[];
  /** How long a proof of control over a name may be used again, by the day it is used. */
  readonly proofReuse: readonly DatedLimit[];
  /** What single CAs issue at most, where that is less, or earlier, than the industry limit. */
  readonly cas: Readonly<Record<string, readonly DatedLimit[]>>;
  /** First UTC day on which a mail to an approver proves nothing any more. */
  readonly emailValidationEnds: string;
}

/** What CAs are expected to do as they did in 2026: a day less than the limit, from the day before. */
const A_DAY_EARLIER: readonly DatedLimit[] = [
  { since: '2027-03-14', days: 99 },
  { since: '2029-03-14', days: 46 },
];

/**
 * Baseline Requirements §6.3.2 and §4.2.1 as changed by ballot SC-081v3 (validity, reuse) and SC-090 (e-mail DCV);
 * 825 days by ballot 193, 398 by the root programs. CA rows: their own announcements for 2026.
 */
export const INDUSTRY_CALENDAR: Calendar = {
  validity: [
    { since: '2018-03-01', days: 825 },
    { since: '2020-09-01', days: 398 },
    { since: '2026-03-15', days: 200 },
    { since: '2027-03-15', days: 100 },
    { since: '2029-03-15', days: 47 },
  ],
  proofReuse: [
    { since: '2018-03-01', days: 825 },
    { since: '2020-09-01', days: 398 },
    { since: '2026-03-15', days: 200 },
    { since: '2027-03-15', days: 100 },
    { since: '2029-03-15', days: 10 },
  ],
  cas: {
    digicert: [{ since: '2020-09-01', days: 397 }, { since: '2026-02-24', days: 199 }, ...A_DAY_EARLIER],
    globalsign: [{ since: '2020-09-01', days: 397 }, { since: '2026-03-14', days: 199 }, ...A_DAY_EARLIER],
    sectigo: [{ since: '2020-09-01', days: 397 }, { since: '2026-03-12', days: 199 }, ...A_DAY_EARLIER],
  },
  emailValidationEnds: '2028-03-15',
};

/** A stretch of time with one validity limit; days are whole UTC days since the epoch. */
export interface Regime {
  readonly fromDay: number;
  readonly validityDays: number;
}

const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

/** A calendar is constant data, so its compiled form is worth keeping: it is asked once per certificate. */
const compiled = new WeakMap<Calendar, Map<string, readonly Regime[]>>();

/**
 * The validity limits in force one after the other, industry and CA taken together; the first reaches back for ever.
 * @param ca  key of `calendar.cas`; one that is not there has no limits of its own
 */
export function regimes(ca?: string, calendar: Calendar = INDUSTRY_CALENDAR): readonly Regime[] {
  const known = compiled.get(calendar) ?? new Map<string, readonly Regime[]>();
  compiled.set(calendar, known);
  const key = ca ?? '';
  const found = known.get(key);
  if (found) return found;
  const own = ca !== undefined && Object.hasOwn(calendar.cas, ca) ? calendar.cas[ca] : undefined;
  const rows = compile(calendar.validity, own ?? []);
  known.set(key, rows);
  return rows;
}

function compile(industry: readonly DatedLimit[], own: readonly DatedLimit[]): readonly Regime[] {
  const starts = [...new Set([...industry, ...own].map((row) => row.since))].sort();
  const rows: Regime[] = [];
  for (const since of starts) {
    const ownDays = own.findLast((row) => row.since <= since)?.days ?? Infinity;
    const validityDays = Math.min(limitAt(industry, since), ownDays);
    if (rows.at(-1)?.validityDays === validityDays) continue;
    rows.push({ fromDay: rows.length === 0 ? -Infinity : dayNumber(since), validityDays });
  }
  return rows;
}

/** ISO days compare as texts. */
function limitAt(rows: readonly DatedLimit[], day: string): number {
  const row = rows.findLast((candidate) => candidate.since <= day) ?? rows[0];
  return row?.days ?? Infinity;
}

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Longest validity, in days, of a certificate issued at this instant. */
export function validityLimitDays(issuanceMs: number, ca?: string, calendar?: Calendar): number {
  const day = Math.floor(issuanceMs / DAY_MS);
  return regimes(ca, calendar).findLast((regime) => regime.fromDay <= day)?.validityDays ?? Infinity;
}

/** First instant after `ms` at which another validity limit begins, epoch ms; undefined when none is known. */
export function nextCutOver(ms: number, ca?: string, calendar?: Calendar): number | undefined {
  const next = regimes(ca, calendar).find((regime) => regime.fromDay * DAY_MS > ms);
  return next && next.fromDay * DAY_MS;
}

/** A day from which an industry limit is another one. */
export interface CutOver {
  /** First UTC day, `2027-03-15`. */
  readonly day: string;
  /** Longest validity of certificates issued from then on, days. */
  readonly validityDays?: number;
  /** How long a proof of control may be used again from then on, days. */
  readonly proofReuseDays?: number;
  /** From then on a mail to an approver proves nothing. */
  readonly emailValidationEnds?: true;
}

/** The changes of the industry's limits on days after `fromMs` and not after `tillMs`, one for each day, in order. */
export function cutOvers(
  fromMs: number,
  tillMs: number,
  { validity, proofReuse, emailValidationEnds }: Calendar = INDUSTRY_CALENDAR,
): readonly CutOver[] {
  const changes: readonly CutOver[] = [
    ...validity.map(({ since, days }) => ({ day: since, validityDays: days })),
    ...proofReuse.map(({ since, days }) => ({ day: since, proofReuseDays: days })),
    { day: emailValidationEnds, emailValidationEnds: true },
  ];
  const within = changes.filter(({ day }) => {
    const ms = dayNumber(day) * DAY_MS;
    return ms > fromMs && ms <= tillMs;
  });
  return [...Map.groupBy(within, ({ day }) => day)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, same]) => Object.assign({ day }, ...same));
}

/** Days for which a proof of control may be used again at this instant. */
export const proofReuseDays = (ms: number, calendar: Calendar = INDUSTRY_CALENDAR): number =>
  limitAt(calendar.proofReuse, isoDay(ms));

/**
 * First instant at which a proof can be used no more, epoch ms. The limit is that of the day of use, so a cut-over may end
 * a proof at once that was good until then.
 */
export function proofReuseEndMs(provenMs: number, calendar: Calendar = INDUSTRY_CALENDAR): number {
  const rows = calendar.proofReuse;
  for (const [i, { since, days }] of rows.entries()) {
    const next = rows[i + 1];
    const beginsMs = i === 0 ? -Infinity : dayNumber(since) * DAY_MS;
    const endsMs = next === undefined ? Infinity : dayNumber(next.since) * DAY_MS;
    const lapsesMs = Math.max(provenMs + days * DAY_MS, beginsMs);
    if (endsMs > provenMs && lapsesMs < endsMs) return lapsesMs;
  }
  return Infinity;
}

/** Does a mail to an approver still prove control at this instant? */
export const emailValidationAllowed = (ms: number, calendar: Calendar = INDUSTRY_CALENDAR): boolean =>
  isoDay(ms) < calendar.emailValidationEnds;
