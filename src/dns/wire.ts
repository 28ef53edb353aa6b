/**
 * The bytes of DNS messages that dns-packet cannot write: UPDATE (RFC 2136) with the classes NONE and ANY, and where a
 * message's last record begins, for TSIG.
 */
export const TYPE = { CNAME: 5, SOA: 6, TXT: 16, TSIG: 250, ANY: 255 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
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

const OPCODE_UPDATE = 5 << 11;
const HEADER_BYTES = 12;
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 255;

/** A record of an UPDATE message. */
export interface UpdateRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Buffer;
}

/** Lower case, without a closing dot: how names are compared. */
export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/**
 * Uncompressed and in lower case, as TSIG wants it too.
 * @throws RangeError for a text that is no name
 */
export function encodeName(name: string): Buffer {
  const labels = plainName(name)
    .split('.')
    .filter((label) => label !== '');
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'utf8');
    if (bytes.length > MAX_LABEL_BYTES) throw new RangeError(`${name} has a label of ${bytes.length} bytes`);
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  const encoded = Buffer.concat([...parts, Buffer.of(0)]);
  if (encoded.length > MAX_NAME_BYTES) throw new RangeError(`${name} is longer than a DNS name can be`);
  return encoded;
}

/** Character strings of at most 255 bytes each. */
export function encodeText(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const pieces: Buffer[] = [];
  for (let i = 0; i === 0 || i < bytes.length; i += 255) {
    const piece = bytes.subarray(i, i + 255);
    pieces.push(Buffer.of(piece.length), piece);
  }
  return Buffer.concat(pieces);
}

export function encodeRecord({ name, type, class: klass, ttl, data }: UpdateRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(klass, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

/** RFC 2136 §2: one zone, what must hold before, what changes. All of it happens, or nothing. */
export function encodeUpdate(
  id: number,
  zone: string,
  prerequisites: readonly UpdateRecord[],
  updates: readonly UpdateRecord[],
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(OPCODE_UPDATE, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(prerequisites.length, 6);
  header.writeUInt16BE(updates.length, 8);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(TYPE.SOA, 0);
  question.writeUInt16BE(CLASS.IN, 2);
  return Buffer.concat([
    header,
    encodeName(zone),
    question,
    ...prerequisites.map(encodeRecord),
    ...updates.map(encodeRecord),
  ]);
}

export const rcodeOf = (message: Buffer): number => message.readUInt8(3) & 15;

/** Offset behind a name. @throws RangeError for a message that is cut */
export function skipName(message: Buffer, offset: number): number {
  for (let at = offset; ; ) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 192) return at + 2;
    at += 1 + length;
  }
}

/** Where the last record of a message begins; undefined where it has no additional one. @throws RangeError */
export function lastRecordAt(message: Buffer): number | undefined {
  const questions = message.readUInt16BE(4);
  const additional = message.readUInt16BE(10);
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + additional;
  if (additional === 0) return undefined;
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i += 1) at = skipName(message, at) + 4;
  for (let i = 1; i < records; i += 1) {
    const fixed = skipName(message, at);
    at = fixed + 10 + message.readUInt16BE(fixed + 8);
  }
  return at;
}
