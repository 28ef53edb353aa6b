// @peculiar/x509 throws at import unless this stands first.
import 'reflect-metadata';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';

export type CsrProblem = 'base64' | 'encoding' | 'signature' | 'algorithm' | 'size';

export interface ReadCsr {
  readonly der: Buffer;
  readonly spkiDer: Buffer;
  /** Hex, lower case, of the DER request. */
  readonly md5: string;
  readonly sha256: string;
  /** SHA-256 of the public key, hex. */
  readonly keyHash: string;
  readonly commonNames: readonly string[];
  /** dNSNames and IP addresses of the requested subjectAltName. */
  readonly alternativeNames: readonly string[];
  /** First value of each subject attribute, by its short name: `O`, `C`, `L`, `ST` … */
  readonly subject: Readonly<Record<string, string>>;
}

export type Csr = ReadCsr | { readonly problem: CsrProblem };

const BLOCK =
  /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+)-----END (?:NEW )?CERTIFICATE REQUEST-----$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const RSA_BITS = { smallest: 2048, largest: 8192 };
const SUBJECT = ['CN', 'O', 'OU', 'L', 'ST', 'C'] as const;

/** Reads a PKCS#10 request, with or without its BEGIN and END lines, and says what is wrong with it. */
export async function readCsr(text: string): Promise<Csr> {
  const trimmed = text.trim();
  const base64 = (BLOCK.exec(trimmed)?.[1] ?? trimmed).replaceAll(/\s/g, '');
  if (!BASE64.test(base64)) return { problem: 'base64' };
  const der = Buffer.from(base64, 'base64');
  let request: Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new Pkcs10CertificateRequest(der);
  } catch {
    return { problem: 'encoding' };
  }
  const spkiDer = Buffer.from(request.publicKey.rawData);
  try {
    key = createPublicKey({ key: spkiDer, format: 'der', type: 'spki' });
  } catch {
    return { problem: 'algorithm' };
  }
  const weak = keyProblem(key);
  if (weak !== undefined) return { problem: weak };
  if (!(await request.verify().catch(() => false))) return { problem: 'signature' };
  const extension = request.extensions.find((found) => found instanceof SubjectAlternativeNameExtension);
  const hash = (algorithm: string, data: Buffer) => createHash(algorithm).update(data).digest('hex');
  const subject = SUBJECT.flatMap((name) => {
    const [value] = request.subjectName.getField(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    der,
    spkiDer,
    md5: hash('md5', der),
    sha256: hash('sha256', der),
    keyHash: hash('sha256', spkiDer),
    commonNames: request.subjectName.getField('CN'),
    alternativeNames: (extension?.names.items ?? [])
      .filter(({ type }) => type === 'dns' || type === 'ip')
      .map(({ value }) => value),
    subject: Object.fromEntries(subject),
  };
}

function keyProblem({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): CsrProblem | undefined {
  if (asymmetricKeyType === 'ec') {
    return CURVES.has(asymmetricKeyDetails?.namedCurve ?? '') ? undefined : 'algorithm';
  }
  if (asymmetricKeyType !== 'rsa') return 'algorithm';
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return bits < RSA_BITS.smallest || bits > RSA_BITS.largest ? 'size' : undefined;
}
