import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { findLicence, type LicenceProduct } from '../../model/licence.js';
import type { OrderRequest } from '../../model/order.js';
import type { Secret } from '../../model/secret.js';
import { parseTerm, termDays } from '../../model/term.js';
import type { Parameters } from './client.js';
import { LICENCE_OFFER } from './licence-products.js';
import { needed, predecessorId } from './request.js';

/** @throws CertError `provider.unsupported` */
export function licenceOf(product: string): LicenceProduct {
  const licence = findLicence(LICENCE_OFFER, product);
  if (licence) return licence;
  throw new CertError('provider.unsupported', `Sectigo sells no website protection "${product}"`);
}

/** What a new customer is described by, in the order of the vendor's table. */
const NEW_CUSTOMER: Readonly<Record<string, string>> = {
  organizationName: 'organization',
  streetAddress1: 'street',
  stateOrProvinceName: 'state',
  postalCode: 'postalCode',
  countryName: 'country',
  appRepForename: 'firstName',
  appRepSurname: 'lastName',
  appRepLoginName: 'login',
};

const textAt = (from: JsonObject, key: string): string | undefined => {
  const value = from[key];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};

/**
 * Parameters of `!AutoApplyOrder` for SiteLock. A new customer is described; another site, an add-on and a renewal name an
 * earlier order instead. Who renews is always said: an account's own setting would decide otherwise.
 * @throws CertError `provider.refused` without an e-mail
 */
export function licenceParameters(
  request: OrderRequest,
  customer: JsonObject | undefined,
  password: Secret | undefined,
): Parameters {
  const { commonName, term: written } = request;
  const { previousOrder } = needed(request.licence, 'licence');
  const term = written === undefined ? undefined : parseTerm(written);
  const email = textAt(customer ?? {}, 'email');
  if (email === undefined) {
    throw new CertError('provider.refused', `there is no e-mail of the customer of ${commonName}`, {
      remedy: 'Write customer: with an email: into the manifest.',
    });
  }
  const described = Object.fromEntries(
    Object.entries(NEW_CUSTOMER).map(([parameter, key]) => [parameter, textAt(customer ?? {}, key)]),
  );
  return {
    product: licenceOf(request.product).vendorCode,
    ...(term === undefined ? {} : { days: String(termDays(term)) }),
    domainName: commonName,
    appRepEmailAddress: email,
    ...(previousOrder === undefined
      ? { ...described, appRepLoginPassword: password }
      : { previousOrderNumber: previousOrder }),
    enableAutoRenew: request.autoRenew === true ? 'Y' : 'N',
    responseFormat: '1',
  };
}

/** Parameters of `!modifyThirdPartyDetails`: cancels in any case, and refunds where that is still possible. */
export const cancelParameters = (request: OrderRequest): Parameters => ({
  orderNumber: predecessorId(request),
  product: licenceOf(request.product).vendorCode,
  action: 'CANCELLICENCE',
});
