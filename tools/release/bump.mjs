// `npm run release -- --bump minor`: everything that names the version, in one go. Commits nothing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextVersion, withRelease } from './changelog.mjs';

const TEXTS = /(\.(md|ya?ml)|Dockerfile)$/;
const escaped = (text) => text.replaceAll('.', '\\.');

/** Guides and examples: what readers copy. Decisions and the changelog tell of their day. */
const copied = (root) => [
  'README.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && TEXTS.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => !path.startsWith(join('docs', 'decisions'))),
  ),
];

/**
 * @param {string} wanted `major`, `minor`, `patch` or a version
 * @param {string} day of the release, `2027-01-31`
 * @returns {{ version: string, files: string[] }} what was written
 * @throws Error where there is nothing to release, before anything is written
 */
export function bump(root, wanted, day) {
  const read = (path) => readFileSync(join(root, path), 'utf8');
  const before = JSON.parse(read('package.json')).version;
  const version = nextVersion(before, wanted);
  const changed = new Map([['CHANGELOG.md', withRelease(read('CHANGELOG.md'), version, day)]]);
  for (const path of ['package.json', 'package-lock.json']) {
    // As text, so that nothing else moves: the name stands right before the version, in the lock twice.
    const own = new RegExp(`("name": "certwright",\\s*"version": )"${escaped(before)}"`, 'g');
    changed.set(path, read(path).replaceAll(own, `$1"${version}"`));
  }
  for (const path of copied(root)) {
    changed.set(
      path,
      read(path).replaceAll(
        new RegExp(`(certwright[@:]v?|CERTWRIGHT=)${escaped(before)}\\b`, 'g'),
        `$1${version}`,
      ),
    );
  }
  const files = [...changed].filter(([path, text]) => text !== read(path)).map(([path]) => path);
  for (const path of files) writeFileSync(join(root, path), changed.get(path));
  return { version, files };
}
