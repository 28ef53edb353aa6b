import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import {
  contactViolations,
  nameViolations,
  proofViolations,
  termViolations,
  unknownProduct,
} from '../../model/product-rules.js';
import type { Provider } from '../../ports/provider.js';
import { findProduct, isDelivered, type ShopOptions, type ShopProduct } from './options.js';

/** Reasons the shop cannot serve a spec, by what the configuration says of its products: all of them. */
export function auditSpec(
  options: ShopOptions,
  spec: CertificateSpec,
  upstream?: Pick<Provider, 'audit'>,
): readonly Violation[] {
  const name = spec.product ?? options.products[0]?.id ?? '';
  const product = findProduct(options, name);
  if (!product) return [unknownProduct(name, options.products)];
  const own = [
    ...termViolations(product, spec),
    ...nameViolations(product, spec),
    ...proofViolations(spec),
    ...mappingViolations(product, spec),
    ...contactViolations(product, spec),
    ...renewalViolations(options, spec),
  ];
  if (!isDelivered(product) || !upstream) return own;
  const said = new Set(own.map(({ code }) => code));
  const there = upstream.audit({ ...spec, product: product.upstreamProduct });
  return [...own, ...there.filter(({ code }) => !said.has(code))];
}

/** What cannot be told to the module, because no field takes it. */
function mappingViolations(product: ShopProduct, spec: CertificateSpec): readonly Violation[] {
  const { completion, fields, contactFields, id } = product;
  if (completion !== 'fields') return [];
  const found: Violation[] = [];
  const add = (code: string, message: string, field: string) => found.push({ code, message, field });
  if (spec.names.length > 1 && fields.names === undefined) {
    add('names.unmapped', `${id} has no field for further names; map \`fields.names\``, 'domains');
  }
  const wishes = spec.names.map((name) => spec.validation.per[name] ?? spec.validation);
  const mailboxes = new Set(wishes.flatMap(({ method, approver }) => (method === 'email' ? [approver] : [])));
  if (mailboxes.size > 0 && fields.approver === undefined) {
    add('validation.unmapped', `${id} has no field for the approver; map \`fields.approver\``, 'validation');
  }
  if (mailboxes.size > 1) {
    add('validation.mixed', `${id} takes one mailbox for all names of an order`, 'validation');
  }
  if (product.validation !== 'dv' && Object.keys(contactFields).length === 0) {
    add('contacts.unmapped', `${id} has no field for contacts; map \`contactFields\``, 'contacts');
  }
  return found;
}

/** Both renewing would pay twice. */
const renewalViolations = (
  { renewalOwner }: ShopOptions,
  { autoRenew }: CertificateSpec,
): readonly Violation[] =>
  renewalOwner === 'whmcs' && autoRenew
    ? [
        {
          code: 'renewal.owner',
          message:
            'the shop renews by itself (renewalOwner: whmcs); remove autoRenew here, or write renewalOwner: certwright and switch renewals off there',
          field: 'autoRenew',
        },
      ]
    : [];
