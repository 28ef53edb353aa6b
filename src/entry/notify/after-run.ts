import type { Carried } from '../carry-out.js';
import type { Context } from '../context.js';
import { lookAround, type Situation } from '../situation.js';
import type { TellingPlace } from './letters.js';
import type { NewsSource } from './news.js';
import type { PeopleTold } from './tell.js';

export interface TellOptions {
  /** Addresses of pull requests that ask for something, by `requestKey`. */
  readonly requests?: ReadonlyMap<string, string>;
  /** Says what a run has to say beside its own result; the terminal by default. */
  readonly warn?: (text: string) => void;
}

const NOBODY: PeopleTold = { warnings: [], sent: {}, nextMs: Infinity };

/** Tells people what an apply came to, once everything of it stands on the branch. Where nobody is to be told nothing is loaded. */
export async function tellAfter(
  context: Context,
  workplace: TellingPlace,
  { applied, news }: Carried,
  { requests, warn = (text) => context.say(`warning: ${text}`) }: TellOptions = {},
): Promise<PeopleTold> {
  if (news.channels.length === 0) return NOBODY;
  const { tellPeople, tellQuietly } = await import('./tell.js');
  const source = requests === undefined ? news : { ...news, requests };
  return tellQuietly(context, warn, () => tellPeople(context, workplace, applied.configuration, source));
}

/** The same after a command that made no plan: what the files and the state tell by themselves. One fetch. */
export async function tellAfterLook(
  context: Context,
  workplace: TellingPlace,
  { warn = (text) => context.say(`warning: ${text}`) }: TellOptions = {},
): Promise<PeopleTold> {
  if (!workplace.local.configuration?.notifications.length) return NOBODY;
  const { tellPeople, tellQuietly } = await import('./tell.js');
  return tellQuietly(context, warn, async () => {
    const situation = await lookAround(context, workplace.deps);
    const { configuration } = situation.reading;
    const source = newsAround(situation);
    return configuration === undefined || source === undefined
      ? NOBODY
      : tellPeople(context, workplace, configuration, source);
  });
}

/**
 * What is to be told by a look alone; undefined where the configuration cannot be used. What hangs on a price or a balance
 * does not show, so nothing is taken for over.
 */
export function newsAround({ reading, view, entries, plan, input }: Situation): NewsSource | undefined {
  const { configuration } = reading;
  if (configuration === undefined) return undefined;
  const { memory } = input ?? {};
  return {
    view,
    specs: new Map(entries.flatMap(({ name, spec }) => (spec === undefined ? [] : [[name, spec]]))),
    conditions: new Map(entries.map(({ name, conditions }) => [name, conditions])),
    ...(plan === undefined ? {} : { plan }),
    findings: reading.findings,
    repositoryId: configuration.id,
    channels: configuration.notifications,
    ...(memory === undefined ? {} : { memory }),
    complete: false,
  };
}
