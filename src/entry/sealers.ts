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
    folder: context.cwd,
    signal: context.signal,
    variable: (name) => context.env[name],
  });
  return isFromProposal(context, keystore.run) ? refusing(opened) : opened;
}

/** A program that lies in the checkout, where that is somebody's proposal: nothing of it is executed. */
const isFromProposal = ({ isProposal }: Context, [program = '']: readonly string[]): boolean =>
  isProposal === true && program.includes('/') && !program.startsWith('/');

function refusing({ mark }: Keystore): Keystore {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new CertError('key.keystore', 'the keystore is a file of this proposal, and is not started', {
        remedy: 'give an absolute path under `keys: keystore: run:` where proposals have to open something',
      }),
    );
  return { mark, wrap: refuse, unwrap: refuse };
}
