import { formatMoney } from '../model/money.js';
import type { Plan, PlanItem, PlanWarning } from '../model/plan.js';
import { day } from './dates.js';
import { say, terminalText } from './escape.js';
import { remedyOf } from './holds.js';
import { type Colors, colorsOf, type Field, fields, hang, optional, type RenderOptions } from './layout.js';
import { shortPrice } from './money.js';
import {
  type Fold,
  folded,
  hasWork,
  inReadingOrder,
  type Mark,
  markOf,
  needsTotal,
  summaryOf,
  tellsPrice,
  totalOf,
  warningsInOrder,
} from './plan-groups.js';
import { count, isLoud, providerText, someOf, waitingText } from './words.js';

const INDENT = 4;
const LABEL_WIDTH = 10;
const NAMES_SHOWN = 5;

const paint = (mark: Mark, colors: Colors): ((text: string) => string) =>
  ({
    '+': colors.green,
    '>': colors.green,
    '~': colors.yellow,
    '=': colors.cyan,
    '-': colors.red,
    '.': colors.dim,
    '!': colors.magenta,
  })[mark];

function priceText({ price, hold }: PlanItem, colors: Colors): string {
  switch (price.kind) {
    case 'free':
      return 'free';
    case 'known':
      return `${formatMoney(price.amount)}, ${say(price.source)}`;
    case 'unknown': {
      // The hold says why in the same words.
      const why = hold?.code === 'price-unknown' ? '' : `: ${say(price.why)}`;
      return `${colors.yellow('price unknown')}${why}`;
    }
  }
}

const APPROVED: Readonly<Record<NonNullable<PlanItem['approval']>['kind'], string | undefined>> = {
  merge: 'by merging the manifest',
  auto: 'by policy',
  file: 'by an approval file',
  free: undefined,
};

function productField(item: PlanItem, colors: Colors): readonly Field[] {
  const provider = item.provider === undefined ? undefined : providerText(item.provider, item.environment);
  const loud =
    provider !== undefined && isLoud(item.environment) ? colors.bold(colors.yellow(provider)) : provider;
  const parts = [item.product, item.term].flatMap((part) => (part === undefined ? [] : [say(part)]));
  const text = [...parts, ...(loud === undefined ? [] : [loud])].join(', ');
  return text === '' ? [] : [{ label: item.product === undefined ? 'provider' : 'product', text }];
}

function coverageField({ coverage }: PlanItem): readonly Field[] {
  if (!coverage) return [];
  const span = `${day(coverage.from)} → ${day(coverage.till)}`;
  // A licence brings none.
  const of = coverage.certificates === 0 ? '' : `, ${count(coverage.certificates, 'certificate')}`;
  return [{ label: 'covers', text: `${span}${of}` }];
}

function itemFields(item: PlanItem, colors: Colors): readonly Field[] {
  const approval = item.price.kind === 'free' ? undefined : item.approval && APPROVED[item.approval.kind];
  return [
    ...optional('why', say(item.message)),
    ...productField(item, colors),
    ...optional('price', tellsPrice(item) ? priceText(item, colors) : undefined),
    ...coverageField(item),
    ...optional('names', item.names && someOf(item.names, NAMES_SHOWN)),
    ...optional('follows', item.predecessor && say(item.predecessor)),
    ...optional('after', item.queued && say(`${item.queued}, in the same run`)),
    ...optional('waits for', item.waitingFor && waitingText(item.waitingFor)),
    ...optional('due', item.dueAt && day(item.dueAt)),
    ...optional('approved', approval),
    ...item.sideEffects.map((effect) => ({ label: 'also', text: say(effect) })),
    ...(item.preflight ?? []).map((text) => ({ label: 'checks', text: say(text) })),
    ...optional('held', item.hold && colors.magenta(say(item.hold.message))),
    ...optional('to do', remedyOf(item)),
    ...item.alternatives.map(({ provider, price }) => ({
      label: 'or at',
      text: `${say(provider)}, ${shortPrice(price)}`,
    })),
  ];
}

