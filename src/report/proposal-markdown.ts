import type { Finding } from '../model/manifest.js';
import { formatMoney, type Money } from '../model/money.js';
import type { Plan } from '../model/plan.js';
import { clip, markdownCode, markdownText } from './escape.js';
import { planMarkdown } from './plan-markdown.js';
import { count } from './words.js';

/** What a pull request would do, for the people who read it there. */
export interface ProposalReport {
  /** Of the certificates it changes. */
  readonly plan?: Plan;
  /** Lines that come anyway. */
  readonly others: number;
  /** What is wrong with it, and only with it. */
  readonly findings: readonly Finding[];
  readonly notes: readonly { readonly message: string; readonly needsReview: boolean }[];
  readonly budgets: readonly { readonly title: string; readonly limit: Money; readonly left: Money }[];
  /** Accounts whose prices are not of today. */
  readonly unasked: readonly string[];
  /** Full object ids. */
  readonly base: string;
  readonly head: string;
}

/** Kept for what stands round the plan, in bytes: three lists and some sentences. */
const FRAME = 16_000;
const LIST = 4_000;
const LINES = 20;
const SENTENCE = 400;
const TITLE = 60;
const BUDGETS = 5;

const say = (text: string): string => markdownText(clip(text, SENTENCE));

/** As many as have room, and how many there are besides. */
function some<T>(things: readonly T[], line: (thing: T) => string): readonly string[] {
  const shown: string[] = [];
  let room = LIST;
  for (const thing of things.slice(0, LINES)) {
    const text = `- ${line(thing)}`;
    room -= Buffer.byteLength(text, 'utf8');
    if (room < 0) break;
    shown.push(text);
  }
  const left = things.length - shown.length;
  return left === 0 ? shown : [...shown, `- and ${left} more`];
}

const findingLine = ({ severity, message, suggestion, position }: Finding): string => {
  const place = markdownCode(clip(`${position.file}:${position.line}`, SENTENCE));
  const what = severity === 'error' ? '**Error**' : '**Warning**';
  return `${what} at ${place}: ${say(message)}${suggestion === undefined ? '' : ` ${say(suggestion)}`}`;
};

const budgetText = ({ title, limit, left }: ProposalReport['budgets'][number]): string =>
  `${markdownText(clip(title, TITLE))}: ${formatMoney(left)} of ${formatMoney(limit)} left after it`;

/** Nothing about certificates in it: no comment is needed. */
export const saysNothing = ({ plan, findings, notes }: ProposalReport): boolean =>
  findings.length + notes.length === 0 &&
  (plan === undefined || plan.items.length + plan.warnings.length === 0) &&
  plan?.unsafe === undefined;

/** What stands where a comment said something that no longer holds. */
export const NOTHING_TO_DO = 'This pull request changes nothing that certwright would act on.\n';

/** What is said instead of a plan. */
export const CONFLICT =
  '**The pull request conflicts with its base.** It is planned once the conflict is resolved.\n';
export const NOTHING_YET =
  'The branch has no certwright.yaml yet: the first plan comes after this is merged and `certwright init` was run.\n';

/** GitHub-flavoured, under 65,536 characters. Nothing in it is a mention, a link or markup unless it is ours. */
export function proposalMarkdown(report: ProposalReport): string {
  const { plan, notes, findings, budgets, others, unasked, base, head } = report;
  const review = notes.filter(({ needsReview }) => needsReview);
  const remarks = notes.filter(({ needsReview }) => !needsReview);
  const named = unasked.slice(0, LINES).map((id) => markdownCode(clip(id, TITLE)));
  const accounts = [...named, ...(unasked.length > LINES ? ['others'] : [])].join(', ');
  const parts: readonly (readonly string[])[] = [
    review.length === 0
      ? []
      : ['**Look at this before merging:**', '', ...some(review, ({ message }) => say(message))],
    some(findings, findingLine),
    plan === undefined ? ['**No plan:** correct the errors first.'] : [planMarkdown(plan, FRAME).trimEnd()],
    budgets.length === 0 ? [] : [`Budget: ${budgets.slice(0, BUDGETS).map(budgetText).join('; ')}.`],
    some(remarks, ({ message }) => say(message)),
    unasked.length === 0
      ? []
      : [`Prices of ${accounts} are configured or last seen ones: the accounts were not asked for this.`],
    others === 0
      ? []
      : [
          `${count(others, 'line')} of the plan ${others === 1 ? 'does' : 'do'} not depend on this pull request and ${others === 1 ? 'is' : 'are'} not shown.`,
        ],
    [`<sub>As merged: \`${head.slice(0, 9)}\` into \`${base.slice(0, 9)}\`.</sub>`],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
