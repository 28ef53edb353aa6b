import type { Finding } from '../model/manifest.js';
import type { Plan } from '../model/plan.js';
import type { PlanInput } from '../planner/input.js';
import type { TreeReader } from '../ports/repository.js';
import type { Deps } from './deps.js';
import { noAnswers, planInput } from './observe.js';
import { openRun } from './open-run.js';
import { descends, planRun } from './plan-run.js';
import type { Run } from './run.js';
import type { StateView } from './state.js';

export interface Planned {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly view: StateView;
  /** What the plan was made from. */
  readonly input: PlanInput;
}

/**
 * observe → plan, writing nothing.
 * @param tree  the user's files: a checkout (`plan`), or absent for the approval branch's tip
 * @throws CertError `config.invalid` with the findings in its message when the configuration cannot be used
 */
export async function planOnly(deps: Deps, tree?: TreeReader): Promise<Planned> {
  const run = await openRun(deps, tree);
  try {
    const { plan, input } = await planRun(run, noAnswers());
    return { plan, findings: run.findings, view: run.view, input };
  } finally {
    await run.providers.close();
  }
}

/** What a plan starts from, before any provider was asked; its accounts are open as long as `use` takes. */
export interface Beginning {
  readonly input: PlanInput;
  readonly findings: readonly Finding[];
  readonly providers: Run['providers'];
}

/**
 * observe alone, asking no provider and writing nothing.
 * @param tree  as for `planOnly`
 * @throws CertError as `planOnly`
 */
export async function withBeginning<T>(
  deps: Deps,
  tree: TreeReader | undefined,
  use: (beginning: Beginning) => Promise<T>,
): Promise<T> {
  const run = await openRun(deps, tree);
  try {
    const manifestsDescend = await descends(deps, run.view, run.desired.commit);
    const input = planInput(run, run.view, noAnswers(), manifestsDescend);
    return await use({ input, findings: run.findings, providers: run.providers });
  } finally {
    await run.providers.close();
  }
}
