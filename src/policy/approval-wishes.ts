import { createHash } from 'node:crypto';
import type { ApprovalSubject } from '../model/approval.js';
import { compareMoney, formatMoney, isZero, type Money } from '../model/money.js';
import type { Plan, PlanItem } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { DAY_MS, parseInstant, SECOND_MS, toMs } from '../model/time.js';
import { type ApprovalNeed, approvalDifferences, namesDigest } from './approvals.js';
import { REMINDER_DAYS } from './schedule.js';
import { costOf, type TaxOf } from './spending.js';

/** What a request asks for, whatever it costs today: `<name> <action>`, or the plan that is held as unsafe. */
export type RequestKey = string;

export const UNSAFE_KEY: RequestKey = 'unsafe plan';

export const requestKey = (name: string, action: string): RequestKey => `${name} ${action}`;

/** The action as requests and files name it: licences of one site are told apart by their product. */
export const requestedAction = ({
  action,
  licence,
  product,
}: Pick<PlanItem, 'action' | 'licence' | 'product'>): string =>
  licence && product !== undefined ? `${action}-${product}` : action;

/** One held action that somebody has to let through. */
export interface ActionWish {
  readonly kind: 'action';
  readonly key: RequestKey;
  readonly item: PlanItem;
  readonly need: Omit<ApprovalNeed, 'predecessorDied'>;
  /** The date that runs out if nobody acts. */
  readonly runsOutMs?: number;
}

/** A plan that is refused as a whole until somebody lets its lines through. */
export interface LinesWish {
  readonly kind: 'lines';
  readonly key: typeof UNSAFE_KEY;
  readonly lines: readonly string[];
  readonly message: string;
  readonly runsOutMs?: undefined;
}

export type Wish = ActionWish | LinesWish;

/** What a file in a proposal lets through. */
export type Offer =
  | { readonly kind: 'action'; readonly subject: ApprovalSubject }
  | { readonly kind: 'lines'; readonly lines: readonly string[]; readonly validUntil?: string };

/** Everything a plan asks people for, and what is to be known of the rest. */
export interface Survey {
  readonly wishes: readonly Wish[];
  /** Asked for, but an approval would not help or cannot be written today: what is proposed stays as it is. */
  readonly blocked: ReadonlySet<RequestKey>;
  /** Why an approval is of no use any more, as the rest of a sentence after "because". */
  readonly useless: ReadonlyMap<RequestKey, string>;
}

export interface SurveyFacts {
  readonly statuses: ReadonlyMap<string, Status>;
  readonly taxOf: TaxOf;
  /** The most a purchase of this certificate may cost, by manifest and policy. */
  readonly ceilingOf: (name: string) => Money | undefined;
}

/** Reads a plan of the approval branch's tip. */
export function surveyOf({ items, unsafe }: Pick<Plan, 'items' | 'unsafe'>, facts: SurveyFacts): Survey {
  const wishes: Wish[] = [];
  const blocked = new Set<RequestKey>();
  const useless = new Map<RequestKey, string>();
  for (const item of items) {
    const key = requestKey(item.name, requestedAction(item));
    if (item.hold === undefined) {
      useless.set(key, 'it is let through without this pull request');
      continue;
    }
    if (item.hold.code !== 'approval-missing') {
      blocked.add(key);
      continue;
    }
    const need = needOf(item, facts.taxOf);
    const above = need && aboveCeiling(need, facts.ceilingOf(item.name));
    if (need === undefined) blocked.add(key);
    else if (above !== undefined) useless.set(key, above);
    else wishes.push({ kind: 'action', key, item, need, ...runsOut(item, facts.statuses.get(item.name)) });
  }
  if (unsafe !== undefined) {
    wishes.push({ kind: 'lines', key: UNSAFE_KEY, lines: unsafe.lines, message: unsafe.message });
  }
  return { wishes, blocked, useless };
}

/** Undefined where nobody could tell what would be approved: a price that is not known, no provider or product yet. */
function needOf(item: PlanItem, taxOf: TaxOf): ActionWish['need'] | undefined {
  const { name, action, predecessor, provider, environment, product, term, names, price } = item;
  if (provider === undefined || environment === undefined || product === undefined || !names)
    return undefined;
  if (price.kind === 'unknown') return undefined;
  return {
    certificate: name,
    action,
    ...(predecessor === undefined ? {} : { predecessor }),
    provider,
    environment,
    product,
    ...(term === undefined ? {} : { term }),
    names,
    price: price.kind === 'free' ? null : costOf(price.amount, taxOf(provider)),
  };
}

function aboveCeiling({ price }: ActionWish['need'], ceiling: Money | undefined): string | undefined {
  if (price === null || isZero(price)) return undefined;
  if (ceiling === undefined) {
    return `it would cost ${formatMoney(price)}, and neither maxPrice nor perOrder allows any price`;
  }
  return (compareMoney(price, ceiling) ?? 1) > 0
    ? `it would cost ${formatMoney(price)} now, and the manifest and the policy allow ${formatMoney(ceiling)}; raise maxPrice or perOrder first`
    : undefined;
}

