import { findLicence, type LicenceOffer, type LicenceProduct } from '../model/licence.js';
import type { SitelockSpec } from '../model/manifest.js';
import { formatTerm } from '../model/term.js';
import { DAY_MS } from '../model/time.js';
import type { Catalogue } from './checks.js';
import { didYouMean, oneOf, type Report, withSuggestion } from './findings.js';

/** Longest name of a site that an order takes, by the newer of two editions. */
const DOMAIN_LENGTH = 64;

/**
 * What the accounts sell, of all that one manifest for website protection asks for.
 * @param written  its add-ons in the order of the file
 */
export function checkSitelock(
  spec: SitelockSpec,
  written: readonly string[],
  known: readonly string[],
  catalogue: Catalogue,
  report: Report,
): void {
  if (catalogue.licences === undefined || known.length === 0) return;
  const [offer] = known.flatMap((id) => catalogue.licences?.(id) ?? []);
  if (offer === undefined) {
    const message = `${oneOf(known.map((id) => `"${id}"`))} sells no website protection.`;
    const suggestion = 'Name an account of type sectigo as provider:.';
    report(['provider'], { code: 'sitelock.provider', message, suggestion });
    return;
  }
  const product = checkProduct(spec, offer, report);
  for (const [index, name] of written.entries()) checkAddOn(product, offer, name, index, report);
  if (spec.domain.length > DOMAIN_LENGTH) {
    const message = `A site has at most ${DOMAIN_LENGTH} characters there, and this has ${spec.domain.length}.`;
    report(['domain'], { code: 'sitelock.domain', message });
  }
  const days = Math.floor(offer.renewalWindowMs / DAY_MS);
  if ((spec.renewBeforeMs ?? 0) > offer.renewalWindowMs) {
    const message = `It can be renewed in the last ${days} days and no earlier; that is what counts.`;
    const suggestion = `Write renewBefore: ${days}d, or less.`;
    report(['renewBefore'], { code: 'sitelock.window', message, suggestion, severity: 'warning' });
  }
}

function checkProduct(spec: SitelockSpec, offer: LicenceOffer, report: Report): LicenceProduct | undefined {
  const product = findLicence(offer, spec.product);
  const mains = offer.products.flatMap(({ id, role }) => (role === 'main' ? [id] : []));
  if (product === undefined) {
    const suggestion = didYouMean(spec.product, mains);
    const message = `"${spec.product}" is no website protection that is sold.`;
    report(['product'], { code: 'product.unknown', message, ...withSuggestion(suggestion) });
    return undefined;
  }
  if (product.role === 'bundle') {
    const message = `${product.id} comes with a certificate only, and cannot be ordered alone.`;
    const suggestion =
      "Write providerOptions: { sitelockBundle: true } into the certificate's manifest instead.";
    report(['product'], { code: 'sitelock.bundle', message, suggestion });
    return undefined;
  }
  if (product.role === 'add-on') {
    const message = `${product.id} is an add-on, which needs a live main licence of the same site.`;
    const suggestion = `Write addOns: [${product.id}] into the manifest of that licence (${oneOf(mains)}).`;
    report(['product'], { code: 'sitelock.add-on', message, suggestion });
    return undefined;
  }
  checkOfferedTerm(spec, product, report);
  return product;
}

function checkOfferedTerm({ term }: SitelockSpec, product: LicenceProduct, report: Report): void {
  if (term === undefined || product.terms.length === 0) return;
  const wanted = formatTerm(term);
  if (product.terms.some((sold) => formatTerm(sold) === wanted)) return;
  const sold = oneOf(product.terms.map(formatTerm));
  const doubtful = product.doubtfulTerms?.some((one) => formatTerm(one) === wanted) === true;
  report(['term'], {
    code: 'term.not-sold',
    message: doubtful
      ? `The vendor documents ${product.id} for ${sold}, and ${wanted} on another page: it may be refused.`
      : `${product.id} is not sold for ${wanted}.`,
    suggestion: `Write term: ${sold}.`,
    ...(doubtful ? { severity: 'warning' as const } : {}),
  });
}

function checkAddOn(
  main: LicenceProduct | undefined,
  offer: LicenceOffer,
  name: string,
  index: number,
  report: Report,
): void {
  const addOns = offer.products.flatMap(({ id, role }) => (role === 'add-on' ? [id] : []));
  const addOn = findLicence(offer, name);
  if (addOn?.role !== 'add-on') {
    report(['addOns', index], {
      code: 'sitelock.add-on',
      message: `"${name}" is no add-on.`,
      ...withSuggestion(didYouMean(name, main?.addOns ?? addOns)),
    });
    return;
  }
  if (main === undefined) return;
  if (main.addOns === undefined) {
    const message = `Which add-ons ${main.id} takes is not documented; ${addOn.id} may be refused.`;
    report(['addOns', index], { code: 'sitelock.tier', message, severity: 'warning' });
  } else if (!main.addOns.includes(addOn.id)) {
    report(['addOns', index], {
      code: 'sitelock.tier',
      message: `${main.id} does not take ${addOn.id}.`,
      suggestion:
        main.addOns.length === 0
          ? 'Remove it, or choose another plan; a free one can only be upgraded.'
          : `It takes ${oneOf(main.addOns)}.`,
    });
  }
}
