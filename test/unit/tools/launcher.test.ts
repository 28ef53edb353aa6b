import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NODE_TOO_OLD = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
const ON_A_MAC = "Object.defineProperty(process, 'platform', { value: 'darwin' });";

/** Stands for `npm ci`: counts its runs, and brings a compiler whose output is the built command. */
const NPM = `
const fs = require('fs');
fs.appendFileSync(process.env.FAKE_NPM_RUNS, process.argv.slice(2).join(' ') + '\\n');
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
if (process.env.FAKE_NPM_DIES) process.kill(process.pid, 'SIGKILL');
fs.writeFileSync('node_modules/typescript/package.json', '{}');
setTimeout(() => fs.writeFileSync('node_modules/typescript/bin/tsc', process.env.FAKE_TSC), 100);
`;
const COMPILER = `
const fs = require('fs');
fs.appendFileSync(process.env.FAKE_NPM_RUNS, 'compile\\n');
fs.mkdirSync('dist/entry/cli', { recursive: true });
fs.copyFileSync('src/main.js', 'dist/entry/cli/main.js');
`;
const COMMAND = `
import process from 'node:process';
if (process.argv.includes('wait')) {
  process.on('SIGTERM', () => process.exit(42));
  setInterval(() => undefined, 1000);
}
process.stdout.write(JSON.stringify(process.argv.slice(2)) + '\\n');
if (process.argv.includes('fail')) process.exit(7);
`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

let project = '';
let calls = '';

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'certwright-launcher-'));
  calls = join(project, 'calls');
  for (const name of ['run.cjs', 'tasks.mjs', 'launcher', 'node24/package.json']) {
    cpSync(join(ROOT, 'tools', name), join(project, 'tools', name), { recursive: true });
  }
  const files = {
    'package.json': JSON.stringify({ type: 'module', engines: { node: '>=22.20' } }),
    'package-lock.json': JSON.stringify({
      packages: { '': {}, 'node_modules/typescript': { version: '1.0.0' } },
    }),
    'tsconfig.build.json': '{}',
    'src/main.js': COMMAND,
    // Works on what the real compiler leaves, with packages that are not here.
    'tools/bundle.mjs': '',
    'tools/precompile.mjs': '',
    'npm/npm-cli.js': NPM,
    'npm/package.json': JSON.stringify({ type: 'commonjs' }),
  };
  mkdirSync(join(project, 'src'));
  mkdirSync(join(project, 'npm'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
});

afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  before = '',
): ChildProcess {
  const preload = join(project, 'preload.cjs');
  writeFileSync(preload, before);
  return spawn(process.execPath, ['--require', preload, join(project, 'tools', 'run.cjs'), ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      npm_execpath: join(project, 'npm', 'npm-cli.js'),
      FAKE_NPM_RUNS: calls,
      FAKE_TSC: COMPILER,
      ...env,
    },
  });
}

const ended = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });

const launch = (...options: Parameters<typeof start>): Promise<Ended> => ended(start(...options));
const callsOf = (name: string): number =>
  existsSync(calls)
    ? readFileSync(calls, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(name)).length
    : 0;

describe('the launcher', () => {
  it('installs and builds what is missing, then runs the command with its arguments and keeps stdout clean', async () => {
    const result = await launch(['demo', '--dir', 'a b']);
    expect(result).toMatchObject({ code: 0, stdout: '["demo","--dir","a b"]\n' });
    expect([callsOf('ci'), callsOf('compile')]).toEqual([1, 1]);
  });

  it('does neither a second time, and builds again when a source has changed', async () => {
    await launch(['demo']);
    await launch(['demo']);
    expect([callsOf('ci'), callsOf('compile')]).toEqual([1, 1]);
    writeFileSync(join(project, 'src', 'main.js'), `${COMMAND}process.stdout.write('changed');`);
    expect((await launch(['demo'])).stdout).toContain('changed');
    expect([callsOf('ci'), callsOf('compile')]).toEqual([1, 2]);
  });

  it('installs again when the lock file has changed', async () => {
    await launch(['demo']);
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ packages: {} }));
    await launch(['demo']);
    expect(callsOf('ci')).toBe(2);
  });

  it("takes an installation of npm's own for what it is", async () => {
    mkdirSync(join(project, 'node_modules', 'typescript', 'bin'), { recursive: true });
    writeFileSync(join(project, 'node_modules', 'typescript', 'bin', 'tsc'), COMPILER);
    writeFileSync(join(project, 'node_modules', 'typescript', 'package.json'), '{}');
    const packages = { 'node_modules/typescript': { version: '1.0.0' } };
    writeFileSync(join(project, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    expect((await launch(['demo'])).code).toBe(0);
    expect(callsOf('ci')).toBe(0);
  });

  it('installs and builds once when two start together', async () => {
    const results = await Promise.all([launch(['demo']), launch(['demo']), launch(['demo'])]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect([callsOf('ci'), callsOf('compile')]).toEqual([1, 1]);
  });

  it('repairs an installation that was interrupted', async () => {
    const broken = await launch(['demo'], { FAKE_NPM_DIES: '1' });
    expect(broken.signal).toBe('SIGKILL');
    expect((await launch(['demo'])).code).toBe(0);
    expect(callsOf('ci')).toBe(2);
  });

  it('is not held up by a command that was killed while it held the lock', async () => {
    writeFileSync(join(project, 'tools', '.busy'), `999999999 ${(await import('node:os')).hostname()} x`);
    expect((await launch(['demo'])).code).toBe(0);
    expect(existsSync(join(project, 'tools', '.busy'))).toBe(false);
  });

  it('keeps the exit code of the command', async () => {
    expect((await launch(['demo', 'fail'])).code).toBe(7);
  });

  it('passes a signal on to the command and waits for its end', async () => {
    const child = start(['demo', 'wait']);
    const end = ended(child);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect((await end).code).toBe(42);
  });

  it('names the tasks there are when asked for another', async () => {
    const result = await launch(['dmeo']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^certwright: unknown task "dmeo"; there are demo, build, /);
    expect(callsOf('ci')).toBe(0);
  });

  it('says which Node to install where it cannot bring one', async () => {
    const result = await launch(['demo'], {}, NODE_TOO_OLD + ON_A_MAC);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /^certwright: Node 22\.20 or newer is needed and this is 20\.20\.2; install Node 24\.\d+\.\d+ /,
    );
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(callsOf('ci')).toBe(0);
  });
});

describe('bin/certwright.js', () => {
  it('asks for the Node that package.json asks for', () => {
    const engines: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node;
    const needed = /needed = \[(\d+), (\d+)\]/.exec(readFileSync(join(ROOT, 'bin', 'certwright.js'), 'utf8'));
    expect(`>=${needed?.[1]}.${needed?.[2]}`).toBe(engines);
  });

  it('says so on an older one', async () => {
    writeFileSync(join(project, 'preload.cjs'), NODE_TOO_OLD);
    const bin = join(ROOT, 'bin', 'certwright.js');
    const result = await ended(spawn(process.execPath, ['--require', join(project, 'preload.cjs'), bin]));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /^certwright needs Node 22\.20 or newer and this is 20\.20\.2; install Node 24/,
    );
  });
});
