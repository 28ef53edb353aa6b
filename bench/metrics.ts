import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from './generate.ts';
import { inTurn, type Median, time } from './measure.ts';

export interface Measured {
  /** `apply` that reads everything, and the same with `--metrics-file`. */
  readonly bare: Median;
  readonly withFile: Median;
  readonly lines: number;
  readonly megabytes: number;
  /** Of GET /metrics at a daemon that rests, ms. */
  readonly medianMs: number;
  readonly longestMs: number;
}

const SCRAPES = 30;

/** What metrics cost a run, and what a scrape costs the daemon. */
export async function measureMetrics(
  main: string,
  count: number,
  recipient: string,
  runs: number,
): Promise<Measured | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  try {
    const { clone, remote } = await generate(folder, count, recipient);
    const env = {
      ...process.env,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    const file = join(folder, 'certwright.prom');
    /** As if no run had ever found nothing to do. */
    const apply = (...more: readonly string[]) => {
      rmSync(join(folder, 'cache', 'certwright', 'quiet'), { recursive: true, force: true });
      execFileSync('git', ['update-ref', '-d', 'refs/certwright/quiet'], { cwd: remote });
      const args = [main, 'apply', '--wait', '0s', ...more];
      return time({ program: process.execPath, args, cwd: clone, env, node: true });
    };
    const [bare, withFile] = await inTurn([() => apply(), () => apply('--metrics-file', file)], runs);
    if (!bare || !withFile) return undefined;
    const text = readFileSync(file, 'utf8');
    const times = (await scrape(main, clone, env)).toSorted((a, b) => a - b);
    return {
      bare,
      withFile,
      lines: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
      megabytes: text.length / 1e6,
      medianMs: times[Math.floor(times.length / 2)] ?? Number.NaN,
      longestMs: times.at(-1) ?? Number.NaN,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each from connecting to the last byte; the daemon's first run is over. */
async function scrape(main: string, cwd: string, env: NodeJS.ProcessEnv): Promise<readonly number[]> {
  const daemon = spawn(process.execPath, [main, 'daemon', '--port', '0', '--poll', '1h'], {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const address = await addressOf(daemon.stderr);
    // While it reads, on a busy machine, a connection may be given up.
    const hasRun = async () =>
      (await textAt(address).catch(() => '')).includes('\ncertwright_last_run_timestamp_seconds ');
    while (!(await hasRun())) await new Promise((resolve) => setTimeout(resolve, 100));
    const times: number[] = [];
    for (let i = 0; i < SCRAPES; i++) {
      const startMs = performance.now();
      await textAt(address);
      times.push(performance.now() - startMs);
    }
    return times;
  } finally {
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }
}

const textAt = async (address: string): Promise<string> => (await fetch(`${address}/metrics`)).text();

async function addressOf(log: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of log) {
    said += String(chunk);
    const line = said.split('\n').find((one) => one.includes('daemon started'));
    if (line?.endsWith('}')) {
      log.resume();
      return JSON.parse(line).url;
    }
  }
  throw new Error(`the daemon did not start: ${said}`);
}
