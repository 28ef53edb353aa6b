import { setImmediate as turn } from 'node:timers/promises';

/** A process on the stage: alive until it ends or crashes. */
export interface Actor {
  readonly name: string;
  alive: boolean;
  /** Its calls that wait for their turn. */
  waiting: number;
  /** Settles when it crashes. */
  readonly died: Promise<void>;
  die(): void;
}

export function actor(name: string): Actor {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  return { name, alive: true, waiting: 0, died, die };
}

/** What a process does on the stage. */
export interface Part {
  readonly actor: Actor;
  run(): Promise<void>;
}

interface Entry {
  readonly actor: Actor;
  atMs: number;
  readonly number: number;
  go(): void;
}

const STUCK_TURNS = 200_000;

const WORLD = actor('world');

/**
 * Virtual time, and who goes next. Every port call and every sleep of every process waits here for its instant; they pass
 * one at a time, in the order of those instants, and only when nobody has anything left to do by itself. So processes
 * interleave at port calls, and the same instants give the same run. No port leaves work to other threads (WebCrypto, the
 * file system), which would answer in an order of its own.
 */
export class Stage {
  nowMs: number;
  #entries: Entry[] = [];
  #actors = new Set<Actor>();
  #number = 0;
  #inFlight = 0;
  #failures: unknown[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** Resolves after `afterMs` of virtual time, or on the signal; never for an actor that is dead then. */
  wait(actor: Actor, afterMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (!actor.alive) return;
      actor.waiting += 1;
      this.#number += 1;
      const go = () => {
        actor.waiting -= 1;
        if (actor.alive) resolve();
      };
      const entry = { actor, atMs: this.nowMs + afterMs, number: this.#number, go };
      this.#entries.push(entry);
      const wake = () => {
        entry.atMs = Math.min(entry.atMs, this.nowMs);
      };
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Nothing else passes while this runs: what a port does is over before the next call of anybody. */
  async alone<T>(actor: Actor, run: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await run();
    } finally {
      this.#inFlight -= 1;
      if (!actor.alive) await new Promise<never>(() => undefined);
    }
  }

  /** Nothing of it reaches a port from here on, and nothing is answered any more: a power cut. */
  kill(actor: Actor): void {
    actor.alive = false;
    this.#actors.delete(actor);
    actor.die();
  }

  /** Something outside of every process: it happens whoever is alive then, in this play or a later one. */
  later(afterMs: number, happen: () => void): void {
    this.#number += 1;
    this.#entries.push({ actor: WORLD, atMs: this.nowMs + afterMs, number: this.#number, go: happen });
  }

  /**
   * Plays until every one of these is over; processes begin together.
   * @throws what the first of them threw
   */
  async play(parts: readonly Part[]): Promise<void> {
    for (const part of parts) this.enter(part);
    for (let idle = 0; ; ) {
      await turn();
      if (this.#actors.size === 0) break;
      if (this.#inFlight > 0 || [...this.#actors].some(({ waiting }) => waiting === 0)) {
        idle += 1;
        if (idle > STUCK_TURNS) throw new Error('a process on the stage waits for something real');
        continue;
      }
      idle = 0;
      this.#next()?.go();
    }
    const [first] = this.#failures.splice(0);
    if (first !== undefined) throw first;
  }

  /** Somebody comes on while the others play; the play goes on until this one is over as well. */
  enter({ actor, run }: Part): void {
    this.#actors.add(actor);
    void Promise.race([run(), actor.died])
      .catch((error: unknown) => this.#failures.push(error))
      .finally(() => {
        actor.alive = false;
        this.#actors.delete(actor);
      });
  }

  /** Time passes, and nobody does anything. */
  async rest(ms: number): Promise<void> {
    const nobody = actor('nobody');
    await this.play([{ actor: nobody, run: () => this.wait(nobody, ms) }]);
  }

  #next(): Entry | undefined {
    const live = this.#entries.filter(({ actor }) => actor.alive);
    const next = live.reduce<Entry | undefined>(
      (a, b) => (!a || b.atMs < a.atMs || (b.atMs === a.atMs && b.number < a.number) ? b : a),
      undefined,
    );
    this.#entries = live.filter((entry) => entry !== next);
    if (next) this.nowMs = Math.max(this.nowMs, next.atMs);
    return next;
  }
}
