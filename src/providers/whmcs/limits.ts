import { SECOND_MS } from '../../model/time.js';

/** A payment may run a module, and that an authority, before the reply is written: a long time limit. */
export const CALL_LIMIT_MS = 120 * SECOND_MS;
/** Calls at the same time; no limit is documented. */
export const CONCURRENCY = 4;
