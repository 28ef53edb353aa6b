import { opendirSync } from 'node:fs';
import { join } from 'node:path';
import { glanceAt } from '../repository/glance.js';
import type { Context } from './context.js';
import { type FirstLook, isFresh, stillStands } from './first-look.js';
import { isHourOfReading, LARGE, recordOf } from './quiet-note.js';
import { sameSubject } from './quiet-record.js';
import { sessionOf } from './remote.js';

/**
 * For a machine that no run left anything on, such as a fresh one of a CI: did a run elsewhere find nothing to do on what
 * the remote still has? Asks for ids only, so an unchanged repository is not even fetched. Nothing found means nothing.
 */
export async function lookElsewhere(context: Context, syncOlderMs: number): Promise<FirstLook> {
  if (!isLarge(join(context.cwd, 'certificates'))) return {};
  const { remote, clone, note, tips } = await glanceAt(sessionOf(context));
  const record = note === undefined || clone.bare ? undefined : recordOf(note, clone.root);
  if (record === undefined || isHourOfReading(remote, context.clock.now())) return {};
  const { approval, state, seen, cache } = tips(record.branches);
  const same =
    approval !== null &&
    state !== null &&
    // Both the same is the one case that needs no history to be called healthy.
    state === seen &&
    sameSubject({ remote, approval, state, seen: null, cache }, record.subject);
  if (!same || !(await stillStands(context, record)) || !isFresh(context, record, syncOlderMs)) return {};
  context.log.debug({ until: record.untilMs }, 'nothing changed since a run elsewhere with nothing to do');
  return { quiet: record.plan, untilMs: record.untilMs };
}

/** Are there so many files of manifests that not reading them is worth a question? Stops counting there. */
function isLarge(folder: string): boolean {
  let count = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    let directory: ReturnType<typeof opendirSync>;
    try {
      directory = opendirSync(next);
    } catch {
      continue;
    }
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (entry.isDirectory()) folders.push(join(next, entry.name));
        else if (++count >= LARGE) return true;
      }
    } finally {
      directory.closeSync();
    }
  }
  return false;
}
