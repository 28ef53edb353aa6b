/** Time and chance, so that nothing else reads them. */
export interface Clock {
  /** Wall clock, epoch ms. */
  now(): number;
  /** Monotonic, ms from an arbitrary start; never steps. */
  monotonic(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Lower-case hex of `bytes` random bytes, cryptographically strong. */
  hex(bytes: number): string;
  /** In [0, 1): jitter only. */
  fraction(): number;
}
