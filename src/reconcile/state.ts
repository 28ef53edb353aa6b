import { createHash } from 'node:crypto';
import { CertError } from '../model/errors.js';
import { STATE_FORMAT_VERSION, type StateHeader, type Status } from '../model/status.js';
import type { FileChange, Oid, RepositorySnapshot, TreeReader } from '../ports/repository.js';
import { HEADER_PATH, nameOfStatusPath, STATE_FOLDER } from '../repository/layout.js';
import type { Deps } from './deps.js';

/** The state branch, parsed. `files` maps every path to its blob: what is there, without reading it. */
export interface StateView {
  readonly snapshot: RepositorySnapshot;
  /** Changes exactly when what people wrote may have changed, and not with commits of ours on a shared branch. */
  readonly manifestsId: string;
  readonly header?: StateHeader;
  readonly statuses: ReadonlyMap<string, Status>;
  readonly files: ReadonlyMap<string, Oid>;
  /** As they were read; absent: nothing was. Held so that the next look reads only what differs. */
  readonly byBlob?: ReadonlyMap<Oid, Status>;
  /** Files below `issued/` that others altered; the next commit puts them back. */
  readonly toRestore: readonly FileChange[];
}

/**
 * Reads every status of a snapshot. Where head and seen differ, the tree with the higher revision is what we wrote last,
 * and what counts: a revert by somebody must not make an order, an open intent or a consumed approval forgotten, nor
 * may a commit of ours that reached only the state branch (a remote without atomic pushes) (DESIGN §4).
 * @throws CertError `repository.newer-state`, `repository.unreadable-state`
 */
export async function readState(
  deps: Pick<Deps, 'parseStatus' | 'parseHeader'>,
  snapshot: RepositorySnapshot,
): Promise<StateView> {
  const { state, seen, integrity } = snapshot;
  const base = { snapshot, manifestsId: await manifestsIdOf(snapshot), toRestore: [] };
  if (!state) return { ...base, statuses: new Map(), files: new Map() };
  if (!seen || integrity.kind !== 'foreign-commits') return { ...base, ...(await readTree(deps, state)) };
  const ours = await readTree(deps, seen);
  const head = await state.blobs(STATE_FOLDER);
  if ((await revisionOf(deps, state, head)) > (ours.header?.revision ?? 0)) {
    return { ...base, ...(await readTree(deps, state)) };
  }
  return { ...base, ...ours, toRestore: restoring(ours.files, head) };
}

async function manifestsIdOf({ approval, state }: RepositorySnapshot): Promise<string> {
  if (approval.commit !== state?.commit) return approval.commit;
  const files = [...(await approval.blobs(''))].filter(([path]) => !path.startsWith(`${STATE_FOLDER}/`));
  const lines = files.map(([path, blob]) => `${blob} ${path}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** 0 where somebody took the header away, or made it unreadable: such a tree is not ours. */
async function revisionOf(
  deps: Pick<Deps, 'parseHeader'>,
  tree: TreeReader,
  files: ReadonlyMap<string, Oid>,
): Promise<number> {
  const blob = files.get(HEADER_PATH);
  if (blob === undefined) return 0;
  try {
    const [text = ''] = await tree.read([blob]);
    return deps.parseHeader(text, HEADER_PATH).revision;
  } catch (error) {
    if (error instanceof CertError && error.code === 'repository.unreadable-state') return 0;
    throw error;
  }
}

/** Changes that bring back what others altered below `issued/`. */
function restoring(ours: ReadonlyMap<string, Oid>, head: ReadonlyMap<string, Oid>): readonly FileChange[] {
  const lost = [...ours].filter(([path, blob]) => head.get(path) !== blob);
  const added = [...head.keys()].filter((path) => !ours.has(path));
  return [
    ...lost.map(([path, blob]) => ({ path, content: { blob } })),
    ...added.map((path) => ({ path, content: null })),
  ];
}

/**
 * What was read last, as long as a run holds it. A run that announces, confirms and records looks at the state many times, of
 * which a few files differ; a blob is its content, so its status need not be read again.
 */
const lastRead = new WeakMap<Deps['parseStatus'], WeakRef<ReadonlyMap<Oid, Status>>>();

/** One tree of ours, whatever stands beside it. @throws CertError as `readState` */
export async function readTree(deps: Pick<Deps, 'parseStatus' | 'parseHeader'>, tree: TreeReader) {
  const files = await tree.blobs(STATE_FOLDER);
  const found = [...files].filter(([path]) => nameOfStatusPath(path) !== undefined);
  const headerBlob = files.get(HEADER_PATH);
  const [headerText = ''] = await tree.read(headerBlob === undefined ? [] : [headerBlob]);
  const header = headerBlob === undefined ? undefined : deps.parseHeader(headerText, HEADER_PATH);
  if (header && header.formatVersion > STATE_FORMAT_VERSION) {
    throw new CertError(
      'repository.newer-state',
      `the state was written in format ${header.formatVersion}, this version reads ${STATE_FORMAT_VERSION}: update certwright`,
    );
  }
  const known = lastRead.get(deps.parseStatus)?.deref();
  const unknown = found.filter(([, blob]) => !known?.has(blob));
  const byBlob = new Map<Oid, Status>();
  await tree.readEach(
    unknown.map(([, blob]) => blob),
    (text, index) => {
      const [path = '', blob = ''] = unknown[index] ?? [];
      byBlob.set(blob, deps.parseStatus(text, path));
    },
  );
  const statuses = new Map<string, Status>();
  for (const [, blob] of found) {
    const status = byBlob.get(blob) ?? known?.get(blob);
    if (status === undefined) continue;
    byBlob.set(blob, status);
    statuses.set(status.name, status);
  }
  lastRead.set(deps.parseStatus, new WeakRef(byBlob));
  return { ...(header === undefined ? {} : { header }), statuses, files, byBlob };
}
