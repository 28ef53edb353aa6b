import { SECOND_MS } from '../../model/time.js';

/** After this long without a reply a call counts as lost. */
export const CALL_LIMIT_MS = 90 * SECOND_MS;
/** Calls at the same time. */
export const CONCURRENCY = 4;
