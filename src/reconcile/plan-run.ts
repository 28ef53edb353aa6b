import type { Plan } from '../model/plan.js';
import type { PlanInput } from '../planner/input.js';
import { makePlan } from '../planner/plan.js';
import type { Deps } from './deps.js';
import { type Answers, askProviders, planInput } from './observe.js';
import { lookBeforeSending } from './preflight.js';
import { type Run, stopIfAsked } from './run.js';
import type { StateView } from './state.js';

interface PlannedRun {
  readonly plan: Plan;
  readonly input: PlanInput;
  readonly manifestsDescend: boolean;
}

/** Asks what a plan needs to know, and makes it. */
export async function planRun(run: Run, answers: Answers): Promise<PlannedRun> {
  const manifestsDescend = await descends(run.deps, run.view, run.desired.commit);
  if (manifestsDescend && run.desired.commit !== null) run.manifestCommit = run.desired.commit;
  const input = await askProviders(run, answers, manifestsDescend);
  return { ...(await planWithSights(run, answers, input, manifestsDescend)), manifestsDescend };
}

/** Money that a held line leaves may let another one through, whose names are looked at then. */
const MAX_LOOKS = 4;

/** A plan whose lines were looked at in DNS: those that nothing else holds. */
async function planWithSights(
  run: Run,
  answers: Answers,
  first: PlanInput,
  manifestsDescend: boolean,
): Promise<Pick<PlannedRun, 'plan' | 'input'>> {
  let input = first;
  let plan = makePlan(input);
  for (let look = 1; look <= MAX_LOOKS; look++) {
    if (!(await lookBeforeSending(run, answers.sights, input, plan))) break;
    stopIfAsked(run.deps);
    input = planInput(run, run.view, answers, manifestsDescend);
    plan = makePlan(input);
  }
  return { plan, input };
}

/**
 * Do the manifests descend from the ones last acted on?
 * @param commit  null: a checkout, which is judged by the apply that follows its merge
 */
export async function descends(
  deps: Pick<Deps, 'repository'>,
  { header }: Pick<StateView, 'header'>,
  commit: string | null,
): Promise<boolean> {
  const recorded = header?.manifestCommit;
  if (recorded === undefined || commit === null || recorded === commit) return true;
  return deps.repository.isAncestor(recorded, commit);
}
