// What the package scripts do, once tools/run.cjs has found a Node that is new enough.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { finish, run, say } from './launcher/child.cjs';
import { ensureInstalled, LOCK, ROOT } from './launcher/install.cjs';
import { withLock } from './launcher/lock.cjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.built-from');
const TESTED = join(DIST, '.tested');
/** The Action as it was built, and as it is committed: action.yml starts the latter at any commit. */
const BUILT_BUNDLE = join(DIST, 'bundle');
const BUNDLE = join(ROOT, 'action', 'bundle');
const SUCCESS = { code: 0, signal: null };

/** The JavaScript behind each tool's command, so that no shell stands between us and it. */
const TOOLS = {
  biome: '@biomejs/biome/bin/biome',
  knip: 'knip/bin/knip.js',
  tsc: 'typescript/bin/tsc',
  vitest: 'vitest/vitest.mjs',
};

const node = (args) => run(process.execPath, args, { cwd: ROOT });
const tool = (name, ...args) => node([join(ROOT, 'node_modules', TOOLS[name]), ...args]);
const ok = (result) => result.code === 0;

/** Runs steps in order until one fails. @returns the result of the last one that ran */
async function inOrder(...steps) {
  let result = SUCCESS;
  for (const step of steps) {
    result = await step();
    if (!ok(result)) break;
  }
  return result;
}

const install = async () => (await ensureInstalled(ROOT, 'dependencies')) ?? SUCCESS;

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Digest of everything the build reads: content, so that a checkout that only touches times builds nothing. */
function sourcesDigest() {
  const hash = createHash('sha256');
  const inputs = [
    'src',
    'schemas',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'tools/bundle.mjs',
    'tools/precompile.mjs',
  ];
  for (const file of inputs.flatMap((input) => filesBelow(join(ROOT, input))).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(ROOT, file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

const isBuilt = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourcesDigest();

/** @param {...string} args  for the compiler */
async function compile(...args) {
  const digest = sourcesDigest();
  rmSync(DIST, { recursive: true, force: true });
  const result = await inOrder(
    () => tool('tsc', '-p', 'tsconfig.build.json', ...args),
    () => node([join(ROOT, 'tools', 'precompile.mjs')]),
    () => node([join(ROOT, 'tools', 'bundle.mjs')]),
  );
  if (ok(result)) writeFileSync(STAMP, digest);
  return result;
}

const build = () => withLock(LOCK, compile);
/** For who has just looked at the types. */
const buildUnchecked = () => withLock(LOCK, () => compile('--noCheck'));

const buildIfStale = async () => {
  if (isBuilt()) return SUCCESS;
  return withLock(LOCK, async () => {
    if (isBuilt()) return SUCCESS;
    say('building dist');
    return compile();
  });
};

const lint = (args = []) => tool('biome', 'check', ...args);
/** Second run: the script of the report's page, which knows a browser and no Node. */
const typecheck = (args = []) =>
  inOrder(
    () => tool('tsc', '-p', 'tsconfig.json', ...args),
    () => tool('tsc', '-p', 'assets/report/tsconfig.json', ...args),
  );
/** Second run: dependencies that the published package needs stand under `dependencies`. */
const deadCode = () =>
  inOrder(
    () => tool('knip'),
    () => tool('knip', '--production', '--include', 'dependencies'),
  );
const vitest = (args = []) => tool('vitest', 'run', ...args);

/** Path → content of everything in a folder. */
const contentOf = (folder) =>
  new Map(filesBelow(folder).map((file) => [relative(folder, file), readFileSync(file, 'latin1')]));

/** Is the bundle that is committed the one these sources give? A build writes the same bytes every time. */
function currentBundle() {
  const [built, committed] = [contentOf(BUILT_BUNDLE), contentOf(BUNDLE)];
  const differing = [...new Set([...built.keys(), ...committed.keys()])].filter(
    (file) => built.get(file) !== committed.get(file),
  );
  if (differing.length === 0) return SUCCESS;
  say(
    `action/bundle is not what the sources give (${differing.length} files differ): run \`npm run bundle\` and commit it`,
  );
  return { code: 1, signal: null };
}

function writeBundle() {
  rmSync(BUNDLE, { recursive: true, force: true });
  cpSync(BUILT_BUNDLE, BUNDLE, { recursive: true });
  return SUCCESS;
}

/** Side by side, as there is more than one core: what reads the sources alone, and what ends in a built command. */
const LANES = [
  [
    ['lint and format', () => lint()],
    ['dead code', deadCode],
  ],
  [
    ['types', () => typecheck()],
    ['build', buildUnchecked],
    ['action bundle', currentBundle],
  ],
];

async function stage(name, work) {
  say(`== ${name}`);
  const result = await work();
  if (!ok(result)) say(`${name} failed`);
  return result;
}

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

/** What `npm run release` asks for: everything passed, at exactly this commit. */
function noteTested() {
  try {
    if (git('status', '--porcelain') === '') writeFileSync(TESTED, `${git('rev-parse', 'HEAD')}\n`);
  } catch {
    // Without git, or without a commit, nothing is released either.
  }
  return SUCCESS;
}

const stages = (named) =>
  inOrder(
    ...named.map(
      ([name, work]) =>
        () =>
          stage(name, work),
    ),
  );

/** The result of the first lane that failed, once all have ended: what each found is told. */
async function sideBySide(lanes) {
  const results = await Promise.all(lanes.map(stages));
  return results.find((result) => !ok(result)) ?? SUCCESS;
}

const test = (args) =>
  inOrder(
    () => sideBySide(LANES),
    () => stage('tests', () => vitest(args)),
    ...(args.length === 0 ? [noteTested] : []),
  );

const TASKS = {
  demo: (args) => inOrder(buildIfStale, () => node([join(DIST, 'entry', 'cli', 'main.js'), 'demo', ...args])),
  build,
  /** After every merge that touches what the Action is made of. */
  bundle: () => inOrder(buildIfStale, writeBundle),
  certwright: (args) => inOrder(buildIfStale, () => node([join(DIST, 'entry', 'cli', 'main.js'), ...args])),
  lint,
  format: (args) => tool('biome', 'check', '--write', ...args),
  typecheck,
  test,
  /** One file in the middle of a change: type errors elsewhere are told by the build and do not stop the tests. */
  vitest: async (args) => {
    await buildIfStale();
    return vitest(args);
  },
  /** Every schedule by name, for people who want to see that nothing is bought twice. A folder that is not there is left out. */
  'exactly-once': async (args) => {
    await buildIfStale();
    return vitest(['test/fault', 'test/simulation', '--reporter=verbose', ...args]);
  },
  /** What the package is made of, and how it becomes a release: CONTRIBUTING.md. */
  release: (args) => inOrder(buildIfStale, () => node([join(ROOT, 'tools', 'release.mjs'), ...args])),
  bench: (args) => inOrder(buildIfStale, () => node([join(ROOT, 'bench', 'run.ts'), ...args])),
};

const [name = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(TASKS, name)) {
  say(`unknown task "${name}"; there are ${Object.keys(TASKS).join(', ')}`);
  process.exitCode = 1;
} else {
  finish(await inOrder(install, () => TASKS[name](args)));
}
