import type { CutOver } from '../../model/calendar.js';
import type { Environment } from '../../model/configuration.js';
import type { Money } from '../../model/money.js';
import type { OrderState } from '../../model/order.js';
import type { Instant } from '../../model/time.js';
import type { StatusLevel } from '../status-level.js';

/**
 * Where a certificate stands, in the words of people who do not run it. `waiting`: a person has to act. `due`: under way,
 * or to be reissued or renewed in the next 30 days. `archived`: its manifest is gone; not counted.
 */
export type Standing = 'expired' | 'attention' | 'waiting' | 'due' | 'healthy' | 'archived';

/** The gravest first. */
export const STANDINGS: readonly Standing[] = [
  'expired',
  'attention',
  'waiting',
  'due',
  'healthy',
  'archived',
];

export interface OverviewNote {
  readonly message: string;
  readonly level: 'info' | 'warning' | 'attention';
  readonly since: Instant;
}

export interface OverviewOrder {
  readonly id: string;
  /** Every id it had, where it had several; oldest first. */
  readonly ids?: readonly string[];
  /** Provider order id that this one renewed or replaced. */
  readonly predecessor?: string;
  readonly reference: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly product: string;
  readonly term?: string;
  readonly placedAt: Instant;
  readonly paidFrom?: Instant;
  readonly paidTill?: Instant;
  readonly state: OrderState;
  readonly adopted?: true;
  readonly addOn?: true;
  readonly charges: readonly {
    readonly at: Instant;
    readonly action: string;
    readonly quoted?: Money;
    readonly charged?: Money;
    readonly refunded?: Money;
  }[];
}

/** One certificate, or website protection of one site. */
export interface OverviewCertificate {
  readonly name: string;
  readonly kind: 'certificate' | 'sitelock';
  readonly standing: Standing;
  /** The word of `certwright status`. */
  readonly state: string;
  readonly level: StatusLevel;
  readonly reason?: string;
  readonly owner?: string;
  readonly provider?: string;
  readonly environment?: Environment;
  readonly product?: string;
  readonly term?: string;
  readonly autoRenew?: boolean;
  /** `file:line` of the manifest; absent: it is gone. */
  readonly manifest?: string;
  /** Of the certificate; of the manifest while there is none. */
  readonly names: readonly string[];
  readonly notBefore?: Instant;
  readonly notAfter?: Instant;
  readonly publishedAt?: Instant;
  /** Lower-case hex. */
  readonly serial?: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly sha256?: string;
  readonly issuer?: string;
  readonly keyAlgorithm?: string;
  /** End of what is paid. Absent: there is no paid term. */
  readonly paidTill?: Instant;
  /** When it is reissued next, free of charge. */
  readonly reissueAt?: Instant;
  /** When the next term is bought. */
  readonly renewAt?: Instant;
  /** What is true of it beside being valid, the gravest first. */
  readonly notes: readonly OverviewNote[];
  /** Oldest first. */
  readonly orders: readonly OverviewOrder[];
  /** Earlier certificates, newest first. */
  readonly previous: readonly {
    readonly serial: string;
    readonly notBefore: Instant;
    readonly notAfter: Instant;
    readonly order: string;
    readonly revoked?: true;
  }[];
}

export interface TroubleLine {
  /** Absent: it concerns the repository. */
  readonly name?: string;
  readonly owner?: string;
  readonly level: 'warning' | 'attention';
  readonly message: string;
  /** UTC day. */
  readonly since?: string;
}

export interface WaitingLine {
  readonly name: string;
  readonly owner?: string;
  /** Whom or what it waits for: "the approver to answer the mail". */
  readonly whom: string;
  readonly message: string;
  /** What a person does about it. */
  readonly remedy?: string;
  readonly since?: string;
}

export interface DueLine {
  /** UTC day. */
  readonly day: string;
  readonly name: string;
  readonly owner?: string;
  readonly action: 'reissue' | 'renew';
  readonly provider?: string;
  /** The most it may cost; absent for what is free, and where nobody set a ceiling. */
  readonly atMost?: Money;
}

export interface TimelineCounts {
  /** Certificates that end, unless they are replaced before. */
  readonly ends: number;
  /** Reissues and renewals that fall due: the next one of each certificate. */
  readonly due: number;
  /** Paid terms that end, unless they are renewed. */
  readonly terms: number;
}

/** A UTC month, or seven days. */
export interface Period extends TimelineCounts {
  /** First day. */
  readonly from: string;
  /** First day after it. */
  readonly till: string;
}

export interface Timeline {
  readonly months: readonly Period[];
  readonly weeks: readonly Period[];
  /** Dates before the first day, and after the last month. */
  readonly before: TimelineCounts;
  readonly after: TimelineCounts;
  /** The industry's limits that change meanwhile. */
  readonly cutOvers: readonly CutOver[];
}

/** Amounts are never added up over currencies, nor over accounts that sell real things and those that do not. */
export interface Sum extends Money {
  readonly environment: Environment;
}

export interface SpendingMonth {
  /** `2027-03` */
  readonly month: string;
  readonly spent: readonly Sum[];
  readonly refunded: readonly Sum[];
  /** What falls due, with the tax of the account. */
  readonly expected: readonly Sum[];
  /** Purchases that fall due and whose price nobody knows: they come on top. */
  readonly unknown: number;
}

export interface SpendingShare {
  /** A provider, or an owner; absent: nobody is named. */
  readonly of?: string;
  readonly spent: readonly Sum[];
  readonly expected: readonly Sum[];
  readonly unknown: number;
}

export interface SpendingView {
  /** Twelve before this one, this one, and twelve after it. */
  readonly months: readonly SpendingMonth[];
  /** The running one, `2026-11`. */
  readonly thisMonth: string;
  /** Of all these months. */
  readonly providers: readonly SpendingShare[];
  readonly owners: readonly SpendingShare[];
  /** What the expected prices are known from: how many purchases each. */
  readonly basis: { readonly listed: number; readonly charged: number; readonly unknown: number };
}

/** What was asked for by name, owner, provider and state; empty: everything. */
export interface OverviewSelection {
  readonly names?: readonly string[];
  readonly owner?: string;
  readonly provider?: string;
  readonly state?: string;
}

/** How everything stands, as data. Pages, files and calendars are made from this and nothing else. */
export interface Overview {
  readonly version: 1;
  readonly madeAt: Instant;
  /** host/path of the remote. */
  readonly repository: string;
  readonly repositoryId: string;
  readonly selection: OverviewSelection;
  readonly counts: Readonly<Record<Standing, number>>;
  readonly trouble: readonly TroubleLine[];
  readonly waiting: readonly WaitingLine[];
  /** The next 60 days, in order. */
  readonly due: readonly DueLine[];
  readonly timeline: Timeline;
  /** Absent where the configuration cannot be used. */
  readonly spending?: SpendingView;
  /** The gravest first, then by the end. */
  readonly certificates: readonly OverviewCertificate[];
}
