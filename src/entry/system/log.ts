import type { Logger } from 'pino';
import { Secret } from '../../model/secret.js';
import type { Log } from '../../ports/log.js';

const LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** How loud the log is, and which of its parts are louder or quieter than that. */
export interface LogLevels {
  readonly level: LogLevel;
  /** Component → level: an account or solver of the configuration, a type of them, or `git`. */
  readonly components: ReadonlyMap<string, LogLevel>;
  /** What in the variable is nothing that is known; for people. */
  readonly problems: readonly string[];
}

const isLevel = (word: string): word is LogLevel => (LEVELS as readonly string[]).includes(word);

/**
 * `CERTWRIGHT_LOG`: a level, `component=level`, or several of them with commas between.
 * @param usual  where it names no level: silence is what a terminal or CI is best served by
 */
export function logLevels(
  { CERTWRIGHT_LOG: text = '' }: NodeJS.ProcessEnv,
  usual: LogLevel = 'silent',
): LogLevels {
  let level = usual;
  const components = new Map<string, LogLevel>();
  const problems: string[] = [];
  for (const entry of text.split(',').map((one) => one.trim())) {
    if (entry === '') continue;
    const [name = '', word, ...more] = entry.split('=').map((one) => one.trim());
    const wanted = (word ?? name).toLowerCase();
    if (more.length > 0 || !isLevel(wanted) || name === '') {
      problems.push(
        `CERTWRIGHT_LOG: "${entry}" is neither a level (${LEVELS.join(', ')}) nor component=level`,
      );
    } else if (word === undefined) level = wanted;
    else components.set(name, wanted);
  }
  return { level, components, problems };
}

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

/** pino on stderr, one JSON object a line. Secrets redact themselves; nothing else may carry one. */
export async function createLog({ level, components }: LogLevels, runId: string): Promise<Log> {
  if (level === 'silent' && [...components.values()].every((one) => one === 'silent')) return SILENT;
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
  return wrap(logger, components);
}

/** Fields of a child that tell which component it is, the closest first. */
const COMPONENT_FIELDS = ['provider', 'solver', 'component', 'type'] as const;

function wrap(logger: Logger, components: LogLevels['components']): Log {
  return {
    debug: (fields, message) => {
      if (!logger.isLevelEnabled('debug')) return;
      logger.debug(plain(typeof fields === 'function' ? fields() : fields), message);
    },
    info: (fields, message) => logger.info(plain(fields), message),
    warn: (fields, message) => logger.warn(plain(fields), message),
    error: (fields, message) => logger.error(plain(fields), message),
    child: (fields) => {
      const level = COMPONENT_FIELDS.map((key) => components.get(String(fields[key]))).find(Boolean);
      return wrap(logger.child(plain(fields), level === undefined ? {} : { level }), components);
    },
  };
}

/** pino looks into objects itself; a Secret must come out as its own redacted text. */
const plain = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Secret ? String(value) : value]),
  );
