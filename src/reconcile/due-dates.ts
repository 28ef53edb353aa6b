import { messageOf } from '../model/errors.js';
import { dayOf, toMs } from '../model/time.js';
import type { Deps } from './deps.js';
import { refuseLostState } from './land.js';
import { leaveNotes } from './notes.js';
import { openRun } from './open-run.js';
import { stopIfAsked } from './run.js';

export interface WrittenDueDate {
  readonly name: string;
  readonly orderId: string;
  readonly day: string;
  /** Absent: it is written. */
  readonly problem?: string;
}

/**
 * Tells providers that bill by themselves when the paid term of each certificate's newest order really ends. Writes nothing
 * here, and nothing where the day is right.
 * @param wanted  the certificates; absent: all
 */
export async function writeDueDates(
  deps: Deps,
  wanted?: (name: string) => boolean,
): Promise<readonly WrittenDueDate[]> {
  const run = await openRun(deps);
  try {
    refuseLostState(run.view);
    const written: WrittenDueDate[] = [];
    for (const [name, { orders, archived }] of [...run.view.statuses].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const order = orders.at(-1);
      const provider = order && run.providers.all.get(order.provider);
      if (archived || order?.state !== 'issued' || order.paidTill === undefined) continue;
      if (!provider?.writeDueDate || provider.config.environment !== order.environment) continue;
      if (wanted && !wanted(name)) continue;
      stopIfAsked(deps);
      deps.progress.step(`due date of ${name} at ${order.provider}`);
      const line = { name, orderId: order.id, day: dayOf(toMs(order.paidTill)) };
      try {
        if (await provider.writeDueDate(order.id, order.paidTill)) written.push(line);
      } catch (error) {
        written.push({ ...line, problem: messageOf(error) });
      }
    }
    return written;
  } finally {
    await leaveNotes(deps, run.view, run.notes);
    await run.providers.close();
  }
}
