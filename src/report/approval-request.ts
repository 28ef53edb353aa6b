import { formatMoney, type Money, sumByCurrency } from '../model/money.js';
import { dayOf } from '../model/time.js';
import type { Removal, Rewrite } from '../policy/approval-requests.js';
import {
  type ActionWish,
  askAgainMs,
  type LinesWish,
  validUntilMs,
  type Wish,
} from '../policy/approval-wishes.js';
import { day } from './dates.js';
import { clip, markdownCode, markdownText } from './escape.js';
import { moneyList, shortPrice } from './money.js';
import { count, isLoud, providerText } from './words.js';

/** A pull request as people read it; GitHub takes 65,536 characters of body. */
export interface RequestText {
  /** Plain text. */
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

const CELL = 300;
const NAMES_SHOWN = 10;
const LINES_SHOWN = 100;

const say = (text: string): string => markdownText(clip(text, CELL));
const code = (text: string): string => markdownCode(clip(text, CELL));

const costOf = (wishes: readonly Wish[]): readonly Money[] =>
  sumByCurrency(wishes.flatMap((wish) => (wish.kind === 'action' ? (wish.need.price ?? []) : [])));

const priceWords = (wish: ActionWish): string =>
  wish.need.price === null ? 'free' : formatMoney(wish.need.price);

/**
 * What a pull request that asks for an approval says: what is let through, what it costs, why, and what happens when
 * somebody merges it, closes it, or does nothing.
 */
export function requestText(wishes: readonly Wish[], nowMs: number): RequestText {
  const [only] = wishes;
  if (only?.kind === 'lines') return linesText(only, nowMs);
  const actions = wishes.filter((wish) => wish.kind === 'action');
  const [first] = actions;
  if (first && actions.length === 1) return singleText(first, nowMs);
  const cost = moneyList(costOf(actions));
  return {
    title: `Approve ${count(actions.length, 'action')}${cost === '' ? '' : `: ${cost}`}`,
    body: paragraphs([
      [
        `**Merging this lets certwright carry out ${count(actions.length, 'action')}, each once${cost === '' ? '' : `, for at most ${cost} together`}.** Until then it does none of them. To let only some through, take the files of the others out of this branch.`,
      ],
      ...actions.map((wish) => [`### ${wish.item.action} ${code(wish.item.name)}`, '', ...factLines(wish)]),
      outcome(actions, nowMs),
    ]),
  };
}

function singleText(wish: ActionWish, nowMs: number): RequestText {
  const { item } = wish;
  const price = priceWords(wish);
  const most = wish.need.price === null ? 'at no cost' : `for at most ${price}`;
  return {
    title: `Approve: ${item.action} ${item.name} (${price})`,
    body: paragraphs([
      [
        `**Merging this lets certwright ${item.action} ${code(item.name)} once, ${most}.** Until then it does not.`,
      ],
      factLines(wish),
      outcome([wish], nowMs),
    ]),
  };
}

/** One line each; the table of a plan would be too wide for what a person has to weigh. */
function factLines(wish: ActionWish): readonly string[] {
  const { item, need } = wish;
  const { coverage, owner, price, sideEffects, predecessor, term } = item;
  const where = isLoud(item.environment)
    ? `**${say(providerText(need.provider, item.environment))}**, where nothing real is bought`
    : code(need.provider);
  return [
    `- Why: ${say(item.message)}`,
    `- Price: **${priceWords(wish)}**${price.kind === 'known' ? `, ${say(price.source)}${taxWords(wish)}` : ''}`,
    ...(coverage
      ? [
          `- Covers: ${day(coverage.from)} → ${day(coverage.till)}, ${count(coverage.certificates, 'certificate')}`,
        ]
      : []),
    `- Product: ${code(need.product)}${term === undefined ? '' : `, ${say(term)}`}, at ${where}`,
    `- Names: ${nameList(need.names)}`,
    ...(predecessor === undefined ? [] : [`- Follows ${code(predecessor)}`]),
    ...(owner === undefined ? [] : [`- Owner: ${say(owner)}`]),
    ...sideEffects.map((effect) => `- Also: ${say(effect)}`),
    ...item.alternatives.map((other) => `- Or at ${code(other.provider)}: ${shortPrice(other.price)}`),
  ];
}

function taxWords({ item, need }: ActionWish): string {
  const taxed = item.price.kind === 'known' && need.price && item.price.amount.amount !== need.price.amount;
  return taxed ? ', with tax' : '';
}

function nameList(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(code).join(', ');
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}

function linesText({ lines, message }: LinesWish, nowMs: number): RequestText {
  const wish: LinesWish = { kind: 'lines', key: 'unsafe plan', lines, message };
  const shown = lines.slice(0, LINES_SHOWN).map((line) => `- ${code(line)}`);
  return {
    title: `Approve a plan that changes ${count(lines.length, 'certificate')}`,
    body: paragraphs([
      [
        '**Merging this lets through a plan that certwright refuses because it changes so much.** Until then nothing of that plan is done. If the edit was not meant, take it back instead.',
      ],
      [say(message)],
      [...shown, ...(lines.length > shown.length ? [`- and ${lines.length - shown.length} more`] : [])],
      outcome([wish], nowMs),
    ]),
  };
}

const lastDay = (ms: number): string => dayOf(ms);

/** The earliest of several is what a person has to know. */
const earliest = (all: readonly number[]): number => Math.min(...all);

function outcome(wishes: readonly Wish[], nowMs: number): readonly string[] {
  const until = lastDay(earliest(wishes.map((wish) => validUntilMs(wish, nowMs))));
  const again = lastDay(earliest(wishes.map((wish) => askAgainMs(wish, nowMs))));
  const costs = wishes.some((wish) => wish.kind === 'action' && wish.need.price !== null);
  return [
    `- **Merged** by ${until}: the next run carries it out, ${costs ? 'if the price is no higher than this and ' : 'if '}nothing else about it has changed. The approval is used up by that.`,
    `- **Closed**: declined. If it is still needed then, certwright asks again on ${again}.`,
    `- **Left open**: nothing happens${deadlines(wishes)}.`,
  ];
}

const RUNS_OUT_SHOWN = 5;

function deadlines(wishes: readonly Wish[]): string {
  const dated = wishes.flatMap((wish) =>
    wish.kind === 'action' && wish.runsOutMs !== undefined ? [wish] : [],
  );
  if (dated.length === 0) return ', and this is kept up to date';
  const sorted = dated.toSorted((a, b) => (a.runsOutMs ?? 0) - (b.runsOutMs ?? 0));
  const shown = sorted.slice(0, RUNS_OUT_SHOWN).map((wish) => {
    const what = wish.item.action === 'renew' ? 'what is paid for' : 'the certificate of';
    return `${what} ${code(wish.item.name)} ends on ${lastDay(wish.runsOutMs ?? 0)}`;
  });
  const more = sorted.length > shown.length ? `, and ${sorted.length - shown.length} more later` : '';
  return `, and ${shown.join(', ')}${more}`;
}

const paragraphs = (all: readonly (readonly string[])[]): string =>
  `${all
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;

/** Sentences of a comment: what changed in an open pull request, and why. */
export function changedText(rewrite: readonly Rewrite[], remove: readonly Removal[]): string {
  return paragraphs([
    [
      ...rewrite.map(
        ({ wish, why }) => `- ${code(wish.key)} was written anew, because ${why.map(say).join(', ')}.`,
      ),
      ...remove.map(({ key, why }) => `- ${code(key)} was taken out, because ${say(why)}.`),
    ],
    ['Whoever looked at this before should look again.'],
  ]);
}

/** Why a pull request was closed by certwright. */
export const closedText = (why: readonly string[]): string =>
  `Closed by certwright, because ${[...new Set(why)].map(say).join('; ')}.\n`;

/** A person's own file that lets nothing through as it is. */
export const editedText = (edited: readonly Rewrite[]): string =>
  paragraphs([
    [
      'Somebody changed this branch, so certwright leaves it alone. As it is, merging it lets nothing through:',
    ],
    edited.map(({ wish, why }) => `- ${code(wish.key)}: ${why.map(say).join(', ')}`),
    [
      'Mend the file, or close this pull request and delete its branch: then certwright asks anew when it is due.',
    ],
  ]);
