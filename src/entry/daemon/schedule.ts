import { MINUTE_MS, SECOND_MS } from '../../model/time.js';

/** After one failed run, doubled for every further one. */
const FIRST_BACK_OFF_MS = 30 * SECOND_MS;
const LONGEST_BACK_OFF_MS = 15 * MINUTE_MS;
/** Whatever is due, and however many pushes are told: there is a breath between two runs. */
export const SHORTEST_PAUSE_MS = SECOND_MS;

export interface Rest {
  readonly nowMs: number;
  readonly pollMs: number;
  /** Runs that failed since one that did not. */
  readonly failures: number;
  /** First instant at which the clock alone brings work, epoch ms; Infinity: none is known. */
  readonly dueMs: number;
  /** The run left something that can be done at once. */
  readonly goesOn: boolean;
  /** In [0, 1): two daemons that were started together drift apart. */
  readonly fraction: number;
}

/** How long to rest after a run, in ms. */
export function restMs({ nowMs, pollMs, failures, dueMs, goesOn, fraction }: Rest): number {
  if (failures > 0) {
    const doubled = FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10);
    return Math.max(SHORTEST_PAUSE_MS, Math.min(doubled, LONGEST_BACK_OFF_MS) * (0.75 + fraction / 4));
  }
  if (goesOn) return SHORTEST_PAUSE_MS;
  const poll = pollMs * (0.9 + fraction / 5);
  // What is due already was due to the run that just ended: it left it for a reason.
  return dueMs > nowMs ? Math.max(SHORTEST_PAUSE_MS, Math.min(poll, dueMs - nowMs)) : poll;
}
