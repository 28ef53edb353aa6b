import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { tempFolder } from './git.js';

const run = promisify(execFile);

/** A disk of 64 KiB, filled up but for so many bytes; undefined where only root could make one. */
export async function fullDisk(leftBytes = 0): Promise<string | undefined> {
  const folder = join(await tempFolder(), 'disk');
  await mkdir(folder);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  } catch {
    return undefined;
  }
  onTestFinished(async () => void (await run('umount', ['-l', folder])));
  await writeFile(join(folder, 'filler'), Buffer.alloc(64 * 1024 - leftBytes)).catch(() => undefined);
  return folder;
}
