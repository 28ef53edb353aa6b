import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.ts';
import { inTurn, type Median, type Sample, time } from './measure.ts';
import { measureMetrics } from './metrics.ts';
import { certbot, dehydrated, isInstalled, type Other } from './others.ts';
import type { Row } from './scale.ts';
import { playYears } from './simulate.ts';

const MAIN = fileURLToPath(new URL('../bin/certwright.js', import.meta.url));
/** Any valid recipient does: nothing is sealed in a run with nothing to do. */
const RECIPIENT = 'age1yt3lmdzqr7qg8zxlssk7upfamvgsmjh9g2hte7wu6p7t5gus646q5xl8e5';
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
/** Other programs start a process, or read several files, per certificate: larger sizes take them minutes. */
const OTHERS_UP_TO = Number(process.env.BENCH_OTHERS ?? 1000);
const SIZES = (process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['1000', '10000']).map(Number);

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(10);
const ratio = (value: number): string => `${value.toFixed(2)}x`.padStart(8);

/** The floor: list both trees, and read every manifest and status through one `git cat-file --batch`. */
function floor(remote: string, folder: string): () => Promise<Sample> {
  const wanted: string[] = [];
  for (const [ref, fits] of [
    ['main', /\.yaml$/],
    ['certwright/state', /(status|_certwright)\.json$/],
  ] as const) {
    const listing = execFileSync('git', ['ls-tree', '-r', '-z', ref], { cwd: remote, maxBuffer: 1 << 30 });
    for (const line of listing.toString().split('\0')) {
      const [meta = '', path = ''] = line.split('\t');
      const blob = meta.split(' ')[2];
      if (blob !== undefined && fits.test(path)) wanted.push(blob);
    }
  }
  const list = join(folder, 'wanted');
  writeFileSync(list, `${wanted.join('\n')}\n`);
  const script = [
    'git ls-tree -r -z main >/dev/null',
    'git ls-tree -r -z certwright/state >/dev/null',
    'git cat-file --batch <"$1" >/dev/null',
  ].join(' && ');
  return () => time({ program: 'sh', args: ['-c', script, 'sh', list], cwd: remote });
}

/** One line: wall and processor time, each with its ratio to the floor. */
function row(title: string, run: Pick<Sample, 'wallMs' | 'cpuMs'> & { peakMb?: number }, base: typeof run) {
  const times = [run.wallMs, run.cpuMs].map(ms);
  const ratios = [run.wallMs / base.wallMs, run.cpuMs / base.cpuMs].map(ratio);
  const peak =
    run.peakMb === undefined || Number.isNaN(run.peakMb) ? '' : `  peak ${run.peakMb.toFixed(0)} MB`;
  print(`  ${title.padEnd(26)}  wall${times[0]}${ratios[0]}  cpu${times[1]}${ratios[1]}${peak}`);
}

async function startUp(): Promise<void> {
  const [bare, version, help] = await inTurn(
    [
      () => time({ program: process.execPath, args: ['-e', '0'], node: true }),
      () => time({ program: process.execPath, args: [MAIN, '--version'], node: true }),
      () => time({ program: process.execPath, args: [MAIN, 'plan', '--help'], node: true }),
    ],
    RUNS,
  );
  if (!bare || !version || !help) return;
  print('start-up (whole process)');
  row('node -e 0', { ...bare, peakMb: Number.NaN }, bare);
  row('certwright --version', version, bare);
  row('certwright plan --help', help, bare);
}

