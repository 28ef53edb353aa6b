import { loadApprovals } from '../../config/load.js';
import { toMs } from '../../model/time.js';
import type { Proposal, ProposedFile } from '../../policy/approval-requests.js';
import { answers, identityOf, type Offer, type Wish } from '../../policy/approval-wishes.js';
import { namesDigest } from '../../policy/approvals.js';
import type { Forge, PullRequest } from '../../ports/forge.js';
import { keyOfBranch, keyOfPath, pathOfKey } from './approval-branches.js';
import { type ApprovalNote, type FileNote, noteOf, textDigest } from './approval-marker.js';

/** A pull request of ours and what it remembers. */
export interface OwnPull {
  readonly pull: PullRequest;
  /** Absent where somebody wrote the body anew. */
  readonly note?: ApprovalNote;
  readonly proposal: Proposal;
}

/**
 * Pull requests as the decision wants them. What was not touched since certwright wrote it is known from its note; a branch
 * that moved, or has no note, is read.
 */
export async function ownPulls(
  forge: Forge,
  pulls: readonly PullRequest[],
  wishes: ReadonlyMap<string, Wish>,
): Promise<readonly OwnPull[]> {
  const own: OwnPull[] = [];
  for (const pull of pulls) {
    const note = noteOf(pull.body);
    const files = pull.state === 'open' ? await openFiles(forge, pull, note, wishes) : endedFiles(pull, note);
    own.push({
      pull,
      ...(note === undefined ? {} : { note }),
      proposal: {
        number: pull.number,
        state: pull.state,
        ...(pull.closedAt === undefined ? {} : { endedMs: toMs(pull.closedAt) }),
        withdrawn: note?.withdrawn ?? false,
        files,
      },
    });
  }
  return own;
}

const writtenOf = ({ identity, id }: FileNote) => ({
  written: { identity, ...(id === undefined ? {} : { id }) },
});

function endedFiles(pull: PullRequest, note: ApprovalNote | undefined): readonly ProposedFile[] {
  if (note) {
    return note.files.map((file) => ({ path: file.path, key: file.key, ...writtenOf(file), edited: false }));
  }
  const key = keyOfBranch(pull.head.branch);
  return key === undefined ? [] : [{ path: pathOfKey(key), key, edited: true }];
}

async function openFiles(
  forge: Forge,
  pull: PullRequest,
  note: ApprovalNote | undefined,
  wishes: ReadonlyMap<string, Wish>,
): Promise<readonly ProposedFile[]> {
  const known: readonly Known[] = note?.files ?? (await unknownFiles(forge, pull));
  const files: ProposedFile[] = [];
  for (const { path, key } of known) {
    const wish = wishes.get(key);
    const remembered = note?.files.find((file) => file.path === path);
    const base = { path, key, ...(remembered ? writtenOf(remembered) : {}) };
    const untouched = remembered !== undefined && note?.head === pull.head.oid;
    if (untouched && wish !== undefined && remembered.identity === identityOf(wish)) {
      files.push({ ...base, offered: rememberedOffer(remembered, wish), edited: false });
      continue;
    }
    const text = await forge.branches.file(path, pull.head.oid);
    const offered = text === undefined ? undefined : offerIn(path, text, key);
    files.push({
      ...base,
      ...(offered === undefined ? {} : { offered }),
      edited: remembered === undefined || text === undefined || textDigest(text) !== remembered.text,
    });
  }
  return files;
}

type Known = Pick<FileNote, 'path' | 'key'>;

/** Without a note, the branch and its files tell what is asked for. */
async function unknownFiles(forge: Forge, pull: PullRequest): Promise<readonly Known[]> {
  const key = keyOfBranch(pull.head.branch);
  if (key !== undefined) return [{ path: pathOfKey(key), key }];
  const changed = await forge.pulls.files(pull.number);
  return changed.flatMap(({ path, status }) => {
    const one = status === 'removed' ? undefined : keyOfPath(path);
    return one === undefined ? [] : [{ path, key: one }];
  });
}

/** What stands in a file nobody touched, without reading it. */
function rememberedOffer({ id = '', ceiling, validUntil }: FileNote, wish: Wish): Offer {
  if (wish.kind === 'lines') return { kind: 'lines', lines: wish.lines, validUntil };
  const { names, price: _price, ...need } = wish.need;
  return {
    kind: 'action',
    subject: {
      ...need,
      namesDigest: namesDigest(names),
      ...(ceiling === undefined ? {} : { ceiling }),
      validUntil,
      id,
    },
  };
}

/** What a file lets through for one request; undefined where it cannot be read or says something else. */
export function offerIn(path: string, text: string, key: string): Offer | undefined {
  const [file] = loadApprovals([{ path, text }]).approvals;
  if (file === undefined) return undefined;
  const offers: readonly Offer[] = [
    ...file.subjects.map((subject) => ({ kind: 'action', subject }) as const),
    ...(file.unsafeLines.length === 0
      ? []
      : [
          {
            kind: 'lines',
            lines: file.unsafeLines,
            ...(file.validUntil === undefined ? {} : { validUntil: file.validUntil }),
          } as const,
        ]),
  ];
  return offers.find((offer) => answers(offer, key));
}
