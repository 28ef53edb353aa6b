import { formatMoney, type Money } from '../../model/money.js';
import type { Audience } from '../../model/notification.js';
import { nameMatcher } from '../../policy/rules.js';
import type { DashboardLine, HeldLine, SpendingLine } from '../../report/dashboard.js';
import type { DigestLine, DigestPart } from '../../report/letter.js';
import { count } from '../../report/words.js';
import type { Context } from '../context.js';
import { dashboardView } from '../dashboard-view.js';
import { type Entry, lookAround, type Situation } from '../situation.js';
import type { TellingPlace } from './letters.js';

const SHOWN = 10;

/** How everything a channel is for stands. One fetch; no provider is asked. @throws CertError as `lookAround` */
export async function digestParts(
  context: Context,
  workplace: TellingPlace,
  audience: Audience,
): Promise<readonly DigestPart[]> {
  return partsOf(forAudience(await lookAround(context, workplace.deps), audience), audience);
}

function forAudience(situation: Situation, { match, owner }: Audience): Situation {
  const globs = match.map(nameMatcher);
  const isFor = ({ name, spec, status }: Entry): boolean =>
    (globs.length === 0 || globs.some((is) => is(name))) &&
    (owner.length === 0 || owner.includes(spec?.owner ?? status.owner ?? ''));
  const entries = situation.entries.filter(isFor);
  const names = new Set(entries.map(({ name }) => name));
  const { plan } = situation;
  return {
    ...situation,
    entries,
    ...(plan === undefined
      ? {}
      : {
          plan: {
            ...plan,
            items: plan.items.filter(({ name }) => names.has(name)),
            warnings: plan.warnings.filter(({ name }) => name === undefined || names.has(name)),
          },
        }),
  };
}

function partsOf(situation: Situation, { match, owner }: Audience): readonly DigestPart[] {
  const view = dashboardView(situation, { boxes: false });
  const all = match.length + owner.length === 0;
  const { certificates, ready, attention, waiting, held, upcoming, spending } = view;
  return [
    part('Together', [{ text: `${count(certificates, 'certificate')}, ${ready} ready` }]),
    part('Alarms', attention.map(lineOf)),
    part('Waiting', [...waiting.map(lineOf), ...held.map(heldLine)]),
    part(
      'In the next 30 days',
      upcoming.map(({ name, day, action, atMost }) => ({
        name,
        text: `${action} from ${day} on${atMost === undefined ? '' : `, at most ${formatMoney(atMost)}`}`,
      })),
    ),
    // What others spend is not theirs.
    part('Spent this month', all ? spending.flatMap(spentLine) : []),
  ].filter(({ lines }) => lines.length > 0);
}

const part = (title: string, lines: readonly DigestLine[]): DigestPart => ({
  title,
  lines: lines.slice(0, SHOWN),
  left: Math.max(0, lines.length - SHOWN),
});

const lineOf = ({ name, message }: DashboardLine): DigestLine => ({
  ...(name === undefined ? {} : { name }),
  text: message,
});

const heldLine = ({ name, action, message }: HeldLine): DigestLine => ({
  name,
  text: `${action}: ${message}`,
});

function spentLine({ match, spent, limit }: SpendingLine): readonly DigestLine[] {
  if (spent.length === 0 && limit === undefined) return [];
  const sum = spent.map((one: Money) => formatMoney(one)).join(' and ') || 'nothing';
  const of = limit === undefined ? '' : ` of ${formatMoney(limit)}`;
  return [{ ...(match === undefined ? {} : { name: match }), text: `${sum}${of}` }];
}
