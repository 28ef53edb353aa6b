import type { Options } from '../cli/program.js';

/** Holds the address of a dead man's switch. */
export const PING_VARIABLE = 'CERTWRIGHT_PING_URL';

/** Does somebody watch the runs of this command? */
export const isWatched = ({ metricsFile, ping }: Options, env: NodeJS.ProcessEnv): boolean =>
  metricsFile !== undefined || ping !== undefined || Boolean(env[PING_VARIABLE]);
