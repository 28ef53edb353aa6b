import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generate } from './generate.ts';
import { type Sample, time } from './measure.ts';

/** A repository that a person set up, and how the command is started in it. */
interface Repository {
  readonly remote: string;
  readonly clone: string;
  readonly env: NodeJS.ProcessEnv;
}

const AUTHOR = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com'];

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', [...AUTHOR, ...args], { cwd, maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim();

const envOf = (folder: string, identity?: string): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  XDG_STATE_HOME: join(folder, 'state'),
  XDG_CONFIG_HOME: join(folder, 'config'),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@example.com',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@example.com',
  ...(identity === undefined ? {} : { CERTWRIGHT_IDENTITY: identity }),
});

function merge({ clone }: Repository, files: Iterable<readonly [string, string]>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  }
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '-m', 'bench');
  git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
}

function* manifests(count: number): Generator<readonly [string, string]> {
  for (let i = 0; i < count; i++)
    yield [`certificates/team-${i % 40}/site-${i}.yaml`, `domain: site-${i}.example.com\n`];
}

/** As `certwright init` leaves it: the embedded CA, which costs nothing and answers at once. */
function initialised(main: string, folder: string): Repository {
  const remote = join(folder, 'remote.git');
  const clone = join(folder, 'clone');
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--bare', '-b', 'main', remote);
  git(folder, 'clone', '--quiet', remote, clone);
  const env = envOf(folder);
  execFileSync(process.execPath, [main, 'init', '--single-recipient'], { cwd: clone, env, stdio: 'ignore' });
  rmSync(join(clone, 'certificates'), { recursive: true, force: true });
  return { remote, clone, env };
}

const applying = (main: string, { clone, env }: Repository, ...more: readonly string[]): Promise<Sample> =>
  time({
    program: process.execPath,
    args: [main, 'apply', '--yes', '--wait', '0s', ...more],
    cwd: clone,
    env,
    node: true,
  });

/** KiB on disk. */
function sizeOf(remote: string): number {
  const lines = Object.fromEntries(
    git(remote, 'count-objects', '-v')
      .split('\n')
      .map((line) => line.split(': ')),
  );
  return Number(lines.size) + Number(lines['size-pack']);
}

const commitsOf = (remote: string): number => Number(git(remote, 'rev-list', '--count', 'certwright/state'));

export interface Row {
  readonly title: string;
  readonly sample?: Sample;
  readonly text?: string;
}

/** Everything is new: bought from the embedded CA, verified, published; then the size of what came of it. */
export async function firstPass(main: string, count: number, shards: number): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  try {
    const repository = initialised(main, folder);
    merge(repository, manifests(count));
    const { remote } = repository;
    const before = commitsOf(remote);
    const start = process.hrtime.bigint();
    const samples =
      shards === 1
        ? [await applying(main, repository)]
        : await Promise.all(
            Array.from({ length: shards }, (_, i) => {
              const home = join(folder, `shard-${i}`);
              const own = {
                ...repository,
                env: {
                  ...repository.env,
                  XDG_CACHE_HOME: join(home, 'cache'),
                  XDG_STATE_HOME: join(home, 'state'),
                },
              };
              return applying(main, own, '--shard', `${i + 1}/${shards}`);
            }),
          );
    const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
    const issued = git(remote, 'ls-tree', '-r', '--name-only', 'certwright/state')
      .split('\n')
      .filter((path) => path.endsWith('/certificate.pem')).length;
    if (issued !== count) throw new Error(`${issued} of ${count} certificates were issued`);
    const peakMb = Math.max(...samples.map((sample) => sample.peakMb ?? Number.NaN));
    const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0);
    const pushes = commitsOf(remote) - before;
    const loose = sizeOf(remote);
    git(remote, 'repack', '-adq');
    git(remote, 'prune-packed');
    const size = `${pushes} commits; remote ${loose} KiB as pushed, ${sizeOf(remote)} KiB repacked`;
    return [
      {
        title: shards === 1 ? 'first pass' : `first pass, ${shards} shards at once`,
        sample: { wallMs, cpuMs, code: 0, peakMb },
        text: size,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `count` certificates of some years' age: nothing is due; then one is new. */
export async function* steady(main: string, count: number): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-'));
  try {
    const identity = execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const recipient = /age1\w+/.exec(identity)?.[0] ?? '';
    const secret = /AGE-SECRET-KEY-1\w+/.exec(identity)?.[0] ?? '';
    const repository: Repository = {
      ...(await generate(folder, count, recipient)),
      env: envOf(folder, secret),
    };
    const size = `remote ${sizeOf(repository.remote)} KiB`;
    yield {
      title: 'nothing due, first run of a machine',
      sample: await applying(main, repository),
      text: size,
    };
    /** As if no run anywhere had ever found nothing to do. */
    const forget = () => {
      rmSync(join(folder, 'cache', 'certwright', 'quiet'), { recursive: true, force: true });
      git(repository.remote, 'update-ref', '-d', 'refs/certwright/quiet');
    };
    forget();
    yield { title: 'nothing due, cold', sample: await applying(main, repository) };
    yield { title: 'nothing due, warm', sample: await applying(main, repository) };
    forget();
    const shard = await applying(main, repository, '--shard', '1/5');
    yield { title: 'nothing due, shard 1/5, cold', sample: shard };
    merge(repository, [['certificates/team-00/new.yaml', NEW_MANIFEST]]);
    yield { title: 'one is new', sample: await applying(main, repository) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const NEW_MANIFEST =
  'domain: new.example.com\nterm: 1y\nmaxPrice: 40 USD\nowner: team-0\nprovider: internal\nproduct: positive\n';
