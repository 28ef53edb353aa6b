import { stringify } from 'yaml';
import type { ApprovalSubject } from '../model/approval.js';
import { formatMoney, type Money } from '../model/money.js';
import type { PlanItem } from '../model/plan.js';
import { DAY_MS, toInstant } from '../model/time.js';
import { namesDigest } from '../policy/approvals.js';
import type { Random } from '../ports/clock.js';

const VALID_DAYS = 14;
const ID_BYTES = 8;

/** An approval file a person may commit: where it goes, and what stands in it. */
export interface ApprovalDraft {
  /** From the root of the repository. */
  readonly file: string;
  /** YAML as `schemas/approval.schema.json` describes it. */
  readonly text: string;
}

/**
 * The approval that lets exactly this line happen once; undefined for a line that names no provider or product yet.
 * @param ceiling  the most it may cost; absent for what is free
 */
export function approvalDraft(
  item: PlanItem,
  ceiling: Money | undefined,
  nowMs: number,
  random: Pick<Random, 'hex'>,
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
    validUntil: toInstant(nowMs + VALID_DAYS * DAY_MS),
    id: random.hex(ID_BYTES),
  };
  return {
    file: `approvals/${[encodeURIComponent(name), action, ...(item.licence ? [product] : [])].join('-')}.yaml`,
    text: `# ${action} of ${name}: ${names.join(', ')}\n${stringify(subject, { lineWidth: 0 })}`,
  };
}
