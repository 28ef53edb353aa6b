/** As much of DER (X.690) as certificates and their requests need: a library takes most of the time of a simulated year. */

const TAG = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

const lengthOf = (bytes: number): readonly number[] =>
  bytes < 0x80 ? [bytes] : bytes < 0x100 ? [0x81, bytes] : [0x82, bytes >> 8, bytes & 0xff];

/** One value, its content given in parts of 64 KiB at most in sum. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(bytes)]), ...parts]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(TAG.sequence, ...parts);
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(TAG.octets, ...parts);
/** Whole bytes. */
export const bits = (content: Uint8Array): Buffer => der(TAG.bits, Buffer.of(0), content);
/** @param hex  of a positive number, without a leading zero byte */
export const integer = (hex: string): Buffer => der(TAG.integer, Buffer.from(hex, 'hex'));
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.of(value ? 0xff : 0));
export const explicit = (number: number, content: Uint8Array): Buffer => der(0xa0 + number, content);

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return der(TAG.oid, Buffer.from(arcs));
}

/** A distinguished name of one-valued attributes, in their order. */
export const distinguishedName = (attributes: readonly (readonly [string, string])[]): Buffer =>
  sequence(
    ...attributes.map(([type, value]) =>
      der(TAG.set, sequence(oid(type), der(TAG.utf8, Buffer.from(value)))),
    ),
  );

/** A SAN extension (RFC 5280 §4.2.1.6) of DNS names. */
export const subjectAltNames = (names: readonly string[]): Buffer =>
  sequence(
    oid('2.5.29.17'),
    octets(sequence(...names.map((name) => der(0x82, Buffer.from(name, 'latin1'))))),
  );

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().slice(0, 19).replace(/[-:T]/g, '');
  const short = at.getUTCFullYear() < 2050;
  return der(short ? 0x17 : 0x18, Buffer.from(`${short ? digits.slice(2) : digits}Z`, 'latin1'));
}

/** A value as it stands in a text. */
export interface DerValue {
  readonly tag: number;
  /** Tag and length included. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/** The values that follow one another. @throws RangeError where they do not fill the bytes exactly */
export function readAllDer(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    const more = first < 0x80 ? 0 : first & 0x7f;
    if ((tag & 0x1f) === 0x1f || more > 2 || first === 0x80)
      throw new RangeError('no such DER is expected here');
    const start = at + 2 + more;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    if (start + length > bytes.length) throw new RangeError('the DER ends early');
    values.push({
      tag,
      whole: bytes.subarray(at, start + length),
      content: bytes.subarray(start, start + length),
    });
    at = start + length;
  }
  return values;
}
