import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import {
  contactViolations,
  nameViolations,
  proofViolations,
  termViolations,
  unknownProduct,
} from '../../model/product-rules.js';
import { bundleViolations } from './bundle.js';
import { DEFAULT_PRODUCT, findProduct, PRODUCTS, type SectigoProduct } from './products.js';

const DOMAINS_LENGTH = 32_767;

/** Reasons Sectigo cannot serve a spec: all of them. */
export function auditSpec(spec: CertificateSpec, provider: string): readonly Violation[] {
  const name = spec.product ?? DEFAULT_PRODUCT;
  const product = findProduct(name);
  if (!product) return [unknownProduct(name, PRODUCTS)];
  return [
    ...termViolations(product, spec),
    ...nameViolations(product, spec),
    ...proofViolations(spec),
    ...listViolations(product, spec, provider),
    ...contactViolations(product, spec),
    ...bundleViolations(spec, provider, 'unread'),
  ];
}

/** What a list of names does not take. */
function listViolations(
  { shape }: SectigoProduct,
  { names, validation, providerOptions }: CertificateSpec,
  provider: string,
): readonly Violation[] {
  if (shape !== 'multi') return [];
  const found: Violation[] = [];
  if (names.join(',').length > DOMAINS_LENGTH) {
    const message = `Sectigo takes ${DOMAINS_LENGTH} characters of names in one order`;
    found.push({ code: 'names.too-long', message, field: 'domains' });
  }
  const https = providerOptions[provider]?.fileScheme === 'https';
  if (https && names.some((name) => (validation.per[name] ?? validation).method === 'http')) {
    const message = 'https for a list of names is not documented; remove `fileScheme: https` or use dns';
    found.push({ code: 'validation.https', message, field: 'validation' });
  }
  return found;
}
