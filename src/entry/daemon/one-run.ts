import { quietUntilMs } from '../../planner/quiet.js';
import type { Condition } from '../../policy/conditions.js';
import type { Applied } from '../../reconcile/engine.js';
import { carryOut } from '../carry-out.js';
import type { Globals } from '../cli/globals.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { firstLook } from '../first-look.js';
import { tellAfter } from '../notify/after-run.js';
import { openWorkplace } from '../workplace.js';

export interface RunOptions {
  /** How long to stay for orders that are issued quickly. */
  readonly waitMs: number;
  /** Accounts whose last list is older are listed. */
  readonly syncOlderMs: number;
}

/** What one run came to. */
export interface OneRun {
  /** As `apply` would have ended. */
  readonly code: ExitCode;
  /** Nothing changed since a run with nothing to do; then nothing else is known. */
  readonly quiet: boolean;
  /** First instant at which the clock alone brings work, epoch ms. */
  readonly dueMs: number;
  readonly applied?: Applied;
  /** By name; what needs no word is left out. */
  readonly conditions: readonly (readonly [name: string, Condition])[];
}

/**
 * One `certwright apply --yes --sync-if-older`, without a word on the terminal.
 * @throws CertError
 */
export async function oneRun(
  context: Context,
  globals: Globals,
  { waitMs, syncOlderMs }: RunOptions,
): Promise<OneRun> {
  const startedMs = context.clock.now();
  const look = await firstLook(context, syncOlderMs);
  if (look.quiet !== undefined) {
    await look.remote?.repository.close();
    return { code: EXIT.fine, quiet: true, dueMs: look.untilMs ?? Infinity, conditions: [] };
  }
  const workplace = await openWorkplace(context, globals, look.remote);
  try {
    const carried = await carryOut(context, workplace, {
      waitMs,
      syncOlderMs,
      startedMs,
      confirm: async () => true,
    });
    const { applied, code } = carried;
    const told = await tellAfter(context, workplace, carried);
    return {
      code,
      quiet: false,
      dueMs: Math.min(dueMsOf(context, applied, syncOlderMs), told.nextMs),
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
  const lists = [...providers.values()].some(({ capabilities }) => capabilities.list);
  return Math.min(
    quietUntilMs({ desired, providers, state: { statuses: view.statuses }, nowMs }),
    nextLookMs,
    lists ? listedMs + syncOlderMs : Infinity,
  );
}
