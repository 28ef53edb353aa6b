import { createHash } from 'node:crypto';
import { at, isObject, listAt, textAt } from '../../config/json.js';
import type { Json } from '../../model/json.js';
import { formatMoney, type Money, parseMoney } from '../../model/money.js';
import { toInstant } from '../../model/time.js';
import { identityOf, validUntilMs, type Wish } from '../../policy/approval-wishes.js';

/** What a pull request remembers of one file that certwright wrote into it. */
export interface FileNote {
  readonly path: string;
  readonly key: string;
  /** SHA-256 of its text, hex. */
  readonly text: string;
  readonly identity: string;
  /** The random id of the approval; lines of a plan have none. */
  readonly id?: string;
  readonly ceiling?: Money;
  readonly validUntil: string;
}

/** Hidden in the body of a pull request of ours, so that the next run knows what it finds. */
export interface ApprovalNote {
  /** The commit certwright left the branch at. */
  readonly head: string;
  readonly files: readonly FileNote[];
  /** Closed by certwright, because it was of no use any more. */
  readonly withdrawn: boolean;
}

export const textDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @param id  of the approval, where it is one of a single action */
export const fileNote = (
  wish: Wish,
  path: string,
  text: string,
  id: string | undefined,
  nowMs: number,
): FileNote => ({
  path,
  key: wish.key,
  text: textDigest(text),
  identity: identityOf(wish),
  ...(id === undefined ? {} : { id }),
  ...(wish.kind === 'action' && wish.need.price !== null ? { ceiling: wish.need.price } : {}),
  validUntil: toInstant(validUntilMs(wish, nowMs)),
});

/** base64url, so that nothing in it can end the comment it stands in. */
const MARK = /^<!-- certwright:approval ([\w-]+) -->\r?\n?/;

export function withNote(note: ApprovalNote, body: string): string {
  const plain = {
    ...note,
    files: note.files.map(({ ceiling, ...file }) => ({
      ...file,
      ...(ceiling === undefined ? {} : { ceiling: formatMoney(ceiling) }),
    })),
  };
  const data = Buffer.from(JSON.stringify(plain)).toString('base64url');
  return `<!-- certwright:approval ${data} -->\n${body}`;
}

/** Undefined where there is none that could be used: somebody wrote the body anew. */
export function noteOf(body: string): ApprovalNote | undefined {
  const found = MARK.exec(body)?.[1];
  if (found === undefined) return undefined;
  let data: Json;
  try {
    data = JSON.parse(Buffer.from(found, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const head = textAt(data, 'head');
  const files = listAt(data, 'files').flatMap((file): readonly FileNote[] => {
    const [path, key, text, identity, validUntil] = ['path', 'key', 'text', 'identity', 'validUntil'].map(
      (name) => textAt(file, name),
    );
    const id = textAt(file, 'id');
    const ceiling = parseMoney(textAt(file, 'ceiling') ?? '');
    if (!isObject(file) || !path || !key || !text || !identity || !validUntil) return [];
    return [
      {
        path,
        key,
        text,
        identity,
        validUntil,
        ...(id === undefined ? {} : { id }),
        ...(ceiling === undefined ? {} : { ceiling }),
      },
    ];
  });
  if (head === undefined || files.length === 0) return undefined;
  return { head, files, withdrawn: at(data, 'withdrawn') === true };
}

/** The body without what is hidden in it. */
export const withoutNote = (body: string): string => body.replace(MARK, '');
