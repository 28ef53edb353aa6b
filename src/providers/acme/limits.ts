import { SECOND_MS } from '../../model/time.js';

/** Longest a call may take. */
export const CALL_LIMIT_MS = 60 * SECOND_MS;
/** Calls at a time on one account. */
export const CONCURRENCY = 16;
