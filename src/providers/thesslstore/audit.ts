import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import {
  contactViolations,
  nameViolations,
  proofViolations,
  termViolations,
  unknownProduct,
} from '../../model/product-rules.js';
import { DEFAULT_PRODUCT, findProduct, PRODUCTS, type StoreProduct } from './products.js';

/** Reasons The SSL Store cannot serve a spec: all of them. What an account is sold, its price list says later. */
export function auditSpec(spec: CertificateSpec, provider: string): readonly Violation[] {
  const name = spec.product ?? DEFAULT_PRODUCT;
  const product = findProduct(name);
  if (!product) return [unknownProduct(name, PRODUCTS)];
  const options = spec.providerOptions[provider] ?? {};
  const hasOrganizationId = typeof options.organizationId === 'number';
  const vettedBefore = hasOrganizationId && product.authority === 'digicert';
  return [
    ...termViolations(product, spec),
    ...nameViolations(product, spec),
    ...proofViolations(spec),
    ...authorityViolations(product, spec, options.fileScheme === 'https'),
    ...(vettedBefore ? [] : contactViolations(product, spec)),
    ...optionViolations(product, options.joiCountryName, hasOrganizationId),
  ];
}

/** What an authority wants or does not know among the options. */
function optionViolations(
  { id, authority, validation }: StoreProduct,
  joiCountryName: unknown,
  hasOrganizationId: boolean,
): readonly Violation[] {
  if (authority !== 'sectigo') return [];
  const found: Violation[] = [];
  const add = (code: string, message: string) => found.push({ code, message, field: 'providerOptions' });
  if (hasOrganizationId) {
    add(
      'options.organization',
      `${id} takes no \`organizationId\`: only DigiCert vets organisations ahead; write \`contacts\``,
    );
  }
  if (validation === 'ev' && joiCountryName === undefined) {
    add(
      'options.jurisdiction',
      `${id} wants the country of incorporation; write \`providerOptions: { joiCountryName: DE }\``,
    );
  }
  return found;
}

/** What DigiCert does otherwise. */
function authorityViolations(
  { authority, shape }: StoreProduct,
  { validation, names }: CertificateSpec,
  https: boolean,
): readonly Violation[] {
  if (authority !== 'digicert') return [];
  const wishes = names.map((name) => validation.per[name] ?? validation);
  const ways = new Set(wishes.map(({ method }) => (method === 'manual' ? 'dns' : method)));
  const mailboxes = new Set(wishes.flatMap(({ method, approver }) => (method === 'email' ? [approver] : [])));
  const found: Violation[] = [];
  const add = (code: string, message: string) => found.push({ code, message, field: 'validation' });
  if (shape === 'multi' && (ways.size > 1 || mailboxes.size > 1)) {
    add(
      'validation.mixed',
      'DigiCert products take one way of validation, and one mailbox, for all names of an order',
    );
  }
  if (https) {
    add(
      'validation.https',
      'https for the file is known for Sectigo products only; remove `fileScheme: https`',
    );
  }
  return found;
}
