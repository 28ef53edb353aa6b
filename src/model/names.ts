import { domainToASCII } from 'node:url';

/** A DNS name as certificates carry it: lower case, A-labels, no trailing dot, `*.` only in front. */
export type DnsName = string;

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** What normalising leaves as it is; nothing here is decoded, or read as a number. */
const PLAIN_HOST = /^(?!.*xn--)(?:[a-z0-9-]+\.)+[a-z]+$/;

/** The normalised name, or the sentence that says why it is none. */
export type ParsedName =
  | { readonly ok: true; readonly name: DnsName }
  | { readonly ok: false; readonly why: string };

/**
 * Normalises what a person wrote (`Bücher.Example.`, `*.SHOP.example.com`).
 * Names are those of RFC 5280 §4.2.1.6 dNSName with the wildcard of RFC 6125 §6.4.3: one label, leftmost.
 */
export function parseName(raw: string): ParsedName {
  const text = raw.trim().replace(/[.。．｡]$/u, '');
  if (text === '') return { ok: false, why: 'is empty' };
  const wildcard = text.startsWith('*.');
  const base = wildcard ? text.slice(2) : text;
  if (base.includes('*')) return { ok: false, why: 'has a `*` that is not its whole first label' };
  // What follows would be read as a part of a URL, or decoded, and silently name another host.
  if (/[\s/:@?#%\\]/.test(base))
    return { ok: false, why: 'is no bare host name (no scheme, port, path or space)' };
  const ascii = PLAIN_HOST.test(base) ? base : domainToASCII(base);
  if (ascii === '') return { ok: false, why: 'is no valid host name' };
  if (/^\d+(\.\d+){3}$/.test(ascii)) return { ok: false, why: 'is an IP address, not a host name' };
  const labels = ascii.split('.');
  if (labels.length < 2) return { ok: false, why: 'has one label only; give the full name' };
  if (ascii.length + (wildcard ? 2 : 0) > 253) return { ok: false, why: 'is longer than 253 characters' };
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad !== undefined) return { ok: false, why: `has the label "${bad}", which DNS does not allow` };
  return { ok: true, name: wildcard ? `*.${ascii}` : ascii };
}

/** Sorted, without repeats: the form in which names are stored and compared. */
export const nameSet = (names: Iterable<DnsName>): readonly DnsName[] => [...new Set(names)].sort();

export function sameNames(a: Iterable<DnsName>, b: Iterable<DnsName>): boolean {
  const left = nameSet(a);
  const right = nameSet(b);
  return left.length === right.length && left.every((name, i) => name === right[i]);
}

/**
 * Do issued names satisfy wanted ones? The issued set must hold every wanted name, and nothing else but names
 * the product is documented to add for free (`www.` or the bare name of a wanted one).
 */
export function namesServe(
  issued: Iterable<DnsName>,
  wanted: Iterable<DnsName>,
  free: Iterable<DnsName>,
): boolean {
  const have = new Set(issued);
  const want = new Set(wanted);
  const allowed = new Set(free);
  return [...want].every((name) => have.has(name)) && [...have].every((n) => want.has(n) || allowed.has(n));
}

export const isWildcard = (name: DnsName): boolean => name.startsWith('*.');

/** Is one of these names for a host: the same, or a wildcard for its first label (RFC 9525 §6.3)? */
export const covers = (names: readonly DnsName[], host: string): boolean =>
  names.some(
    (name) => name === host || (isWildcard(name) && name.slice(2) === host.slice(host.indexOf('.') + 1)),
  );

/** Is a name the zone itself, or below it? */
export const isWithin = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

/** The longest of some zones that holds a name. */
export const longestZone = (name: string, zones: readonly string[]): string | undefined =>
  zones.filter((zone) => isWithin(name, zone)).sort((a, b) => b.length - a.length)[0];

/** `www.` of a bare name and the other way round, and the domain of a wildcard: not documented, met in certificates. */
export function companionNames(names: readonly DnsName[]): readonly DnsName[] {
  const companions = names.flatMap((name) => {
    if (isWildcard(name)) return [name.slice(2)];
    return name.startsWith('www.') ? [name.slice(4)] : [`www.${name}`];
  });
  return nameSet(companions.filter((name) => name.includes('.') && !names.includes(name)));
}
