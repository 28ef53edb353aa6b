import { type Ask, askBy, counter } from '../../dns/ask.js';
import type { Link } from '../../dns/link.js';
import { encodeUpdate, RCODE, rcodeOf, rcodeText, type UpdateRecord } from '../../dns/wire.js';
import { CertError } from '../../model/errors.js';
import { checkReply, signMessage, TSIG_ERROR, type TsigKey } from './tsig.js';

/** The server that takes updates, every message signed with the key. */
export interface Primary {
  readonly label: string;
  readonly key: TsigKey;
  readonly ask: Ask;
  /** One zone, all or nothing. @returns the response code @throws CertError */
  update(
    zone: string,
    prerequisites: readonly UpdateRecord[],
    updates: readonly UpdateRecord[],
  ): Promise<number>;
}

export function signedPrimary(
  link: Link,
  options: { readonly label: string; readonly key: TsigKey; readonly startId: number; now(): number },
): Primary {
  const { label, key } = options;
  const id = counter(options.startId);
  const send = async (message: Buffer): Promise<Buffer> => {
    const { signed, mac } = signMessage(message, key, options.now());
    const reply = await link.ask(signed);
    const checked = checkReply(reply, key, mac);
    if (checked.kind === 'genuine') return checked.message;
    throw checked.kind === 'refused'
      ? tsigRefusal(checked.error, label, key)
      : unsigned(rcodeOf(reply), label, key);
  };
  return {
    label,
    key,
    ask: askBy(send, label, id),
    update: async (zone, prerequisites, updates) =>
      rcodeOf(await send(encodeUpdate(id(), zone, prerequisites, updates))),
  };
}

function tsigRefusal(error: number, label: string, { name, algorithm }: TsigKey): CertError {
  switch (error) {
    case TSIG_ERROR.BADKEY:
      return new CertError('solver.refused', `${label} does not know the key ${name} (BADKEY)`, {
        remedy: `add a key of that name with ${algorithm} there, or correct the name of the key here`,
      });
    case TSIG_ERROR.BADSIG:
      return new CertError('solver.refused', `${label} finds the signature with ${name} wrong (BADSIG)`, {
        remedy: 'the secret differs: use the one the server has',
      });
    case TSIG_ERROR.BADTIME:
      return new CertError('solver.refused', `${label} has another time than this machine (BADTIME)`, {
        remedy: 'set the clocks of both by NTP; five minutes are the most they may differ',
      });
    default:
      return new CertError(
        'solver.refused',
        `${label} does not accept the signature with ${name} (error ${error})`,
      );
  }
}

function unsigned(rcode: number, label: string, { name }: TsigKey): CertError {
  if (rcode === RCODE.NOERROR) {
    return new CertError(
      'solver.failed',
      `an answer of ${label} is not signed with ${name} and was not believed`,
      {
        remedy: 'name the server that knows the key under server:, not one that forwards to it',
      },
    );
  }
  return new CertError('solver.refused', `${label} refuses without a signature: ${rcodeText(rcode)}`, {
    remedy: `let the key ${name} in there (allow-query and update-policy in BIND, an acl in Knot)`,
  });
}

/** Why an update was not made, as one sentence with what to do. */
export function updateRefusal(rcode: number, zone: string, { label, key }: Primary): CertError {
  const code = rcodeText(rcode);
  switch (rcode) {
    case RCODE.REFUSED:
    case RCODE.NOTIMP:
      return new CertError(
        'solver.refused',
        `${label} refuses to change ${zone} for the key ${key.name} (${code})`,
        {
          remedy: `allow it there: update-policy { grant ${key.name} zonesub TXT CNAME; } in BIND, an acl with action: update in Knot`,
        },
      );
    case RCODE.NOTAUTH:
    case RCODE.NOTZONE:
      return new CertError('solver.zone', `${label} is not the primary server of ${zone} (${code})`, {
        remedy: 'write the address of the primary under server:',
      });
    default:
      return new CertError('solver.failed', `${label} did not change ${zone}: ${code}`, {
        remedy: 'see the log of that server',
      });
  }
}
