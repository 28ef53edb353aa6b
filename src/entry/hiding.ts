import { redactor } from '../http/redact.js';
import { Secret } from '../model/secret.js';
import type { Log, LogFields } from '../ports/log.js';

/** Shorter ones stand in words that have nothing to do with them. */
const SHORTEST_HIDDEN = 3;

/**
 * The same log without certain texts in its fields, in whatever spelling.
 * @param hidden  read at every line: it grows while a run goes on
 */
export function hiding(log: Log, hidden: ReadonlySet<string>): Log {
  const clean = (fields: LogFields): LogFields => {
    const texts = [...hidden].filter(({ length }) => length >= SHORTEST_HIDDEN);
    if (texts.length === 0) return fields;
    const redact = redactor(texts.map((text) => new Secret(text)));
    return Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
    );
  };
  return {
    debug: (fields, message) =>
      log.debug(() => clean(typeof fields === 'function' ? fields() : fields), message),
    info: (fields, message) => log.info(clean(fields), message),
    warn: (fields, message) => log.warn(clean(fields), message),
    error: (fields, message) => log.error(clean(fields), message),
    child: (fields) => hiding(log.child(fields), hidden),
  };
}
