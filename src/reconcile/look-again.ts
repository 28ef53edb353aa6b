import PQueue from 'p-queue';
import { messageOf } from '../model/errors.js';
import type { DoubtRecord } from '../model/status.js';
import { stillCounts } from '../planner/facts.js';
import { isLookDue, type Look, withLook } from '../policy/doubts.js';
import type { Provider } from '../ports/provider.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { isExplained } from './observe.js';
import { changedStatuses, ownStatuses, type Run, statusFile, stopIfAsked } from './run.js';
import { sendStopped } from './stopped.js';

/**
 * Purchases that once were in doubt are looked at again, once a day for 30 days: a reply that was lost may have been a
 * second sale that shows late. What is found is recorded and told, never taken over. Asks nobody where nothing was in
 * doubt; reads only, and a look that fails is made by the next run.
 */
export async function lookAgain(run: Run): Promise<void> {
  const nowMs = run.deps.clock.now();
  const due = ownStatuses(run).flatMap(({ name, doubts = [] }) =>
    doubts.filter((doubt) => isLookDue(doubt, nowMs)).map((doubt) => ({ name, doubt })),
  );
  if (due.length === 0 || sendStopped(run, run.view, false) !== undefined) return;
  stopIfAsked(run.deps);
  run.deps.progress.step(`looking again for ${due.length} ${due.length === 1 ? 'purchase' : 'purchases'}`);
  const queues = new Map<Provider, PQueue>();
  const looks = await Promise.all(
    due.map(async ({ name, doubt }) => {
      const provider = run.providers.all.get(doubt.provider);
      if (!provider?.findByReference) return undefined;
      const queue = queues.get(provider) ?? new PQueue({ concurrency: provider.capabilities.concurrency });
      queues.set(provider, queue);
      const look = await queue.add(() => lookOnce(run, provider, doubt));
      return look && { name, look };
    }),
  );
  const done = looks.filter((one) => one !== undefined);
  if (done.length === 0) return;
  run.view = await land(run, run.view, (view) => {
    const changed = changedStatuses(
      view,
      done.map(({ name, look }) => ({ name, apply: (status) => withLook(status, look) })),
    );
    return { files: changed.map(statusFile), message: commitMessage(done.map(line)) };
  });
}

async function lookOnce(run: Run, provider: Provider, doubt: DoubtRecord): Promise<Look | undefined> {
  const { id } = provider.config;
  try {
    const found = (await provider.findByReference?.(doubt.reference)) ?? [];
    const nowMs = run.deps.clock.now();
    const tooMany = found.filter(
      (order) => !isExplained(run.view, id, order.id) && stillCounts(order, nowMs),
    );
    return {
      doubt,
      atMs: nowMs,
      extra: tooMany.map((order) => ({
        id: order.id,
        ...(order.charged === undefined ? {} : { charged: order.charged }),
      })),
      settled: found.filter((order) => !tooMany.includes(order)).map((order) => order.id),
    };
  } catch (error) {
    run.deps.log.warn({ provider: id, ref: doubt.reference, error: messageOf(error) }, 'look-up failed');
    return undefined;
  }
}

const line = ({ name, look }: { readonly name: string; readonly look: Look }): string =>
  look.extra.length === 0
    ? `look again ${name}: nothing was sold twice under ${look.doubt.reference}`
    : `look again ${name}: ${look.doubt.provider} also sold ${look.extra.map(({ id }) => id).join(', ')}`;
