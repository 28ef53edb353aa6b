import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../support/git.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// Plain JavaScript, as the rest of tools/: its shapes are checked here.
const load = (file: string) => import(new URL(`../../../tools/release/${file}`, import.meta.url).href);

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- Something.

## [0.1.0] - 2026-11-01

### Fixed

- A thing.
`;

describe('the changelog', () => {
  const cases: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'in good form': [CHANGELOG, []],
    'without what is unreleased': [
      CHANGELOG.replace('## [Unreleased]', '## [0.2.0] - 2026-11-02'),
      ['CHANGELOG.md:3: the first section is `## [Unreleased]`'],
    ],
    'with a day there is not': [
      CHANGELOG.replace('2026-11-01', '2026-11-31'),
      ['CHANGELOG.md:9: 0.1.0 has no date: write `## [0.1.0] - 2027-01-31`'],
    ],
    'with a kind of its own': [
      CHANGELOG.replace('### Fixed', '### Improved'),
      [
        'CHANGELOG.md:11: "Improved" in 0.1.0 is none of Added, Changed, Deprecated, Removed, Fixed, Security',
      ],
    ],
    'with versions in the wrong order': [
      `${CHANGELOG}\n## [0.10.0] - 2026-10-01\n\n### Added\n\n- Y.\n`,
      ['CHANGELOG.md:15: 0.10.0 stands below 0.1.0, which is not newer'],
    ],
    'with a version that tells nothing': [
      CHANGELOG.replace('### Fixed\n\n- A thing.\n', ''),
      ['CHANGELOG.md:9: 0.1.0 tells of no change'],
    ],
  };
  test.each(Object.entries(cases))('%s', async (_title, [text, problems]) => {
    const { changelogProblems } = await load('changelog.mjs');
    expect(changelogProblems(text)).toEqual(problems);
  });

  test('of this tree is in good form', async () => {
    const { changelogProblems } = await load('changelog.mjs');
    expect(changelogProblems(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'))).toEqual([]);
  });

  test('gives the notes of a version', async () => {
    const { notesOf } = await load('changelog.mjs');
    expect(notesOf(CHANGELOG, '0.1.0')).toBe('### Fixed\n\n- A thing.');
    expect(notesOf(CHANGELOG, '0.2.0')).toBeUndefined();
  });
});

describe('a new version', () => {
  test.each([
    ['patch', '0.1.1'],
    ['minor', '0.2.0'],
    ['major', '1.0.0'],
    ['0.1.0', '0.1.0'],
    ['2.3.4', '2.3.4'],
  ])('%s after 0.1.0 is %s', async (wanted, next) => {
    const { nextVersion } = await load('changelog.mjs');
    expect(nextVersion('0.1.0', wanted)).toBe(next);
    expect(() => nextVersion('0.1.0', '0.0.9')).toThrow('older');
    expect(() => nextVersion('0.1.0', 'v2')).toThrow('neither major');
  });

  test('is written wherever somebody reads or copies it, and nowhere else', async () => {
    const root = await tempFolder();
    for (const path of ['package.json', 'package-lock.json', 'README.md', 'docs', 'examples'])
      cpSync(join(ROOT, path), join(root, path), { recursive: true });
    writeFileSync(join(root, 'CHANGELOG.md'), CHANGELOG);
    const { bump } = await load('bump.mjs');
    const { version, files } = bump(root, 'minor', '2026-12-24');
    expect(version).toBe('0.2.0');
    expect(files).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'package.json',
        'package-lock.json',
        'README.md',
        'examples/github/.github/workflows/certwright.yml',
        'examples/kubernetes/daemon.yml',
      ]),
    );
    const { stdout } = spawnSync(
      'grep',
      ['-rhoE', 'certwright(/certwright)?[@:]v?[0-9]+\\.[0-9]+\\.[0-9]+', root],
      {
        encoding: 'utf8',
      },
    );
    expect([
      ...new Set(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.replace(/^.*[@:]v?/, '')),
      ),
    ]).toEqual(['0.2.0']);
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    expect([lock.version, lock.packages[''].version]).toEqual(['0.2.0', '0.2.0']);
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(
      '## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n### Added\n\n- Something.',
    );
    expect(() => bump(root, 'minor', '2026-12-25')).toThrow('nothing to release');
  });
});

