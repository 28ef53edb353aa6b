import { createHash } from 'node:crypto';
import { derOf } from './pem.js';

export interface Pkcs12Input {
  readonly certificatePem: string;
  /** Intermediates, issuer first. */
  readonly chainPem: readonly string[];
  /** PKCS#8 DER. */
  readonly keyDer: Buffer;
  readonly password: string;
  readonly friendlyName: string;
}

const KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
/** The same for encryption and MAC, since the cheaper one is what a guesser attacks. */
const ITERATIONS = 100_000;

/** A PKCS#12 file (RFC 7292) of today: AES-256-CBC under PBKDF2-SHA-256, MAC by HMAC-SHA-256; RSA and EC. */
export async function modernPkcs12(input: Pkcs12Input): Promise<Buffer> {
  const [pkijs, asn1js] = await Promise.all([import('pkijs'), import('asn1js')]);
  const password = arrayBuffer(Buffer.from(input.password, 'utf8'));
  const encryption = () => ({
    password,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256, iv: new ArrayBuffer(0) },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  });

  const leafDer = derOf(input.certificatePem);
  // Key and certificate find each other by this id in Java and Windows; OpenSSL takes the SHA-1 too.
  const localKeyId = createHash('sha1').update(leafDer).digest();
  const pairAttributes = () => [
    new pkijs.Attribute({
      type: FRIENDLY_NAME,
      values: [new asn1js.BmpString({ value: input.friendlyName })],
    }),
    new pkijs.Attribute({
      type: LOCAL_KEY_ID,
      values: [new asn1js.OctetString({ valueHex: arrayBuffer(localKeyId) })],
    }),
  ];

  const keyBag = new pkijs.PKCS8ShroudedKeyBag({ parsedValue: pkijs.PrivateKeyInfo.fromBER(input.keyDer) });
  await keyBag.makeInternalValues(encryption());
  const keys = new pkijs.SafeContents({
    safeBags: [new pkijs.SafeBag({ bagId: KEY_BAG, bagValue: keyBag, bagAttributes: pairAttributes() })],
  });
  const certificateBag = (der: Buffer) => new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(der) });
  const certificates = new pkijs.SafeContents({
    safeBags: [
      new pkijs.SafeBag({
        bagId: CERTIFICATE_BAG,
        bagValue: certificateBag(leafDer),
        bagAttributes: pairAttributes(),
      }),
      ...input.chainPem.map(
        (pem) => new pkijs.SafeBag({ bagId: CERTIFICATE_BAG, bagValue: certificateBag(derOf(pem)) }),
      ),
    ],
  });

  const safe = new pkijs.AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: 0, value: keys },
        { privacyMode: 1, value: certificates },
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}, encryption()] });
  const pfx = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await pfx.makeInternalValues({
    password,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER(false));
}

/** A buffer of its own: `buffer.buffer` may be a shared pool. */
const arrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
