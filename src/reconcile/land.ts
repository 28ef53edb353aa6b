import { CertError } from '../model/errors.js';
import type { StateHeader } from '../model/status.js';
import type { FileChange, Oid } from '../ports/repository.js';
import { HEADER_PATH } from '../repository/layout.js';
import { stableJson } from '../repository/stable.js';
import type { Deps } from './deps.js';
import { readState, type StateView } from './state.js';

const FIRST_PAUSE_MS = 100;
/** While others push: who waits ever longer never gets a turn. */
const LONGEST_TURN_MS = 1_000;
/** While the remote cannot be reached. */
const LONGEST_PAUSE_MS = 5_000;
/** How long an outcome is pushed before the run gives up; the spool keeps it for the next one. */
const LANDING_MS = 120_000;

/** Changes computed on the state they will be put upon; undefined: nothing is left to do there. */
export type Change = (view: StateView) => ChangeSet | undefined;

export interface ChangeSet {
  readonly files: readonly FileChange[];
  /** The header from now on; its revision is counted for it. */
  readonly header?: StateHeader;
  readonly message: string;
}

/** What every commit of ours needs beside its change. */
export interface Landing {
  readonly deps: Pick<Deps, 'repository' | 'clock' | 'random' | 'log' | 'parseStatus' | 'parseHeader'>;
  /** Manifest commit acted on: recorded with the change. Absent: the recorded one stays. */
  readonly manifestCommit?: string;
}

/** One fetch and the state read from it. */
export async function observeState(deps: Landing['deps']): Promise<StateView> {
  return readState(deps, await deps.repository.observe());
}

/**
 * Pushes a change set on top of a view. With it goes the header, its revision one higher, and whatever others altered
 * is put back.
 */
export function pushChange({ deps, manifestCommit }: Landing, view: StateView, change: ChangeSet) {
  const own = new Set(change.files.map((file) => file.path));
  const base = change.header ?? view.header;
  const header = base && {
    ...base,
    ...(manifestCommit === undefined ? {} : { manifestCommit }),
    revision: (view.header?.revision ?? 0) + 1,
  };
  const extra = [
    ...view.toRestore,
    ...(header ? [{ path: HEADER_PATH, content: stableJson(header) }] : []),
  ].filter((file) => !own.has(file.path));
  return deps.repository.commit(view.snapshot, [...extra, ...change.files], change.message);
}

/**
 * Lands a change of facts: recomputed on every new head until it is on the branch. For outcomes, which are true
 * whatever else happened meanwhile; intents take the stricter way in `send.ts`.
 * @returns the state after it
 * @throws as `landTelling` does
 */
export async function land(landing: Landing, view: StateView, change: Change): Promise<StateView> {
  const landed = await landTelling(landing, view, (head) => {
    const set = change(head);
    return set && { ...set, tells: undefined };
  });
  return landed.view;
}

/** A change, and what is to be said of it once it is on the branch. */
export interface TellingChange<T> extends ChangeSet {
  readonly tells: T;
}

export interface Landed<T> {
  readonly view: StateView;
  /** Of the attempt that is on the branch; absent: nothing was left to do there. */
  readonly told?: T;
}

/**
 * The same for whoever tells people what was recorded. An attempt whose push is said to have failed may be on the branch: it is
 * looked for before anything is computed anew, and it alone is what happened.
 * @throws CertError `repository.refused` at once, `repository.moved` when time is up, `repository.unavailable` (effect
 *   unknown) where a push cannot be looked for
 */
export async function landTelling<T>(
  landing: Landing,
  view: StateView,
  change: (view: StateView) => TellingChange<T> | undefined,
): Promise<Landed<T>> {
  const { deps } = landing;
  const endMs = deps.clock.monotonic() + LANDING_MS;
  const inDoubt: { readonly commit: Oid; readonly tells: T }[] = [];
  let current = view;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_TURN_MS)) {
    refuseLostState(current);
    const set = change(current);
    if (!set || (set.files.length === 0 && !set.header)) return { view: current };
    const outcome = await pushChange(landing, current, set);
    if (outcome.kind === 'refused') throw refusedPush(outcome.text);
    if (outcome.kind === 'pushed') return { view: await lookAfter(deps, endMs, TAKEN), told: set.tells };
    if (outcome.commit !== undefined) inDoubt.push({ commit: outcome.commit, tells: set.tells });
    deps.log.info({ text: outcome.text }, 'state branch moved, trying again');
    await deps.clock.sleep(pauseMs * (0.5 + deps.random.fraction()));
    current = await lookAfter(deps, endMs, DOUBTFUL);
    const head = current.snapshot.state?.commit ?? '';
    for (const { commit, tells } of inDoubt) {
      if (await deps.repository.isAncestor(commit, head)) return { view: current, told: tells };
    }
    if (deps.clock.monotonic() > endMs) {
      throw new CertError('repository.moved', `the state branch kept moving: ${outcome.text}`, {
        remedy: 'run it again; nothing that was done is lost',
      });
    }
  }
}

/** What became of a push, for when the state cannot be read after it. */
const TAKEN = { fate: 'what was pushed is on the state branch', effect: 'none' } as const;
const DOUBTFUL = {
  fate: 'whether what was pushed is on the state branch is not known',
  effect: 'unknown',
} as const;

/** The state after a push. @throws CertError `repository.unavailable`, with what became of the push */
async function lookAfter(
  deps: Landing['deps'],
  endMs: number,
  { fate, effect }: typeof TAKEN | typeof DOUBTFUL,
): Promise<StateView> {
  try {
    return await observeWithin(deps, endMs - deps.clock.monotonic());
  } catch (error) {
    if (!(error instanceof CertError) || error.code !== 'repository.unavailable') throw error;
    throw new CertError(error.code, `${error.message}; ${fate}`, {
      cause: error,
      effect,
      remedy: 'run it again when the remote answers: what is recorded already is not recorded twice',
      ...(error.providerText === undefined ? {} : { providerText: error.providerText }),
    });
  }
}

/** A fetch that is repeated while the remote cannot be reached: what was bought must get there. @throws CertError */
export async function observeWithin(deps: Landing['deps'], limitMs: number): Promise<StateView> {
  const startMs = deps.clock.monotonic();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await observeState(deps);
    } catch (error) {
      const passing = error instanceof CertError && error.code === 'repository.unavailable';
      if (!passing || deps.clock.monotonic() - startMs + pauseMs > limitMs) throw error;
      deps.log.info({ error: error.message }, 'remote not reachable, trying again');
      await deps.clock.sleep(pauseMs);
    }
  }
}

export function refusedPush(text: string): CertError {
  return new CertError('repository.refused', `the remote refuses to take the state branch: ${text}`, {
    remedy:
      'let certwright push to its state branch and to certwright/seen (permissions, branch rules, hooks), then run it again',
  });
}

/** Lost or rewound state takes no writing at all: it would bury what was lost. */
export function refuseLostState(view: StateView): void {
  const { integrity } = view.snapshot;
  if (integrity.kind === 'lost') {
    throw new CertError('repository.lost-state', `the state branch was rewound or lost: ${integrity.why}`, {
      remedy: LOST_STATE_RECIPE,
    });
  }
}

export const LOST_STATE_RECIPE =
  'nothing is bought until state and certwright/seen agree again: see docs/recovery.md, "Lost or rewound state"';
