import { derOf } from './pem.js';

/**
 * A certs-only SignedData (RFC 5652 §5, the `.p7b` of Windows and Java), leaf first. The same certificates give the
 * same bytes: nothing in it is random or dated.
 */
export async function certsOnlyPkcs7(certificates: readonly string[]): Promise<Buffer> {
  const pkijs = await import('pkijs');
  const signedData = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: pkijs.ContentInfo.DATA }),
    certificates: certificates.map((pem) => pkijs.Certificate.fromBER(derOf(pem))),
  });
  const info = new pkijs.ContentInfo({
    contentType: pkijs.ContentInfo.SIGNED_DATA,
    content: signedData.toSchema(true),
  });
  return Buffer.from(info.toSchema().toBER(false));
}
