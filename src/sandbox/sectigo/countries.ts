import { Refusal } from './codes.js';

/** Knows every country, and no list of ours has to. */
const countries = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** @throws Refusal -7 */
export function checkCountry(country: string | undefined): void {
  if (country === undefined) return;
  const known = /^[A-Z]{2}$/.test(country) && countries.of(country) !== undefined;
  if (!known) throw new Refusal(-7, country);
}
