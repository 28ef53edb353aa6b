import type { Logger } from 'pino';
import { Secret } from '../../model/secret.js';
import type { Log } from '../../ports/log.js';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

const LEVELS: ReadonlySet<string> = new Set(['silent', 'error', 'warn', 'info', 'debug']);

/** `CERTWRIGHT_LOG`, or `usual`: silence is what a terminal or CI is best served by. */
export function logLevel(env: NodeJS.ProcessEnv, usual: LogLevel = 'silent'): LogLevel {
  const wanted = env.CERTWRIGHT_LOG?.toLowerCase() ?? '';
  return LEVELS.has(wanted) ? (wanted as LogLevel) : usual;
}

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

/** pino on stderr, one JSON object a line. Secrets redact themselves; nothing else may carry one. */
export async function createLog(level: LogLevel, runId: string): Promise<Log> {
  if (level === 'silent') return SILENT;
  const { pino } = await import('pino');
  const logger = pino(
    {
      level,
      base: { run: runId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(plain(fields), message),
    info: (fields, message) => logger.info(plain(fields), message),
    warn: (fields, message) => logger.warn(plain(fields), message),
    error: (fields, message) => logger.error(plain(fields), message),
    child: (fields) => wrap(logger.child(plain(fields))),
  };
}

/** pino looks into objects itself; a Secret must come out as its own redacted text. */
const plain = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Secret ? String(value) : value]),
  );
