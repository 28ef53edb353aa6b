import picomatch from 'picomatch';
import type { ApprovalKind, ApprovalMode, PolicyConfig, PolicyRule } from '../model/configuration.js';
import type { Money } from '../model/money.js';

/** What the policy says about one certificate. */
export interface EffectivePolicy {
  readonly approval: Readonly<Record<ApprovalKind, ApprovalMode>>;
  readonly perOrder?: Money;
  /** Some money limit, of whatever kind, covers this certificate. */
  readonly limited: boolean;
}

/** Does a glob over certificate names (`team-a/**`) match? A dot is a character like any other. */
export const nameMatcher = (glob: string): ((name: string) => boolean) =>
  picomatch(glob, { dot: true, windows: false });

/**
 * All rules that match apply. For who approves and for `perOrder` a later rule counts over an earlier one, and any rule
 * over the general policy; budgets by day and month never replace each other, they all have to suffice (`SpendLedger`).
 */
export function effectivePolicy(policy: PolicyConfig, name: string): EffectivePolicy {
  const rules = policy.rules.filter((rule) => nameMatcher(rule.match)(name));
  const perOrder =
    rules.findLast((rule) => rule.perOrder !== undefined)?.perOrder ?? policy.spending.perOrder;
  return {
    approval: Object.assign({}, policy.approval, ...rules.map((rule) => rule.approval)),
    ...(perOrder === undefined ? {} : { perOrder }),
    limited: [policy.spending, ...rules].some(hasLimit),
  };
}

const hasLimit = (limits: Pick<PolicyRule, 'perOrder' | 'perDay' | 'perMonth'>): boolean =>
  limits.perOrder !== undefined || limits.perDay !== undefined || limits.perMonth !== undefined;
