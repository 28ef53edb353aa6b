import { parse } from 'tldts';
import { type DnsName, isWildcard } from './names.js';

const OPTIONS = { allowPrivateDomains: false, validateHostname: false } as const;

const baseOf = (name: DnsName): DnsName => (isWildcard(name) ? name.slice(2) : name);

/** Names that no public authority may issue for: nobody holds them in public DNS. */
const SPECIAL: Readonly<Record<string, string>> = {
  test: 'is for tests (RFC 6761)',
  example: 'is for documentation (RFC 6761)',
  invalid: 'never exists (RFC 6761)',
  localhost: 'means the machine itself (RFC 6761)',
  local: 'is for mDNS on one network (RFC 6762)',
  onion: 'is for Tor (RFC 7686)',
  alt: 'is outside DNS (RFC 9476)',
  arpa: 'is for the infrastructure of the Internet (RFC 3172)',
  internal: 'is for private networks (ICANN, 2024)',
  // RFC 6762, appendix G: used inside networks so often that they are never delegated.
  intranet: 'is for private networks (RFC 6762)',
  private: 'is for private networks (RFC 6762)',
  corp: 'is for private networks (RFC 6762)',
  home: 'is for private networks (RFC 6762)',
  lan: 'is for private networks (RFC 6762)',
};

export interface NameTrouble {
  readonly name: DnsName;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  /** A whole sentence without its full stop. */
  readonly message: string;
  readonly suggestion: string;
}

/**
 * Why no public authority issues for a name, as far as the name alone tells (Baseline Requirements §4.2.2, §3.2.2.6): it is
 * reserved, or a wildcard right below a public suffix. A suffix this build does not know is only worth a warning.
 */
export function publicNameTrouble(name: DnsName): NameTrouble | undefined {
  const base = baseOf(name);
  const last = base.slice(base.lastIndexOf('.') + 1);
  const reserved = Object.hasOwn(SPECIAL, last) ? SPECIAL[last] : undefined;
  if (reserved !== undefined) {
    return {
      name,
      severity: 'error',
      code: 'names.reserved',
      message: `No public authority issues for "${name}": .${last} ${reserved}`,
      suggestion: 'Order it from a private CA (type: local-ca), or use a name of a domain you registered.',
    };
  }
  const { publicSuffix, isIcann } = parse(base, OPTIONS);
  if (isIcann !== true) {
    return {
      name,
      severity: 'warning',
      code: 'names.suffix',
      message: `.${publicSuffix ?? last} of "${name}" is no public suffix that this version knows`,
      suggestion: 'See whether the name is spelt right; public authorities issue for public names only.',
    };
  }
  if (publicSuffix !== base) return undefined;
  const rest = `"${base}" is a public suffix, below which anybody may register`;
  return isWildcard(name)
    ? {
        name,
        severity: 'error',
        code: 'names.suffix',
        message: `No public authority issues for "${name}": ${rest}`,
        suggestion: 'Write the wildcard below a domain you registered.',
      }
    : {
        name,
        severity: 'warning',
        code: 'names.suffix',
        message: rest,
        suggestion: 'See whether the name is complete; only who runs the suffix can prove control over it.',
      };
}

/** The domain somebody registered, and the suffix it is registered below. A suffix itself is its own domain. */
export function registeredDomain(name: DnsName): { readonly domain: DnsName; readonly suffix: DnsName } {
  const base = baseOf(name);
  const { domain, publicSuffix } = parse(base, OPTIONS);
  return { domain: domain ?? base, suffix: publicSuffix ?? base };
}

/** The name and everything above it, up to its top-level domain: where RFC 8659 §3 looks for CAA records. */
export function climb(name: DnsName): readonly DnsName[] {
  const labels = baseOf(name).split('.');
  return labels.map((_, i) => labels.slice(i).join('.'));
}
