import type { ChainFault, ShownCertificate } from '../model/served.js';
import { SECOND_MS } from '../model/time.js';
import { isIssuedBy, orderChain, parseCertificate, splitPem, subjectOf, verifyChain } from './certificate.js';
import { toPem } from './pem.js';

const LABEL = 'CERTIFICATE';
const LONGEST_NAME = 120;

/** Other people's text on one short line. */
function clip(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length <= LONGEST_NAME ? line : `${line.slice(0, LONGEST_NAME - 1)}…`;
}

/**
 * What a server shows of itself.
 * @param der  its own certificate
 * @throws CertError `certificate.invalid`
 */
export function readShown(der: Uint8Array): ShownCertificate {
  const pem = toPem(LABEL, der);
  const { sha256, serial, issuer, names, notBeforeMs, notAfterMs, keyAlgorithm } = parseCertificate(pem);
  return {
    sha256,
    serial,
    issuer: clip(issuer),
    names: names.map(clip),
    notBeforeMs,
    notAfterMs,
    selfSigned: isIssuedBy(pem, pem),
    keyAlgorithm,
  };
}

/**
 * What is wrong with the chain a server sends with a certificate that we published. Clients have the roots and nothing else,
 * so everything between has to come from the server, each certificate after the one it issued (RFC 5246 §7.4.2; RFC 8446
 * §4.4.2 lets clients look for the order themselves, and not all do). A root that is sent, too, is no fault.
 * @param sent  DER as it was sent, the server's own first
 * @param publishedChain  PEM of our chain, issuer first, without root
 * @throws CertError `certificate.invalid` for the server's own
 */
export function chainFaults(
  sent: readonly Uint8Array[],
  publishedChain: readonly string[],
  atMs: number,
): readonly ChainFault[] {
  const [leaf = '', ...rest] = sent.map((der) => toPem(LABEL, der));
  const chain = orderChain(leaf, rest);
  const top = chain.at(-1) ?? leaf;
  const published = publishedChain.flatMap(splitPem);
  // Roots are many, and parsed when they are asked for.
  let verdict: { readonly why: string | undefined } | undefined;
  const isPublic = (): boolean => {
    verdict ??= { why: verifyChain(leaf, rest, 'public', atMs) };
    return verdict.why === undefined;
  };
  const isWhole =
    top === (published.at(-1) ?? leaf) || rest.some((root) => isRootOf(root, top)) || isPublic();
  const ended = chain.filter((pem) => parseCertificate(pem).notAfterMs + SECOND_MS <= atMs);
  const order = rest.filter((pem, i) => chain.includes(pem) && rest.indexOf(pem) === i);
  return [
    ...(isWhole ? [] : [{ kind: 'missing' as const, issuer: clip(parseCertificate(top).issuer) }]),
    ...(ended.length === 0 || isPublic()
      ? []
      : ended.map((pem) => ({
          kind: 'expired' as const,
          certificate: clip(subjectOf(pem)),
          notAfterMs: parseCertificate(pem).notAfterMs,
        }))),
    ...(order.every((pem, i) => pem === chain[i]) ? [] : [{ kind: 'order' as const }]),
  ];
}

/** A certificate that issued itself and the last one of the chain; whatever else was sent may be no certificate at all. */
function isRootOf(pem: string, top: string): boolean {
  try {
    return isIssuedBy(pem, pem) && isIssuedBy(top, pem);
  } catch {
    return false;
  }
}
