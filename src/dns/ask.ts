import { type Answer, encode, type RecordType } from 'dns-packet';
import { formatEndpoint } from '../model/endpoint.js';
import { CertError } from '../model/errors.js';
import type { Link } from './link.js';
import { type Asked, isDnsName, readMessage } from './message.js';
import { plainName } from './wire.js';

export const DNS_PORT = 53;

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

/**
 * How one message travels to a server and its answer back.
 * @throws CertError
 */
export type Exchange = (message: Buffer) => Promise<Buffer>;

/** Not recursive: what the server itself knows. */
const QUERY_FLAGS = 0;

/** @throws CertError `solver.blocked` for what cannot be asked */
function encodeQuestion(id: number, { name, type }: Asked): Buffer {
  if (!isDnsName(name)) {
    throw new CertError('solver.blocked', `${name} is longer than a DNS name can be`);
  }
  return encode({ type: 'query', id, flags: QUERY_FLAGS, questions: [{ name, type, class: 'IN' }] });
}

/** @throws CertError `solver.failed` for what is no answer to the question */
function readReply(message: Buffer, asked: Asked, label: string): Reply {
  const said = readMessage(message, asked);
  if (said.kind === 'nothing') throw new CertError('solver.failed', `${label} ${said.why}`);
  const { packet } = said;
  // By TCP everything fits.
  if (packet.flag_tc) throw new CertError('solver.failed', `${label} cuts its answer by TCP as well`);
  return {
    rcode: said.rcode,
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

/** Questions to one server, by whatever carries its messages. */
export const askBy =
  (exchange: Exchange, label: string, id: () => number): Ask =>
  async (name, type) => {
    const asked = { name: plainName(name), type };
    return readReply(await exchange(encodeQuestion(id(), asked)), asked, label);
  };

/** Questions as anybody may put them: to the servers the certificate authority will ask. */
export const plainAsk = (link: Link, label: string, startId: number): Ask =>
  askBy((message) => link.ask(message), label, counter(startId));
