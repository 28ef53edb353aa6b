// What goes into the npm package, and whether it works where only that is there.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Compressed and unpacked, in bytes: what somebody adds by mistake (a map, a bundle, a test) goes beyond. */
const MOST = { size: 1_200_000, unpackedSize: 5_000_000 };
const ALLOWED = [
  /^(package\.json|LICENSE|README\.md|CHANGELOG\.md)$/,
  /^bin\/certwright\.js$/,
  /^schemas\/[a-z-]+\.schema\.json$/,
  /^assets\/[a-z/-]+\.(js|css)$/,
  /^dist\/(?!bundle\/)[a-z0-9./-]+\.(js|cjs)$/,
];
const NEEDED = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'bin/certwright.js',
  'dist/entry/cli/main.js',
  'dist/config/validators.cjs',
  'schemas/manifest.schema.json',
];

/** @param {{ size: number, unpackedSize: number, files: { path: string }[] }} packed as `npm pack --json` tells it */
export function packageProblems({ size, unpackedSize, files }) {
  const paths = files.map(({ path }) => path);
  const strange = paths.filter((path) => !ALLOWED.some((form) => form.test(path)));
  const lacking = NEEDED.filter((path) => !paths.includes(path));
  return [
    ...strange.map((path) => `the package must not hold ${path}`),
    ...lacking.map((path) => `the package lacks ${path}`),
    ...(size > MOST.size ? [`the package has ${size} bytes, at most ${MOST.size} are expected`] : []),
    ...(unpackedSize > MOST.unpackedSize
      ? [`unpacked the package has ${unpackedSize} bytes, at most ${MOST.unpackedSize} are expected`]
      : []),
  ];
}

/**
 * Names below `node_modules` that the package needs to run: what the lock has, without what is for development.
 * @public tests load it by its address
 */
export const runtimePackages = ({ packages }) =>
  Object.entries(packages)
    .filter(
      ([path, { dev, devOptional, optional }]) =>
        path.startsWith('node_modules/') && !dev && !devOptional && !optional,
    )
    .map(([path]) => path.slice('node_modules/'.length))
    .filter((name) => !name.includes('/node_modules/'));

/**
 * Unpacks the tarball into an empty folder as npm would, with the dependencies of the lock beside it and nothing else, and
 * starts the command there.
 * @returns {string[]} what does not work
 */
export function trialProblems(root, tarball, version) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'certwright-pack-')));
  try {
    const own = join(folder, 'node_modules', 'certwright');
    mkdirSync(own, { recursive: true });
    const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', own, '--strip-components=1'], {
      encoding: 'utf8',
    });
    if (unpacked.status !== 0) return [`the package cannot be unpacked: ${unpacked.stderr.trim()}`];
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    for (const name of runtimePackages(lock)) {
      const link = join(folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link);
    }
    const work = join(folder, 'work');
    cpSync(join(root, 'examples', 'quick-start'), work, { recursive: true });
    const git = (...args) => spawnSync('git', args, { cwd: work, encoding: 'utf8', env: envOf(folder) });
    git('init', '--quiet');
    const started = (...args) =>
      spawnSync(process.execPath, [join(own, 'bin', 'certwright.js'), ...args], {
        cwd: work,
        encoding: 'utf8',
        env: envOf(folder),
        timeout: 60_000,
      });
    return [
      tried(started('--version'), '--version', (out) => out.trim() === version),
      tried(started('providers', '--json'), 'providers', (out) => out.includes('"local-ca"')),
      tried(started('validate'), 'validate', (out) => out.includes('fine')),
    ].flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A home of its own; nothing of the machine's configuration. */
const envOf = (folder) => ({
  PATH: process.env.PATH,
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
});

const tried = ({ status, stdout, stderr, error }, name, good) =>
  status === 0 && good(stdout)
    ? []
    : [
        `certwright ${name} of the package does not work: ${error?.message ?? `${stdout}${stderr}`.trim().slice(0, 400)}`,
      ];
