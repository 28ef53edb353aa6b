import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nameOfPath } from '../../config/layers.js';
import { parseCertificate } from '../../keys/certificate.js';
import type { ApprovalFile } from '../../model/approval.js';
import type { Configuration } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { CompromisedKey, StateHeader, Status } from '../../model/status.js';
import { toMs } from '../../model/time.js';
import { subjectDigest } from '../../policy/approvals.js';
import type { Oid, RepositorySnapshot } from '../../ports/repository.js';
import { readTree } from '../../reconcile/state.js';
import type { Rescue } from '../../repository/git-repository.js';
import { checkName } from '../../repository/layout.js';
import type { SealedBlob } from '../../repository/rescue-history.js';
import type { Context } from '../context.js';
import { withFiles } from '../import/overlay.js';
import type { Workplace } from '../workplace.js';

/** The newest state that survives. */
interface Base {
  readonly commit: Oid;
  readonly header: StateHeader;
  readonly statuses: ReadonlyMap<string, Status>;
  readonly files: ReadonlyMap<string, Oid>;
}

/** What git still tells when the refs are gone. */
export interface GitRemains {
  readonly base?: Base;
  readonly keys: ReadonlyMap<string, SealedBlob>;
  /** Names that were declared or recorded at some time. */
  readonly names: ReadonlySet<string>;
  /** Digests of approvals that could still let something through, by certificate: all are taken as used. */
  readonly approvals: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly string[];
  /** Keys that any surviving state knows to be known to somebody else. */
  readonly compromised: readonly CompromisedKey[];
}

/**
 * @param from  more places to look, as the command line names them
 * @throws CertError `usage`, `repository.unavailable`, `repository.unreadable-state`, `repository.newer-state`
 */
export async function readGitRemains(
  context: Context,
  { deps }: Workplace,
  rescue: Rescue,
  snapshot: RepositorySnapshot,
  configuration: Configuration,
  from: readonly string[],
): Promise<GitRemains> {
  const places = from.map((place) => {
    const path = resolve(context.cwd, place);
    return existsSync(path) ? path : place;
  });
  const survivors = await rescue.survivors(places);
  const ours = survivors.states
    .flatMap(({ commit, header }) => {
      const parsed = headerOf(deps, header);
      return parsed?.repositoryId === configuration.id ? [{ commit, header: parsed }] : [];
    })
    .toSorted((a, b) => b.header.revision - a.header.revision);
  const [newest] = ours;
  const compromised = new Map(
    ours.flatMap(({ header }) => header.compromisedKeys ?? []).map((key) => [key.keyHash, key]),
  );
  const base = newest && { ...(await readTree(deps, survivors.tree(newest.commit))), ...newest };
  const { commit } = snapshot.approval;
  const manifests = await survivors.versionsIn(commit, 'certificates');
  const declared = manifests
    .filter(({ path }) => /\.ya?ml$/.test(path))
    .map(({ path }) => nameOfPath(path))
    .filter((name) => checkName(name) === undefined);
  return {
    ...(base === undefined ? {} : { base }),
    keys: await survivors.sealedKeys(keyHashOf),
    names: new Set([...declared, ...(await survivors.recordedNames())]),
    approvals: usable(
      await readApprovals(context, snapshot, deps, await survivors.versionsIn(commit, 'approvals')),
      context.clock.now(),
    ),
    skipped: survivors.skipped,
    compromised: [...compromised.values()].sort((a, b) => (a.at < b.at ? -1 : 1)),
  };
}

function headerOf(deps: Workplace['deps'], text: string): StateHeader | undefined {
  try {
    return deps.parseHeader(text, '_certwright.json');
  } catch (error) {
    // A newer version wrote it: an older state must not be taken for the newest.
    if (error instanceof CertError && error.code === 'repository.newer-state') throw error;
    return undefined;
  }
}

function keyHashOf(certificatePem: string): string | undefined {
  try {
    return parseCertificate(certificatePem).keyHash;
  } catch {
    return undefined;
  }
}

/** Every version that an approval file ever had: one that was deleted may come back by a revert. */
async function readApprovals(
  context: Context,
  { approval }: RepositorySnapshot,
  deps: Workplace['deps'],
  versions: readonly { readonly path: string; readonly blob: Oid }[],
): Promise<readonly ApprovalFile[]> {
  const blobs = [...new Set(versions.flatMap(({ path, blob }) => (/\.ya?ml$/.test(path) ? [blob] : [])))];
  if (blobs.length === 0) return [];
  context.progress.step(`reading ${blobs.length} approvals`);
  const texts = await approval.read(blobs);
  const overlay = withFiles(
    approval,
    new Map(blobs.map((blob, i) => [`approvals/rebuild-${blob}.yaml`, texts[i] ?? ''])),
  );
  return (await deps.readFiles(overlay)).desired?.approvals ?? [];
}

function usable(files: readonly ApprovalFile[], nowMs: number): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const subject of files.flatMap(({ subjects }) => subjects)) {
    if (!(toMs(subject.validUntil) > nowMs)) continue;
    const digests = found.get(subject.certificate) ?? new Set();
    found.set(subject.certificate, digests.add(subjectDigest(subject)));
  }
  return new Map([...found].map(([name, digests]) => [name, [...digests].sort()]));
}
