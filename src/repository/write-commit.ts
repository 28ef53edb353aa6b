import { SECOND_MS } from '../model/time.js';
import type { FileChange, Oid } from '../ports/repository.js';
import { type Git, mustRun } from './process.js';

export interface Committer {
  readonly name: string;
  readonly email: string;
}

interface CommitDraft {
  /** null: an orphan. */
  readonly parent: Oid | null;
  /** Start from an empty tree instead of the parent's. */
  readonly replaceAll?: boolean;
  readonly changes: readonly FileChange[];
  readonly message: string;
  /** Of the run that makes it, as its log has it: becomes a trailer of the message. */
  readonly runId?: string;
  readonly committer: Committer;
  readonly atMs: number;
}

/** fast-import ends a name at `<` and a line at LF. */
const plain = (text: string): string => text.replace(/[<>\p{Cc}]/gu, ' ').trim();

/** The line by which `git log --format='%(trailers:key=Certwright-Run)'` tells the run; '' without one. */
export const runTrailer = (runId: string | undefined): string =>
  runId === undefined ? '' : `Certwright-Run: ${plain(runId)}\n`;

const withRun = (message: string, runId: string | undefined): string =>
  runId === undefined ? message : `${message.trimEnd()}\n\n${runTrailer(runId)}`;

/** C-style quoting, needed from the first quote or control character on; harmless for every other path. */
const quoted = (path: string): string => `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;

function data(content: string | Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(content);
  return [Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')];
}

function changeLines({ path, content }: FileChange): readonly Buffer[] {
  if (content === null) return [Buffer.from(`D ${quoted(path)}\n`)];
  if (typeof content === 'object' && 'blob' in content)
    return [Buffer.from(`M 100644 ${content.blob} ${quoted(path)}\n`)];
  return [Buffer.from(`M 100644 inline ${quoted(path)}\n`), ...data(content)];
}

/**
 * Builds a commit in the bare clone by `git fast-import`: no index, no work tree, only the folders touched are read.
 * @param ref  a ref of this run that does not exist yet; left pointing at the commit
 */
export async function writeCommit(git: Git, ref: string, draft: CommitDraft): Promise<Oid> {
  const { name, email } = draft.committer;
  const head = [
    'feature done',
    `commit ${ref}`,
    'mark :1',
    `committer ${plain(name)} <${plain(email)}> ${Math.floor(draft.atMs / SECOND_MS)} +0000`,
  ];
  const from = draft.parent === null ? [] : [`from ${draft.parent}`];
  const start = draft.replaceAll === true ? [...from, 'deleteall'] : from;
  const input = Buffer.concat([
    Buffer.from(`${head.join('\n')}\n`),
    ...data(withRun(draft.message, draft.runId).replaceAll('\0', ' ')),
    Buffer.from(start.map((line) => `${line}\n`).join('')),
    ...draft.changes.flatMap(changeLines),
    Buffer.from('\nget-mark :1\ndone\n'),
  ]);
  const out = await mustRun(git, ['fast-import', '--quiet', '--force', '--date-format=raw'], { input });
  return out.toString('latin1').trim();
}
