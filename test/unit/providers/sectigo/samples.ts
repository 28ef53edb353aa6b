import type { CertificateSpec } from '../../../../src/model/manifest.js';
import type { OrderRequest } from '../../../../src/model/order.js';
import { certificateSpec } from '../../../conformance/builders.js';

/** The worked example of the vendor's rules: a P-256 request for www.example.com, 215 bytes of DER. */
export const CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIHUMHwCAQAwGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEgLKnmMiz0DsphSumuWOY/i62qq9bscE14Mi4O8i5z207
BuNJRVAR9uLFl5s7VU85+2QvC6vaYn2353z2+8TNoaAAMAoGCCqGSM49BAMCA0gA
MEUCIFpC7N8QPDr25EO67S4QyaPUyC7a8aE/vR+W2JS8oqvfAiEAyD2PMH71VVTr
cGNDidkWIkD12NFNEKO5oYH62u0TAV0=
-----END CERTIFICATE REQUEST-----
`;
export const MD5 = '2BC363F0E57045A76118057937F2CAB6';
export const SHA256 = '75414E468BFCD9A7A0350E4DC2FBFEA28761BEC5B59FF464858FBE2E82A49D13';

export function request(over: Partial<OrderRequest> = {}): OrderRequest {
  const names = over.names ?? ['www.example.com'];
  return {
    action: 'order',
    reference: 'cwk3v9x2-abcdefghijkla',
    product: 'positivessl',
    term: '1y',
    names,
    commonName: names[0] ?? '',
    csrPem: CSR,
    validation: names.map((name) => ({ name, method: 'dns' })),
    options: {},
    unique: { uniqueValue: 'k7qm2zp9' },
    ...over,
  };
}

export const spec = (over: Partial<CertificateSpec> = {}): CertificateSpec =>
  certificateSpec({
    names: ['www.example.com'],
    product: 'positivessl',
    term: { unit: 'year', count: 1 },
    ...over,
  });
