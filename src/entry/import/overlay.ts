import { createHash } from 'node:crypto';
import type { Oid, TreeEntry, TreeReader } from '../../ports/repository.js';

/** A tree as it would be with more files in it. Paths that are there already are not replaced. */
export function withFiles<T extends TreeReader>(tree: T, files: ReadonlyMap<string, string>): T {
  const texts = new Map<string, string>();
  const added: TreeEntry[] = [...files].map(([path, text]) => {
    const blob = `added-${createHash('sha256').update(text).digest('hex')}`;
    texts.set(blob, text);
    return { path, blob, bytes: Buffer.byteLength(text) };
  });
  async function read(blobs: readonly Oid[]): Promise<readonly string[]> {
    const rest = blobs.filter((blob) => !texts.has(blob));
    const found = await tree.read(rest);
    const others = new Map(rest.map((blob, i) => [blob, found[i] ?? '']));
    return blobs.map((blob) => texts.get(blob) ?? others.get(blob) ?? '');
  }
  return {
    ...tree,
    async list(prefix) {
      const there = await tree.list(prefix);
      const known = new Set(there.map(({ path }) => path));
      const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
      const more = added.filter(
        ({ path }) => !known.has(path) && (path === prefix || path.startsWith(folder)),
      );
      return [...there, ...more].sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    read,
    async readEach(blobs, take) {
      for (const [index, text] of (await read(blobs)).entries()) take(text, index);
    },
  };
}
