import { type Calendar, type DatedLimit, INDUSTRY_CALENDAR } from '../model/calendar.js';
import { CertError } from '../model/errors.js';
import { parseInstant } from '../model/time.js';

const ROW = /^(\d{4}-\d{2}-\d{2})=([1-9]\d{0,3})$/;

/**
 * The industry's limits with others in their place from a day on, to try them out.
 * @param validity  `2027-09-01=30`: certificates issued from that day on live at most 30 days
 * @returns undefined where nothing is changed
 * @throws CertError `usage`
 */
export function calendarWith(
  validity: readonly string[],
  proofReuse: readonly string[],
): Calendar | undefined {
  if (validity.length === 0 && proofReuse.length === 0) return undefined;
  return {
    ...INDUSTRY_CALENDAR,
    validity: replaced(
      INDUSTRY_CALENDAR.validity,
      validity.map((text) => limitOf('--validity', text)),
    ),
    proofReuse: replaced(
      INDUSTRY_CALENDAR.proofReuse,
      proofReuse.map((text) => limitOf('--proof-reuse', text)),
    ),
  };
}

/** From the first day that is tried out, only what is tried out counts. */
function replaced(rows: readonly DatedLimit[], tried: readonly DatedLimit[]): readonly DatedLimit[] {
  const sorted = tried.toSorted((a, b) => (a.since < b.since ? -1 : 1));
  const [first] = sorted;
  return first === undefined ? rows : [...rows.filter(({ since }) => since < first.since), ...sorted];
}

function limitOf(option: string, text: string): DatedLimit {
  const [, since, days] = ROW.exec(text) ?? [];
  if (since !== undefined && parseInstant(`${since}T00:00:00Z`) !== undefined) {
    return { since, days: Number(days) };
  }
  throw new CertError('usage', `${option} ${text} is no day and number of days`, {
    remedy: `Write it as ${option} 2027-09-01=30.`,
  });
}