/** One certificate's line of a plan, as a block: `+ order team-a/shop` and what there is to say about it. */
function block(item: PlanItem, options: RenderOptions): string[] {
  const colors = colorsOf(options);
  const mark = markOf(item);
  const head = paint(mark, colors)(`${mark} ${item.action}`);
  return [
    `${head} ${colors.bold(terminalText(item.name))}`,
    ...fields(itemFields(item, colors), INDENT, LABEL_WIDTH, options),
  ];
}

/** Many lines of one kind as one block; each alone is shown by its name. */
function foldBlock({ items }: Fold, options: RenderOptions): string[] {
  const [first] = items;
  if (!first) return [];
  const colors = colorsOf(options);
  const mark = markOf(first);
  const provider = first.provider === undefined ? undefined : providerText(first.provider, first.environment);
  const list: readonly Field[] = [
    ...optional('why', say(FOLDED_WHY[first.reason] ?? first.message)),
    ...optional(
      'provider',
      provider !== undefined && isLoud(first.environment) ? colors.bold(colors.yellow(provider)) : provider,
    ),
    ...optional('waits for', first.waitingFor && waitingText(first.waitingFor)),
    ...optional(
      'names',
      someOf(
        items.map(({ name }) => name),
        NAMES_SHOWN,
      ),
    ),
    ...optional('each', 'certwright plan NAME shows one, --json all'),
  ];
  return [
    `${paint(mark, colors)(`${mark} ${first.action}`)} ${colors.bold(count(items.length, 'certificate'))}`,
    ...fields(list, INDENT, LABEL_WIDTH, options),
  ];
}

const FOLDED_WHY: Partial<Readonly<Record<PlanItem['reason'], string>>> = {
  AdoptDeclared: 'their manifests take over an order each',
  FreeSlot: 'free slots of their accounts serve them',
  OrderAtProvider: 'orders under our references exist at the provider',
  NeedMoved: 'their orders go along',
  AwaitingIssuance: 'their orders are placed, or their certificates are not in the repository yet',
  OpenIntent: 'what was begun is driven on',
};

function warningLines(warning: PlanWarning, options: RenderOptions): string[] {
  const colors = colorsOf(options);
  const label = {
    attention: colors.bold(colors.red('Attention: ')),
    warning: colors.yellow('Warning: '),
    info: colors.dim('Note: '),
  }[warning.level];
  const subject = warning.name === undefined ? '' : `${terminalText(warning.name)}: `;
  return hang(label, `${subject}${say(warning.message)}`, options.width);
}

/** All lines, as YAML takes them: they are there to be copied into an approval file. */
function unsafeLines(unsafe: NonNullable<Plan['unsafe']>, options: RenderOptions): string[] {
  return [
    ...hang(colorsOf(options).bold(colorsOf(options).red('Refused: ')), say(unsafe.message), options.width),
    ...unsafe.lines.map((line) => `  - ${terminalText(line)}`),
    '',
    'Nothing of this plan is done.',
  ];
}

function applyLines(plan: Plan, { width }: RenderOptions): string[] {
  const apply = plan.shard === undefined ? 'apply' : `apply --shard ${plan.shard}`;
  const command = `  certwright ${apply} --digest ${plan.digest}`;
  const split = [`  certwright ${apply} --digest \\`, `    ${plan.digest}`];
  return ['To apply exactly this plan:', ...(command.length <= width ? [command] : split)];
}

/** A plan as it is read on a terminal: warnings, one block per line, the refusal, the sum, and how to apply it. */
export function planText(plan: Plan, options: RenderOptions): string {
  const colors = colorsOf(options);
  const summary = hang('', colors.bold(summaryOf(plan)), options.width);
  const paragraphs = [
    warningsInOrder(plan).flatMap((warning) => warningLines(warning, options)),
    ...folded(inReadingOrder(plan.items)).map((one) =>
      'items' in one ? foldBlock(one, options) : block(one, options),
    ),
    plan.unsafe ? unsafeLines(plan.unsafe, options) : [],
    needsTotal(plan) ? [...summary, ...hang('', `Total: ${totalOf(plan)}.`, options.width)] : summary,
    hasWork(plan) ? applyLines(plan, options) : [],
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
