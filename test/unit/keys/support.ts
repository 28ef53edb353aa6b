import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect } from 'vitest';
import { CertError, type ErrorCode } from '../../../src/model/errors.js';

/** A folder of this test file, gone afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'certwright-keys-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Run {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs openssl; the exit code and both streams are for the test to judge. */
export function opensslRun(args: readonly string[], input?: string | Buffer): Promise<Run> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', env: { ...process.env, P12_PASSWORD: P12_PASSWORD } } as const;
    const child = execFile('openssl', args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr: stderr.toString() });
    });
    // openssl may be done before it has read anything; its exit code says what happened.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** Not ASCII on purpose: key stores disagree about anything else. */
export const P12_PASSWORD = 'geheim-Grüße';

/** Text of stdout; openssl must accept what it got. */
export async function openssl(args: readonly string[], input?: string | Buffer): Promise<string> {
  const run = await opensslRun(args, input);
  if (run.status !== 0) throw new Error(`openssl ${args[0] ?? ''} refused: ${run.stderr}`);
  return run.stdout.toString();
}

export const hasCommand = (name: string): boolean => spawnSync(name, ['--version']).error === undefined;

/** Asserts the code and gives the error back. */
export async function failure(work: Promise<unknown> | (() => unknown), code: ErrorCode): Promise<CertError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    expect(error).toBeInstanceOf(CertError);
    if (!(error instanceof CertError)) throw error;
    expect(error.code).toBe(code);
    return error;
  }
  throw new Error(`nothing was thrown, ${code} was expected`);
}

/** All that any logger could get out of a value: causes, hidden fields and stack included. */
export const everythingIn = (value: unknown): string =>
  [
    inspect(value, { depth: 10, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? `${value.stack} ${value.cause}` : '',
  ].join('\n');

export interface TestCa {
  readonly rootPem: string;
  readonly issuingPem: string;
  /** A leaf for this request, its extensions copied. */
  sign(csrPem: string, days?: number): string;
}

interface AuthorityWish {
  readonly name: string;
  readonly key: 'ec' | 'rsa';
}

/** Root and issuing CA made by openssl. */
export function makeCa(folder: string, { name, key }: AuthorityWish): TestCa {
  const file = (suffix: string): string => path.join(folder, `${name}-${suffix}`);
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const newKey = key === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  run(
    ...['req', '-x509', '-newkey', ...newKey, '-nodes', '-days', '3650', '-subj', `/O=Test/CN=${name} Root`],
    ...[...usage, '-keyout', file('root.key'), '-out', file('root.pem')],
  );
  run(
    ...['req', '-newkey', ...newKey, '-nodes', '-subj', `/O=Test/CN=${name} Issuing`],
    ...['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0', ...usage],
    ...['-keyout', file('issuing.key'), '-out', file('issuing.csr')],
  );
  const issue = (csr: string, out: string, by: string, days: number): void =>
    run(
      ...['x509', '-req', '-in', csr, '-CA', file(`${by}.pem`), '-CAkey', file(`${by}.key`)],
      ...['-copy_extensions', 'copy', '-days', String(days), '-out', out],
    );
  issue(file('issuing.csr'), file('issuing.pem'), 'root', 1825);
  return {
    rootPem: readFileSync(file('root.pem'), 'utf8'),
    issuingPem: readFileSync(file('issuing.pem'), 'utf8'),
    sign: (csrPem, days = 90) => {
      writeFileSync(file('leaf.csr'), csrPem);
      issue(file('leaf.csr'), file('leaf.pem'), 'issuing', days);
      return readFileSync(file('leaf.pem'), 'utf8');
    },
  };
}
