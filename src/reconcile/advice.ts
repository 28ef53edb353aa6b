import PQueue from 'p-queue';
import { CertError, messageOf } from '../model/errors.js';
import { keepsAccount, SHARD_PATIENCE_MS } from '../model/shard.js';
import type { CurrentCertificate, RenewalWindow, Status } from '../model/status.js';
import { HOUR_MS, toMs } from '../model/time.js';
import { servingOrder } from '../planner/facts.js';
import type { Provider, RenewalAdvice } from '../ports/provider.js';
import { certificatePath } from '../repository/layout.js';
import { canonicalJson } from '../repository/stable.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { memoryOf, noteAdvice, noteRefusal, pausedTillMs } from './notes.js';
import { changedStatuses, type Run, statusFile, stopIfAsked } from './run.js';
import { sendStopped } from './stopped.js';

/** After a round in which nothing was answered. */
const AGAIN_MS = HOUR_MS;
/** A clock that was ahead must not put the next round off for ever. */
const LONGEST_MS = 24 * HOUR_MS;

interface Asked {
  readonly name: string;
  readonly serial: string;
  /** Absent: the CA has nothing to say of it. */
  readonly advice?: RenewalAdvice;
}

/**
 * Asks the CAs that tell when they want certificates replaced (RFC 9773), as often as they want to be asked; one commit
 * where a window changed, and none otherwise. A CA that does not answer changes nothing: the last window, or the dates,
 * go on to count.
 */
export async function askAdvice(run: Run): Promise<void> {
  const nowMs = run.deps.clock.now();
  if (sendStopped(run, run.view, false) !== undefined) return;
  const due = [...run.providers.all.values()].filter((provider) => isDue(run, provider, nowMs));
  const asked = (await Promise.all(due.map((provider) => askAccount(run, provider)))).flat();
  const news = asked.filter(({ name, ...one }) => isNews(run.view.statuses.get(name), one));
  if (news.length === 0) return;
  run.view = await land(run, run.view, (view) => {
    const changed = changedStatuses(
      view,
      news.map((one) => ({ name: one.name, apply: (status) => withAdvice(status, one) })),
    );
    return {
      files: changed.map(statusFile),
      message: commitMessage(
        changed.map(({ name, current }) => {
          const { advice } = current ?? {};
          return `record ${name}: ${advice ? `to be replaced between ${advice.startAt} and ${advice.endAt}` : 'the CA names no time any more'}`;
        }),
      ),
    };
  });
}

function isDue(run: Run, { config, renewalAdvice }: Provider, nowMs: number): boolean {
  if (renewalAdvice === undefined || pausedTillMs(run.notes, config, nowMs) !== undefined) return false;
  const dueAt = memoryOf(run.notes, config)?.adviceDueAt;
  if (!keepsAccount(run.deps.shard, config.id))
    return dueAt !== undefined && toMs(dueAt) + SHARD_PATIENCE_MS <= nowMs;
  const dueMs = dueAt === undefined ? nowMs : toMs(dueAt);
  return dueMs <= nowMs || dueMs > nowMs + LONGEST_MS;
}

/** Certificates of an account that are in use and not on their way out already. */
function heldAt(
  run: Run,
  { config }: Provider,
): readonly (Status & { readonly current: CurrentCertificate })[] {
  return [...run.view.statuses.values()].flatMap((status) => {
    const { current, archived } = status;
    const order = servingOrder(status);
    const ours = order?.provider === config.id && order.environment === config.environment;
    return ours && current && !archived && !current.revoked ? [{ ...status, current }] : [];
  });
}

async function askAccount(run: Run, provider: Provider): Promise<readonly Asked[]> {
  const { deps, notes, view } = run;
  const held = heldAt(run, provider).flatMap((status) => {
    const blob = view.files.get(certificatePath(status.name, 'certificate'));
    return blob === undefined ? [] : [{ name: status.name, serial: status.current.serial, blob }];
  });
  const tree = view.snapshot.state;
  if (held.length === 0 || tree === undefined) return [];
  deps.progress.step(`asking ${provider.config.id} when it wants ${held.length} certificates replaced`);
  const pems = await tree.read(held.map(({ blob }) => blob));
  const queue = new PQueue({ concurrency: provider.capabilities.concurrency });
  const looks: number[] = [];
  const asked = await Promise.all(
    held.map(({ name, serial }, i) =>
      queue.add(async (): Promise<readonly Asked[]> => {
        stopIfAsked(deps);
        if (pausedTillMs(notes, provider.config, deps.clock.now()) !== undefined) return [];
        try {
          const advice = await provider.renewalAdvice?.(pems[i] ?? '');
          if (advice !== undefined) looks.push(advice.nextLookMs);
          return [{ name, serial, ...(advice === undefined ? {} : { advice }) }];
        } catch (error) {
          if (error instanceof CertError && error.code === 'interrupted') throw error;
          noteRefusal(notes, provider.config, error, deps.clock.now());
          deps.log.warn(
            { cert: name, provider: provider.config.id, error: messageOf(error) },
            'no renewal advice',
          );
          return [];
        }
      }),
    ),
  );
  const nowMs = deps.clock.now();
  const nextMs = looks.length === 0 ? nowMs + AGAIN_MS : Math.min(...looks);
  noteAdvice(notes, provider.config, Math.min(nextMs, nowMs + LONGEST_MS));
  return asked.flat();
}

const windowOf = ({ startAt, endAt, explanation }: RenewalAdvice): RenewalWindow => ({
  startAt,
  endAt,
  ...(explanation === undefined ? {} : { explanation }),
});

function isNews(status: Status | undefined, one: Omit<Asked, 'name'>): boolean {
  return status !== undefined && withAdvice(status, one) !== status;
}

/** The same status where nothing is new, or the certificate is another one by now. */
function withAdvice(status: Status, { serial, advice }: Omit<Asked, 'name'>): Status {
  const { current } = status;
  if (current?.serial !== serial) return status;
  const { advice: before, ...rest } = current;
  const after = advice && windowOf(advice);
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return status;
  return { ...status, current: { ...rest, ...(after === undefined ? {} : { advice: after }) } };
}
