import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Memory as a file system, where Linux has it. Thousands of small repositories are made and thrown away. */
const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 2 * 1024 ** 3;
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/certwright-tests', import.meta.url));

/** A container may give it 64 MB, or let no program run there: tests write hooks. */
function isUsable(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < ENOUGH_BYTES) return false;
  const program = join(folder, 'runs.sh');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  execFileSync(program);
  return true;
}

function folderIn(parent: string): string {
  return mkdtempSync(join(parent, 'certwright-tests-'));
}

function inMemory(): string | undefined {
  if (!existsSync(MEMORY)) return undefined;
  let folder: string | undefined;
  try {
    folder = folderIn(MEMORY);
    if (isUsable(folder)) return folder;
  } catch {
    // No right to write or to run there: the disk does as well.
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return undefined;
}

/** A new folder, in memory where there is room. Whoever asks removes it. */
export const scratchFolder = (): string => inMemory() ?? folderIn(tmpdir());

/** Once for a whole run: a folder for everything temporary, gone afterwards whatever happened to the tests. */
export default function setup(): () => void {
  const folder = scratchFolder();
  process.env.TMPDIR = folder;
  // Hundreds of processes load the same modules: Node keeps what it compiled.
  process.env.NODE_COMPILE_CACHE = COMPILED;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
