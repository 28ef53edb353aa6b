import { CertError, messageOf } from '../../model/errors.js';
import type { SendGuard } from '../../ports/provider.js';
import type { AccountStore } from '../../ports/repository.js';
import type { Books } from './books.js';
import type { Draft } from './draft.js';

/** One writing call: `apply` puts it into a draft and may be repeated on a fresh one; `guard` runs before every push. */
export interface Change<T> {
  readonly title: string;
  readonly guard: SendGuard;
  /** What this very change gave, where the books hold it already: nothing is left to send. */
  landed(books: Books): T | undefined;
  /** Puts the change into the draft, all or nothing. @throws CertError when the draft does not allow it: only this change fails */
  apply(draft: Draft): Promise<T>;
}

export interface Writer {
  /** Resolves when the change stands in the store. @throws CertError, effect `unknown` only when the push may have landed */
  submit<T>(change: Change<T>): Promise<T>;
}

interface Waiting {
  readonly title: string;
  readonly guard: SendGuard;
  /** true: it stands in the books and is settled. */
  settleIfLanded(books: Books): boolean;
  /** Gives the function that settles it once the draft is pushed. */
  apply(draft: Draft): Promise<() => void>;
  fail(error: unknown): void;
}

/** Lost races before a change gives up; its guard usually ends it sooner. */
const MAX_MOVES = 25;
/** Bounds how long the first of a batch waits for the signing of the rest. */
const MAX_BATCH = 256;

/**
 * Brings changes into the store by compare-and-swap, as many per push as are waiting: one push costs the same for one
 * order and for fifty. A change that fails, or whose guard says no, never takes the others with it.
 */
export function createWriter(
  store: Pick<AccountStore, 'replace'>,
  read: () => Promise<Books>,
  newDraft: (books: Books) => Draft,
): Writer {
  const waiting: Waiting[] = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    while (waiting.length > 0) await pushBatch();
    running = false;
  }

  async function pushBatch(): Promise<void> {
    let batch: readonly Waiting[] = [];
    for (let moves = 0; moves < MAX_MOVES; ) {
      const books = await settled(read());
      // Taken after the reading: everybody who came meanwhile rides along.
      if (batch.length === 0) batch = waiting.splice(0, MAX_BATCH);
      if (!books.ok) return failAll(batch, beforeAnything(books.error));
      const { value } = books;
      const draft = newDraft(value);
      const missing = batch.filter((change) => !change.settleIfLanded(value));
      const ready = await applyAll(missing, draft);
      batch = ready.map(({ change }) => change);
      if (batch.length === 0) return;
      const outcome = await push(batch, value, draft);
      if (outcome.kind === 'landed') return ready.forEach(({ finish }) => void finish());
      if (outcome.kind === 'failed') return failAll(batch, outcome.error);
      if (outcome.kind === 'stopped') batch = batch.filter((change) => !outcome.dropped.has(change));
      else moves += 1;
      if (batch.length === 0) return;
    }
    failAll(
      batch,
      new CertError('repository.moved', 'Other runs kept writing to the books of the local CA; run again.'),
    );
  }

  async function push(batch: readonly Waiting[], books: Books, draft: Draft): Promise<PushResult> {
    const dropped = new Set<Waiting>();
    let sent = false;
    const beforePush = (): void => {
      for (const change of batch) {
        try {
          change.guard();
        } catch (error) {
          change.fail(error);
          dropped.add(change);
        }
      }
      // What was dropped already stands in the prepared files: this push must not happen.
      if (dropped.size > 0)
        throw new CertError('send.too-late', 'A change of this push may no longer be sent.');
      sent = true;
    };
    const landed = await settled(store.replace(books.version, draft.files(), messageFor(batch), beforePush));
    if (dropped.size > 0) return { kind: 'stopped', dropped };
    if (landed.ok) return { kind: landed.value ? 'landed' : 'moved' };
    return { kind: 'failed', error: sent ? afterSending(landed.error) : beforeAnything(landed.error) };
  }

  return {
    submit: <T>(change: Change<T>) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({
          title: change.title,
          guard: change.guard,
          fail: reject,
          settleIfLanded: (books) => {
            const result = change.landed(books);
            if (result !== undefined) resolve(result);
            return result !== undefined;
          },
          apply: async (draft) => {
            const result = await change.apply(draft);
            return () => resolve(result);
          },
        });
        if (!running) void drain();
      }),
  };
}

type PushResult =
  | { readonly kind: 'landed' | 'moved' }
  /** A guard said no: nothing was pushed. */
  | { readonly kind: 'stopped'; readonly dropped: ReadonlySet<Waiting> }
  | { readonly kind: 'failed'; readonly error: CertError };

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );

const failAll = (batch: readonly Waiting[], error: CertError): void => {
  for (const change of batch) change.fail(error);
};

async function applyAll(batch: readonly Waiting[], draft: Draft) {
  const ready: { readonly change: Waiting; readonly finish: () => void }[] = [];
  for (const change of batch) {
    const applied = await settled(change.apply(draft));
    if (applied.ok) ready.push({ change, finish: applied.value });
    else change.fail(applied.error);
  }
  return ready;
}

function messageFor(batch: readonly Waiting[]): string {
  const titles = batch.map(({ title }) => title);
  if (titles.length === 1) return `local-ca: ${titles[0]}`;
  return `local-ca: ${titles.length} changes\n\n${titles.map((title) => `- ${title}`).join('\n')}`;
}

const beforeAnything = (error: unknown): CertError =>
  error instanceof CertError && error.effect === 'none'
    ? error
    : new CertError(
        'provider.unreachable',
        `The books of the local CA cannot be reached: ${messageOf(error)}`,
        {
          cause: error,
        },
      );

/** A refusal is certain; anything else may have landed before it broke. */
const afterSending = (error: unknown): CertError =>
  error instanceof CertError && error.code === 'repository.refused'
    ? error
    : new CertError(
        'provider.unreachable',
        `Writing to the books of the local CA broke off: ${messageOf(error)}`,
        {
          effect: 'unknown',
          cause: error,
        },
      );
