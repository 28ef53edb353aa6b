import { createPublicKey } from 'node:crypto';
import { type DnsName, nameSet, parseName } from '../model/names.js';
import { describeKey, keyHashOf } from './algorithm.js';
import { loadX509 } from './x509.js';

/** What a PKCS#10 request asks for. */
export interface InspectedCsr {
  /** Normalised and sorted; the common name is one of them. */
  readonly names: readonly DnsName[];
  readonly commonName: DnsName | undefined;
  /** `rsa-2048`, `ecdsa-p256` … */
  readonly algorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
  /** Neither key nor signature hash is one that public CAs refuse. */
  readonly strong: boolean;
}

export interface CsrProblem {
  /** Why it cannot be used: a sentence's end, "the CSR …". */
  readonly problem: string;
}

const BLOCK =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/g;
const STRONG_HASHES: ReadonlySet<string> = new Set(['SHA-256', 'SHA-384', 'SHA-512']);
const problem = (text: string): CsrProblem => ({ problem: text });

/** Reads a request and proves that its key signed it. Never throws for what stands in the text. */
export async function inspectCsr(pem: string): Promise<InspectedCsr | CsrProblem> {
  if (/PRIVATE KEY-----/.test(pem))
    return problem('holds a private key, which must not lie in a repository: remove it and replace that key');
  const blocks = [...pem.matchAll(BLOCK)];
  if (blocks.length !== 1)
    return problem(`holds ${blocks.length} certificate requests; it must be one PEM block`);
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(blocks[0]?.[1] ?? '', 'base64'));
    if (!(await request.verify())) return problem('carries a signature that its own key did not make');
    const publicKey = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      type: 'spki',
      format: 'der',
    });
    const wanted = requestedNames(x509, request);
    if ('problem' in wanted) return wanted;
    const key = describeKey(publicKey);
    return {
      ...wanted,
      algorithm: key.algorithm,
      keyHash: keyHashOf(publicKey),
      strong: key.strong && hasStrongHash(key.algorithm, request.signatureAlgorithm),
    };
  } catch {
    return problem('cannot be read as a PKCS#10 request');
  }
}

type X509 = Awaited<ReturnType<typeof loadX509>>;
type Request = InstanceType<X509['Pkcs10CertificateRequest']>;

function requestedNames(
  x509: X509,
  request: Request,
): { names: readonly DnsName[]; commonName: DnsName | undefined } | CsrProblem {
  const alternative = request.extensions.find(
    (extension) => extension instanceof x509.SubjectAlternativeNameExtension,
  );
  const names: DnsName[] = [];
  for (const { type, value } of alternative?.names.items ?? []) {
    if (type !== 'dns')
      return problem(`asks for the ${type} name ${quoted(value)}; only host names can be ordered`);
    const parsed = parseName(value);
    if (!parsed.ok) return problem(`asks for the name ${quoted(value)}, which ${parsed.why}`);
    names.push(parsed.name);
  }
  const commonNames = request.subjectName.getField('CN');
  if (commonNames.length > 1) return problem('has more than one common name');
  const [raw] = commonNames;
  if (raw === undefined)
    return names.length === 0
      ? problem('names no host: neither a common name nor alternative names')
      : { names: nameSet(names), commonName: undefined };
  const common = parseName(raw);
  if (!common.ok) return problem(`has the common name ${quoted(raw)}, which ${common.why}`);
  return { names: nameSet([common.name, ...names]), commonName: common.name };
}

/** Shown in findings: short, and nothing that moves a terminal's cursor. */
const quoted = (value: string): string => JSON.stringify(value.slice(0, 80));

/** Edwards signatures bring their hash along. */
const hasStrongHash = (keyAlgorithm: string, signature: { hash?: { name: string } }): boolean =>
  keyAlgorithm.startsWith('ed') || STRONG_HASHES.has(signature.hash?.name ?? '');
