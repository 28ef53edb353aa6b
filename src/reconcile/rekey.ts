import { createPrivateKey, createPublicKey } from 'node:crypto';
import { keyHashOf } from '../keys/algorithm.js';
import { type Marks, readMarks } from '../keys/marks.js';
import { CertError, messageOf } from '../model/errors.js';
import type { Sealer } from '../ports/keystore.js';
import type { FileChange, Oid } from '../ports/repository.js';
import { sealedKeyOf } from '../repository/layout.js';
import type { Deps } from './deps.js';
import { landTelling } from './land.js';
import { commitMessage } from './message.js';
import { stopIfAsked } from './run.js';
import type { StateView } from './state.js';

/** Files per commit: what was done of thousands is kept when a run is stopped. */
const PER_COMMIT = 500;
/** Other runs may add keys for the recipients they read before. */
const PASSES = 5;

/** One sealed private key on the state branch. */
export interface SealedFile {
  readonly path: string;
  readonly blob: Oid;
  readonly name: string;
  /** SHA-256 of its public key, as path or status have it. */
  readonly keyHash?: string;
  /** It belongs to an order that is not finished. */
  readonly isPending: boolean;
  /** Absent: a version without marks sealed it, for whom is not known. */
  readonly marks?: Marks;
}

/** Somebody who may have been able to open a key of which nobody wrote down whom it was for. */
export const UNKNOWN_MARK = 'unknown';

/** Every sealed private key with what its header says; none is opened. */
export async function sealedFiles(view: StateView): Promise<readonly SealedFile[]> {
  const found = [...view.files].flatMap(([path, blob]) => {
    const of = sealedKeyOf(path);
    return of ? [{ path, blob, of }] : [];
  });
  const files: SealedFile[] = [];
  await view.snapshot.state?.readEach(
    found.map(({ blob }) => blob),
    (text, index) => {
      const file = found[index];
      if (!file) return;
      const { path, blob, of } = file;
      const keyHash = of.keyHash ?? view.statuses.get(of.name)?.current?.keyHash;
      const marks = readMarks(text);
      files.push({
        path,
        blob,
        name: of.name,
        isPending: of.keyHash !== undefined,
        ...(keyHash === undefined ? {} : { keyHash }),
        ...(marks === undefined ? {} : { marks }),
      });
    },
  );
  return files;
}

/** Is it sealed to exactly these? */
export const isSealedTo = (marks: Marks | undefined, openers: readonly string[]): boolean =>
  marks !== undefined &&
  marks.recipients.length === openers.length &&
  openers.every((one) => marks.recipients.includes(one));

/** Who could open the key once, and is none of these any more. */
export const formerOpeners = (marks: Marks | undefined, openers: readonly string[]): readonly string[] =>
  [...new Set(marks ? [...marks.formerly, ...marks.recipients] : [UNKNOWN_MARK])].filter(
    (one) => !openers.includes(one),
  );

export interface Rekeyed {
  readonly view: StateView;
  readonly sealed: readonly SealedFile[];
  /** Left as they are. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Seals every private key anew that is sealed to others than these, in commits of at most 500. Each is opened in memory and
 * has to be the key it is there for. What is done shows in the files: stopped and run again, it goes on.
 * @param openers  marks of everybody the sealer seals to
 * @throws CertError `repository.refused`, `repository.moved`, `interrupted`
 */
export async function sealAnew(
  deps: Deps,
  begin: StateView,
  sealer: Sealer,
  openers: readonly string[],
): Promise<Rekeyed> {
  const sealed: SealedFile[] = [];
  const left = new Map<string, { readonly path: string; readonly why: string }>();
  let view = begin;
  for (let pass = 1; pass <= PASSES; pass++) {
    const due = (await sealedFiles(view)).filter(
      (file) => !isSealedTo(file.marks, openers) && !left.has(file.blob),
    );
    if (due.length === 0) break;
    for (let i = 0; i < due.length; i += PER_COMMIT) {
      stopIfAsked(deps);
      deps.progress.step(`sealing keys anew, ${i} of ${due.length}`);
      const done = await sealEach(view, due.slice(i, i + PER_COMMIT), sealer, openers, left);
      const landed = await landTelling({ deps }, view, (head) => {
        // Moved, replaced or gone meanwhile: the next pass sees to it.
        const still = done.filter(({ file }) => head.files.get(file.path) === file.blob);
        if (still.length === 0) return undefined;
        return {
          files: still.map(({ file, text }): FileChange => ({ path: file.path, content: text })),
          message: commitMessage(
            still.map(({ file }) => `rekey ${file.name}: sealed for ${openers.length} that open`),
            new Set(still.map(({ file }) => file.name)).size,
          ),
          tells: still.map(({ file }) => file),
        };
      });
      view = landed.view;
      sealed.push(...(landed.told ?? []));
    }
  }
  return { view, sealed, left: [...left.values()] };
}

async function sealEach(
  view: StateView,
  files: readonly SealedFile[],
  sealer: Sealer,
  openers: readonly string[],
  left: Map<string, { readonly path: string; readonly why: string }>,
) {
  const texts = (await view.snapshot.state?.read(files.map(({ blob }) => blob))) ?? [];
  const done = await Promise.all(
    files.map(async (file, index) => {
      try {
        const plain = await sealer.open(texts[index] ?? '');
        const why = whyNotTheKey(plain, file.keyHash);
        if (why === undefined) {
          return [{ file, text: await sealer.seal(plain, formerOpeners(file.marks, openers)) }];
        }
        left.set(file.blob, { path: file.path, why });
      } catch (error) {
        if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
        left.set(file.blob, { path: file.path, why: messageOf(error) });
      }
      return [];
    }),
  );
  return done.flat();
}

/** A file that holds something else is for a person to look at. What a parser says of a key stays out: it may quote it. */
function whyNotTheKey(pem: string, keyHash: string | undefined): string | undefined {
  try {
    const found = keyHashOf(createPublicKey(createPrivateKey(pem)));
    return keyHash === undefined || found === keyHash
      ? undefined
      : `it holds another key (${found.slice(0, 16)}…) than the one it is there for (${keyHash.slice(0, 16)}…)`;
  } catch {
    return 'it holds no private key';
  }
}
