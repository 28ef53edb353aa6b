import { CertError, explain } from '../../model/errors.js';
import type { Annotation, Conclusion, Forge } from '../../ports/forge.js';
import type { LineNote } from '../../report/line-notes.js';
import { NOTHING_TO_DO } from '../../report/proposal-markdown.js';
import type { Runner } from './runner.js';

const MARKER = 'plan';
const CHECK = 'certwright plan';

const normal = (text: string): string => text.replaceAll('\r\n', '\n').trim();

/**
 * One comment, edited in place. Nothing is written where there is nothing to say and nothing was said; nothing on a pull
 * request that is closed or has a newer commit by now: another run speaks for that.
 * @param body  undefined: nothing to say
 * @returns whether it stands there
 */
async function putComment(
  { comments, pulls }: Forge,
  number: number,
  head: string,
  body: string | undefined,
): Promise<void> {
  const pull = await pulls.get(number);
  if (pull.state !== 'open' || pull.head.oid !== head) return;
  const text = body ?? NOTHING_TO_DO;
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

export interface PullReport {
  readonly number: number;
  readonly head: string;
  /** Undefined: nothing to say. */
  readonly comment: string | undefined;
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
  const tried = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof CertError) || !error.code.startsWith('forge.')) throw error;
      const isExpected = wanted.isForeign && error.code === 'forge.permission';
      if (!isExpected) runner.warning(explain(error));
      return false;
    }
  };
  const { number, head, comment, conclusion, title, summary, notes } = report;
  if (wanted.comment) await tried(() => putComment(forge, number, head, comment));
  if (!wanted.check) return false;
  return tried(() =>
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
