import type { Violation } from '../../model/capabilities.js';
import type { CertificateSpec } from '../../model/manifest.js';
import { isWildcard } from '../../model/names.js';
import type { AcmeOptions } from './options.js';
import { PRODUCT } from './products.js';

const COMMON_NAME_LENGTH = 64;

/** Reasons this account cannot serve a spec: all of them. */
export function auditSpec({ maxNames }: AcmeOptions, spec: CertificateSpec): readonly Violation[] {
  const { product, names, commonName, validation } = spec;
  const found: Violation[] = [];
  const add = (code: string, message: string, field: string) => found.push({ code, message, field });
  if (product !== undefined && product !== PRODUCT) {
    add('product.unknown', `"${product}" is not sold; leave \`product\` out, or write ${PRODUCT}`, 'product');
  }
  if (names.length > maxNames) {
    add(
      'names.too-many',
      `the account takes at most ${maxNames} names, these are ${names.length}`,
      'domains',
    );
  }
  if (commonName.length > COMMON_NAME_LENGTH) {
    const message = `${commonName} is longer than the ${COMMON_NAME_LENGTH} characters of a common name`;
    add('names.common-name', message, 'domains');
  }
  for (const name of names) {
    const { method } = validation.per[name] ?? validation;
    if (method === 'email') {
      add('validation.email', `ACME proves no name by e-mail; use dns or http for ${name}`, 'validation');
    }
    if (method === 'http' && isWildcard(name)) {
      add('validation.wildcard', `${name} cannot be proved by http; use dns`, 'validation');
    }
  }
  return found;
}
