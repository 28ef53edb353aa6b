import { SECOND_MS } from '../../model/time.js';

/** After this long without a reply a call counts as lost. */
export const CALL_LIMIT_MS = 90 * SECOND_MS;
/** Calls at the same time: the budget of a minute is small. */
export const CONCURRENCY = 2;
/** The lower of the ceilings that the vendor's pages name (API FAQ, KB 9739). */
export const BUDGET = { callsPerMinute: 20, callsPerHour: 700, callsPerDay: 8000 } as const;
/** Names that come with every product for several domains. */
export const INCLUDED_NAMES = 3;
