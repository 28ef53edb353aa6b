import { actsFor, keepsAccount } from '../../model/shard.js';
import { quietUntilMs } from '../../planner/quiet.js';
import type { Condition } from '../../policy/conditions.js';
import type { RunLimits } from '../../reconcile/bounds.js';
import type { Applied } from '../../reconcile/engine.js';
import type { OrderAt } from '../../reconcile/look-now.js';
import { carryOut } from '../carry-out.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { firstLook } from '../first-look.js';
import type { RunReport } from '../metrics/recorder.js';
import { tellAfter } from '../notify/after-run.js';
import type { openRemote, Remote } from '../remote.js';
import { situationAfter } from '../situation.js';
import type { Workplace } from '../workplace.js';

export interface RunOptions {
  /** How long to stay for orders that are issued quickly. */
  readonly waitMs: number;
  /** Accounts whose last list is older are listed. */
  readonly syncOlderMs: number;
  /** How much one run begins before health, stops and pushes are looked at again. */
  readonly limits: RunLimits;
  /** Whatever an earlier run found: everything is read. */
  readonly fresh: boolean;
  /** Orders that providers told of. */
  readonly lookAt: readonly OrderAt[];
  /** Told what the run saw. */
  readonly report?: RunReport;
}

/** What a run needs of the folder it works in. */
export type RunPlace = Pick<Workplace, 'deps' | 'local' | 'repository' | 'identities' | 'close'>;

/** Where a run gets what it works on. */
export interface Places {
  openRemote: typeof openRemote;
  /** @param opened  used, and closed with the workplace, if it is for the same branches */
  openWorkplace(context: Context, opened: Remote | undefined): Promise<RunPlace>;
}

/** What one run came to. */
export interface OneRun {
  /** As `apply` would have ended. */
  readonly code: ExitCode;
  /** Nothing changed since a run with nothing to do; then nothing else is known. */
  readonly quiet: boolean;
  /** First instant at which the clock alone brings work, epoch ms. */
  readonly dueMs: number;
  /** It did something, and left something else that can be done at once. */
  readonly goesOn: boolean;
  readonly applied?: Applied;
  /** By name; what needs no word is left out. */
  readonly conditions: readonly (readonly [name: string, Condition])[];
}

/**
 * One `certwright apply --yes --sync-if-older`, without a word on the terminal. Configuration, manifests and credentials
 * are read anew, so that what was changed or exchanged counts from this run on.
 * @throws CertError
 */
export async function oneRun(context: Context, places: Places, options: RunOptions): Promise<OneRun> {
  const { waitMs, syncOlderMs, limits, fresh, lookAt, report } = options;
  const startedMs = context.clock.now();
  const look = fresh ? {} : await firstLook(context, syncOlderMs, places.openRemote);
  if (look.quiet !== undefined) {
    await look.remote?.repository.close();
    report?.quiet();
    const dueMs = look.untilMs ?? Infinity;
    return { code: EXIT.fine, quiet: true, dueMs, goesOn: false, conditions: [] };
  }
  const workplace = await places.openWorkplace(context, look.remote);
  try {
    const carried = await carryOut(context, workplace, {
      waitMs,
      syncOlderMs,
      limits,
      lookAt,
      startedMs,
      confirm: async () => true,
    });
    const { applied, code } = carried;
    await report?.seen(workplace, () => situationAfter(context, workplace.deps, applied));
    const told = await tellAfter(context, workplace, carried);
    return {
      code,
      quiet: false,
      dueMs: Math.min(dueMsOf(context, applied, syncOlderMs), told.nextMs),
      goesOn: applied.goesOn,
      applied,
      conditions: [...carried.conditions].flatMap(([name, own]) =>
        own.filter(({ level }) => level !== 'info').map((condition) => [name, condition] as const),
      ),
    };
  } finally {
    await workplace.close();
  }
}

function dueMsOf(context: Context, applied: Applied, syncOlderMs: number): number {
  const { desired, providers, view, listedMs, nextLookMs } = applied;
  const nowMs = context.clock.now();
  const lists = [...providers.values()].some(
    ({ capabilities, config }) => capabilities.list && keepsAccount(context.shard, config.id),
  );
  const own = ({ name }: { readonly name: string }) => actsFor(context.shard, name);
  return Math.min(
    quietUntilMs({
      desired: { ...desired, specs: desired.specs.filter(own) },
      providers,
      state: { statuses: new Map([...view.statuses].filter(([, status]) => own(status))) },
      nowMs,
    }),
    nextLookMs,
    lists ? listedMs + syncOlderMs : Infinity,
  );
}
