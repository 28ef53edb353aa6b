import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from './generate.ts';
import { inTurn, type Median, time } from './measure.ts';

const YEARS = 5;

export interface Played {
  readonly status: Median;
  readonly simulate: Median;
}

/** `certwright status` reads what `simulate` reads, and plays nothing: the floor of five years played forward. */
export async function playYears(
  main: string,
  count: number,
  recipient: string,
  runs: number,
): Promise<Played | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  try {
    const { clone } = await generate(folder, count, recipient);
    const env = {
      ...process.env,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    const until = new Date(Date.now() + YEARS * 365.25 * 86_400_000).toISOString().slice(0, 10);
    const run = (...args: readonly string[]) =>
      time({ program: process.execPath, args: [main, ...args], cwd: clone, env, node: true });
    const [status, simulate] = await inTurn(
      [() => run('status', '--json'), () => run('simulate', '--offline', '--until', until)],
      runs,
    );
    return status && simulate && { status, simulate };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
