import { SECOND_MS } from '../../model/time.js';

/** After this long without a reply a call counts as lost; clients of the API wait 20 to 30 s. */
export const CALL_LIMIT_MS = 60 * SECOND_MS;
/** Calls at the same time. */
export const CONCURRENCY = 4;
