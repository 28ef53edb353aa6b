import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify,
} from 'node:crypto';
import { derOf, toPem } from '../../../src/keys/pem.js';
import {
  bits,
  boolean,
  der,
  distinguishedName,
  explicit,
  integer,
  octets,
  oid,
  readAllDer,
  sequence,
  subjectAltNames,
  time,
} from './der.js';

const YEARS_MS = 40 * 365 * 86_400_000;
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** Signature algorithms of requests, by the OID in hex. */
const HASHES: Readonly<Record<string, string>> = {
  [oid('1.2.840.10045.4.3.2').toString('hex')]: 'sha256',
  [oid('1.2.840.10045.4.3.3').toString('hex')]: 'sha384',
  [oid('1.2.840.113549.1.1.11').toString('hex')]: 'sha256',
};

/** Positive and without leading zeros, so that every tool prints it alike. */
const newSerial = (): string => `4${randomBytes(16).toString('hex').slice(1)}`;

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const newKeys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

export interface Signed {
  readonly certificatePem: string;
  readonly serial: string;
}

export interface ThrowAwayCa {
  readonly rootPem: string;
  readonly issuingPem: string;
  /** @param spki  the public key, DER */
  sign(spki: Buffer, names: readonly string[], notBefore: Date, notAfter: Date): Signed;
}

interface Wanted {
  readonly serial: string;
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly spki: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

/** A certificate of version 3 (RFC 5280 §4.1), DER. */
function certificate(wanted: Wanted, key: KeyObject): Buffer {
  const { serial, subject, issuer, spki, notBefore, notAfter, extensions } = wanted;
  const signed = sequence(
    explicit(0, integer('02')),
    integer(serial),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki,
    explicit(3, sequence(...extensions)),
  );
  return sequence(signed, ECDSA_WITH_SHA256, bits(signBytes('sha256', signed, key)));
}

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
/** Named bits: how many of the byte are not used, and the byte. */
const keyUsage = (unused: number, flags: number): Buffer =>
  extension('2.5.29.15', der(0x03, Buffer.of(unused, flags)), true);

/** Of the bits of the key (RFC 5280 §4.2.1.2), whatever they are. */
const keyId = (spki: Buffer): Buffer => createHash('sha1').update(spki).digest();
const subjectKeyId = (spki: Buffer): Buffer => extension('2.5.29.14', octets(keyId(spki)));
const authorityKeyId = (spki: Buffer): Buffer => extension('2.5.29.35', sequence(der(0x80, keyId(spki))));

const CA_USAGE = keyUsage(1, 0x06);
const NO_CA = extension('2.5.29.19', sequence(), true);
const SIGNATURES = keyUsage(7, 0x80);
const FOR_SERVERS = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')));

/** A root and an issuing CA whose keys never leave the process. */
export function throwAwayCa(nowMs: number): ThrowAwayCa {
  const dates = { notBefore: new Date(nowMs - 86_400_000), notAfter: new Date(nowMs + YEARS_MS) };
  const nameOf = (commonName: string) =>
    distinguishedName([
      [COMMON_NAME, commonName],
      [ORGANIZATION, 'Paid Test'],
    ]);
  const [rootKeys, issuingKeys] = [newKeys(), newKeys()];
  const [rootSpki, issuingSpki] = [spkiOf(rootKeys.publicKey), spkiOf(issuingKeys.publicKey)];
  const [root, issuing] = [nameOf('Throw-away Root'), nameOf('Throw-away Issuing CA')];
  const rootDer = certificate(
    {
      serial: newSerial(),
      subject: root,
      issuer: root,
      spki: rootSpki,
      ...dates,
      extensions: [extension('2.5.29.19', sequence(boolean(true)), true), CA_USAGE, subjectKeyId(rootSpki)],
    },
    rootKeys.privateKey,
  );
  const issuingDer = certificate(
    {
      serial: newSerial(),
      subject: issuing,
      issuer: root,
      spki: issuingSpki,
      ...dates,
      extensions: [
        extension('2.5.29.19', sequence(boolean(true), integer('00')), true),
        CA_USAGE,
        subjectKeyId(issuingSpki),
        authorityKeyId(rootSpki),
      ],
    },
    rootKeys.privateKey,
  );
  const issuer = authorityKeyId(issuingSpki);
  return {
    rootPem: toPem('CERTIFICATE', rootDer),
    issuingPem: toPem('CERTIFICATE', issuingDer),
    sign: (spki, names, notBefore, notAfter) => {
      const serial = newSerial();
      const leaf = certificate(
        {
          serial,
          subject: distinguishedName([[COMMON_NAME, names[0] ?? '']]),
          issuer: issuing,
          spki,
          notBefore,
          notAfter,
          extensions: [NO_CA, SIGNATURES, FOR_SERVERS, subjectAltNames(names), subjectKeyId(spki), issuer],
        },
        issuingKeys.privateKey,
      );
      return { certificatePem: toPem('CERTIFICATE', leaf), serial };
    },
  };
}

export interface ReadCsr {
  readonly names: readonly string[];
  readonly sha256: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
}

/** Requests read before: simulated lives send the same ones again and again. */
const read = new Map<string, ReadCsr>();
const MAX_READ = 10_000;

/** A request (RFC 2986) whose own signature holds; undefined for anything else. */
export function readCsr(pem: string): ReadCsr | undefined {
  const known = read.get(pem) ?? readNew(pem);
  if (known && read.size < MAX_READ) read.set(pem, known);
  return known;
}

function readNew(pem: string): ReadCsr | undefined {
  try {
    const whole = derOf(pem);
    const [request] = readAllDer(whole);
    const [info, algorithm, signature] = readAllDer(request?.content ?? Buffer.of());
    const [, , spki, attributes] = readAllDer(info?.content ?? Buffer.of());
    if (!info || !algorithm || !signature || !spki || !attributes) return undefined;
    const hash = HASHES[readAllDer(algorithm.content)[0]?.whole.toString('hex') ?? ''];
    const key = createPublicKey({ key: spki.whole, type: 'spki', format: 'der' });
    if (hash === undefined || !verify(hash, info.whole, key, signature.content.subarray(1))) return undefined;
    return {
      names: namesOf(attributes.content),
      sha256: createHash('sha256').update(whole).digest('hex'),
      spki: spki.whole,
    };
  } catch {
    return undefined;
  }
}

const EXTENSION_REQUEST = oid('1.2.840.113549.1.9.14');
const SUBJECT_ALT_NAME = oid('2.5.29.17');

/** The DNS names of the SAN extension that the attributes of a request ask for. */
function namesOf(attributes: Buffer): readonly string[] {
  const values = (bytes: Buffer | undefined) => readAllDer(bytes ?? Buffer.of());
  return values(attributes)
    .map(({ content }) => values(content))
    .filter(([type]) => type?.whole.equals(EXTENSION_REQUEST))
    .flatMap(([, set]) => values(values(set?.content)[0]?.content))
    .map(({ content }) => values(content))
    .filter(([type]) => type?.whole.equals(SUBJECT_ALT_NAME))
    .flatMap((parts) => values(values(parts.at(-1)?.content)[0]?.content))
    .filter(({ tag }) => tag === 0x82)
    .map(({ content }) => content.toString('latin1'));
}

/** A key nobody asked for, DER. */
export const strangeKey = (): Buffer => spkiOf(newKeys().publicKey);
