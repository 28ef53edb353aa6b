/** A certs-only SignedData (RFC 5652 §5), DER. */
export async function certsOnlyPkcs7(pems: readonly string[]): Promise<Buffer> {
  const { Certificate, ContentInfo, EncapsulatedContentInfo, SignedData } = await import('pkijs');
  const derOf = (pem: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64'));
  const signedData = new SignedData({
    version: 1,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: ContentInfo.DATA }),
    certificates: pems.map((pem) => Certificate.fromBER(derOf(pem))),
  });
  const info = new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content: signedData.toSchema(true) });
  return Buffer.from(info.toSchema().toBER(false));
}
