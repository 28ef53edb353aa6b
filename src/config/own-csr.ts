import type { DnsName } from '../model/names.js';
import type { OwnCsr } from './certificate.js';
import type { Report } from './findings.js';
import { objectAt, textAt } from './json.js';
import type { Resolved } from './layers.js';

export interface InspectedCsr {
  readonly names: readonly DnsName[];
  /** `ecdsa-p256` … */
  readonly algorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly keyHash: string;
  /** Neither key nor signature hash is one that public CAs refuse. */
  readonly strong: boolean;
}

/** Reads a request; `problem` is the end of a sentence that starts with the file. */
export type InspectCsr = (pem: string) => Promise<InspectedCsr | { readonly problem: string }>;
export type ReadFile = (path: string) => string | undefined | Promise<string | undefined>;

export type LoadedCsr = OwnCsr & InspectedCsr;

const PATH = /^(?!\/)[^\p{Cc}\\:]+$/u;
const isInside = (path: string): boolean =>
  PATH.test(path) && path.split('/').every((it) => it !== '' && it !== '.' && it !== '..' && it !== '.git');

/** The CSR that `key: { csr: … }` points at; undefined when there is none or it cannot be used. */
export async function loadCsr(
  { values }: Resolved,
  readFile: ReadFile,
  inspect: InspectCsr,
  report: Report,
): Promise<LoadedCsr | undefined> {
  const path = textAt(objectAt(values, 'key'), 'csr');
  if (path === undefined) return undefined;
  const complain = (code: string, message: string, suggestion?: string): undefined => {
    report(['key', 'csr'], { code, message, ...(suggestion && { suggestion }) });
    return undefined;
  };
  if (!isInside(path))
    return complain(
      'csr.path',
      'The path leaves the repository.',
      'Write it from the root, such as requests/shop.csr.',
    );
  const csrPem = await readFile(path);
  if (csrPem === undefined)
    return complain('csr.missing', `There is no file ${path}.`, 'Commit it, with the path from the root.');
  const inspected = await inspect(csrPem);
  if ('problem' in inspected) return complain('csr.invalid', `${path} ${inspected.problem}.`);
  const { names, algorithm, keyHash, strong } = inspected;
  return { path, csrPem, names, algorithm, keyHash, strong };
}

/** A CSR may ask for fewer names than the manifest, never for others. */
export function checkCsrNames(csr: LoadedCsr, names: readonly DnsName[], report: Report): void {
  const foreign = csr.names.filter((it) => !names.includes(it));
  if (foreign.length > 0) {
    report(['key', 'csr'], {
      code: 'csr.names',
      message: `The CSR asks for ${foreign.join(', ')}, which the manifest does not name.`,
      suggestion: 'Add the names to the manifest, or make a new CSR.',
    });
    return;
  }
  const absent = names.filter((it) => !csr.names.includes(it));
  if (absent.length === 0) return;
  report(['key', 'csr'], {
    code: 'csr.names',
    severity: 'warning',
    message: `The CSR does not ask for ${absent.join(', ')}; some providers take the names from the CSR alone.`,
    suggestion: 'Make a new CSR with all names.',
  });
}

/** @param publicly  a public authority is to sign it, and refuses what is weak (Baseline Requirements §6.1.1.3, §6.1.5) */
export function checkCsrStrength(csr: LoadedCsr, publicly: boolean, report: Report): void {
  // Edwards curves are strong, and in no certificate the world trusts.
  if (csr.strong && !(publicly && csr.algorithm.startsWith('ed'))) return;
  report(['key', 'csr'], {
    code: 'csr.weak',
    ...(publicly ? {} : { severity: 'warning' as const }),
    message: `The CSR has a key (${csr.algorithm}) or a signature that ${publicly ? 'public authorities refuse' : 'is weak'}.`,
    suggestion: 'Make a new CSR with an RSA key of 2048 bits or more, or an ECDSA key, signed with SHA-256.',
  });
}
