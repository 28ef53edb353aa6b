import { spawn } from 'node:child_process';
import { redactor } from '../http/redact.js';
import { CertError, messageOf } from '../model/errors.js';
import type { SolvableRecord } from '../model/order.js';
import { Secret } from '../model/secret.js';
import { parseDuration } from '../model/term.js';
import { MINUTE_MS } from '../model/time.js';
import type { RecordOutcome, Solver, SolverDefinition, SolverDeps } from '../ports/solver.js';

const DEFAULT_LIMIT_MS = MINUTE_MS;
const KILL_AFTER_MS = 5_000;
/** Of what a program prints, the end is kept: that is where it says why. */
const KEPT_BYTES = 4_096;
const SHOWN_CHARACTERS = 200;
/** What any program needs; everything else is named in the configuration. */
const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

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
function createExec(deps: SolverDeps): Solver {
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
        const secrets = passed.flatMap((name) => new Secret(deps.variable(name) ?? ''));
        await runHook({
          solver: config.id,
          command: [...run, ...args],
          what: `${run.join(' ')} ${verb}`,
          env: { ...variables(deps, [...ALWAYS, ...passed]), ...env },
          redact: redactor(secrets),
          folder: deps.folder,
          limitMs,
          signal: deps.signal,
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

const variables = (deps: SolverDeps, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = deps.variable(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

interface Hook {
  readonly solver: string;
  readonly command: readonly string[];
  /** For messages: the program and what it was asked. */
  readonly what: string;
  readonly env: Readonly<Record<string, string>>;
  readonly redact: (text: string) => string;
  readonly folder: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a program without a shell, in a process group of its own that is ended with it: nothing it started stays behind.
 * @throws CertError `solver.failed`, `interrupted`
 */
function runHook(hook: Hook): Promise<void> {
  const { signal, limitMs, what } = hook;
  return new Promise((settle, fail) => {
    if (signal.aborted) return fail(new CertError('interrupted', `stopped before ${what}`));
    const [file = '', ...args] = hook.command;
    const child = spawn(file, args, {
      cwd: hook.folder,
      env: { ...hook.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
    let printed: Buffer = Buffer.alloc(0);
    let stopped: CertError | undefined;
    let killer: NodeJS.Timeout | undefined;
    const failed = (message: string, remedy: string): CertError =>
      new CertError('solver.failed', `solver ${hook.solver}: ${message}`, {
        remedy,
        ...tail(printed, hook.redact),
      });

    const stop = (why: CertError): void => {
      if (stopped) return;
      stopped = why;
      killGroup(child.pid, 'SIGTERM');
      killer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS);
    };
    const onAbort = (): void => stop(new CertError('interrupted', `stopped during ${what}`));
    const timer = setTimeout(
      () =>
        stop(failed(`${what} took longer than ${limitMs / 1000} s`, 'raise timeout:, or see why it hangs')),
      limitMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal.removeEventListener('abort', onAbort);
    };
    const keep = (chunk: Buffer): void => {
      printed = Buffer.concat([printed, chunk]).subarray(-KEPT_BYTES);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      done();
      fail(
        failed(`${file} cannot be started: ${messageOf(error)}`, 'correct run:, or make the file executable'),
      );
    });
    // Not `close`: what the hook left running may hold its output open for ever.
    child.on('exit', (code, killedBy) => {
      killGroup(child.pid, 'SIGKILL');
      done();
      // What it printed last has been written, and is read within this turn or the next.
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        if (stopped) return fail(stopped);
        if (code === 0) return settle();
        const end = code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
        fail(
          failed(
            `${what} ${end}${lastWords(printed, hook.redact)}`,
            'run it by hand with the same arguments',
          ),
        );
      });
    });
  });
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

const tail = (printed: Buffer, redact: (text: string) => string): { readonly providerText?: string } =>
  printed.length === 0 ? {} : { providerText: redact(printed.toString('utf8')) };

/** The last line it printed, fit for a status file. */
function lastWords(printed: Buffer, redact: (text: string) => string): string {
  const lines = redact(printed.toString('utf8'))
    // What a terminal would obey, and what was no text.
    .replace(/(?!\n)\p{Cc}(?:\[[\d;?]*[ -/]*[@-~])?|\ufffd/gu, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = lines.at(-1);
  if (last === undefined) return '';
  return `: ${last.length > SHOWN_CHARACTERS ? `${last.slice(0, SHOWN_CHARACTERS)}…` : last}`;
}

/** A program of the user's own, called for each record. */
export const exec: SolverDefinition = {
  type: 'exec',
  title: 'Own program',
  proves: ['dns', 'http'],
  needsZones: false,
  credentialNames: { required: [], optional: [] },
  optionsSchema: {
    type: 'object',
    required: ['run'],
    properties: {
      run: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', minLength: 1 },
      },
      environment: {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      },
      timeout: {
        type: 'string',
        pattern: '^[1-9]\\d{0,4}[smhd]$',
        errorMessage: 'Write a duration such as 60s.',
      },
    },
  },
  create: createExec,
};
