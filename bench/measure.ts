import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Sample {
  readonly wallMs: number;
  /** User and system time, that of its own children included, ms. */
  readonly cpuMs: number;
  /** Largest resident set of the measured process, MB; only of Node processes. */
  readonly peakMb?: number;
  readonly code: number | null;
}

const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
const probe = join(folder, 'probe.mjs');
const result = join(folder, 'peak');
writeFileSync(
  probe,
  `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS)));
`,
);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Measure memory, too: the program is Node. */
  readonly node?: true;
}

/** Runs a command and tells on descriptor 3 what processor time it and its children took. */
const TIMED = '"$@"; code=$?; times >&3; exit $code';

/** The second line of `times`, as dash and bash print it: `0m1.234s 0m0.056s`. */
function cpuMsOf(times: string): number {
  const [, children = ''] = times.split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => (Number(minutes) * 60 + Number(seconds)) * 1000)
    .reduce((sum, ms) => sum + ms, 0);
}

/** One whole process, start to exit; what it prints is read and thrown away. */
export function time(command: Command): Promise<Sample> {
  const args = command.node ? ['--import', pathToFileURL(probe).href, ...command.args] : command.args;
  const start = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', TIMED, 'sh', command.program, ...args], {
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env: command.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let errors = '';
    let times = '';
    child.stdout?.resume();
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      times += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
      if (code !== 0) {
        reject(new Error(`${command.program} ${command.args.join(' ')} ended with ${code}: ${errors}`));
        return;
      }
      const peakMb = command.node ? Number(readFileSync(result, 'utf8')) / 1024 : undefined;
      resolve({ wallMs, cpuMs: cpuMsOf(times), ...(peakMb === undefined ? {} : { peakMb }), code });
    });
  });
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export interface Median {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** Several commands in turn, A B C A B C …, after one uncounted round; medians of each. */
export async function inTurn(
  commands: readonly (() => Promise<Sample>)[],
  runs: number,
): Promise<readonly Median[]> {
  for (const command of commands) await command();
  const samples: Sample[][] = commands.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [i, command] of commands.entries()) samples[i]?.push(await command());
  }
  return samples.map((all) => ({
    wallMs: median(all.map((sample) => sample.wallMs)),
    cpuMs: median(all.map((sample) => sample.cpuMs)),
    peakMb: median(all.map((sample) => sample.peakMb ?? Number.NaN)),
  }));
}
