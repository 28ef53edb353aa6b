import { existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import { createSealer } from '../keys/age.js';
import { keystoreMark } from '../keys/marks.js';
import type { Configuration } from '../model/configuration.js';
import { CertError } from '../model/errors.js';
import type { Secret } from '../model/secret.js';
import type { Keystore, Sealer, SealPurpose } from '../ports/keystore.js';
import { execKeystore } from '../programs/keystore.js';
import type { Context } from './context.js';

type Keys = Configuration['keys'];

/** Seals to whoever the configuration names; identities are looked for only when something has to be opened. */
export function sealerOf(
  context: Context,
  keys: Keys,
  purpose: SealPurpose,
  identities: () => Promise<readonly Secret[]>,
): Sealer {
  const keystore = openKeystore(context, keys);
  const options = {
    recipients: purpose === 'runner' ? keys.runnerRecipients : keys.recipients,
    purpose,
    ...(keystore === undefined ? {} : { keystore }),
  };
  return {
    seal: (plain, formerly) => createSealer({ ...options, identities: [] }).seal(plain, formerly),
    async open(sealed) {
      return createSealer({ ...options, identities: await identities() }).open(sealed);
    },
  };
}

/** The keystore of the configuration; starts nothing by itself. */
export function openKeystore(context: Context, { keystore }: Pick<Keys, 'keystore'>): Keystore | undefined {
  if (!keystore) return undefined;
  const opened = execKeystore(keystore, keystoreMark(keystore), {
    // Nothing of a proposal is found by a relative path, whoever of the programs reads it.
    folder: context.isProposal === true ? parse(context.cwd).root : context.cwd,
    signal: context.signal,
    variable: (name) => context.env[name],
  });
  return isFromProposal(context, keystore.run) ? refusing(opened) : opened;
}

/**
 * A program that lies in the checkout, or is handed a file there, where that is somebody's proposal: nothing of it is
 * executed, not by an interpreter either.
 */
function isFromProposal({ isProposal, cwd, env }: Context, run: readonly string[]): boolean {
  if (isProposal !== true) return false;
  const [program = ''] = run;
  if (program.includes('/') && !isAbsolute(program)) return true;
  const top = topOf(cwd);
  const isOfIt = (path: string): boolean => `${realPath(path)}${sep}`.startsWith(`${realPath(top)}${sep}`);
  const found = program.includes('/') ? [] : (env.PATH ?? '').split(delimiter).map((at) => join(at, program));
  return (
    found.some((path) => isFile(path) && isOfIt(path)) ||
    run.some((word) => word.includes(top) || (isAbsolute(word) ? isOfIt(word) : isFile(resolve(cwd, word))))
  );
}

/** Top of the work tree that a folder lies in; outside of any the folder itself. */
function topOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** What does not exist is no link. */
const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

function refusing({ mark }: Keystore): Keystore {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new CertError('key.keystore', 'the keystore is a file of this proposal, and is not started', {
        remedy:
          'give absolute paths outside of the checkout under `keys: keystore: run:` where proposals have to open something',
      }),
    );
  return { mark, wrap: refuse, unwrap: refuse };
}