describe('the package', () => {
  const whole = [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'package.json',
    'bin/certwright.js',
    'dist/entry/cli/main.js',
    'dist/config/validators.cjs',
    'schemas/manifest.schema.json',
  ];
  const packed = (files: readonly string[], size = 1000) => ({
    size,
    unpackedSize: size,
    files: files.map((path) => ({ path })),
  });

  test('holds what a user runs, and nothing of ours', async () => {
    const { packageProblems } = await load('package.mjs');
    expect(packageProblems(packed(whole))).toEqual([]);
    const ours = [
      'test/unit/a.test.ts',
      'bench/run.ts',
      'dist/bundle/main.js',
      'dist/.tested',
      'dist/a.js.map',
      'dist/a.d.ts',
      'src/a.ts',
    ];
    expect(packageProblems(packed([...whole, ...ours]))).toEqual(
      ours.map((path) => `the package must not hold ${path}`),
    );
    expect(packageProblems(packed(whole.slice(1)))).toEqual(['the package lacks LICENSE']);
    expect(packageProblems(packed(whole, 9e6))).toHaveLength(2);
  });
});

describe('the bill of materials', () => {
  const part = (name: string, licence = 'MIT') => ({
    'bom-ref': `${name}@1.0.0`,
    name,
    version: '1.0.0',
    hashes: [{ alg: 'SHA-512', content: 'ab' }],
    licenses: [{ license: { id: licence } }],
  });
  const sbom = (components: readonly object[]) => ({
    metadata: { component: { 'bom-ref': 'root@1', name: 'folder', version: '0.0.0' } },
    components,
    dependencies: [
      { ref: 'root@1', dependsOn: ['yaml@1.0.0', 'vitest@1.0.0'] },
      { ref: 'vitest@1.0.0', dependsOn: ['yaml@1.0.0'] },
      { ref: 'yaml@1.0.0', dependsOn: [] },
    ],
  });
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/yaml': { version: '1.0.0' },
      'node_modules/vitest': { version: '1.0.0', dev: true },
    },
  };

  test('names what is shipped, also where a development package needs it too', async () => {
    const { shipped, sbomProblems } = await load('sbom.mjs');
    const made = shipped(sbom([part('yaml'), part('vitest')]), lock, {
      name: 'certwright',
      version: '0.1.0',
    });
    expect(made.components.map(({ name }: { name: string }) => name)).toEqual(['yaml']);
    expect(made.dependencies).toEqual([
      { ref: 'root@1', dependsOn: ['yaml@1.0.0'] },
      { ref: 'yaml@1.0.0', dependsOn: [] },
    ]);
    expect(made.metadata.component).toMatchObject({ name: 'certwright', version: '0.1.0' });
    expect(sbomProblems(made, ['yaml'])).toEqual([]);
  });

  test('a licence nobody looked at, a part without checksum, one that is left out', async () => {
    const { sbomProblems } = await load('sbom.mjs');
    const strange = { components: [part('a', 'GPL-3.0'), { ...part('b'), hashes: [] }] };
    expect(sbomProblems(strange, ['c'])).toEqual([
      'the bill of materials lacks c',
      'b@1.0.0 has no checksum in package-lock.json',
      expect.stringContaining('a@1.0.0 has the licence "GPL-3.0"'),
    ]);
  });
});

test('the package is tried with its own dependencies, and with none of those for development', async () => {
  const { runtimePackages } = await load('package.mjs');
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const names: readonly string[] = runtimePackages(lock);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  expect(names).not.toEqual(expect.arrayContaining(['vitest']));
  expect(names).not.toEqual(expect.arrayContaining(['typescript']));
});
