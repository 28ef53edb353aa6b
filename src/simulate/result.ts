import type { Money } from '../model/money.js';
import type { DnsName } from '../model/names.js';
import type { HoldCode, PlanAction, PlanPrice, ReasonCode } from '../model/plan.js';
import type { Instant } from '../model/time.js';

/** One thing that was done in the simulated time. */
export interface SimulatedEvent {
  readonly at: Instant;
  readonly name: string;
  readonly action: PlanAction;
  readonly reason: ReasonCode;
  readonly provider?: string;
  readonly product?: string;
  readonly term?: string;
  readonly price: PlanPrice;
  /** With the tax the configuration names; absent for what is free. */
  readonly cost?: Money;
  /** A person had to merge an approval for it. */
  readonly approved?: true;
}

/** A certificate that came out. */
export interface SimulatedCertificate {
  readonly at: Instant;
  readonly name: string;
  readonly notAfter: Instant;
  /** Names whose proof of control was too old to be used again. */
  readonly proved: readonly DnsName[];
  /** Of these, the ones a person has to prove (mail, or a record published by hand). */
  readonly byHand: readonly DnsName[];
}

/** Days without a valid certificate, after there had been one. */
export interface Gap {
  readonly name: string;
  readonly from: Instant;
  /** Absent: it lasts to the end of the simulated time. */
  readonly till?: Instant;
  readonly days: number;
  readonly why: string;
}

/** A line that was wanted and not done on some day. */
export interface SimulatedHold {
  readonly name: string;
  readonly action: PlanAction;
  readonly code: HoldCode;
  readonly message: string;
  readonly from: Instant;
  readonly till: Instant;
}

/** What a UTC month holds. */
export interface SimulatedMonth {
  /** `2027-03` */
  readonly month: string;
  readonly orders: number;
  readonly renewals: number;
  /** Certificates inside what is paid, or of accounts without terms. */
  readonly reissues: number;
  readonly certificates: number;
  readonly proofs: number;
  readonly byHand: number;
  /** One sum per currency. */
  readonly spent: readonly Money[];
}

export interface Simulation {
  readonly from: Instant;
  readonly until: Instant;
  /** Declared ones. */
  readonly certificates: number;
  readonly months: readonly SimulatedMonth[];
  readonly spent: readonly Money[];
  readonly events: readonly SimulatedEvent[];
  readonly issued: readonly SimulatedCertificate[];
  readonly gaps: readonly Gap[];
  /** Declared, and no certificate came out in all the time. */
  readonly neverIssued: readonly { readonly name: string; readonly why: string }[];
  readonly holds: readonly SimulatedHold[];
  /** Lines whose outcome only a provider can tell; left as they are. */
  readonly notModelled: readonly { readonly name: string; readonly action: PlanAction }[];
  /** Names still proved by mail on or after the day on which that ends. */
  readonly mailAfterEnd: readonly string[];
  /** The first plan is one that `apply` refuses as a whole; simulated as if it had been approved. */
  readonly unsafe?: string;
  /** The day with the most certificates. */
  readonly busiest?: { readonly day: string; readonly certificates: number };
}
