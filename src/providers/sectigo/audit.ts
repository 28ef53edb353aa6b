import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import { isWildcard } from '../../model/names.js';
import { formatTerm } from '../../model/term.js';
import { DEFAULT_PRODUCT, findProduct, PRODUCTS, type SectigoProduct } from './products.js';

const DOMAINS_LENGTH = 32_767;
const COMMON_NAME_LENGTH = 64;

/** Reasons Sectigo cannot serve a spec: all of them. */
export function auditSpec(spec: CertificateSpec, provider: string): readonly Violation[] {
  const name = spec.product ?? DEFAULT_PRODUCT;
  const product = findProduct(name);
  if (!product) {
    const sold = PRODUCTS.map(({ id }) => id).join(', ');
    return [
      { code: 'product.unknown', message: `"${name}" is not sold; write one of: ${sold}`, field: 'product' },
    ];
  }
  return [
    ...termViolations(product, spec),
    ...nameViolations(product, spec),
    ...validationViolations(product, spec, provider),
    ...contactViolations(product, spec),
  ];
}

function termViolations({ id, terms }: SectigoProduct, { term }: CertificateSpec): readonly Violation[] {
  const sold = terms.map(formatTerm);
  if (term !== undefined && sold.includes(formatTerm(term))) return [];
  const message =
    term === undefined
      ? `${id} is sold by term; write one of: ${sold.join(', ')}`
      : `${id} is not sold for ${formatTerm(term)}; write one of: ${sold.join(', ')}`;
  return [{ code: term === undefined ? 'term.missing' : 'term.not-sold', message, field: 'term' }];
}

function nameViolations(product: SectigoProduct, spec: CertificateSpec): readonly Violation[] {
  const { id, shape, maxNames } = product;
  const { names, commonName } = spec;
  const found: Violation[] = [];
  const add = (code: string, message: string) => found.push({ code, message, field: 'domains' });
  if (names.length > maxNames)
    add('names.too-many', `${id} takes ${maxNames === 1 ? 'one name' : `at most ${maxNames} names`}`);
  if (shape === 'wildcard' && !names.every(isWildcard)) {
    add('names.no-wildcard', `${id} is for one wildcard name; write *.example.com in quotes`);
  }
  if (shape !== 'wildcard' && names.some(isWildcard)) {
    add('names.wildcard', `${id} takes no wildcard names; choose a wildcard product`);
  }
  if (shape === 'multi' && names.join(',').length > DOMAINS_LENGTH) {
    add('names.too-long', `Sectigo takes ${DOMAINS_LENGTH} characters of names in one order`);
  }
  if (commonName.length > COMMON_NAME_LENGTH) {
    add(
      'names.common-name',
      `${commonName} is longer than the ${COMMON_NAME_LENGTH} characters of a common name`,
    );
  }
  return found;
}

function validationViolations(
  { shape }: SectigoProduct,
  spec: CertificateSpec,
  provider: string,
): readonly Violation[] {
  const { validation, names } = spec;
  const https = spec.providerOptions[provider]?.fileScheme === 'https';
  return names.flatMap((name) => {
    const { method, approver } = validation.per[name] ?? validation;
    const found: Violation[] = [];
    const add = (code: string, message: string) => found.push({ code, message, field: 'validation' });
    if (method === 'http' && isWildcard(name)) {
      add('validation.wildcard', `${name} cannot be proved by http; use dns or email`);
    }
    if (method === 'http' && https && shape === 'multi') {
      add(
        'validation.https',
        'https for a list of names is not documented; remove `fileScheme: https` or use dns',
      );
    }
    if (method === 'email' && approver === undefined) {
      add('validation.approver', `name the mailbox that approves ${name}, as \`approver\``);
    }
    return found;
  });
}

function contactViolations(
  { id, validation }: SectigoProduct,
  { contacts }: CertificateSpec,
): readonly Violation[] {
  if (validation === 'dv' || contacts !== undefined) return [];
  const message = `${id} names an organisation; write \`contacts\` with its organization and admin`;
  return [{ code: 'contacts.missing', message, field: 'contacts' }];
}
