import type { Log, LogFields } from '../../src/ports/log.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A log that keeps its lines. */
export function memoryLog(): Log & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const make = (base: LogFields): Log => {
    const write = (level: LogLine['level']) => (fields: LogFields | (() => LogFields), message: string) => {
      lines.push({
        level,
        fields: { ...base, ...(typeof fields === 'function' ? fields() : fields) },
        message,
      });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => make({ ...base, ...fields }),
    };
  };
  return { ...make({}), lines };
}
