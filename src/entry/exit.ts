import type { CertError, ErrorCode } from '../model/errors.js';
import type { Finding } from '../model/manifest.js';
import type { HoldCode, Plan } from '../model/plan.js';
import type { Condition } from '../policy/conditions.js';
import type { RunEvent } from '../reconcile/run.js';

/** What the process tells its caller (docs/operations.md, "Exit codes"). */
export const EXIT = { fine: 0, error: 1, changes: 2, refused: 3, attention: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MONEY_REFUSED: ReadonlySet<HoldCode> = new Set([
  'price-above-ceiling',
  'currency-differs',
  'no-spending-limit',
  'no-ceiling',
  'limit-order',
  'limit-day',
  'limit-month',
  'balance',
  'product-stopped',
  'wrong-remote',
  'unsafe',
]);

const ATTENTION: ReadonlySet<HoldCode> = new Set([
  'state-integrity',
  'manifests-diverged',
  'unknown-outcome',
  'breaker',
]);

export interface Outcome {
  readonly plan?: Plan;
  readonly findings?: readonly Finding[];
  readonly events?: readonly RunEvent[];
  /** Conditions of the certificates that decide. */
  readonly conditions?: readonly Condition[];
  readonly clockProblem?: string;
}

/** The gravest wins: 4, 1, 3. Holds, waiting and approvals that are awaited are fine. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  const { plan, findings = [], events = [], conditions = [], clockProblem } = outcome;
  const holds = plan?.items.flatMap((item) => (item.hold ? [item.hold.code] : [])) ?? [];
  const warnings = plan?.warnings ?? [];
  if (
    conditions.some((condition) => condition.level === 'attention') ||
    warnings.some((warning) => warning.level === 'attention') ||
    holds.some((code) => ATTENTION.has(code)) ||
    events.some((event) => event.outcome === 'unknown')
  ) {
    return EXIT.attention;
  }
  if (
    clockProblem !== undefined ||
    findings.some((finding) => finding.severity === 'error') ||
    // A provider is only asked when something is due there.
    holds.includes('provider-down') ||
    events.some((event) => event.outcome === 'failed')
  ) {
    return EXIT.error;
  }
  const refused =
    plan?.unsafe !== undefined ||
    holds.some((code) => MONEY_REFUSED.has(code)) ||
    warnings.some((warning) => warning.code === 'wrong-remote');
  return refused ? EXIT.refused : EXIT.fine;
}

const BY_ERROR: Partial<Record<ErrorCode, ExitCode>> = {
  interrupted: EXIT.interrupted,
  'plan.changed': EXIT.refused,
  'plan.unsafe': EXIT.refused,
  'repository.wrong-remote': EXIT.refused,
  'repository.lost-state': EXIT.attention,
  'repository.rewound-state': EXIT.attention,
};

export const exitCodeOfError = (error: CertError): ExitCode => BY_ERROR[error.code] ?? EXIT.error;
