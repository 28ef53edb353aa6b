import { type Answer, type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';
import { formatEndpoint } from '../../model/endpoint.js';
import { CertError } from '../../model/errors.js';
import type { Link } from './link.js';

export const DNS_PORT = 53;

/** RFC 1035 §4.1.1, RFC 2136 §2.2. */
export const RCODE = {
  NOERROR: 0,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NOTAUTH: 9,
  NOTZONE: 10,
} as const;

const RCODE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries({ FORMERR: 1, ...RCODE, NXRRSET: 8 }).map(([name, code]) => [code, name]),
);

export const rcodeText = (rcode: number): string => RCODE_NAMES[rcode] ?? `response code ${rcode}`;

export const rcodeOf = (message: Buffer): number => message.readUInt8(3) & 15;

/** Lower case, without a closing dot: how names are compared. */
export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** `192.0.2.53`, with its port where it is not 53. */
export const serverLabel = (to: { readonly host: string; readonly port: number }): string =>
  formatEndpoint(to, DNS_PORT);

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

export const encodeQuestion = (id: number, name: string, type: RecordType): Buffer =>
  encode({
    type: 'query',
    id,
    flags: QUERY_FLAGS,
    questions: [{ name: plainName(name), type, class: 'IN' }],
  });

/** @throws CertError `solver.failed` for what is no DNS message */
export function readReply(message: Buffer, label: string): Reply {
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
export function counter(start: number): () => number {
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
