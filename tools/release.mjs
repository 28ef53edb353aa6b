// `npm run release`: is this commit fit to be a release, and which commands make it one? Publishes nothing itself.
//   --dry-run            what only a release has to have (its changelog section, a clean tree) is told, not asked for
//   --tagged             the tag is there already, and is this commit (the release workflow)
//   --bump VERSION       major, minor, patch or a version: writes it everywhere, and stops
//   --out DIR            where package, bill of materials and checksums go (default: release)

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from './launcher/child.cjs';
import { ROOT } from './launcher/install.cjs';
import { bump } from './release/bump.mjs';
import { changelogProblems, notesOf } from './release/changelog.mjs';
import { packageProblems, trialProblems } from './release/package.mjs';
import { makeSbom, sbomProblems } from './release/sbom.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const git = (...args) => {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};
/** The npm beside this Node, as a program and its first arguments. */
const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

/** What no commit may get wrong. */
function alwaysProblems({ version }) {
  const lock = JSON.parse(read('package-lock.json'));
  const action = /main: (\S+)/.exec(read('action.yml'))?.[1] ?? '';
  return [
    ...changelogProblems(read('CHANGELOG.md')),
    ...[lock.version, lock.packages[''].version]
      .filter((other) => other !== version)
      .map((other) => `package-lock.json says version ${other}, package.json ${version}`),
    ...(existsSync(join(ROOT, action)) ? [] : [`action.yml starts ${action}, which is not there`]),
  ];
}

/** What a release has to have beside that. */
function releaseProblems({ version }, tagged) {
  const head = git('rev-parse', 'HEAD');
  const tested = existsSync(join(ROOT, 'dist', '.tested')) ? read('dist/.tested').trim() : undefined;
  const changelog = read('CHANGELOG.md');
  return [
    ...(git('status', '--porcelain') === '' ? [] : ['there are changes that are not committed']),
    ...(tested !== undefined && tested === head ? [] : ['`npm test` has not passed at this commit']),
    ...(notesOf(changelog, version) === undefined
      ? [
          `CHANGELOG.md has no section [${version}]: \`npm run release -- --bump ${version}\` writes it, \`--bump minor\` a higher one`,
        ]
      : []),
    ...(notesOf(changelog, 'Unreleased') ? ['CHANGELOG.md has changes under [Unreleased]'] : []),
    ...tagProblems(version, head, tagged),
  ];
}

function tagProblems(version, head, tagged) {
  const commit = git('rev-parse', '--verify', '--quiet', `refs/tags/v${version}^{commit}`);
  if (tagged) return commit === head ? [] : [`the tag v${version} is not this commit`];
  return commit === undefined ? [] : [`the tag v${version} exists already`];
}

function pack(out) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out];
  const { status, stdout, stderr } = spawnSync(npm[0], [...npm.slice(1), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr.trim()}`);
  const told = JSON.parse(stdout);
  const [packed] = Array.isArray(told) ? told : Object.values(told);
  return { ...packed, file: join(out, packed.filename) };
}

function checksums(files) {
  const lines = files.map(
    (file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`,
  );
  const path = join(dirname(files[0]), 'SHA256SUMS');
  writeFileSync(path, lines.join(''));
  return path;
}

/** As one would type them, in this order: what can be taken back comes first. */
function commands({ name, version }, paths) {
  const files = Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, relative(ROOT, path)]));
  const major = `v${version.split('.')[0]}`;
  return [
    `git tag --sign v${version} --message "${name} ${version}"`,
    `git push origin v${version}`,
    `npm publish ${files.tarball} --access public --provenance`,
    `gh release create v${version} ${files.tarball} ${files.sbom} ${files.sums} --notes-file ${files.notes} --verify-tag`,
    `git tag --sign --force ${major} --message "${name} ${version}" v${version}^{commit}`,
    `git push --force origin refs/tags/${major}`,
    `docker buildx build --file examples/container/Dockerfile --build-arg CERTWRIGHT=${version} --provenance=mode=max --sbom=true --tag ghcr.io/${name}/${name}:${version} --tag ghcr.io/${name}/${name}:${major.slice(1)} --push examples/container`,
  ];
}

function main() {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      tagged: { type: 'boolean', default: false },
      bump: { type: 'string' },
      out: { type: 'string', default: 'release' },
    },
  });
  if (values.bump !== undefined) {
    const { version, files } = bump(ROOT, values.bump, new Date().toISOString().slice(0, 10));
    say(`version ${version} written into ${files.join(', ')}`);
    say(`next: npm test, then commit as "Release ${version}" by a pull request`);
    return 0;
  }
  const manifest = JSON.parse(read('package.json'));
  const out = resolve(ROOT, values.out);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const packed = pack(out);
  const sbom = makeSbom(ROOT, npm, manifest);
  const problems = [
    ...alwaysProblems(manifest),
    ...packageProblems(packed),
    ...trialProblems(ROOT, packed.file, manifest.version),
    ...sbomProblems(sbom, Object.keys(manifest.dependencies)),
  ];
  const missing = releaseProblems(manifest, values.tagged);
  const files = {
    tarball: packed.file,
    sbom: join(out, `${manifest.name}-${manifest.version}.cdx.json`),
    notes: join(out, 'notes.md'),
  };
  writeFileSync(files.sbom, `${JSON.stringify(sbom, null, 2)}\n`);
  const notes =
    notesOf(read('CHANGELOG.md'), manifest.version) ?? notesOf(read('CHANGELOG.md'), 'Unreleased') ?? '';
  writeFileSync(files.notes, `${notes}\n`);
  files.sums = checksums([files.tarball, files.sbom]);

  say(
    `${packed.entryCount} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked; ${sbom.components.length} packages in the bill of materials`,
  );
  for (const problem of problems) say(`wrong: ${problem}`);
  for (const problem of missing) say(`${values['dry-run'] ? 'not a release yet' : 'wrong'}: ${problem}`);
  if (problems.length > 0 || (missing.length > 0 && !values['dry-run'])) return 1;
  say(missing.length > 0 ? 'the commands of a release would be:' : 'fit to be released; the commands are:');
  process.stdout.write(`${commands(manifest, files).join('\n')}\n`);
  return 0;
}

process.exitCode = main();
