import { formatMoney } from '../model/money.js';
import type { Plan, PlanItem, PlanWarning } from '../model/plan.js';
import { day } from './dates.js';
import { clip, markdownCode, markdownText } from './escape.js';
import { remedyOf } from './holds.js';
import { shortPrice } from './money.js';
import {
  inReadingOrder,
  isHeld,
  markOf,
  summaryOf,
  tellsPrice,
  totalOf,
  warningsInOrder,
} from './plan-groups.js';
import { count, isLoud, providerText } from './words.js';

/** GitHub takes 65,536 characters; the rest is left to what a caller puts round it (markers, links). Bytes, to be safe. */
const LIMIT = 64_000;
const WARNINGS_LIMIT = 12_000;
const REFUSED_LINES_LIMIT = 6_000;
/** Kept free for the lines that say what was left out. */
const SPARE = 600;

const CELL = 200;
const SENTENCE = 500;
const NAMES_SHOWN = 10;

const cell = (text: string): string => markdownText(clip(text, CELL));
const say = (text: string): string => markdownText(clip(text, SENTENCE));
const code = (text: string): string => markdownCode(clip(text, CELL));
const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

/** The lines of as many things as fit, and the number of things left out; what does not fit is never rendered. */
function within<T>(
  things: readonly T[],
  render: (thing: T) => string,
  limit: number,
): { readonly kept: readonly string[]; readonly left: number } {
  const kept: string[] = [];
  let room = limit;
  for (const thing of things) {
    const line = render(thing);
    room -= bytes(line) + 1;
    if (room < 0) break;
    kept.push(line);
  }
  return { kept, left: things.length - kept.length };
}

const LEVEL: Readonly<Record<PlanWarning['level'], string>> = {
  attention: '**Attention:**',
  warning: '**Warning:**',
  info: 'Note:',
};

function warningLine({ level, name, message }: PlanWarning): string {
  const subject = name === undefined ? '' : `${code(name)}: `;
  return `- ${LEVEL[level]} ${subject}${say(message)}`;
}

function warningList(plan: Plan): readonly string[] {
  const { kept, left } = within(warningsInOrder(plan), warningLine, WARNINGS_LIMIT);
  return left === 0 ? kept : [...kept, `- and ${left} more`];
}

function refusal({ unsafe }: Plan): readonly string[] {
  if (!unsafe) return [];
  const { kept, left } = within(unsafe.lines, (line) => `- ${code(line)}`, REFUSED_LINES_LIMIT);
  return [
    `**Refused:** ${say(unsafe.message)}`,
    '',
    ...kept,
    ...(left === 0 ? [] : [`- and ${left} more`]),
    '',
    'Nothing of this plan is done.',
  ];
}

function provider(item: PlanItem): string {
  if (item.provider === undefined) return '';
  if (!isLoud(item.environment)) return code(item.provider);
  return `**${cell(providerText(item.provider, item.environment))}**`;
}

function why(item: PlanItem): string {
  const remedy = remedyOf(item);
  return [
    cell(item.message),
    ...(item.queued === undefined ? [] : [`**After:** ${cell(item.queued)}, in the same run`]),
    ...(item.hold ? [`**Held:** ${cell(item.hold.message)}`] : []),
    ...(remedy === undefined ? [] : [`**To do:** ${cell(remedy)}`]),
  ].join('<br>');
}

const priceCell = ({ price }: PlanItem): string =>
  price.kind === 'unknown' ? `**${shortPrice(price)}**` : shortPrice(price);

const HEADER = [
  '| | Name | Provider | Product | Term | Price | Covers | Certificates | Why |',
  '|---|---|---|---|---|---:|---|---:|---|',
];

function row(item: PlanItem): string {
  const { coverage } = item;
  const cells = [
    `\`${markOf(item)} ${item.action}\``,
    code(item.name),
    provider(item),
    item.product === undefined ? '' : code(item.product),
    item.term === undefined ? '' : cell(item.term),
    tellsPrice(item) ? priceCell(item) : '',
    coverage ? `${day(coverage.from)} → ${day(coverage.till)}` : '',
    coverage && coverage.certificates > 0 ? String(coverage.certificates) : '',
    why(item),
  ];
  return `| ${cells.join(' | ')} |`;
}

function priceDetail({ price, hold }: PlanItem): readonly string[] {
  switch (price.kind) {
    case 'free':
      return [];
    case 'known':
      return [`price: ${formatMoney(price.amount)}, ${say(price.source)}`];
    case 'unknown':
      return hold?.code === 'price-unknown' ? [] : [`price unknown: ${say(price.why)}`];
  }
}

function nameList(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(code).join(', ');
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}

/** What the table has no room for, as one list entry; empty where there is nothing. */
function detail(item: PlanItem): string {
  const alternatives = item.alternatives.map((other) => `${code(other.provider)} ${shortPrice(other.price)}`);
  const points = [
    ...(item.names ? [`names: ${nameList(item.names)}`] : []),
    ...priceDetail(item),
    ...(item.predecessor === undefined ? [] : [`follows ${code(item.predecessor)}`]),
    ...item.sideEffects.map((effect) => `also: ${say(effect)}`),
    ...(item.preflight ?? []).map((text) => `checks: ${say(text)}`),
    ...(alternatives.length === 0 ? [] : [`or at ${alternatives.join(', ')}`]),
  ];
  if (points.length === 0) return '';
  return [`- ${item.action} ${code(item.name)}`, ...points.map((point) => `  - ${point}`)].join('\n');
}

/** What is held needs a reader first; the rest keeps the order of the terminal. */
const heldFirst = (items: readonly PlanItem[]): readonly PlanItem[] =>
  inReadingOrder(items).toSorted((a, b) => Number(isHeld(b)) - Number(isHeld(a)));

const join = (paragraphs: readonly (readonly string[])[]): string =>
  paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');

/**
 * A plan for a pull request, GitHub-flavoured, always under 65,536 characters: rows that do not fit are counted.
 * Nothing in it is a mention, a link or markup unless it is ours.
 * @param reserve  bytes that a caller puts round it
 */
export function planMarkdown(plan: Plan, reserve = 0): string {
  const total = totalOf(plan);
  const head = [
    [`**${markdownText(summaryOf(plan))}**`],
    total === '' ? [] : [`Total: **${markdownText(total)}**`],
    refusal(plan),
    warningList(plan),
  ];
  if (plan.items.length === 0) return `${join(head)}\n`;
  const foot = [`Plan \`${plan.digest}\``];
  const items = heldFirst(plan.items);
  const room = LIMIT - reserve - SPARE - bytes(join([...head, HEADER, foot]));
  const table = within(items, row, room);
  const blocks = items
    .slice(0, table.kept.length)
    .map(detail)
    .filter((block) => block !== '');
  const details = within(blocks, (block) => block, room - bytes(table.kept.join('\n')));
  const folded = [
    '<details><summary>Details</summary>',
    '',
    ...details.kept,
    ...(details.left === 0 ? [] : ['', `Details of ${count(details.left, 'line')} are not shown here.`]),
    '',
    '</details>',
  ];
  return `${join([
    ...head,
    [...HEADER, ...table.kept],
    table.left === 0 ? [] : [`${count(table.left, 'more line')} not shown here: run \`certwright plan\`.`],
    details.kept.length === 0 ? [] : folded,
    foot,
  ])}\n`;
}
