import type { CaaIdentity } from '../model/capabilities.js';
import { messageOf } from '../model/errors.js';
import type { NameFacts } from '../model/name-facts.js';
import type { DnsName } from '../model/names.js';
import type { Plan } from '../model/plan.js';
import { SECOND_MS } from '../model/time.js';
import type { PlanInput } from '../planner/input.js';
import { type NameQuestion, nameQuestions, questionsOf } from '../planner/preflight.js';
import { noteRefusal, refuseWhilePaused } from './notes.js';
import type { Run } from './run.js';

/** A name as it was seen in this run. */
export interface SeenName {
  readonly question: NameQuestion;
  readonly facts: NameFacts;
  /** Monotonic, ms. */
  readonly atMs: number;
}

/** What this run saw of names, and heard of authorities. */
export interface Sights {
  readonly names: Map<DnsName, SeenName>;
  readonly authorities: Map<string, CaaIdentity>;
}

export const noSights = (): Sights => ({ names: new Map(), authorities: new Map() });

/** Right before money moves a name is looked at again, unless that was only just. */
export const FRESH_MS = 30 * SECOND_MS;
/** For all names of one look together: what is not seen by then was not seen. */
const BUDGET_MS = 20 * SECOND_MS;

/**
 * Looks at the names of the lines that are about to be sent. Where nothing is about to be, nobody is asked.
 * @param freshMs  what was seen within this time is good; absent: whatever was seen in this run
 * @returns has anything been looked at?
 */
export async function lookBeforeSending(
  run: Run,
  sights: Sights,
  input: PlanInput,
  plan: Pick<Plan, 'items'>,
  freshMs = Infinity,
): Promise<boolean> {
  const { deps, configuration } = run;
  const nowMs = deps.clock.monotonic();
  const questions = nameQuestions(input, plan).filter((question) => {
    const seen = sights.names.get(question.name);
    return !seen || nowMs - seen.atMs > freshMs || !covers(seen.question, question);
  });
  if (questions.length === 0) return false;
  deps.progress.step(`looking at ${questions.length === 1 ? '1 name' : `${questions.length} names`} in DNS`);
  const { lookAtNames } = await import('./names.js');
  const resolver = await deps.openResolver(configuration.preflight);
  const budget = AbortSignal.any([deps.signal, AbortSignal.timeout(BUDGET_MS)]);
  const [facts] = await Promise.all([
    lookAtNames(resolver, questions, budget),
    askAuthorities(run, sights, input, plan),
  ]);
  const atMs = deps.clock.monotonic();
  for (const question of questions) {
    sights.names.set(question.name, { question, facts: facts.get(question.name) ?? {}, atMs });
  }
  return true;
}

const covers = (seen: NameQuestion, wanted: NameQuestion): boolean =>
  (seen.caa || !wanted.caa) && (seen.zone || !wanted.zone) && (seen.address || !wanted.address);

/** What only the far side knows of itself. Without an answer it is said that nobody can tell. */
async function askAuthorities(
  run: Run,
  sights: Sights,
  input: PlanInput,
  plan: Pick<Plan, 'items'>,
): Promise<void> {
  const ids = new Set(
    plan.items.flatMap((item) => {
      const spec = run.specs.get(item.name);
      const asks = spec?.kind === 'certificate' && questionsOf(input, item, spec).some(({ caa }) => caa);
      return asks && item.provider !== undefined && !sights.authorities.has(item.provider)
        ? [item.provider]
        : [];
    }),
  );
  await Promise.all(
    [...ids].map(async (id) => {
      const provider = run.providers.all.get(id);
      if (!provider?.caaIdentity) return;
      try {
        refuseWhilePaused(run.notes, provider.config, run.deps.clock.now());
        const identity = await provider.caaIdentity();
        if (identity !== undefined) sights.authorities.set(id, identity);
      } catch (error) {
        noteRefusal(run.notes, provider.config, error, run.deps.clock.now());
        run.deps.log.warn({ provider: id, error: messageOf(error) }, 'the authority does not say who it is');
      }
    }),
  );
}
