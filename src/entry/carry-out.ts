import type { Plan } from '../model/plan.js';
import type { Condition } from '../policy/conditions.js';
import type { RunLimits } from '../reconcile/bounds.js';
import { type Applied, apply } from '../reconcile/engine.js';
import type { Context } from './context.js';
import { EXIT, type ExitCode, exitCodeOf } from './exit.js';
import { allConditions } from './health.js';
import { rememberQuiet } from './quiet.js';
import type { Workplace } from './workplace.js';

export interface CarryOut {
  readonly waitMs: number;
  readonly digest?: string;
  /** Accounts whose last list is older are listed; absent: none. 0: all, and every order that waits is looked at. */
  readonly syncOlderMs?: number;
  /** How much is begun; absent: everything there is to do. */
  readonly limits?: RunLimits;
  /** Wall clock before anything was read. */
  readonly startedMs: number;
  confirm(plan: Plan): Promise<boolean>;
}

/** What an apply did, what has to be said of every certificate after it, and the exit code. */
export interface Carried {
  readonly applied: Applied;
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
  readonly code: ExitCode;
}

/** Reads everything, plans, and carries it out. @throws CertError */
export async function carryOut(
  context: Context,
  workplace: Pick<Workplace, 'deps' | 'local' | 'repository'>,
  { startedMs, ...options }: CarryOut,
): Promise<Carried> {
  const applied = await apply(workplace.deps, {
    ...options,
    ...(options.syncOlderMs === 0 ? { lookNow: 'all' as const } : {}),
  });
  context.progress.clear();
  const { view, specs, providers, plan, findings, events, clockProblem } = applied;
  const nowMs = context.clock.now();
  const conditions = allConditions(view.statuses.values(), specs, providers, nowMs, undefined, applied);
  const all = [...conditions.values()].flat();
  await rememberQuiet(context, workplace, applied, all, startedMs);
  const code = applied.declined
    ? EXIT.fine
    : exitCodeOf({
        plan,
        findings,
        events,
        conditions: all,
        ...(clockProblem === undefined ? {} : { clockProblem }),
      });
  return { applied, conditions, code };
}
