import type { CutOver } from '../../model/calendar.js';
import { type Instant, toMs } from '../../model/time.js';
import { relative } from '../dates.js';
import { isLoud, providerText } from '../words.js';
import type { Overview, OverviewCertificate, Standing, Sum } from './types.js';

/** What each standing is called, and means. */
export const STANDING_WORDS: Readonly<Record<Standing, { readonly title: string; readonly means: string }>> =
  {
    expired: { title: 'Expired', means: 'ended, and nothing took its place' },
    attention: { title: 'Attention', means: 'somebody has to look' },
    waiting: { title: 'Waiting', means: 'for a person to act' },
    due: { title: 'Due', means: 'under way, or within 30 days' },
    healthy: { title: 'Healthy', means: 'nothing to do' },
    archived: { title: 'Archived', means: 'no manifest any more' },
  };

/** Those that people count. */
export const COUNTED: readonly Standing[] = ['healthy', 'due', 'waiting', 'attention', 'expired'];

const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2027-03` → `Mar 2027`. */
export const monthText = (month: string): string => `${monthName(month)} ${month.slice(0, 4)}`;

export const monthName = (day: string): string => MONTH_NAMES[Number(day.slice(5, 7)) - 1] ?? '';

/** `2027-03-15` → `15 Mar 2027`. */
export const dayText = (day: string): string => `${Number(day.slice(8, 10))} ${monthText(day)}`;

export const certificatesOf = ({ counts }: Overview): number =>
  COUNTED.reduce((sum, standing) => sum + counts[standing], 0);

/** One sentence that says whether anybody has to do something. */
export function verdictOf(view: Overview): string {
  const { counts, trouble } = view;
  const all = certificatesOf(view);
  if (all === 0 && counts.archived > 0) return 'All certificates are archived.';
  if (all === 0 && selectionText(view) !== undefined) return 'No certificate matches.';
  if (all === 0) return 'There is no certificate yet.';
  const parts = [
    ...(counts.expired === 0 ? [] : [`${howMany(counts.expired, 'certificate')} expired`]),
    ...(counts.attention === 0 ? [] : [`${grouped(counts.attention)} to be looked at`]),
    ...(counts.waiting === 0 ? [] : [`${grouped(counts.waiting)} waiting for a person`]),
  ];
  const first = parts[0];
  if (first !== undefined) return `${[upper(first), ...parts.slice(1)].join(', ')}.`;
  if (trouble.length > 0) return 'All certificates are in order; something else has to be looked at.';
  return 'Everything is in order. Nobody has to do anything.';
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What was asked for, where that is not everything. */
export function selectionText({ selection }: Overview): string | undefined {
  const { names = [], owner, provider, state } = selection;
  const parts = [
    ...(names.length === 0 ? [] : [names.join(', ')]),
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(provider === undefined ? [] : [`provider ${provider}`]),
    ...(state === undefined ? [] : [`state ${state}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** What an industry limit that changes means, as half sentences. */
export const cutOverTexts = (change: CutOver): readonly string[] => [
  ...(change.validityDays === undefined ? [] : [`new certificates live ${change.validityDays} days at most`]),
  ...(change.proofReuseDays === undefined
    ? []
    : [`proofs of control are reused for ${change.proofReuseDays} days`]),
  ...(change.emailValidationEnds ? ['validation by e-mail ends'] : []),
];

/** Digits in groups of three, exact. */
export const amountText = (amount: string): string => {
  const [whole = '', decimals] = amount.split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
};

/** A count as people read it: `10,000`. */
export const grouped = (n: number): string => amountText(String(n));

/** `1 certificate`, `10,000 certificates`. */
export const howMany = (n: number, one: string): string => `${grouped(n)} ${n === 1 ? one : `${one}s`}`;

/** The currency, and loudly the environment where nothing real is sold. */
export const unitText = ({ currency, environment }: Pick<Sum, 'currency' | 'environment'>): string =>
  isLoud(environment) ? `${currency} (${environment.toUpperCase()})` : currency;

const sumText = (sum: Sum): string => `${amountText(sum.amount)} ${unitText(sum)}`;

export const sumsText = (sums: readonly Sum[]): string => sums.map(sumText).join(' + ');

/** The next thing that happens to it by itself. */
export function nextOf({
  reissueAt,
  renewAt,
}: OverviewCertificate): { readonly at: Instant; readonly action: 'reissue' | 'renew' } | undefined {
  if (renewAt !== undefined && (reissueAt === undefined || toMs(renewAt) <= toMs(reissueAt))) {
    return { at: renewAt, action: 'renew' };
  }
  return reissueAt === undefined ? undefined : { at: reissueAt, action: 'reissue' };
}

export const accountText = ({ provider, environment }: OverviewCertificate): string =>
  provider === undefined ? '' : providerText(provider, environment);

export const fromNow = (at: Instant, { madeAt }: Overview): string => relative(toMs(at), toMs(madeAt));

/** How the expected prices are known. */
export function basisText({ spending }: Overview): string | undefined {
  if (spending === undefined) return undefined;
  const { listed, charged, unknown } = spending.basis;
  if (listed + charged + unknown === 0) return 'No purchase falls due in the next twelve months.';
  const parts = [
    ...(listed === 0 ? [] : [`${grouped(listed)} at a price that is configured or was quoted last`]),
    ...(charged === 0 ? [] : [`${grouped(charged)} at what the last term was charged`]),
    ...(unknown === 0 ? [] : [`${grouped(unknown)} without a known price, on top of every sum`]),
  ];
  return `Expected: ${howMany(listed + charged + unknown, 'purchase')}; ${parts.join(', ')}.`;
}