/** The end of what is paid for a renewal, of the certificate in use for everything that replaces it. */
function runsOut(item: PlanItem, status: Status | undefined): { readonly runsOutMs?: number } {
  const { action, predecessor } = item;
  if (action === 'renew') {
    const order = status?.orders.find(({ ids }) => predecessor !== undefined && ids.includes(predecessor));
    return order?.paidTill === undefined ? {} : { runsOutMs: toMs(order.paidTill) };
  }
  const replaces = action === 'order' || action === 'reissue' || action === 'add-names';
  const current = replaces ? status?.current : undefined;
  return current === undefined ? {} : { runsOutMs: toMs(current.notAfter) + SECOND_MS };
}

/** Repeated for what has no date that runs out, and once such a date is past. */
const REPEAT_MS = 14 * DAY_MS;

/**
 * When something that was declined then is asked for again: at the first of these days that lies after it. Where a date
 * runs out: when it fell due, 14, 7, 3, 1 days before the date, on it, and every 14 days after it. Otherwise, and where it
 * is wanted for another reason than that date, 14 days later at the latest.
 */
export function askAgainMs(wish: Wish, declinedMs: number): number {
  const { runsOutMs } = wish;
  if (runsOutMs === undefined) return declinedMs + REPEAT_MS;
  const { dueAt } = wish.item;
  const dueMs = dueAt === undefined ? declinedMs + REPEAT_MS : toMs(dueAt);
  const before = REMINDER_DAYS.map((days) => runsOutMs - days * DAY_MS);
  const days = dueAt === undefined ? before : before.filter((ms) => ms > dueMs);
  const next = [dueMs, ...days, runsOutMs].filter((ms) => ms > declinedMs && ms <= runsOutMs);
  if (next.length > 0) return Math.min(...next);
  return runsOutMs + (Math.floor((declinedMs - runsOutMs) / REPEAT_MS) + 1) * REPEAT_MS;
}

/** Before this instant nothing that was declined matters any more for any of these. */
export const declinesMatterSinceMs = (wishes: readonly Wish[], nowMs: number): number =>
  wishes.reduce((since, wish) => Math.min(since, lastAskMs(wish, nowMs)), nowMs) - DAY_MS;

function lastAskMs(wish: Wish, nowMs: number): number {
  const repeatMs = nowMs - REPEAT_MS;
  if (wish.runsOutMs === undefined || nowMs >= wish.runsOutMs || wish.item.dueAt === undefined)
    return repeatMs;
  let ms = Math.min(toMs(wish.item.dueAt), nowMs);
  for (let next = askAgainMs(wish, ms); next <= nowMs; next = askAgainMs(wish, ms)) ms = next;
  return ms;
}

const VALID_MS = 14 * DAY_MS;
const LONGEST_VALID_MS = 60 * DAY_MS;

/** Until when an approval that is written now may be used: as long as the need lasts, between 14 and 60 days. */
export const validUntilMs = (wish: Wish, nowMs: number): number =>
  Math.max(nowMs + VALID_MS, Math.min(wish.runsOutMs ?? 0, nowMs + LONGEST_VALID_MS));

const RENEWED_BEFORE_MS = 3 * DAY_MS;

/**
 * In which an offer is not what is needed now, each as the rest of a sentence after "because"; [] where it is. One that
 * ends within three days is not: whoever merges it could find it ended.
 */
export function offerDifferences(wish: Wish, offer: Offer | undefined, nowMs: number): readonly string[] {
  if (offer === undefined) return ['its file cannot be read'];
  if (wish.kind === 'lines') {
    if (offer.kind !== 'lines') return ['it lists no lines'];
    const missing = wish.lines.filter((line) => !offer.lines.includes(line)).length;
    return [
      ...(missing === 0
        ? []
        : [`the plan has ${missing} more ${missing === 1 ? 'line' : 'lines'} than it lists`]),
      ...ending(offer.validUntil, nowMs),
    ];
  }
  if (offer.kind !== 'action') return ['its file lets no single action through'];
  const differences = approvalDifferences(offer.subject, wish.need, nowMs);
  return differences.length > 0 ? differences : ending(offer.subject.validUntil, nowMs);
}

function ending(validUntil: string | undefined, nowMs: number): readonly string[] {
  if (validUntil === undefined) return [];
  const ms = parseInstant(validUntil) ?? nowMs;
  return ms - nowMs > RENEWED_BEFORE_MS ? [] : [`it is valid until ${validUntil} only`];
}

/** SHA-256, hex, the same for everything that asks for the same at whatever price: declining it covers all of that. */
export function identityOf(of: Wish | Offer): string {
  if (of.kind === 'lines') return sha256(of.lines.toSorted());
  const { certificate, action, predecessor, provider, environment, product, term } =
    'need' in of ? of.need : of.subject;
  const names = 'need' in of ? namesDigest(of.need.names) : of.subject.namesDigest;
  return sha256([certificate, action, predecessor, provider, environment, product, term, names]);
}

const sha256 = (parts: readonly (string | undefined)[]): string =>
  createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex');

/** Does an offer answer this request? Its text does not say whether it is one for a licence, which its product tells apart. */
export const answers = (offer: Offer, key: RequestKey): boolean => {
  if (offer.kind === 'lines') return key === UNSAFE_KEY;
  const { certificate, action, product } = offer.subject;
  return [action, `${action}-${product}`].some((asked) => requestKey(certificate, asked) === key);
};
