import type { Plan } from '../model/plan.js';
import { fileSpool } from '../repository/file-spool.js';
import type { GitRepository, Reader } from '../repository/git-repository.js';
import { configurationIn } from './configuration-file.js';
import { type Context, spoolFolder } from './context.js';
import {
  isInTime,
  type QuietRecord,
  quietStoreOf,
  sameSubject,
  subjectOf,
  textDigest,
} from './quiet-record.js';
import { openRemote, type Remote } from './remote.js';
import { resolveSecret } from './secrets.js';

/** What a run knows after its one fetch. */
export interface FirstLook {
  /** Nothing changed since a run that had nothing to do, and no date was reached: its plan, without any line. */
  readonly quiet?: Plan;
  /** Of a quiet one: the first instant at which a date may bring work, epoch ms. */
  readonly untilMs?: number;
  /** Opened and fetched already; to be closed. */
  readonly remote?: Remote;
}

/**
 * Looks whether an earlier run of this build, in this checkout, found nothing to do on the very commits the remote still
 * has, at an hour that is not over yet. If not, the fetch that told so is handed on: a run makes one. Where no earlier
 * run left anything, the remote may know of one elsewhere.
 * @param syncOlderMs  accounts are listed after this long: then there is something to do
 * @param open  opens the remote
 * @throws CertError as opening and fetching do
 */
export async function firstLook(
  context: Context,
  syncOlderMs = Infinity,
  open: typeof openRemote = openRemote,
): Promise<FirstLook> {
  const record = quietStoreOf(context).read();
  if (record === undefined) {
    const { lookElsewhere } = await import('./look-elsewhere.js');
    return lookElsewhere(context, syncOlderMs);
  }
  if (!(await stillStands(context, record))) return {};
  const repository = await open(context, record.branches);
  try {
    const snapshot = await repository.observe();
    const same = repository.clone.root === record.root && sameSubject(subjectOf(snapshot), record.subject);
    const quiet = same && snapshot.integrity.kind === 'healthy' && isFresh(context, record, syncOlderMs);
    const remote = { repository: lookedAt(repository, snapshot), branches: record.branches };
    if (!quiet) return { remote };
    context.log.debug({ until: record.untilMs }, 'nothing changed since a run with nothing to do');
    return { quiet: record.plan, untilMs: record.untilMs, remote };
  } catch (error) {
    await repository.close();
    throw error;
  }
}

/** By the hour, which a fetch may have taken a while of. */
export function isFresh(context: Context, record: QuietRecord, syncOlderMs: number): boolean {
  const nowMs = context.clock.now();
  const ageMs = nowMs - record.listedMs;
  // A list that is still to come would be fresh for ever.
  return isInTime(record, nowMs) && ageMs >= 0 && ageMs < syncOlderMs;
}

/** What needs no remote: the hour, the checkout's configuration, the credentials, and outcomes not pushed yet. */
export async function stillStands(context: Context, record: QuietRecord): Promise<boolean> {
  if (!isInTime(record, context.clock.now())) return false;
  if (textDigest(configurationIn(record.root)) !== record.checkout) return false;
  if ((await fileSpool(spoolFolder(context.env)).list()).length > 0) return false;
  try {
    for (const source of record.credentials) resolveSecret(source, context.env, 'a provider');
    return true;
  } catch {
    return false;
  }
}

type Snapshot = Awaited<ReturnType<GitRepository['observe']>>;

/** A repository whose first look was taken already. */
function lookedAt(repository: GitRepository & Reader, snapshot: Snapshot): GitRepository & Reader {
  let first: Snapshot | undefined = snapshot;
  return {
    ...repository,
    async observe() {
      const known = first;
      first = undefined;
      return known ?? repository.observe();
    },
  };
}
