import { type Answer, type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';
import type { Link } from '../../dns/link.js';
import { encodeUpdate, plainName, RCODE, rcodeOf, type UpdateRecord } from '../../dns/wire.js';
import { formatEndpoint } from '../../model/endpoint.js';
import { CertError } from '../../model/errors.js';
import { checkReply, signMessage, TSIG_ERROR, type TsigKey } from './tsig.js';

export const DNS_PORT = 53;

/** What a server says to a question. */
export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

/** A question put to one server, signed or not. */
export type Ask = (name: string, type: RecordType) => Promise<Reply>;

const QUERY_FLAGS = 0;

const encodeQuestion = (id: number, name: string, type: RecordType): Buffer =>
  encode({
    type: 'query',
    id,
    flags: QUERY_FLAGS,
    questions: [{ name: plainName(name), type, class: 'IN' }],
  });

/** @throws CertError `solver.failed` for what is no DNS message */
function readReply(message: Buffer, label: string): Reply {
  let packet: DecodedPacket;
  try {
    packet = decode(message);
  } catch (cause) {
    throw new CertError('solver.failed', `${label} answers with something that cannot be read`, { cause });
  }
  return {
    rcode: rcodeOf(message),
    authoritative: packet.flag_aa,
    answers: packet.answers ?? [],
    authorities: packet.authorities ?? [],
  };
}

/** Message ids of one connection, one after the other from a start nobody can guess. */
function counter(start: number): () => number {
  let next = start;
  return () => {
    next = (next + 1) % 65_536;
    return next;
  };
}

/** Questions as anybody may put them: to the servers the certificate authority will ask. */
export function plainAsk(link: Link, label: string, startId: number): Ask {
  const id = counter(startId);
  return async (name, type) => readReply(await link.ask(encodeQuestion(id(), name, type)), label);
}

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
    ask: async (name, type) => readReply(await send(encodeQuestion(id(), name, type)), label),
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

const RCODE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries({ FORMERR: 1, ...RCODE, NXRRSET: 8 }).map(([name, code]) => [code, name]),
);

export const rcodeText = (rcode: number): string => RCODE_NAMES[rcode] ?? `response code ${rcode}`;

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

/** `192.0.2.53`, with its port where it is not 53. */
export const serverLabel = (to: { readonly host: string; readonly port: number }): string =>
  formatEndpoint(to, DNS_PORT);