async function nothingDue(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  try {
    const { remote, clone } = await generate(folder, count, RECIPIENT);
    const env = {
      ...process.env,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    const apply = () =>
      time({ program: process.execPath, args: [MAIN, 'apply', '--wait', '0s'], cwd: clone, env, node: true });
    /** As if no run had ever found nothing to do; our clone of the remote is there. */
    const reading = () => {
      rmSync(join(folder, 'cache', 'certwright', 'quiet'), { recursive: true, force: true });
      execFileSync('git', ['update-ref', '-d', 'refs/certwright/quiet'], { cwd: remote });
      return apply();
    };
    /** A machine that was never here: no clone of ours, nothing kept. A run elsewhere found nothing to do. */
    const cold = () => {
      rmSync(join(folder, 'cache'), { recursive: true, force: true });
      return apply();
    };
    /** The clone was lost with the rest. */
    const fetching = () => {
      execFileSync('git', ['update-ref', '-d', 'refs/certwright/quiet'], { cwd: remote });
      return cold();
    };
    // A cold run leaves no clone: reading with one comes after the run that made it.
    const [base, fetched, all, short, elsewhere] = await inTurn(
      [floor(remote, folder), fetching, reading, apply, cold],
      RUNS,
    );
    if (!base || !all || !fetched || !short || !elsewhere) return;
    print(`nothing due, ${count} certificates (apply, git fetch included)`);
    row('floor (ls-tree, cat-file)', base, base);
    row('reading everything', all, base);
    row('the same, after cloning', fetched, base);
    row('cold: a fresh machine', elsewhere, base);
    row('warm', short, base);
    await others(join(folder, 'others'), count, base);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What else is installed, once each: they are slow, and only their order of magnitude matters. */
async function others(folder: string, count: number, base: Median): Promise<void> {
  if (count > OTHERS_UP_TO) return;
  const made: Other[] = [];
  if (isInstalled('certbot')) made.push(certbot(join(folder, 'a'), count));
  if (isInstalled('dehydrated')) made.push(await dehydrated(join(folder, 'b'), count));
  for (const other of made) {
    const sample = await other.run();
    other.close();
    row(other.title, sample, base);
  }
}

async function fiveYears(count: number): Promise<void> {
  const played = await playYears(MAIN, count, RECIPIENT, Math.min(RUNS, 3));
  if (!played) return;
  print(`five years played forward, ${count} certificates, offline`);
  row('certwright status', played.status, played.status);
  row('certwright simulate', played.simulate, played.status);
}

/** Sizes up to which everything is issued, too. */
const FIRST_PASS_UP_TO = Number(process.env.BENCH_FIRST_PASS ?? 10_000);

async function printRows(title: string, rows: Iterable<Row> | AsyncIterable<Row>): Promise<void> {
  print(title);
  for await (const { title: what, sample, text = '' } of rows) {
    const { wallMs = Number.NaN, cpuMs = Number.NaN, peakMb = Number.NaN } = sample ?? {};
    print(`  ${what.padEnd(36)}  wall${ms(wallMs)}  cpu${ms(cpuMs)}  peak ${peakMb.toFixed(0)} MB  ${text}`);
  }
}

async function scale(sizes: readonly number[]): Promise<void> {
  const { firstPass, steady } = await import('./scale.ts');
  for (const size of sizes.length > 0 ? sizes : [1000, 10_000]) {
    await printRows(`${size} certificates, as they are after years`, steady(MAIN, size));
    if (size > FIRST_PASS_UP_TO) continue;
    await printRows(`${size} certificates, all new`, [
      ...(await firstPass(MAIN, size, 1)),
      ...(await firstPass(MAIN, size, 5)),
    ]);
  }
}

async function layouts(sizes: readonly number[]): Promise<void> {
  const { layoutCost } = await import('./layouts.ts');
  for (const size of sizes.length > 0 ? sizes : [1000, 10_000, 100_000]) {
    print(`${size} folders on the state branch, one certificate changes`);
    for (const { layout, commitMs, pushMs, looseBytes, packedBytes } of [
      layoutCost('all in one folder', size, (i) => `site-${i}`),
      layoutCost('300 in each folder', size, (i) => `team-${Math.floor(i / 300)}/site-${i}`),
    ]) {
      const bytes = `${(looseBytes / 1024).toFixed(1)} KiB as pushed, ${(packedBytes / 1024).toFixed(1)} KiB repacked`;
      print(`  ${layout.padEnd(20)}  commit${ms(commitMs)}  push${ms(pushMs)}  ${bytes}`);
    }
  }
}

async function metrics(count: number): Promise<void> {
  const measured = await measureMetrics(MAIN, count, RECIPIENT, Math.min(RUNS, 3));
  if (!measured) return;
  const { bare, withFile, lines, megabytes, medianMs, longestMs } = measured;
  print(`metrics, ${count} certificates`);
  row('apply, reading everything', bare, bare);
  row('the same, --metrics-file', withFile, bare);
  print(`  ${lines} lines, ${megabytes.toFixed(1)} MB`);
  print(`  GET /metrics: median ${medianMs.toFixed(0)} ms, longest ${longestMs.toFixed(0)} ms`);
}

if (process.argv[2] === 'metrics') {
  await metrics(Number(process.argv[3] ?? 10_000));
} else if (process.argv[2] === 'simulate') {
  await fiveYears(Number(process.argv[3] ?? 1000));
} else if (process.argv[2] === 'acme') {
  const { issuing } = await import('./acme.ts');
  await issuing(Number(process.argv[3] ?? 50));
} else if (process.argv[2] === 'scale') {
  await scale(process.argv.slice(3).map(Number));
} else if (process.argv[2] === 'layouts') {
  await layouts(process.argv.slice(3).map(Number));
} else {
  await startUp();
  for (const size of SIZES) await nothingDue(size);
}
