import { X509Certificate } from 'node:crypto';
import { parseCertificate } from '../../keys/certificate.js';
import { DAY_MS, dayOf } from '../../model/time.js';

/** What `openssl x509` would tell about a certificate, and whether its chain signed it. */
export function certificateFacts(certificatePem: string, chainPem: string): string {
  const certificate = new X509Certificate(certificatePem);
  const issuer = new X509Certificate(chainPem);
  const { names, notBeforeMs, notAfterMs, keyAlgorithm, serial } = parseCertificate(certificatePem);
  const signed = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  const days = Math.round((notAfterMs - notBeforeMs) / DAY_MS);
  return [
    `subject  ${certificate.subject}`,
    `names    ${names.join(', ')}`,
    `issuer   ${certificate.issuer}`,
    `valid    ${dayOf(notBeforeMs)} → ${dayOf(notAfterMs)}, ${days} days`,
    `key      ${keyAlgorithm}`,
    `serial   ${serial}`,
    `chain    ${signed ? 'signed by the issuing CA in chain.pem' : 'NOT signed by chain.pem'}`,
  ].join('\n');
}
