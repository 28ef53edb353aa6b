import type { Spool, SpoolEntry } from '../../src/ports/spool.js';
import { stableJson } from '../../src/repository/stable.js';

const keyOf = (entry: SpoolEntry): string => `${entry.nonce}-${entry.step}`;

/** The disk of one machine: outlives the process that wrote to it. */
export function memorySpool(): Spool {
  const entries = new Map<string, string>();
  return {
    write: async (entry) => {
      entries.set(keyOf(entry), stableJson(entry));
    },
    list: async () => [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => JSON.parse(text)),
    remove: async (entry) => {
      entries.delete(keyOf(entry));
    },
  };
}
