import { lstat, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import type { Random } from '../../ports/clock.js';

export interface NewFile {
  /** Below the root. */
  readonly path: string;
  readonly text: string;
}

/**
 * Writes files one after the other, each whole or not at all, none over another.
 * @param stop  asked before each file
 * @returns the paths that were not written because something lies there
 * @throws CertError `usage` where a folder cannot be written
 */
export async function writeNewFiles(
  root: string,
  files: readonly NewFile[],
  random: Pick<Random, 'hex'>,
  stop: (written: number) => void,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  const top = await realpath(root);
  for (const [i, { path, text }] of files.entries()) {
    stop(i - there.size);
    const target = join(root, path);
    try {
      await refuseLinks(top, dirname(path));
      await mkdir(dirname(target), { recursive: true });
      if (await lstat(target).catch(() => undefined)) there.add(path);
      else await writeWhole(target, text, random);
    } catch (error) {
      if (error instanceof CertError) throw error;
      throw new CertError('usage', `${path} cannot be written: ${messageOf(error)}`, {
        cause: error,
        remedy: `${i - there.size} manifests are written; make the folder writable and run it again`,
      });
    }
  }
  return there;
}

/** A link among the folders would lead elsewhere, and readers of manifests do not follow it. @throws CertError `usage` */
async function refuseLinks(top: string, folder: string): Promise<void> {
  for (let path = folder; path !== '.'; path = dirname(path)) {
    const real = await realpath(join(top, path)).catch(() => undefined);
    if (real !== undefined && real !== join(top, path)) {
      throw new CertError('usage', `${path} is a link, so nothing is written there`, {
        remedy: 'choose another folder with --out',
      });
    }
  }
}

/** Under a name no reader takes for a manifest until all of it is there. */
async function writeWhole(target: string, text: string, random: Pick<Random, 'hex'>): Promise<void> {
  const part = join(dirname(target), `.import-${random.hex(8)}.part`);
  try {
    await writeFile(part, text, { flag: 'wx' });
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
