import { orderChain, type ParsedCertificate, parseCertificate, splitPem } from '../../keys/certificate.js';
import { CertError } from '../../model/errors.js';
import type { CollectedCertificate } from '../../model/order.js';
import type { ShopProduct } from './options.js';
import { fieldOf, type Service } from './service.js';

export interface FoundCertificate extends Pick<ParsedCertificate, 'serial' | 'keyHash' | 'names'> {
  readonly notAfterMs: number;
  readonly collected: CollectedCertificate;
}

/**
 * The certificate in the mapped fields; undefined while none stands there. Of several the one for this key, else the only
 * one that names anything.
 * @throws CertError `wire.unexpected` for something that is no certificate
 */
export function certificateIn(
  product: ShopProduct,
  service: Service,
  keyHash?: string,
): FoundCertificate | undefined {
  const texts = [fieldOf(product, service, 'certificate') ?? '', fieldOf(product, service, 'chain') ?? ''];
  const pems = [...new Set(texts.flatMap((text) => splitPem(text)))];
  if (pems.length === 0) {
    if (texts[0] === '') return undefined;
    throw unreadable(service);
  }
  const parsed = pems.map((pem) => readable(service, pem));
  const ends = parsed.filter(({ names }) => names.length > 0);
  const leaf = ends.find((one) => one.keyHash === keyHash) ?? (ends.length === 1 ? ends[0] : undefined);
  if (leaf === undefined) throw unreadable(service);
  const others = pems.filter((pem) => pem !== leaf.pem);
  return {
    serial: leaf.serial,
    keyHash: leaf.keyHash,
    names: leaf.names,
    notAfterMs: leaf.notAfterMs,
    collected: { certificatePem: leaf.pem, chainPem: orderChain(leaf.pem, others) },
  };
}

function readable(service: Service, pem: string): ParsedCertificate {
  try {
    return parseCertificate(pem);
  } catch (cause) {
    throw unreadable(service, cause);
  }
}

const unreadable = (service: Service, cause?: unknown): CertError =>
  new CertError(
    'wire.unexpected',
    `the certificate field of service ${service.id} holds something that is no certificate of it`,
    { cause },
  );
