/** One HTTP request that is over, as far as an operator wants to count it: no address, no text, nothing secret. */
export interface ObservedCall {
  /** It may have cost money, and was sent once. */
  readonly paid: boolean;
  /** Status of the reply; absent: there was none that could be used. */
  readonly status?: number;
  /** From sending it to the end of its reply, ms. */
  readonly ms: number;
}

/** Told of every request of one account. Must not throw. */
export type CallObserver = (call: ObservedCall) => void;
