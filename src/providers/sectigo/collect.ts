import { orderChain, parseCertificate, splitPem } from '../../keys/certificate.js';
import { toPem } from '../../keys/pem.js';
import { CertError } from '../../model/errors.js';
import type { CollectedCertificate } from '../../model/order.js';
import type { Addressed, SectigoClient } from './client.js';
import { type CodedReply, single } from './wire.js';

const CALL = 'CollectSSL';

/** What `CollectSSL` says of one order or certificate. */
export type Collected =
  | { readonly kind: 'pending'; readonly reply: CodedReply }
  | { readonly kind: 'issued'; readonly reply: CodedReply; readonly certificate: CollectedCertificate }
  | { readonly kind: 'rejected' | 'revoked'; readonly reply: CodedReply };

/** Status, and the certificate where there is one, in one call: polls are counted. */
export async function collectOrder(
  client: SectigoClient,
  address: Addressed,
  about: string,
): Promise<Collected> {
  const reply = await client.collect(
    {
      ...address,
      queryType: '1',
      responseFormat: '1',
      showValidityPeriod: 'Y',
      showExtStatus: 'Y',
      showStatusDetails: 'Y',
    },
    about,
  );
  switch (reply.code) {
    case 0:
    case -26:
      return { kind: 'pending', reply };
    case 1:
    case 2:
      return { kind: 'issued', reply, certificate: certificateOf(reply) };
    case -20:
      return { kind: 'rejected', reply };
    case -21:
      return { kind: 'revoked', reply };
    default:
      throw new CertError('wire.unexpected', `${CALL} gave the unknown code ${reply.code} for ${about}`);
  }
}

/** Status alone. */
export async function collectStatus(
  client: SectigoClient,
  address: Addressed,
  about: string,
): Promise<{ readonly code: number; readonly dateMs?: number }> {
  return client.collect({ ...address, queryType: '0', responseFormat: '1' }, about);
}

function certificateOf(reply: CodedReply): CollectedCertificate {
  const { leaf, others } = reply.lines.length > 0 ? fromLines(reply.lines) : fromFields(reply);
  return { certificatePem: leaf, chainPem: orderChain(leaf, others) };
}

function fromFields({ fields }: CodedReply) {
  const text = single(CALL, fields, 'certificate');
  const [leaf, ...more] = text === undefined ? [] : pemsOf(text);
  if (leaf === undefined || more.length > 0) {
    throw new CertError(
      'wire.unexpected',
      `${CALL} says that a certificate is attached, and none can be read`,
    );
  }
  return { leaf, others: (fields.get('cacertificate') ?? []).flatMap(pemsOf) };
}

/** In newline form the CA certificates come first and the one of the server last. */
function fromLines(lines: readonly string[]) {
  const pems = splitPem(lines.join('\n'));
  const leaf = pems.at(-1);
  if (leaf === undefined) {
    throw new CertError(
      'wire.unexpected',
      `${CALL} says that a certificate is attached, and none can be read`,
    );
  }
  return { leaf, others: pems.slice(0, -1) };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Armoured PEM, base64 of armoured PEM, or base64 of the DER: clients have met all three. */
function pemsOf(text: string): readonly string[] {
  const armoured = splitPem(text);
  if (armoured.length > 0) return armoured;
  const packed = text.replaceAll(/\s/g, '');
  if (!BASE64.test(packed)) return [];
  const bytes = Buffer.from(packed, 'base64');
  const inside = splitPem(bytes.toString('latin1'));
  return inside.length > 0 ? inside : [toPem('CERTIFICATE', bytes)];
}

/** Serial and end of what was collected. @throws CertError `wire.unexpected` */
export function factsOf(certificate: CollectedCertificate) {
  try {
    return parseCertificate(certificate.certificatePem);
  } catch (cause) {
    throw new CertError('wire.unexpected', `${CALL} attached something that is no certificate`, { cause });
  }
}
