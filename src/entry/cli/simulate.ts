import { CertError } from '../../model/errors.js';
import type { PlanPrice } from '../../model/plan.js';
import { DAY_MS, parseInstant } from '../../model/time.js';
import { type PlanInput, type PriceQuestion, priceKey } from '../../planner/input.js';
import type { TreeReader } from '../../ports/repository.js';
import { type Beginning, withBeginning } from '../../reconcile/plan-only.js';
import { findingsText } from '../../report/findings.js';
import { jsonText } from '../../report/json.js';
import { simulationMarkdown, simulationText } from '../../report/simulation-text.js';
import { simulate } from '../../simulate/life.js';
import type { Simulation } from '../../simulate/result.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { withQuotes } from '../quotes.js';
import { calendarWith } from '../trial-calendar.js';
import { manifestCeiling } from '../unpriced-plan.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';
import { matches, refuseEmpty, type Selection, selectionOf } from './selectors.js';

const DEFAULT_DAYS = 3 * 365;
const LONGEST_DAYS = 20 * 366;
/** Prices are asked, the life is played again with them, and may ask for others. */
const ROUNDS = 3;

/** `certwright simulate`: plays the checkout forward on a clock of its own; writes nothing. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  return withConfigurationFindings(context, async () => {
    const trial = trialOf(context, options);
    const selection = selectionOf(options, args);
    const workplace = await openWorkplace(context, globals);
    try {
      const play = (tree: TreeReader | undefined, say: boolean) =>
        withBeginning(workplace.deps, tree, (beginning) => {
          context.progress.clear();
          if (say && beginning.findings.length > 0) {
            context.say(findingsText(beginning.findings, context.render));
          }
          return playOut(context, beginning, trial, selection);
        });
      const simulation = await play(workplace.checkout, true);
      const before = options.compare ? await play(undefined, false) : undefined;
      context.progress.clear();
      context.print(
        render(context, globals.json ? 'json' : String(options.output ?? 'text'), simulation, before),
      );
      const runsOut = simulation.gaps.length > 0;
      return runsOut && options.detailedExitcode ? EXIT.changes : EXIT.fine;
    } finally {
      await workplace.close();
    }
  });
}

interface Trial {
  readonly untilMs: number;
  readonly approvals: 'granted' | 'withheld';
  readonly offline: boolean;
  readonly calendar: PlanInput['calendar'];
}

function trialOf(context: Context, options: Options): Trial {
  const nowMs = context.clock.now();
  const untilMs = options.until === undefined ? nowMs + DEFAULT_DAYS * DAY_MS : dayMs(String(options.until));
  if (untilMs <= nowMs || untilMs > nowMs + LONGEST_DAYS * DAY_MS) {
    throw new CertError('usage', `--until ${String(options.until)} is not within the next twenty years`);
  }
  const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
  return {
    untilMs,
    approvals: options.approvals === false ? 'withheld' : 'granted',
    offline: options.offline === true,
    calendar: calendarWith(texts(options.validity), texts(options.proofReuse)),
  };
}

function dayMs(text: string): number {
  const ms = parseInstant(`${text}T00:00:00Z`);
  if (ms !== undefined) return ms;
  throw new CertError('usage', `--until ${text} is no day`, { remedy: 'Write it as 2031-12-31.' });
}

async function playOut(
  context: Context,
  { input, providers }: Beginning,
  trial: Trial,
  selection: Selection,
): Promise<Simulation> {
  const start = startOf(input, trial, selection);
  const known = new Map<string, PlanPrice>();
  const keyOf = (question: PriceQuestion): string => `${question.name}|${priceKey(question)}`;
  for (let round = 1; ; round++) {
    const missing: PriceQuestion[] = [];
    context.progress.step('playing forward');
    const simulation = simulate(start, {
      untilMs: trial.untilMs,
      approvals: trial.approvals,
      price: (question) => {
        const price = known.get(keyOf(question));
        if (price === undefined) missing.push(question);
        return price ?? ceilingPrice(start, question);
      },
    });
    if (trial.offline || missing.length === 0 || round === ROUNDS) return simulation;
    context.progress.step('asking for prices');
    const quoted = await withQuotes(scratchOf(start, missing), missing, (id) => providers.all.get(id));
    for (const question of missing) {
      const price = quoted.facts.get(question.name)?.prices[priceKey(question)];
      const certain = price === undefined || price.kind === 'unknown' ? ceilingPrice(start, question) : price;
      known.set(keyOf(question), certain);
    }
  }
}

/** Facts that only hold the answers asked for now. */
const scratchOf = (start: PlanInput, missing: readonly PriceQuestion[]): PlanInput => ({
  ...start,
  facts: new Map(
    missing.flatMap(({ name }) => {
      const facts = start.facts.get(name);
      return facts ? [[name, { ...facts, prices: {} }]] : [];
    }),
  ),
});

/** Accounts are up and hold enough, and the keys of the recipients have been proven: what is tried out is the plan. */
function startOf(input: PlanInput, { calendar }: Trial, selection: Selection): PlanInput {
  const { desired, state } = input;
  refuseEmpty(selection, desired.specs);
  const chosen = desired.specs.filter((spec) => {
    const [provider] = spec.providers;
    return matches(selection, {
      name: spec.name,
      ...(spec.owner === undefined ? {} : { owner: spec.owner }),
      ...(provider === undefined ? {} : { provider }),
    });
  });
  const names = new Set(chosen.map(({ name }) => name));
  const others = desired.specs.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const known = state.header;
  return {
    ...input,
    desired: { ...desired, specs: chosen, invalidNames: [...desired.invalidNames, ...others] },
    state: {
      ...state,
      header: {
        formatVersion: 1,
        revision: 0,
        repositoryId: desired.repositoryId,
        remote: state.remote,
        ...known,
        provenRecipients: desired.recipients,
      },
    },
    providers: new Map(
      [...input.providers].map(([id, { down: _down, balance: _balance, ...facts }]) => [id, facts]),
    ),
    ...(calendar === undefined ? {} : { calendar }),
  };
}

const CEILING = 'not asked; the most it may cost';

/** What nobody told counts at the most it may cost; a reissue that nobody prices is free, added names are not. */
function ceilingPrice(start: PlanInput, { name, action }: PriceQuestion): PlanPrice {
  if (action === 'reissue') return { kind: 'free' };
  if (action === 'add-names') return { kind: 'unknown', why: 'what added names cost is not known' };
  const amount = manifestCeiling(start, name);
  return amount === undefined
    ? { kind: 'unknown', why: 'no price is known, and no ceiling set' }
    : { kind: 'known', amount, source: CEILING };
}

function render(
  context: Context,
  form: string,
  simulation: Simulation,
  before: Simulation | undefined,
): string {
  const atCeiling = simulation.events.filter(
    ({ price }) => price.kind === 'known' && price.source === CEILING,
  ).length;
  switch (form) {
    case 'json':
      return jsonText({ ...simulation, atCeiling, ...(before === undefined ? {} : { before }) });
    case 'markdown':
      return simulationMarkdown(simulation, { atCeiling, before });
    default:
      return simulationText(simulation, { atCeiling, before }, context.render);
  }
}
