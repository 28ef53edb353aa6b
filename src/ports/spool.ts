import type { StepOutcome } from './provider.js';

/** What a paid call brought, on local disk before anything else: survives a crash before the push. */
export interface SpoolEntry {
  readonly repositoryId: string;
  readonly certificate: string;
  readonly intentId: string;
  readonly nonce: string;
  readonly step: string;
  readonly at: string;
  readonly outcome:
    | { readonly kind: 'done'; readonly outcome: StepOutcome }
    | { readonly kind: 'refused'; readonly code: string; readonly message: string }
    /** Provably no byte left: only the process that wrote the nonce can know. */
    | { readonly kind: 'not-sent'; readonly message: string };
}

export interface Spool {
  /** Durable (synced) when it resolves. */
  write(entry: SpoolEntry): Promise<void>;
  list(): Promise<readonly SpoolEntry[]>;
  remove(entry: SpoolEntry): Promise<void>;
}
