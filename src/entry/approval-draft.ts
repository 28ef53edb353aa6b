import { stringify } from 'yaml';
import type { ApprovalSubject } from '../model/approval.js';
import { formatMoney, type Money } from '../model/money.js';
import type { PlanItem } from '../model/plan.js';
import { DAY_MS, toInstant } from '../model/time.js';
import { requestedAction, validUntilMs, type Wish } from '../policy/approval-wishes.js';
import { namesDigest } from '../policy/approvals.js';
import type { Random } from '../ports/clock.js';

const VALID_MS = 14 * DAY_MS;
const ID_BYTES = 8;

/** An approval file a person may commit: where it goes, and what stands in it. */
export interface ApprovalDraft {
  /** From the root of the repository. */
  readonly file: string;
  /** YAML as `schemas/approval.schema.json` describes it. */
  readonly text: string;
}

/**
 * A name as part of one component of a path or ref: it may hold slashes, and must not end like the beginning of an action
 * (`x-set-auto` before `-renew`).
 */
export const encodedName = (name: string): string => encodeURIComponent(name).replace(/-auto$/, '%2Dauto');

/** Where the approval of one action lies. */
export const approvalPath = (name: string, action: string): string =>
  `approvals/${encodedName(name)}-${action}.yaml`;

/** No action is called `plan`, so this is nobody's. */
export const UNSAFE_PATH = approvalPath('unsafe', 'plan');

/**
 * The approval that lets exactly this line happen once; undefined for a line that names no provider or product yet.
 * @param ceiling  the most it may cost; absent for what is free
 * @param untilMs  until when it may be used; absent: 14 days
 */
export function approvalDraft(
  item: PlanItem,
  ceiling: Money | undefined,
  nowMs: number,
  random: Pick<Random, 'hex'>,
  untilMs = nowMs + VALID_MS,
): ApprovalDraft | undefined {
  const { name, action, predecessor, provider, environment, product, term, names } = item;
  if (provider === undefined || environment === undefined || product === undefined || !names)
    return undefined;
  const subject: Omit<ApprovalSubject, 'ceiling'> & { readonly ceiling?: string } = {
    certificate: name,
    action,
    ...(predecessor === undefined ? {} : { predecessor }),
    provider,
    environment,
    product,
    ...(term === undefined ? {} : { term }),
    namesDigest: namesDigest(names),
    ...(ceiling === undefined || item.price.kind === 'free' ? {} : { ceiling: formatMoney(ceiling) }),
    validUntil: toInstant(untilMs),
    id: random.hex(ID_BYTES),
  };
  return {
    file: approvalPath(name, requestedAction(item)),
    text: `# ${action} of ${name}: ${names.join(', ')}\n${stringify(subject, { lineWidth: 0 })}`,
  };
}

/** The file that lets what is asked for through, at the price of now and no more. */
export function wishDraft(wish: Wish, nowMs: number, random: Pick<Random, 'hex'>): ApprovalDraft | undefined {
  const untilMs = validUntilMs(wish, nowMs);
  if (wish.kind === 'action')
    return approvalDraft(wish.item, wish.need.price ?? undefined, nowMs, random, untilMs);
  const lines = { lines: wish.lines, validUntil: toInstant(untilMs) };
  return { file: UNSAFE_PATH, text: stringify(lines, { lineWidth: 0 }) };
}
