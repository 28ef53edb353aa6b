import { spawn } from 'node:child_process';
import { redactor } from '../http/redact.js';
import { CertError, messageOf } from '../model/errors.js';
import { Secret } from '../model/secret.js';

const KILL_AFTER_MS = 5_000;
/** Of what a program prints, the end is kept: that is where it says why. */
const KEPT_BYTES = 4_096;
const SHOWN_CHARACTERS = 200;
/** How long something that got away from its group may hold the answer open. */
const ANSWER_ENDS_MS = 2_000;
/** What any program needs; everything else is named in the configuration. */
const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** Of certwright's own environment a program gets what any program needs, and what the configuration names for it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** Takes the values that were named for it out of what it printed. */
  readonly redact: (text: string) => string;
}

/** @param passed  names of variables that the configuration hands on */
export function surroundings(
  variable: (name: string) => string | undefined,
  passed: readonly string[],
): Surroundings {
  const known = [...ALWAYS, ...passed].flatMap((name): [string, string][] => {
    const value = variable(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    env: Object.fromEntries(known),
    redact: redactor(passed.map((name) => new Secret(variable(name) ?? ''))),
  };
}

export interface Program {
  readonly command: readonly string[];
  /** For messages: the program and what it was asked. */
  readonly what: string;
  readonly env: Readonly<Record<string, string>>;
  readonly redact: (text: string) => string;
  readonly folder: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** For its standard input; absent: that is closed. */
  readonly input?: string;
  /** Its standard output is an answer, at most this long, and shown to nobody; absent: words for people, as the other one. */
  readonly answerBytes?: number;
  /** The error of whoever has it run. */
  failed(message: string, remedy: string, printed: { readonly providerText?: string }): CertError;
}

/**
 * Runs a program without a shell, in a process group of its own that is ended with it: nothing it started stays behind.
 * It may leave its input unread.
 * @returns its answer; '' where none is asked for
 * @throws CertError the one that `failed` gives, `interrupted`
 */
export function runProgram(program: Program): Promise<string> {
  const { signal, limitMs, what, input, answerBytes } = program;
  return new Promise((settle, fail) => {
    if (signal.aborted) return fail(new CertError('interrupted', `stopped before ${what}`));
    const [file = '', ...args] = program.command;
    const child = spawn(file, args, {
      cwd: program.folder,
      env: { ...program.env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
    let printed: Buffer = Buffer.alloc(0);
    const answer: Buffer[] = [];
    let answered = 0;
    let stopped: CertError | undefined;
    let killer: NodeJS.Timeout | undefined;
    const failed = (message: string, remedy: string): CertError =>
      program.failed(message, remedy, tail(printed, program.redact));

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
    const take = (chunk: Buffer): void => {
      answered += chunk.length;
      if (answered <= (answerBytes ?? 0)) answer.push(chunk);
      else stop(failed(`${what} answered more than ${answerBytes} bytes`, 'let it print its answer alone'));
    };
    child.stdout?.on('data', answerBytes === undefined ? keep : take);
    child.stderr?.on('data', keep);
    // A program that does not read, or ends before, is no failure of its own: its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
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
      const finish = (): void => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (stopped) fail(stopped);
        else if (code === 0) settle(Buffer.concat(answer).toString('utf8'));
        else fail(ended());
      };
      const ended = (): CertError => {
        const end = code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
        return failed(
          `${what} ${end}${lastWords(printed, program.redact)}`,
          'run it by hand with the same arguments',
        );
      };
      // What it printed last has been written, and is read within this turn or the next; an answer is read to its end.
      if (answerBytes === undefined || child.stdout?.readableEnded) setImmediate(finish);
      else {
        const late = setTimeout(finish, ANSWER_ENDS_MS);
        child.stdout?.once('close', () => {
          clearTimeout(late);
          finish();
        });
      }
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
