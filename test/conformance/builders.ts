import 'reflect-metadata';
import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import type { CertificateSpec } from '../../src/model/manifest.js';
import { nameSet } from '../../src/model/names.js';
import type { OrderRequest, OrderSnapshot } from '../../src/model/order.js';
import { formatTerm } from '../../src/model/term.js';
import type { Provider } from '../../src/ports/provider.js';

/** A served manifest with everything defaulted that a provider does not read. */
export function certificateSpec(
  over: Partial<CertificateSpec> & Pick<CertificateSpec, 'names'>,
): CertificateSpec {
  const names = nameSet(over.names);
  return {
    kind: 'certificate',
    name: 'team/shop',
    position: { file: 'certificates/team/shop.yaml', line: 1, column: 1 },
    digest: '0'.repeat(64),
    commonName: over.names[0] ?? 'shop.example.com',
    providers: ['trial'],
    autoRenew: false,
    key: { kind: 'generated', algorithm: 'ecdsa-p256', rotate: 'always' },
    validation: { method: 'dns', per: {} },
    formats: [],
    providerOptions: {},
    preflightSkip: [],
    suspend: false,
    migrate: 'at-renewal',
    endpoints: [],
    ...over,
    names,
  };
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface TestKey {
  readonly csrPem: string;
  readonly publicKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly keyHash: string;
}

/** A new P-256 key and its request for these names. */
export async function newKey(commonName: string, names: readonly string[]): Promise<TestKey> {
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: P256,
    extensions: [
      new SubjectAlternativeNameExtension(names.map((name) => ({ type: 'dns' as const, value: name }))),
    ],
  });
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
  return {
    csrPem: csr.toString('pem'),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    keyHash: createHash('sha256').update(spki).digest('hex'),
  };
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** The whole request for one action on a spec, as an intent would store it. */
export function orderRequest(
  provider: Provider,
  spec: CertificateSpec,
  action: OrderRequest['action'],
  over: Partial<OrderRequest> = {},
): OrderRequest {
  const product = spec.product ?? provider.defaultProduct;
  if (product === undefined) throw new Error('newSpec must name a product where the provider has no default');
  return {
    action,
    reference: `cwtrial-${hex(6)}a`,
    product,
    names: spec.names,
    commonName: spec.commonName,
    validation: spec.names.map((name) => ({ name, method: spec.validation.method })),
    options: { ...spec.providerOptions[provider.config.id] },
    unique: provider.uniqueValues(action, hex),
    ...(spec.term === undefined ? {} : { term: formatTerm(spec.term) }),
    ...over,
  };
}

/** How a later request names the order it follows on. */
export const predecessorOf = (order: OrderSnapshot): NonNullable<OrderRequest['predecessor']> => ({
  orderId: order.id,
  ids: order.ids,
});
