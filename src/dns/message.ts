import { type DecodedPacket, decode, type RecordType } from 'dns-packet';
import { messageOf } from '../model/errors.js';
import { plainName, rcodeOf } from './wire.js';

/** Of one message: more proofs than this do not fit into one. */
const MAX_RECORDS = 1_500;
const MAX_NAME_CHARACTERS = 253;
const MAX_LABEL_CHARACTERS = 63;

/** What was asked; the name in lower case, without a closing dot. */
export interface Asked {
  readonly name: string;
  readonly type: RecordType;
}

export type Said =
  | { readonly kind: 'message'; readonly rcode: number; readonly packet: DecodedPacket }
  /** Not to be believed: what the server does, as the rest of a sentence that begins with its name. */
  | { readonly kind: 'nothing'; readonly why: string };

/** dns-packet writes any name, DNS does not take it. */
export const isDnsName = (name: string): boolean =>
  name.length <= MAX_NAME_CHARACTERS &&
  name.split('.').every((label) => label.length <= MAX_LABEL_CHARACTERS);

const CUT = { flag_tc: true } as DecodedPacket;

/** Bounds first: the numbers in the header are the far side's, and decoding believes them. */
export function readMessage(message: Buffer, { name, type }: Asked): Said {
  const nothing = (why: string): Said => ({ kind: 'nothing', why });
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (records > MAX_RECORDS) return nothing(`answers with ${records} records, more than anybody needs`);
  if (message.readUInt16BE(4) > 1) return nothing('answers several questions at once');
  let packet: DecodedPacket;
  try {
    packet = decode(message);
  } catch (error) {
    // A message that is cut is whole only by TCP.
    const cut = (message.readUInt8(2) & 2) !== 0;
    if (cut) return { kind: 'message', rcode: rcodeOf(message), packet: CUT };
    return nothing(`answers with something that cannot be read (${messageOf(error)})`);
  }
  const asked = packet.questions?.[0];
  const same = asked === undefined || (plainName(asked.name) === name && asked.type === type);
  return same
    ? { kind: 'message', rcode: rcodeOf(message), packet }
    : nothing('answers another question than it was asked');
}
