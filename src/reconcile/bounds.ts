import type { PlanItem } from '../model/plan.js';
import type { Clock } from '../ports/clock.js';

/** How much one run begins; absent: everything there is to do. */
export interface RunLimits {
  /** New sends: orders, reissues, renewals, revocations and the like. */
  readonly sends: number;
  /** After this long nothing more is begun, in ms; what is on its way is finished. */
  readonly ms: number;
}

/** What a run may still begin. */
export interface Bounds {
  /** Sends that may still be begun. */
  free(): number;
  begin(names: readonly string[]): void;
  /** They are for the next run. */
  leave(names: readonly string[]): void;
  /** No further batch, look or pass? */
  isOver(): boolean;
  /** Certificates and sites with something that was left and not begun by a later pass. */
  readonly left: ReadonlySet<string>;
}

export function createBounds(limits: RunLimits | undefined, clock: Pick<Clock, 'monotonic'>): Bounds {
  const endMs = clock.monotonic() + (limits?.ms ?? Number.POSITIVE_INFINITY);
  let free = limits?.sends ?? Number.POSITIVE_INFINITY;
  const left = new Set<string>();
  const isOver = () => clock.monotonic() >= endMs;
  return {
    free: () => (isOver() ? 0 : free),
    begin(names) {
      free -= names.length;
      for (const name of names) left.delete(name);
    },
    leave(names) {
      for (const name of names) left.add(name);
    },
    isOver,
    left,
  };
}

/** One line of every account in turn, each account's in their order: a long list of one keeps nobody waiting. */
export function inTurn(items: readonly PlanItem[]): readonly PlanItem[] {
  const accounts = [...Map.groupBy(items, ({ provider }) => provider).values()];
  const longest = Math.max(0, ...accounts.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    accounts.flatMap((lines) => (lines[turn] === undefined ? [] : [lines[turn]])),
  ).flat();
}
