import type { Plan } from '../model/plan.js';
import { SHARD_PATIENCE_MS } from '../model/shard.js';
import type { Condition } from '../policy/conditions.js';
import type { RunLimits } from '../reconcile/bounds.js';
import { type Applied, apply } from '../reconcile/engine.js';
import type { OrderAt } from '../reconcile/look-now.js';
import type { Context } from './context.js';
import { EXIT, type ExitCode, exitCodeOf } from './exit.js';
import { allConditions, shardConditions } from './health.js';
import { tellingAhead } from './notify/ahead.js';
import type { NewsSource } from './notify/news.js';
import { rememberQuiet } from './quiet.js';
import type { Workplace } from './workplace.js';

export interface CarryOut {
  readonly waitMs: number;
  readonly digest?: string;
  /** Accounts whose last list is older are listed; absent: none. 0: all, and every order that waits is looked at. */
  readonly syncOlderMs?: number;
  /** How much is begun; absent: everything there is to do. */
  readonly limits?: RunLimits;
  /** Orders that are looked at whatever the pace, if they are ours. */
  readonly lookAt?: readonly OrderAt[];
  /** Wall clock before anything was read. */
  readonly startedMs: number;
  confirm(plan: Plan): Promise<boolean>;
}

/** What an apply did, what has to be said of every certificate after it, and the exit code. */
export interface Carried {
  readonly applied: Applied;
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
  readonly code: ExitCode;
  /** What people may have to be told of it. */
  readonly news: NewsSource;
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
  const judge = (atMs: number) =>
    allConditions(view.statuses.values(), specs, providers, atMs, undefined, applied);
  const everywhere = judge(nowMs);
  const conditions = shardConditions(context.shard, everywhere, () => judge(nowMs - SHARD_PATIENCE_MS));
  const all = [...conditions.values()].flat();
  // Who shares the work tells what it sees of the others, too: of two runners that know the same, one tells.
  const news = newsSource(context, applied, everywhere);
  const ahead = tellingAhead(news, nowMs);
  // What is due now is told after this; then something changed, and the next run looks at it.
  const tellsNow = ahead.failing || ahead.nextMs <= nowMs;
  if (!tellsNow) {
    const standing = [...everywhere.values()].flat();
    await rememberQuiet(context, workplace, applied, standing, { startedMs, tellMs: ahead.nextMs });
  }
  const code = applied.declined
    ? EXIT.fine
    : exitCodeOf({
        plan,
        findings,
        events,
        conditions: all,
        ...(clockProblem === undefined ? {} : { clockProblem }),
      });
  return { applied, conditions, code, news };
}

/** What a run that ended knows, for those who are told of it. */
const newsSource = ({ shard }: Context, applied: Applied, conditions: Carried['conditions']): NewsSource => ({
  view: applied.view,
  specs: applied.specs,
  conditions,
  plan: applied.plan,
  findings: applied.findings,
  repositoryId: applied.configuration.id,
  channels: applied.declined ? [] : applied.configuration.notifications,
  memory: applied.memory,
  complete: true,
  ...(shard === undefined ? {} : { shard }),
});
