import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Spool, SpoolEntry } from '../ports/spool.js';
import { makeFolder } from './folder.js';
import { stableJson } from './stable.js';

const ENDING = '.json';

const fileOf = (entry: SpoolEntry): string => `${entry.nonce}-${entry.step}${ENDING}`;

/**
 * Outcomes of paid calls in a folder of this machine (`$XDG_STATE_HOME/certwright/spool`), one file each, readable by
 * its owner only. A file is complete or not there: written aside, synced, renamed, the folder synced.
 */
export function fileSpool(folder: string): Spool {
  return {
    async write(entry) {
      makeFolder(folder, 0o700);
      const target = join(folder, fileOf(entry));
      const aside = `${target}.${process.pid}.tmp`;
      const file = await open(aside, 'w', 0o600);
      try {
        await file.writeFile(stableJson(entry));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, target);
      await syncFolder(folder);
    },
    async list() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const entries = await Promise.all(
        names
          .filter((name) => name.endsWith(ENDING))
          .sort()
          .map(async (name) => parse(await readIfThere(join(folder, name)))),
      );
      return entries.filter((entry) => entry !== undefined);
    },
    async remove(entry) {
      await rm(join(folder, fileOf(entry)), { force: true });
    },
  };
}

/** Another run may take an entry off while the folder is read. */
const readIfThere = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

/** Half-written files cannot exist under their final name; a foreign one is left alone. */
function parse(text: string): SpoolEntry | undefined {
  try {
    const value: SpoolEntry = JSON.parse(text);
    return typeof value.nonce === 'string' && typeof value.intentId === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
