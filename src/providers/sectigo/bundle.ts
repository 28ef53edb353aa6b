import type { Violation } from '../../model/capabilities.js';
import type { ContactSet } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { CertificateSpec } from '../../model/manifest.js';
import type { OrderRequest } from '../../model/order.js';
import { termDays } from '../../model/term.js';
import type { Parameters } from './client.js';

/** Comes with a certificate of 90 days, one year or several years. */
const SHORTEST_DAYS = 90;

export const wantsBundle = (options: JsonObject | undefined): boolean => options?.sitelockBundle === true;

/**
 * Reasons why an order with the free SiteLock bundle would lose it silently: Sectigo says nothing of a missing e-mail.
 * @param contacts  what `contacts:` of the manifest names; `unread`: only the manifest is known
 */
export function bundleViolations(
  { providerOptions, contacts: name, term }: CertificateSpec,
  provider: string,
  contacts: ContactSet | undefined | 'unread',
): readonly Violation[] {
  if (!wantsBundle(providerOptions[provider])) return [];
  const found: Violation[] = [];
  if (name === undefined) {
    const message = 'the SiteLock bundle goes to an e-mail address; write `contacts` with an admin';
    found.push({ code: 'bundle.email', message, field: 'contacts' });
  } else if (contacts !== 'unread' && contacts?.admin?.email === undefined) {
    const message = `the SiteLock bundle goes to the e-mail of admin, and contacts "${name}" have none`;
    found.push({ code: 'bundle.email', message, field: 'contacts' });
  }
  if (term !== undefined && termDays(term) < SHORTEST_DAYS) {
    const message = `the SiteLock bundle comes with terms of ${SHORTEST_DAYS} days and more`;
    found.push({ code: 'bundle.term', message, field: 'term' });
  }
  return found;
}

export const NO_BUNDLE: Parameters = { disableSiteLock: 'Y' };

/**
 * What makes the bundle part of an order, or keeps it out: a certificate with any representative's e-mail buys it
 * otherwise. For a wildcard the licence covers the domain below it.
 * @throws CertError `provider.refused` where it would be lost
 */
export function bundleParameters(request: OrderRequest, email: string | undefined): Parameters {
  if (!wantsBundle(request.options)) return NO_BUNDLE;
  if (email === undefined) {
    throw new CertError('provider.refused', 'the SiteLock bundle would be lost: there is no e-mail for it', {
      remedy: `Give admin of contacts "${request.contacts?.name ?? ''}" an email, or remove sitelockBundle.`,
    });
  }
  return { appRepEmailAddress: email, domainName: request.commonName.replace(/^\*\./, '') };
}
