import { readMarks } from '../keys/marks.js';
import { CertError, messageOf } from '../model/errors.js';
import type { Sealer } from '../ports/keystore.js';
import type { AccountStore } from '../ports/repository.js';
import { formerOpeners, isSealedTo } from './rekey.js';

const TRIES = 5;
const SEALED = /\.age$/;

/** What an account keeps sealed for the runs: the keys of an embedded CA, or of an account at an ACME CA. */
export interface SealedAccount {
  readonly account: string;
  /** Names of sealed files, and who could open each that no longer may. */
  readonly files: readonly {
    readonly file: string;
    readonly formerly: readonly string[];
    readonly isDue: boolean;
  }[];
}

/** @param openers  marks of everybody that a run's things are sealed to */
export async function sealedAccount(
  account: string,
  store: AccountStore,
  openers: readonly string[],
): Promise<SealedAccount> {
  const { files } = await store.read();
  return {
    account,
    files: [...files]
      .filter(([file]) => SEALED.test(file))
      .map(([file, text]) => {
        const marks = readMarks(text);
        return { file, formerly: formerOpeners(marks, openers), isDue: !isSealedTo(marks, openers) };
      }),
  };
}

/**
 * Seals what an account keeps anew, all of it in one commit of its own ref, or nothing.
 * @returns names of the files that were
 * @throws CertError `key.no-identity`, `key.unreadable`, `repository.refused`, `repository.moved`
 */
export async function sealAccountAnew(
  account: string,
  store: AccountStore,
  sealer: Sealer,
  openers: readonly string[],
): Promise<readonly string[]> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { version, files } = await store.read();
    const due = [...files].filter(
      ([file, text]) => SEALED.test(file) && !isSealedTo(readMarks(text), openers),
    );
    if (due.length === 0) return [];
    const anew = await Promise.all(
      due.map(async ([file, text]): Promise<[string, string]> => {
        const formerly = formerOpeners(readMarks(text), openers);
        return [file, await sealer.seal(await openIn(account, file, text, sealer), formerly)];
      }),
    );
    const line = `rekey ${account}: ${due.map(([file]) => file).join(', ')}`;
    if (await store.replace(version, new Map([...files, ...anew]), line)) return due.map(([file]) => file);
  }
  throw new CertError('repository.moved', `other runs kept writing to account ${account}; run it again`);
}

async function openIn(account: string, file: string, text: string, sealer: Sealer): Promise<string> {
  try {
    return await sealer.open(text);
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    throw new CertError(error.code, `account ${account}, ${file}: ${messageOf(error)}`);
  }
}
