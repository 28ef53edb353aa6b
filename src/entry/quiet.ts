import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOpen } from '../model/intent.js';
import type { Plan } from '../model/plan.js';
import { isCertificate } from '../planner/input.js';
import { quietUntilMs } from '../planner/quiet.js';
import type { Condition } from '../policy/conditions.js';
import type { Applied } from '../reconcile/engine.js';
import { fileSpool } from '../repository/file-spool.js';
import type { GitRepository } from '../repository/git-repository.js';
import { type Context, cacheFolder, spoolFolder } from './context.js';
import { CONFIGURATION_FILE } from './files.js';
import {
  isInTime,
  type QuietRecord,
  quietFile,
  readQuiet,
  sameSubject,
  subjectOf,
  textDigest,
  writeQuiet,
} from './quiet-record.js';
import { resolveSecret } from './secrets.js';
import { openRemote, type Remote, type Workplace } from './workplace.js';

/** What a run knows after its one fetch. */
export interface FirstLook {
  /** Nothing changed since a run that had nothing to do, and no date was reached: its plan, without any line. */
  readonly quiet?: Plan;
  /** Opened and fetched already; to be closed. */
  readonly remote?: Remote;
}

/**
 * Looks whether an earlier run of this build, in this checkout, found nothing to do on the very commits the remote still
 * has, at an hour that is not over yet. If not, the fetch that told so is handed on: a run makes one.
 * @throws CertError as opening and fetching do
 */
export async function firstLook(context: Context): Promise<FirstLook> {
  const file = quietFile(cacheFolder(context.env), context.cwd);
  const record = readQuiet(file, context.log);
  if (record === undefined || !(await stillStands(context, record))) return {};
  const repository = await openRemote(context, record.branches);
  try {
    const snapshot = await repository.observe();
    const same = repository.clone.root === record.root && sameSubject(subjectOf(snapshot), record.subject);
    const quiet = same && snapshot.integrity.kind === 'healthy' && isInTime(record, context.clock.now());
    const remote = { repository: lookedAt(repository, snapshot), branches: record.branches };
    if (!quiet) return { remote };
    context.log.debug({ file, until: record.untilMs }, 'nothing changed since a run with nothing to do');
    return { quiet: record.plan, remote };
  } catch (error) {
    await repository.close();
    throw error;
  }
}

/** What needs no remote: the hour, the checkout's configuration, the credentials, and outcomes not pushed yet. */
async function stillStands(context: Context, record: QuietRecord): Promise<boolean> {
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

/** The file itself: behind a link, or outside the work tree, it is none of ours. */
function configurationIn(root: string): string | undefined {
  const file = join(root, CONFIGURATION_FILE);
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

type Snapshot = Awaited<ReturnType<GitRepository['observe']>>;

/** A repository whose first look was taken already. */
function lookedAt(repository: GitRepository, snapshot: Snapshot): GitRepository {
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

/**
 * Keeps what a run found for the next one, if it was nothing at all: no line, warning, finding or alarm, nothing open.
 * @param startedMs  wall clock before anything was read
 */
export function rememberQuiet(
  context: Context,
  workplace: Workplace,
  applied: Applied,
  conditions: Iterable<Condition>,
  startedMs: number,
): void {
  const { repository, local } = workplace;
  const { root, bare } = repository.clone;
  const checkout = textDigest(bare ? undefined : configurationIn(root));
  if (checkout === null || !local.configuration) return;
  if (!isSilent(applied) || ![...conditions].every(({ level }) => level === 'info')) return;
  const { desired, providers, view, configuration, plan } = applied;
  const untilMs = quietUntilMs({
    desired,
    providers,
    state: { statuses: view.statuses },
    nowMs: startedMs,
  });
  const record: QuietRecord = {
    root,
    checkout,
    branches: configuration.branches,
    subject: subjectOf(view.snapshot),
    fromMs: startedMs,
    // Infinity is no JSON.
    untilMs: Math.min(untilMs, Number.MAX_SAFE_INTEGER),
    plan,
    credentials: Object.values(configuration.providers).flatMap(({ credentials }) =>
      Object.values(credentials),
    ),
  };
  writeQuiet(quietFile(cacheFolder(context.env), context.cwd), record, context.log);
}

/** Nothing to do, nothing to say, and nothing that the next run would have to look at. */
function isSilent({ plan, findings, events, desired, providers, view, ...rest }: Applied): boolean {
  const { configuration, declined, clockProblem } = rest;
  return (
    !declined &&
    clockProblem === undefined &&
    plan.items.length + plan.warnings.length + findings.length + events.length === 0 &&
    plan.unsafe === undefined &&
    view.snapshot.integrity.kind === 'healthy' &&
    plan.stateCommit === view.snapshot.state?.commit &&
    plan.manifestCommit === view.snapshot.approval.commit &&
    // Their values may be private, so not even a digest of them is kept.
    configuration.manifestVariables.length === 0 &&
    desired.specs.every(isCertificate) &&
    [...providers.values()].every(({ down }) => down === undefined) &&
    [...view.statuses.values()].every(
      ({ intents, requests, failures }) =>
        !intents.some(isOpen) && requests.length === 0 && Object.keys(failures).length === 0,
    )
  );
}
