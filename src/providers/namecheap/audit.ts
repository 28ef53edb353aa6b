import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import {
  contactViolations,
  nameViolations,
  proofViolations,
  termViolations,
  unknownProduct,
} from '../../model/product-rules.js';
import { DEFAULT_PRODUCT, findProduct, type NamecheapProduct, PRODUCTS, productOfType } from './products.js';

/** Reasons Namecheap cannot serve a spec: all of them. What an account is sold, its price list says later. */
export function auditSpec(spec: CertificateSpec, provider: string): readonly Violation[] {
  const name = spec.product ?? DEFAULT_PRODUCT;
  const product = findProduct(name);
  if (!product) return [retiredName(name) ?? unknownProduct(name, PRODUCTS)];
  return [
    ...termViolations(product, spec),
    ...nameViolations(product, spec),
    ...proofViolations(spec),
    ...contactViolations(product, spec),
    ...incorporationViolations(product, spec, provider),
  ];
}

/** Sold under another name since July 2026: what would be issued for it is said before it is bought. */
function retiredName(name: string): Violation | undefined {
  const now = productOfType(name);
  return (
    now && {
      code: 'product.unknown',
      message: `Namecheap sells "${name}" as "${now.vendorCode}" now; write ${now.id}`,
      field: 'product',
    }
  );
}

function incorporationViolations(
  { id, validation }: NamecheapProduct,
  { providerOptions }: CertificateSpec,
  provider: string,
): readonly Violation[] {
  if (validation !== 'ev' || typeof providerOptions[provider]?.joiCountryName === 'string') return [];
  const message = `${id} names the country of incorporation; write \`joiCountryName\` under providerOptions`;
  return [{ code: 'options.missing', message, field: 'providerOptions' }];
}
