import type { ProductInfo, Violation } from './capabilities.js';
import type { CertificateSpec } from './manifest.js';
import { isWildcard } from './names.js';
import { formatTerm } from './term.js';

/** Rules that the catalogues of several providers share. Pure. */

/** Longest common name of a certificate (RFC 5280 appendix A, ub-common-name). */
const COMMON_NAME_LENGTH = 64;

/** How names are given: one, one wildcard, or a list of them. */
export type NameShape = 'single' | 'wildcard' | 'multi';

export const unknownProduct = (name: string, products: readonly ProductInfo[]): Violation => ({
  code: 'product.unknown',
  message: `"${name}" is not sold; write one of: ${products.map(({ id }) => id).join(', ')}`,
  field: 'product',
});

/** Of products that are sold by term. */
export function termViolations({ id, terms }: ProductInfo, { term }: CertificateSpec): readonly Violation[] {
  const sold = terms.map(formatTerm);
  if (term !== undefined && sold.includes(formatTerm(term))) return [];
  const message =
    term === undefined
      ? `${id} is sold by term; write one of: ${sold.join(', ')}`
      : `${id} is not sold for ${formatTerm(term)}; write one of: ${sold.join(', ')}`;
  return [{ code: term === undefined ? 'term.missing' : 'term.not-sold', message, field: 'term' }];
}

/** Number and kind of the names, and the common name. */
export function nameViolations(
  { id, shape, maxNames }: ProductInfo & { readonly shape: NameShape },
  { names, commonName }: CertificateSpec,
): readonly Violation[] {
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

/** A wildcard has no file of its own, and a mail needs somebody to go to. */
export const proofViolations = ({ names, validation }: CertificateSpec): readonly Violation[] =>
  names.flatMap((name): readonly Violation[] => {
    const { method, approver } = validation.per[name] ?? validation;
    if (method === 'http' && isWildcard(name)) {
      const message = `${name} cannot be proved by http; use dns or email`;
      return [{ code: 'validation.wildcard', message, field: 'validation' }];
    }
    if (method !== 'email' || approver !== undefined) return [];
    const message = `name the mailbox that approves ${name}, as \`approver\``;
    return [{ code: 'validation.approver', message, field: 'validation' }];
  });

/** Organisations are vetted by what their contacts say. */
export function contactViolations(
  { id, validation }: ProductInfo,
  { contacts }: CertificateSpec,
): readonly Violation[] {
  if (validation === 'dv' || contacts !== undefined) return [];
  const message = `${id} names an organisation; write \`contacts\` with its organization and admin`;
  return [{ code: 'contacts.missing', message, field: 'contacts' }];
}
