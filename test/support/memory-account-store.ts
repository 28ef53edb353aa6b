import type { AccountStore } from '../../src/ports/repository.js';

/** An account store in memory that counts what is asked of it and can be made to fail. */
export interface MemoryAccountStore extends AccountStore {
  readonly reads: () => number;
  /** Pushes that landed. */
  readonly pushes: () => number;
  /** Commit messages of the pushes that landed, oldest first. */
  readonly messages: readonly string[];
  files(): ReadonlyMap<string, string>;
  /** Runs before the next `replace` compares versions: room for somebody who is faster. */
  beforeNextReplace(act: () => Promise<void>): void;
  /** The next `replace` throws: before anything is sent, after sending without landing, or after landing. */
  failNextReplace(when: 'before' | 'lost' | 'landed', error: Error): void;
  failNextRead(error: Error): void;
}

export function memoryAccountStore(): MemoryAccountStore {
  let files: ReadonlyMap<string, string> = new Map();
  let serial = 0;
  let reads = 0;
  const messages: string[] = [];
  let intruder: (() => Promise<void>) | undefined;
  let failure: { readonly when: 'before' | 'lost' | 'landed'; readonly error: Error } | undefined;
  let readFailure: Error | undefined;
  const version = (): string | null => (serial === 0 ? null : serial.toString(16).padStart(40, '0'));

  return {
    messages,
    reads: () => reads,
    pushes: () => messages.length,
    files: () => files,
    beforeNextReplace: (act) => {
      intruder = act;
    },
    failNextReplace: (when, error) => {
      failure = { when, error };
    },
    failNextRead: (error) => {
      readFailure = error;
    },
    read: async () => {
      reads += 1;
      const broken = readFailure;
      readFailure = undefined;
      if (broken) throw broken;
      const now = { version: version(), files };
      // A real reading takes a while; what is returned is from its beginning.
      await new Promise((resolve) => setImmediate(resolve));
      return now;
    },
    replace: async (expected, next, message, beforePush) => {
      const act = intruder;
      intruder = undefined;
      await act?.();
      const broken = failure;
      failure = undefined;
      if (broken?.when === 'before') throw broken.error;
      beforePush?.();
      await new Promise((resolve) => setImmediate(resolve));
      if (broken?.when === 'lost') throw broken.error;
      if (version() !== expected) return false;
      serial += 1;
      files = new Map(next);
      messages.push(message);
      if (broken?.when === 'landed') throw broken.error;
      return true;
    },
  };
}
