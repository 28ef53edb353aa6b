import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CertError, messageOf } from '../model/errors.js';
import type { Log } from '../ports/log.js';

const MIB = 1024 * 1024;
const MAX_STDOUT_BYTES = 256 * MIB;
const MAX_STDERR_BYTES = 64 * 1024;
const LOCAL_LIMIT_MS = 5 * 60_000;
const KILL_AFTER_MS = 5_000;

interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  /** Free of credentials, at most 64 KiB. */
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: Buffer | string;
  readonly limitMs?: number;
  /** Takes the output piece by piece instead of collecting it. */
  readonly onStdout?: (chunk: Buffer) => void;
}

/**
 * Runs git and gives its exit code. @throws CertError `repository.unavailable` without git or (effect unknown) after
 * the time limit, `interrupted` (effect unknown) on abort
 */
export type Git = (args: readonly string[], options?: RunOptions) => Promise<GitResult>;

interface GitContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly redact: (text: string) => string;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

function spawnFailure(error: Error, cwd: string): CertError {
  const missing = 'code' in error && error.code === 'ENOENT' && existsSync(cwd);
  return missing
    ? new CertError(
        'repository.unavailable',
        'git was not found: install git 2.31 or newer and put it on PATH',
        {
          cause: error,
        },
      )
    : new CertError('repository.unavailable', `git could not be started in ${cwd}: ${messageOf(error)}`, {
        cause: error,
      });
}

/** Collects up to `limit` bytes; `full` once there was more. */
function collector(limit: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    /** false: the limit is reached, the rest is dropped. */
    add(chunk: Buffer): boolean {
      if (bytes + chunk.length > limit) return false;
      bytes += chunk.length;
      chunks.push(chunk);
      return true;
    },
    take: (): Buffer => Buffer.concat(chunks),
  };
}

export function createGit(context: GitContext): Git {
  return (args, options = {}) =>
    new Promise((settle, fail) => {
      const { signal } = context;
      const name = args[0] ?? '';
      if (signal?.aborted) return fail(new CertError('interrupted', `stopped before git ${name}`));
      const limitMs = options.limitMs ?? LOCAL_LIMIT_MS;
      const startedAt = performance.now();
      const child = spawn('git', args, {
        cwd: context.cwd,
        env: context.env,
        stdio: 'pipe',
        windowsHide: true,
      });
      const stdout = collector(MAX_STDOUT_BYTES);
      const stderr = collector(MAX_STDERR_BYTES);
      let stopped: CertError | undefined;
      let killer: NodeJS.Timeout | undefined;

      const stop = (why: CertError): void => {
        if (stopped) return;
        stopped = why;
        child.kill('SIGTERM');
        killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      };
      const onAbort = (): void =>
        stop(new CertError('interrupted', `stopped during git ${name}`, { effect: 'unknown' }));
      const timer = setTimeout(() => {
        const text = `git ${name} took longer than ${Math.round(limitMs / 1000)} s`;
        stop(new CertError('repository.unavailable', text, { effect: 'unknown' }));
      }, limitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const done = (): void => {
        clearTimeout(timer);
        clearTimeout(killer);
        signal?.removeEventListener('abort', onAbort);
      };

      child.stdout.on('data', (chunk: Buffer) => {
        if (options.onStdout) return options.onStdout(chunk);
        if (!stdout.add(chunk)) stop(new CertError('internal', `git ${name} printed more than was expected`));
      });
      child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
      // A process that ends before it read everything closes its stdin; its exit code tells why.
      child.stdin.on('error', () => undefined);
      child.on('error', (error) => {
        done();
        fail(spawnFailure(error, context.cwd));
      });
      child.on('close', (code, killedBy) => {
        done();
        if (stopped) return fail(stopped);
        const text = context.redact(stderr.take().toString('utf8'));
        context.log.debug(
          { command: name, code, ms: Math.round(performance.now() - startedAt) },
          'git process ended',
        );
        settle({
          code: code ?? 128,
          stdout: stdout.take(),
          stderr: killedBy === null ? text : `${text}git ${name} was ended by ${killedBy}\n`,
        });
      });
      child.stdin.end(options.input);
    });
}

/** Runs git where failing is our defect or the machine's: disk full, a damaged cache. @throws CertError */
export async function mustRun(git: Git, args: readonly string[], options?: RunOptions): Promise<Buffer> {
  const result = await git(args, options);
  if (result.code === 0) return result.stdout;
  const text = result.stderr.trim();
  const lines = text.split('\n');
  const why = (lines.find((line) => line.startsWith('fatal: ')) ?? lines.at(-1) ?? '').replace(
    /^fatal: /,
    '',
  );
  throw new CertError('repository.unavailable', `git ${args[0]} failed: ${why}`, { providerText: text });
}
