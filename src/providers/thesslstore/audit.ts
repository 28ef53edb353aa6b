import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import { isWildcard } from '../../model/names.js';
import { formatTerm } from '../../model/term.js';
import { DEFAULT_PRODUCT, findProduct, PRODUCTS, type StoreProduct } from './products.js';

const COMMON_NAME_LENGTH = 64;

/** Reasons The SSL Store cannot serve a spec: all of them. What an account is sold, its price list says later. */
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
    ...contactViolations(product, spec, provider),
  ];
}

function termViolations({ id, terms }: StoreProduct, { term }: CertificateSpec): readonly Violation[] {
  const sold = terms.map(formatTerm);
  if (term !== undefined && sold.includes(formatTerm(term))) return [];
  const message =
    term === undefined
      ? `${id} is sold by term; write one of: ${sold.join(', ')}`
      : `${id} is not sold for ${formatTerm(term)}; write one of: ${sold.join(', ')}`;
  return [{ code: term === undefined ? 'term.missing' : 'term.not-sold', message, field: 'term' }];
}

function nameViolations({ id, shape, maxNames }: StoreProduct, spec: CertificateSpec): readonly Violation[] {
  const { names, commonName } = spec;
  const found: Violation[] = [];
  const add = (code: string, message: string) => found.push({ code, message, field: 'domains' });
  if (names.length > maxNames) {
    add('names.too-many', `${id} takes ${maxNames === 1 ? 'one name' : `at most ${maxNames} names`}`);
  }
  if (shape === 'wildcard' && !names.every(isWildcard)) {
    add('names.no-wildcard', `${id} is for one wildcard name; write *.example.com in quotes`);
  }
  if (shape !== 'wildcard' && names.some(isWildcard)) {
    add('names.wildcard', `${id} takes no wildcard names; choose a wildcard product`);
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
  { authority, shape }: StoreProduct,
  spec: CertificateSpec,
  provider: string,
): readonly Violation[] {
  const { validation, names } = spec;
  const wishes = names.map((name) => ({ name, ...(validation.per[name] ?? validation) }));
  const found: Violation[] = [];
  const add = (code: string, message: string) => found.push({ code, message, field: 'validation' });
  for (const { name, method, approver } of wishes) {
    if (method === 'http' && isWildcard(name)) {
      add('validation.wildcard', `${name} cannot be proved by http; use dns or email`);
    }
    if (method === 'email' && approver === undefined) {
      add('validation.approver', `name the mailbox that approves ${name}, as \`approver\``);
    }
  }
  const ways = new Set(wishes.map(({ method }) => (method === 'manual' ? 'dns' : method)));
  const mailboxes = new Set(wishes.flatMap(({ method, approver }) => (method === 'email' ? [approver] : [])));
  if (authority === 'digicert' && shape === 'multi' && (ways.size > 1 || mailboxes.size > 1)) {
    add(
      'validation.mixed',
      'DigiCert products take one way of validation, and one mailbox, for all names of an order',
    );
  }
  if (authority === 'digicert' && spec.providerOptions[provider]?.fileScheme === 'https') {
    add(
      'validation.https',
      'https for the file is known for Sectigo products only; remove `fileScheme: https`',
    );
  }
  return found;
}

function contactViolations(
  { id, validation }: StoreProduct,
  spec: CertificateSpec,
  provider: string,
): readonly Violation[] {
  const vetted = typeof spec.providerOptions[provider]?.organizationId === 'number';
  if (validation === 'dv' || spec.contacts !== undefined || vetted) return [];
  const message = `${id} names an organisation; write \`contacts\` with its organization and admin`;
  return [{ code: 'contacts.missing', message, field: 'contacts' }];
}
