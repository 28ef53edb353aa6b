import type { Json } from './json.js';
import type { Money } from './money.js';
import type { DnsName } from './names.js';
import type { Term } from './term.js';

/** Where in the user's repository something stands; line and column start at 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type KeyAlgorithm = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ecdsa-p256' | 'ecdsa-p384';

export type KeySpec =
  | { readonly kind: 'generated'; readonly algorithm: KeyAlgorithm; readonly rotate: 'always' | 'never' }
  /** A CSR the user keeps in the repository; its key never comes near us. */
  | { readonly kind: 'csr'; readonly path: string; readonly csrPem: string; readonly keyHash: string }
  /** Dates and alarms only: no reissue until the manifest names a key. */
  | { readonly kind: 'external' };

export type ValidationMethod = 'dns' | 'http' | 'email' | 'manual';

export interface ValidationWish {
  readonly method: ValidationMethod;
  readonly solver?: string;
  readonly approver?: string;
}

export interface ValidationSpec extends ValidationWish {
  readonly per: Readonly<Record<DnsName, ValidationWish>>;
}

export type PublishedFormat = 'pem' | 'p7b' | 'der';

export type AdoptWish =
  | { readonly kind: 'order'; readonly order: string }
  | { readonly kind: 'ignore'; readonly orders: readonly string[] };

/** A `kind: certificate` manifest, defaults applied, names normalised. */
export interface CertificateSpec {
  readonly kind: 'certificate';
  readonly name: string;
  readonly position: Position;
  /** SHA-256 over the canonical manifest with its defaults: what a person approved by merging. */
  readonly digest: string;
  /** Sorted set; `commonName` is one of it. */
  readonly names: readonly DnsName[];
  readonly commonName: DnsName;
  /** Configured provider ids, in order of preference. */
  readonly providers: readonly string[];
  readonly product?: string;
  readonly term?: Term;
  readonly autoRenew: boolean;
  readonly renewBeforeMs?: number;
  readonly reissueBeforeMs?: number;
  readonly maxPrice?: Money;
  readonly owner?: string;
  readonly key: KeySpec;
  /** Where a CSR of the user's own is named. */
  readonly csrPosition?: Position;
  readonly validation: ValidationSpec;
  readonly contacts?: string;
  readonly formats: readonly PublishedFormat[];
  /** By provider id. */
  readonly providerOptions: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly preflightSkip: readonly string[];
  readonly distinct?: string;
  readonly reissue?: string;
  readonly suspend: boolean;
  readonly migrate: 'at-renewal' | 'now';
  readonly adopt?: AdoptWish;
  readonly endpoints: readonly string[];
}

export interface SitelockCustomer {
  readonly email: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly organization?: string;
  readonly street?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly login?: string;
  /** Name of the environment variable that holds it; a literal is refused. */
  readonly passwordVariable?: string;
}

/** A `kind: sitelock` manifest: website protection sold beside certificates. */
export interface SitelockSpec {
  readonly kind: 'sitelock';
  readonly name: string;
  readonly position: Position;
  readonly digest: string;
  readonly domain: DnsName;
  readonly providers: readonly string[];
  readonly product: string;
  readonly addOns: readonly string[];
  /** Absent exactly for one-off products (`sitelock-911`). */
  readonly term?: Term;
  readonly autoRenew: boolean;
  readonly renewBeforeMs?: number;
  readonly renewedBy: 'certwright' | 'provider';
  readonly maxPrice?: Money;
  readonly owner?: string;
  readonly customer?: SitelockCustomer;
  /** Name of the manifest whose customer this site joins. */
  readonly customerOf?: string;
  /** The provider's id of an earlier order of the same customer; then `customer` holds the e-mail alone. */
  readonly previousOrder?: string;
  readonly adopt?: AdoptWish;
  readonly suspend: boolean;
}

export type Spec = CertificateSpec | SitelockSpec;

/** Something wrong in the user's files. Several come at once, sorted by position. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** What to write instead, one sentence. */
  readonly suggestion?: string;
  readonly position: Position;
  /** The manifest concerned, where there is one. */
  readonly name?: string;
}
