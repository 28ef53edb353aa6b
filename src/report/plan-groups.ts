import type { Environment } from '../model/configuration.js';
import { sumByCurrency } from '../model/money.js';
import type { Plan, PlanAction, PlanItem } from '../model/plan.js';
import { moneyList } from './money.js';
import { noChanges, ofShard } from './no-changes.js';
import { count } from './words.js';

export type Mark = '+' | '>' | '~' | '=' | '-' | '.' | '!';

interface ActionWords {
  readonly mark: Mark;
  /** What follows a number in the summary: `2 to order`. */
  readonly summary: string;
}

/** In reading order. */
const WORDS: Readonly<Record<PlanAction, ActionWords>> = {
  order: { mark: '+', summary: 'to order' },
  pay: { mark: '+', summary: 'to pay' },
  activate: { mark: '+', summary: 'to activate' },
  renew: { mark: '>', summary: 'to renew' },
  reissue: { mark: '~', summary: 'to reissue' },
  'add-names': { mark: '~', summary: 'to add names to' },
  'set-auto-renew': { mark: '~', summary: 'to set auto-renew for' },
  adopt: { mark: '=', summary: 'to adopt' },
  move: { mark: '=', summary: 'to move' },
  collect: { mark: '.', summary: 'to collect' },
  publish: { mark: '.', summary: 'to publish' },
  validate: { mark: '.', summary: 'to validate' },
  wait: { mark: '.', summary: 'waiting' },
  archive: { mark: '-', summary: 'to archive' },
  abandon: { mark: '-', summary: 'to abandon' },
  cancel: { mark: '-', summary: 'to cancel' },
  revoke: { mark: '-', summary: 'to revoke' },
  resolve: { mark: '!', summary: 'to resolve' },
  hold: { mark: '!', summary: 'held' },
};

const ENVIRONMENTS: readonly Environment[] = ['live', 'test', 'rehearsal'];

const ORDER = Object.keys(WORDS) as readonly PlanAction[];

export const isHeld = (item: PlanItem): boolean => item.hold !== undefined || item.action === 'hold';

export const markOf = (item: PlanItem): Mark => WORDS[groupOf(item)].mark;

/** Nothing but a later look can come of it. */
const isIdle = (item: PlanItem): boolean =>
  isHeld(item) || item.action === 'wait' || item.action === 'resolve';

export const hasWork = (plan: Plan): boolean => !plan.unsafe && plan.items.some((item) => !isIdle(item));

const groupOf = (item: PlanItem): PlanAction => (isHeld(item) ? 'hold' : item.action);

const rank = (item: PlanItem): number => ORDER.indexOf(groupOf(item));

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** By action, then by name: what costs money first, what is held last. */
export const inReadingOrder = (items: readonly PlanItem[]): readonly PlanItem[] =>
  items.toSorted((a, b) => rank(a) - rank(b) || byText(a.name, b.name) || byText(a.lane, b.lane));

const LEVELS: readonly Plan['warnings'][number]['level'][] = ['attention', 'warning', 'info'];

/** The gravest first, in their own order otherwise. */
export const warningsInOrder = (plan: Plan): Plan['warnings'] =>
  plan.warnings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));

/** `35.00 USD`, `25.00 USD, 10.00 USD test`: what is not live is never added to what is. Empty where nothing costs. */
function costOf(items: readonly PlanItem[]): string {
  const sums = ENVIRONMENTS.map((environment) => {
    const here = items.filter((item) => (item.environment ?? 'live') === environment);
    const known = here.flatMap(({ price }) => (price.kind === 'known' ? [price.amount] : []));
    const sum = moneyList(sumByCurrency(known));
    return sum === '' || environment === 'live' ? sum : `${sum} ${environment}`;
  });
  const unknown = items.filter(({ price }) => price.kind === 'unknown').length;
  return [...sums, unknown === 0 ? '' : `${count(unknown, 'price')} unknown`]
    .filter((part) => part !== '')
    .join(', ');
}

/** `Plan: 2 to order (35.00 USD), 1 to reissue, 1 held; 97 unchanged.`, before it which shard's, where it is of one. */
export function summaryOf(plan: Plan): string {
  const { unchanged } = plan.counts;
  if (plan.items.length === 0) return noChanges(plan);
  const parts = ORDER.flatMap((action) => {
    const items = plan.items.filter((item) => groupOf(item) === action);
    const sum = action === 'hold' ? '' : costOf(items);
    const cost = sum === '' ? '' : ` (${sum})`;
    return items.length === 0 ? [] : [`${items.length} ${WORDS[action].summary}${cost}`];
  });
  return `${ofShard(plan.shard)}Plan: ${parts.join(', ')}${unchanged === 0 ? '' : `; ${unchanged} unchanged`}.`;
}

/** Is being free worth saying? Not of steps that never cost anything. */
export const tellsPrice = ({ action, price }: PlanItem): boolean =>
  price.kind !== 'free' || ['+', '>', '~'].includes(WORDS[action].mark);

/** What everything that is not held costs; empty where that is nothing. */
export const totalOf = (plan: Plan): string => costOf(plan.items.filter((item) => !isHeld(item)));

/** Does the summary need a total beside it, because several kinds of lines cost? */
export const needsTotal = (plan: Plan): boolean =>
  new Set(plan.items.flatMap((item) => (isHeld(item) || item.price.kind === 'free' ? [] : [item.action])))
    .size > 1;

/** Lines of one kind that are told together, because each alone says nothing that needs reading. */
export interface Fold {
  readonly items: readonly PlanItem[];
}

const FOLD_FROM = 20;
const FOLDABLE: ReadonlySet<PlanAction> = new Set(['adopt', 'collect', 'move', 'publish', 'wait']);

/** Free, not held, nothing beside it: nobody has to decide about such a line. */
const isQuiet = (item: PlanItem): boolean =>
  FOLDABLE.has(item.action) &&
  item.hold === undefined &&
  item.price.kind === 'free' &&
  item.sideEffects.length === 0;

const foldKey = ({ action, reason, provider, environment, waitingFor }: PlanItem): string =>
  [action, reason, provider ?? '', environment ?? '', waitingFor ?? ''].join('|');

/** The same lines in the same order, where twenty and more quiet ones of a kind stand together as one. */
export function folded(items: readonly PlanItem[]): readonly (PlanItem | Fold)[] {
  const groups = Map.groupBy(items.filter(isQuiet), foldKey);
  const done = new Set<string>();
  return items.flatMap((item): readonly (PlanItem | Fold)[] => {
    const group = isQuiet(item) ? groups.get(foldKey(item)) : undefined;
    if (!group || group.length < FOLD_FROM) return [item];
    if (done.has(foldKey(item))) return [];
    done.add(foldKey(item));
    return [{ items: group }];
  });
}
