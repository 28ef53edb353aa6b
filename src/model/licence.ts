import type { Term } from './term.js';
import { formatTerm, termDays } from './term.js';
import { DAY_MS } from './time.js';

/**
 * Website protection as an account sells it. `main`: the licence of a site. `add-on`: beside one. `bundle`: comes with a
 * certificate and is never ordered by itself.
 */
export type LicenceRole = 'main' | 'add-on' | 'bundle';

export interface LicenceProduct {
  readonly id: string;
  readonly vendorCode: string;
  readonly title: string;
  readonly role: LicenceRole;
  /** [] = sold once, without a term. */
  readonly terms: readonly Term[];
  /** Terms that one page of the vendor gives and another does not. */
  readonly doubtfulTerms?: readonly Term[];
  /** Of a main licence: the add-ons it takes, by id. Absent: not documented. */
  readonly addOns?: readonly string[];
}

/** Everything of that kind in one account; known without asking it. */
export interface LicenceOffer {
  readonly products: readonly LicenceProduct[];
  /** A renewal is refused earlier than this before the end. */
  readonly renewalWindowMs: number;
  /** For so long after an order of a year its money may come back. */
  readonly refundMs: number;
  /** What a change to another main licence takes, as there is no call for it: continues "in". */
  readonly upgrade: string;
}

/** By certwright's name or the vendor's code. */
export const findLicence = (offer: LicenceOffer | undefined, name: string): LicenceProduct | undefined =>
  offer?.products.find(({ id, vendorCode }) => id === name || vendorCode === name);

/** Key of `prices:` for what is sold once. */
const ONCE = 'once';

export const priceTermOf = (term: Term | undefined): string => (term === undefined ? ONCE : formatTerm(term));

const RENEW_BEFORE_MS = 10 * DAY_MS;
/** Of a short term no more than this part is given away by renewing. */
const RENEW_BEFORE_PART = 10;

/** How long before its end a licence is renewed where the manifest does not say: ten days, three of a month. */
export const licenceRenewBeforeMs = (term: Term | undefined): number =>
  term === undefined
    ? RENEW_BEFORE_MS
    : Math.min(RENEW_BEFORE_MS, (termDays(term) * DAY_MS) / RENEW_BEFORE_PART);
