import type { CertificateSpec } from '../../model/manifest.js';
import { formatTerm } from '../../model/term.js';
import type { ProductInfo, Violation } from '../../ports/provider.js';
import { maxNamesOf, type Offer } from './offer.js';

/** Reasons this account cannot serve a spec: all of them. */
export function auditSpec(offer: Offer, spec: CertificateSpec): readonly Violation[] {
  const id = spec.product ?? offer.defaultProduct;
  const product = offer.products.find((known) => known.id === id);
  if (!product) return [unknownProduct(offer, id)];
  return [...termViolations(offer, product, spec), ...nameViolations(offer, product, spec)];
}

function unknownProduct(offer: Offer, id: string | undefined): Violation {
  const sold = offer.products.map((product) => product.id).join(', ');
  const message =
    id === undefined
      ? `no product is named; write one of: ${sold}`
      : `"${id}" is not sold; write one of: ${sold}`;
  return { code: 'product.unknown', message, field: 'product' };
}

function termViolations(offer: Offer, product: ProductInfo, spec: CertificateSpec): readonly Violation[] {
  if (!offer.priced) return [];
  const sold = product.terms.map(formatTerm).join(', ');
  if (!spec.term) {
    return [
      {
        code: 'term.missing',
        message: `${product.id} is sold by term; write one of: ${sold}`,
        field: 'term',
      },
    ];
  }
  const term = formatTerm(spec.term);
  if (offer.rowOf(product.id, term)) return [];
  return [
    {
      code: 'term.not-sold',
      message: `${product.id} is not sold for ${term}; write one of: ${sold}`,
      field: 'term',
    },
  ];
}

function nameViolations(offer: Offer, product: ProductInfo, spec: CertificateSpec): readonly Violation[] {
  const row = offer.rowOf(product.id, spec.term && formatTerm(spec.term));
  const most = row ? maxNamesOf(row) : product.maxNames;
  if (spec.names.length <= most) return [];
  const message = `${product.id} takes at most ${most} names, these are ${spec.names.length}`;
  return [{ code: 'names.too-many', message, field: 'domains' }];
}
