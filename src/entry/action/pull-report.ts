import { CertError, explain } from '../../model/errors.js';
import type { Annotation, Conclusion, Forge } from '../../ports/forge.js';
import type { LineNote } from '../../report/line-notes.js';
import { NOTHING_TO_DO } from '../../report/proposal-markdown.js';
import type { Runner } from './runner.js';

const MARKER = 'plan';
const CHECK = 'certwright plan';

/** Which run wrote it: its log and its commits carry the same id. No reason to write anew. */
const RUN = /\s*<sub>run [0-9a-z]+<\/sub>$/;

const normal = (text: string): string => text.replaceAll('\r\n', '\n').trim().replace(RUN, '');

/**
 * One comment, edited in place. Nothing is written where there is nothing to say and nothing was said; nothing on a pull
 * request that is closed or has a newer commit by now: another run speaks for that.
 */
async function putComment(
  { comments, pulls }: Forge,
  { number, head, runId, comment: body, silence = NOTHING_TO_DO }: PullComment,
): Promise<void> {
  const pull = await pulls.get(number);
  if (pull.state !== 'open' || pull.head.oid !== head) return;
  const text = `${(body ?? silence).trimEnd()}\n\n<sub>run ${runId}</sub>\n`;
  const before = await comments.find(number, MARKER);
  if (before && normal(before.body) === normal(text)) return;
  if (before && (await comments.update(before.id, MARKER, text))) return;
  if (body === undefined) return;
  const made = await comments.create(number, MARKER, text);
  const first = await comments.find(number, MARKER);
  if (!first || first.id === made.id) return;
  // Two runs at once: the older comment stays.
  await comments.delete(made.id);
  await comments.update(first.id, MARKER, text);
}

export interface PullComment {
  readonly number: number;
  readonly head: string;
  readonly runId: string;
  /** Undefined: nothing to say. */
  readonly comment: string | undefined;
  /** What then stands where something was said before. */
  readonly silence?: string;
}

export interface PullReport extends PullComment {
  readonly conclusion: Conclusion;
  readonly title: string;
  readonly summary: string;
  readonly notes: readonly LineNote[];
}

export interface Wanted {
  readonly comment: boolean;
  readonly check: boolean;
  /** The token is likely to be read-only: that is no news. */
  readonly isForeign: boolean;
}

const annotationOf = ({ file, line, level, title, message }: LineNote): Annotation => ({
  path: file,
  line,
  level,
  title,
  message,
});

async function tried(runner: Runner, isForeign: boolean, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof CertError) || !error.code.startsWith('forge.')) throw error;
    if (!isForeign || error.code !== 'forge.permission') runner.warning(explain(error));
    return false;
  }
}

/** The comment alone; what cannot be written is a warning. */
export const tellComment = (
  runner: Runner,
  forge: Forge,
  comment: PullComment,
  isForeign: boolean,
): Promise<boolean> => tried(runner, isForeign, () => putComment(forge, comment));

/**
 * Comment and check, as far as the token may write them. What it may not is said once, with the permission that is
 * missing, and never makes the run fail: the plan stands on the page of the run in any case.
 * @returns whether the notes stand at their lines
 */
export async function tellPull(
  runner: Runner,
  forge: Forge,
  report: PullReport,
  wanted: Wanted,
): Promise<boolean> {
  const { head, conclusion, title, summary, notes } = report;
  if (wanted.comment) await tellComment(runner, forge, report, wanted.isForeign);
  if (!wanted.check) return false;
  return tried(runner, wanted.isForeign, () =>
    forge.checks.create({
      name: CHECK,
      headOid: head,
      conclusion,
      title,
      summary,
      annotations: notes.map(annotationOf),
    }),
  );
}
