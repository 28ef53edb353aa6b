import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import { parseDuration } from '../../model/term.js';
import { MINUTE_MS } from '../../model/time.js';
import type { RecordOutcome, Solver, SolverDeps } from '../../ports/solver.js';
import { runProgram, surroundings } from '../../programs/run.js';

const DEFAULT_LIMIT_MS = MINUTE_MS;

type Verb = 'present' | 'cleanup';

/**
 * What a hook is told. Its arguments are those of lego's exec provider: the verb, the record's full name with a closing
 * dot (or the URL), and its value (or the file's content). The environment tells the same by name.
 */
function callOf(verb: Verb, record: SolvableRecord) {
  const common = { CERTWRIGHT_ACTION: verb, CERTWRIGHT_TYPE: record.type };
  if (record.type === 'file') {
    const { pathname, hostname } = new URL(record.url);
    return {
      args: [verb, record.url, record.content],
      env: {
        ...common,
        CERTWRIGHT_HOST: hostname,
        CERTWRIGHT_URL: record.url,
        CERTWRIGHT_PATH: pathname,
        CERTWRIGHT_CONTENT: record.content,
      },
    };
  }
  const owner = record.owner.replace(/\.$/, '');
  return {
    args: [verb, `${owner}.`, record.value],
    env: { ...common, CERTWRIGHT_OWNER: owner, CERTWRIGHT_VALUE: record.value },
  };
}

/** @throws CertError `config.invalid` */
export function createExec(deps: SolverDeps): Solver {
  const { config } = deps;
  const run = Array.isArray(config.options.run) ? config.options.run.map(String) : [];
  const passed = Array.isArray(config.options.environment) ? config.options.environment.map(String) : [];
  const limitMs = parseDuration(String(config.options.timeout ?? '')) ?? DEFAULT_LIMIT_MS;

  /** One record after the other: few hooks can do two things at once. */
  async function each(verb: Verb, records: readonly SolvableRecord[]): Promise<readonly RecordOutcome[]> {
    const outcomes: RecordOutcome[] = [];
    for (const record of records) {
      try {
        const { args, env } = callOf(verb, record);
        const around = surroundings(deps.variable, passed);
        await runProgram({
          command: [...run, ...args],
          what: `${run.join(' ')} ${verb}`,
          env: { ...around.env, ...env },
          redact: around.redact,
          folder: deps.folder,
          limitMs,
          signal: deps.signal,
          failed: (message, remedy, printed) =>
            new CertError('solver.failed', `solver ${config.id}: ${message}`, { remedy, ...printed }),
        });
        outcomes.push({ record });
      } catch (error) {
        if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
        outcomes.push({ record, error });
      }
    }
    return outcomes;
  }

  return {
    config,
    publish: (records) => each('present', records),
    cleanUp: (records) => each('cleanup', records),
  };
}
