import type { Environment } from './configuration.js';
import type { ValidationMethod } from './manifest.js';
import type { Term, TermCounting } from './term.js';

/** A reason a spec cannot be served; all of them come, not the first. */
export interface Violation {
  readonly code: string;
  readonly message: string;
  /** Key of the manifest the reason hangs on (`domains`, `term`). */
  readonly field?: string;
}

/** What a certificate authority recognises itself by in CAA records. */
export interface CaaIdentity {
  /** Issuer domain names that it takes for certain (RFC 8659 §4.2); one that is authorised is enough. */
  readonly domains: readonly string[];
  /** Names it is known to have taken, and may not take any more. */
  readonly perhaps?: readonly string[];
  /** An `accounturi` by which it knows the account (RFC 8657 §3); absent: it does not tell, or does not look at it. */
  readonly accountUri?: string;
  /** Its labels for `validationmethods` (RFC 8657 §4), by method; absent as above. */
  readonly methods?: Partial<Readonly<Record<ValidationMethod, readonly string[]>>>;
}

/** What a kind of provider can do. Absent means no; a no carries the vendor's reason in `notes`. */
export interface Capabilities {
  /** How an attempt is found again: by a reference the provider refuses twice; by one it merely stores; or not at all. */
  readonly search: 'unique' | 'findable' | 'none';
  /** false: an order that does not show proves nothing, whatever is asked (its own API does not say); absent = it can. */
  readonly absence?: false;
  /** Longest delay until a placed order is visible to the look-up; absent = unknown, 24 h are assumed. */
  readonly visibilityLagMs?: number;
  /** Longest a writing call may take. */
  readonly callLimitMs: number;
  /** Bought first, CSR later. */
  readonly separateActivation: boolean;
  /**
   * Purchases without reference and names. `shared`: others buy in the account as well, and no slot is taken without its id;
   * `exclusive`: a new slot is one of ours.
   */
  readonly slots?: 'shared' | 'exclusive';
  /** Slots that nobody activated serve before anything is bought. Only where they are `exclusive`. */
  readonly usesFreeSlots?: true;
  readonly reissue: 'free' | 'paid' | false;
  readonly reissueChangesId: boolean;
  readonly revoke: boolean;
  /** Only a certificate that a reissue has superseded is revoked. */
  readonly revokesSuperseded?: true;
  /** The call names no certificate: it revokes the one that serves. */
  readonly revokesCurrentOnly?: true;
  /** false: what was revoked does not show at the order; absent = it does. */
  readonly revocationShown?: false;
  readonly cancel: boolean;
  readonly autoRenewFlag: 'read-write' | 'read' | false;
  readonly balance: boolean;
  readonly quote: boolean;
  readonly list: boolean;
  readonly push: boolean;
  /** Sells website protection (`licenser` of the account); absent = no. */
  readonly licences?: true;
  /** Names of a placed order can be proven another way (`validator.change`); absent = no. */
  readonly changeValidation?: boolean;
  /** Approver mails of a placed order can be sent again (`validator.resend`); absent = no. */
  readonly resendMails?: boolean;
  /** Shortest time between two looks at one order that the provider asks for; absent = every run may look. */
  readonly pollEveryMs?: number;
  /** The account is set up so that the other side renews, outside every limit: nobody else may; absent = no. */
  readonly renewsItself?: true;
  /** Sells, and this account delivers: it never sells to us itself. */
  readonly deliveredBy?: string;
  /** Certificates of it may be handed in by people, because no API delivers them; absent = no. */
  readonly handedIn?: true;
  /** From this long after placing, a DV order that nobody is known to be waited for is said to stall; absent = never. */
  readonly patienceMs?: number;
  readonly wildcard: boolean;
  readonly termCounting: TermCounting;
  /** Remaining days of the old order are added to a renewal. */
  readonly carriesRemainingDays: boolean;
  /** Renewal is refused earlier than this before the paid term ends; absent = no window. */
  readonly renewalWindowMs?: number;
  /** Renewal is refused later than this after the paid term has ended, and is a new order then; absent = never. */
  readonly renewalGraceMs?: number;
  /** `public`: in `live` a chain must build to a public root. `private`: to `trustAnchors()`. */
  readonly trust: 'public' | 'private';
  /** Of the authority that issues; absent: not known, or a private one. */
  readonly caa?: CaaIdentity;
  /** false: the account has no paid term at all (ACME, a private CA without prices). */
  readonly terms: boolean;
  readonly concurrency: number;
  /** Calls that can leave within the minute they are announced for; absent = as many as any run announces together. */
  readonly batch?: number;
  readonly notes: Readonly<Record<string, string>>;
}

/** A product as certwright names it. */
export interface ProductInfo {
  readonly id: string;
  readonly vendorCode: string;
  readonly validation: 'dv' | 'ov' | 'ev';
  readonly wildcard: boolean;
  readonly maxNames: number;
  readonly terms: readonly Term[];
  readonly title: string;
  /** Where the authority behind this product is another one than the account's. */
  readonly caa?: CaaIdentity;
}

/** What was checked about an empty answer; the core decides whether it proves an absence (DESIGN §4). */
export interface AbsenceEvidence {
  /** `Date` of the look-up reply, epoch ms. Absent: no absence. */
  readonly replyAtMs?: number;
  /** Every page was read, and the shape is one the wire reference knows. */
  readonly complete: boolean;
  /** A reference never used answered in the same shape. */
  readonly negativeControl: boolean;
  /** A known order of ours was found; or the account is empty and its balance unchanged. */
  readonly positiveControl: boolean;
  /** All the money is there, and nothing new: of accounts whose purchases carry no reference. */
  readonly booksUnchanged?: boolean;
}

/**
 * Is this account's authority one that the world trusts, so that its names have to be public ones? In a rehearsal nobody
 * looks at names but whoever rehearses.
 */
export const issuesPublicly = (
  { trust }: Pick<Capabilities, 'trust'>,
  { environment }: { readonly environment: Environment },
): boolean => trust === 'public' && environment !== 'rehearsal';
