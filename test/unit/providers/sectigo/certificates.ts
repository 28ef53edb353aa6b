import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const keys = () => crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
const dates = { notBefore: new Date('2026-06-01'), notAfter: new Date('2027-06-01') };
const pem = (text: { toString(format: 'pem'): string }): string => `${text.toString('pem').trim()}\n`;

/** A leaf with its issuing CA and root, and the request it was made for. */
export async function caFor(name: string) {
  const [rootKeys, issuingKeys, leafKeys] = await Promise.all([keys(), keys(), keys()]);
  const ca = new BasicConstraintsExtension(true, undefined, true);
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Root',
    keys: rootKeys,
    signingAlgorithm: P256,
    extensions: [ca],
    ...dates,
  });
  const issuing = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=Issuing',
    issuer: root.subject,
    publicKey: issuingKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: P256,
    extensions: [ca],
    ...dates,
  });
  const names = new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]);
  const leaf = await X509CertificateGenerator.create({
    serialNumber: '0a1b',
    subject: `CN=${name}`,
    issuer: issuing.subject,
    publicKey: leafKeys.publicKey,
    signingKey: issuingKeys.privateKey,
    signingAlgorithm: P256,
    extensions: [names, new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1'])],
    ...dates,
  });
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys: leafKeys,
    signingAlgorithm: P256,
    extensions: [names],
  });
  return { leaf: pem(leaf), issuing: pem(issuing), root: pem(root), csr: pem(csr) };
}
