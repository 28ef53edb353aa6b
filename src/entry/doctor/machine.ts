import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Diagnosis } from '../../report/doctor-text.js';
import { type Context, cacheFolder, spoolFolder } from '../context.js';
import { line } from './line.js';

/** Can a run keep here what it needs between two pushes? */
export function machineOf({ env }: Pick<Context, 'env'>): readonly Diagnosis[] {
  const spool = spoolFolder(env);
  const cache = cacheFolder(env);
  const lacking = [
    ...(isWritable(spool)
      ? []
      : [
          line(
            'machine',
            'problem',
            `${spool} cannot be written: an outcome that is not pushed yet would be lost with the process`,
            'let the user certwright runs as write there, or set XDG_STATE_HOME',
          ),
        ]),
    ...(isWritable(cache)
      ? []
      : [
          line(
            'machine',
            'problem',
            `${cache} cannot be written: there is no place for the clone of the remote`,
            'let the user certwright runs as write there, or set XDG_CACHE_HOME',
          ),
        ]),
  ];
  const fine = `Node ${process.versions.node}; folders for clone and outcomes can be written`;
  return lacking.length > 0 ? lacking : [line('machine', 'ok', fine)];
}

/** Or could be made. */
function isWritable(folder: string): boolean {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
