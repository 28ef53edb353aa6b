import type { Configuration } from '../../model/configuration.js';
import { CertError, explain } from '../../model/errors.js';
import type { ChannelMemory, Notice } from '../../model/notice.js';
import type { NotificationConfig } from '../../model/notification.js';
import { toInstant } from '../../model/time.js';
import {
  addDeliveryFailure,
  afterDelivery,
  CLAIM_MS,
  type Due,
  dueOf,
  isPending,
  type News,
  nextTellingMs,
} from '../../policy/telling.js';
import { say } from '../../report/escape.js';
import type { Context } from '../context.js';
import { type Delivered, deliver } from './deliver.js';
import { credentialsOf, type Place, type TellingPlace } from './letters.js';
import { changeTold, type Told } from './memory.js';
import { heardThrough, type NewsSource, newsOf } from './news.js';

/** What became of telling people. */
export interface PeopleTold {
  /** Sentences that a run shows beside its own result. */
  readonly warnings: readonly string[];
  /** How many messages, or issues, went out, by channel. */
  readonly sent: Readonly<Record<string, number>>;
  /** When something has to be told next, epoch ms; Infinity: nothing is known to be ahead. */
  readonly nextMs: number;
}

const NOBODY: PeopleTold = { warnings: [], sent: {}, nextMs: Infinity };

interface Work {
  readonly channel: NotificationConfig;
  readonly heard: readonly Notice[];
  readonly due: Due;
}

/**
 * Tells people what they have not been told yet, after everything else of a run: it never fails one, and no money waits for
 * it. A channel is claimed before it is used, so that of two runs one tells.
 */
export async function tellPeople(
  context: Context,
  workplace: TellingPlace,
  configuration: Configuration,
  source: NewsSource,
): Promise<PeopleTold> {
  const { channels } = source;
  if (channels.length === 0 || context.signal.aborted) return NOBODY;
  const nowMs = context.clock.now();
  const news = newsOf(source, nowMs);
  const worked = (told: Told): readonly Work[] =>
    channels.map((channel) => {
      const heard = heardThrough(channel, source, news);
      return { channel, heard, due: dueOf(channel, heard, news, told[channel.name], nowMs, context.runId) };
    });
  const known = source.memory?.told ?? {};
  const first = worked(known);
  if (first.every((work) => !isBusy(work) && !work.due.tidied)) return rest(first, news, known, nowMs);

  let works = first;
  const { cache } = source.view.snapshot;
  const refused = await changeTold(workplace.deps, cache, source.repositoryId, (told) => {
    works = worked(told);
    const by = { by: context.runId, until: toInstant(nowMs + CLAIM_MS) };
    return Object.fromEntries(
      works.map(({ channel, heard, due }) => [
        channel.name,
        isBusy({ channel, heard, due }) ? { ...due.memory, claim: by } : due.memory,
      ]),
    );
  });
  if (refused !== undefined) {
    const why = `nobody was told anything: what was told cannot be remembered at refs/certwright/cache (${refused})`;
    return { ...rest(first, news, known, nowMs), warnings: works.some(isBusy) ? [why] : [] };
  }
  const busy = works.filter(isBusy);
  if (busy.length === 0) return rest(works, news, memoriesOf(works), nowMs);

  const place: Place = {
    context,
    remote: workplace.repository.remote,
    branch: configuration.branches.approval,
    specs: source.specs,
    redact: credentialsOf(context, configuration),
  };
  const results = new Map(
    await Promise.all(
      busy.map(async ({ channel, heard, due }) => {
        const standing = news.complete && news.owns === undefined ? heard : undefined;
        const result = await deliver(place, workplace, channel, { due, ...(standing ? { standing } : {}) });
        return [channel.name, result] as const;
      }),
    ),
  );
  const endMs = context.clock.now();
  let remembered: Told = memoriesOf(works);
  const lost = await changeTold(workplace.deps, cache, source.repositoryId, (told) => {
    remembered = Object.fromEntries(
      Object.entries(told).map(([name, memory]) => [name, settled(memory, results.get(name), endMs)]),
    );
    return remembered;
  });
  const { warnings, ...others } = rest(works, news, remembered, endMs);
  return {
    ...others,
    warnings: [
      ...[...results].flatMap(([name, { refused: addresses }]) =>
        addresses.length === 0 ? [] : [`the channel ${name} reaches nobody at ${addresses.join(', ')}`],
      ),
      ...warnings,
      ...(lost === undefined ? [] : [`what was told is not remembered and will be told again (${lost})`]),
    ],
    sent: Object.fromEntries([...results].map(([name, { sent }]) => [name, sent])),
  };
}

/** Something is to be said through it, or an issue of it to be closed. */
const isBusy = ({ channel, due }: Work): boolean =>
  due.heldTillMs === undefined &&
  (isPending(due) || (channel.type === 'github-issue' && due.ended.length > 0));

const memoriesOf = (works: readonly Work[]): Told =>
  Object.fromEntries(works.map(({ channel, due }) => [channel.name, due.memory]));

/** A channel's memory once it was used; of one that was not it stays as it is. */
function settled(memory: ChannelMemory, result: Delivered | undefined, nowMs: number): ChannelMemory {
  if (result === undefined) return memory;
  const { claim, failure, ...kept } = memory;
  const told = afterDelivery(kept, result.told, result.digestMs, nowMs);
  const after = withoutClosed(told, result.closed);
  if (result.problem === undefined) return after;
  const { retryAtMs } = result.problem;
  return { ...after, failure: addDeliveryFailure(failure, explain(result.problem), retryAtMs, nowMs) };
}

/** What ended and is closed is forgotten at once: should it come back, its issue does, too. */
const withoutClosed = (memory: ChannelMemory, closed: readonly string[]): ChannelMemory => ({
  ...memory,
  told: Object.fromEntries(Object.entries(memory.told).filter(([key]) => !closed.includes(key))),
});

/** What is ahead, and which channels fail. */
function rest(works: readonly Work[], news: News, told: Told, nowMs: number): PeopleTold {
  let nextMs = Infinity;
  const warnings: string[] = [];
  for (const { channel, heard } of works) {
    const memory = told[channel.name];
    nextMs = Math.min(nextMs, nextTellingMs(channel, heard, news, memory, nowMs));
    const failure = memory?.failure;
    if (failure && isPending(dueOf(channel, heard, news, memory, nowMs)))
      warnings.push(
        `the channel ${channel.name} is not told anything since ${failure.since}: ${failure.message}`,
      );
  }
  return { warnings, sent: {}, nextMs };
}

/** Never the run's own trouble: everything but an interruption becomes a warning. */
export async function tellQuietly(
  context: Context,
  warn: (text: string) => void,
  tell: () => Promise<PeopleTold>,
): Promise<PeopleTold> {
  let told: PeopleTold;
  try {
    told = await tell();
  } catch (error) {
    if (context.signal.aborted) return NOBODY;
    if (!(error instanceof CertError)) {
      context.log.error(
        { error: error instanceof Error ? error.stack : String(error) },
        'telling people failed',
      );
    }
    told = { ...NOBODY, warnings: [`people could not be told: ${explain(error)}`] };
  }
  for (const warning of told.warnings) warn(say(warning));
  return told;
}
