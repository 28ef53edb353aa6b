import type { ApprovalFile } from '../model/approval.js';
import type { Calendar } from '../model/calendar.js';
import type { CaaIdentity, Capabilities, ProductInfo, Violation } from '../model/capabilities.js';
import type { Environment, PolicyConfig, PreflightConfig, ProviderConfig } from '../model/configuration.js';
import type { LicenceOffer } from '../model/licence.js';
import type { CertificateSpec, PublishedFormat, SitelockSpec, Spec } from '../model/manifest.js';
import type { Money } from '../model/money.js';
import type { NameFacts } from '../model/name-facts.js';
import type { DnsName } from '../model/names.js';
import type { OrderSnapshot } from '../model/order.js';
import type { PlanPrice } from '../model/plan.js';
import type { RunMemory } from '../model/run-memory.js';
import type { Shard } from '../model/shard.js';
import type { StateHeader, Status } from '../model/status.js';

/** What people asked for, at one commit of the approval branch (or in a checkout, then without commit). */
export interface Desired {
  readonly commit: string | null;
  readonly specs: readonly Spec[];
  readonly approvals: readonly ApprovalFile[];
  readonly policy: PolicyConfig;
  readonly repositoryId: string;
  /** Whoever opens what is sealed: recipients, and the mark of a keystore. */
  readonly recipients: readonly string[];
  /** Certificates whose manifest has errors: nothing new is sent for them, nothing of theirs is archived. */
  readonly invalidNames: readonly string[];
  /** A file whose certificates cannot be told: nothing at all is archived. */
  readonly hasUnreadable: boolean;
}

/** One configured account, as far as it was asked. */
export interface ProviderFacts {
  readonly config: ProviderConfig;
  readonly capabilities: Capabilities;
  readonly products: readonly ProductInfo[];
  readonly defaultProduct?: string;
  /** Website protection that it sells. */
  readonly licences?: LicenceOffer;
  /** Why nothing can be ordered there right now. */
  readonly down?: string;
  readonly balance?: Money;
  /** Slots that nobody activated, where they may serve before anything is bought. Absent: not asked. */
  readonly freeSlots?: readonly OrderSnapshot[];
  /** What its authority says of itself; absent: capabilities and products tell. */
  readonly caa?: CaaIdentity;
}

/** An order and the account it was seen in. */
export interface FoundOrder {
  readonly provider: string;
  readonly order: OrderSnapshot;
}

/** What is known of one certificate beside its status file. */
export interface CertificateFacts {
  /** `key.pem.age` stands beside the certificate. */
  readonly keyStored: boolean;
  /** Formats the manifest wants beside a certificate that stands there, and that do not. Absent: none. */
  readonly formatsMissing?: readonly PublishedFormat[];
  /** Orders no status explains, under the reference we would use. Absent: not asked. */
  readonly byReference?: readonly FoundOrder[];
  /** Orders no status explains, for the same names and product. Absent: not asked, or not possible. */
  readonly foreign?: readonly FoundOrder[];
  /** The order named by `adopt:`. */
  readonly adoptable?: OrderSnapshot;
  /** Why there is nothing to take over: the provider knows no such order. */
  readonly adoptRefused?: string;
  /** Names the current order's product adds by itself, allowed in a certificate. */
  readonly freeNames: readonly string[];
  /** By provider id: why it cannot serve this manifest. */
  readonly violations: Readonly<Record<string, readonly Violation[]>>;
  /** Answers to `PriceQuestion`s, by `priceKey`. */
  readonly prices: Readonly<Record<string, PlanPrice>>;
}

/** How state stands; anything but `healthy` and `foreign-commits` stops money. */
export interface StateFacts {
  readonly integrity: 'healthy' | 'foreign-commits' | 'absent' | 'lost';
  readonly integrityWhy?: string;
  readonly commit: string | null;
  readonly header?: StateHeader;
  readonly remote: string;
  /** The manifest commit descends from the last one acted on. */
  readonly manifestsDescend: boolean;
  readonly statuses: ReadonlyMap<string, Status>;
}

export interface PlanInput {
  readonly desired: Desired;
  readonly state: StateFacts;
  readonly providers: ReadonlyMap<string, ProviderFacts>;
  readonly facts: ReadonlyMap<string, CertificateFacts>;
  /** What earlier runs remember of their calls; absent: nothing. */
  readonly memory?: RunMemory;
  /** Limits to plan with; absent: the industry's. */
  readonly calendar?: Calendar;
  /** How names are looked at, and what was seen of those that were; absent: this is a plan that nobody will carry out. */
  readonly preflight?: {
    readonly config: PreflightConfig;
    readonly names: ReadonlyMap<DnsName, NameFacts>;
  };
  /** Only lines of these certificates are planned; everything is judged over all. Absent: all are planned. */
  readonly shard?: Shard;
  /** Wall clock, epoch ms. */
  readonly nowMs: number;
}

/** Everything the lanes decide one certificate from. */
export interface Subject {
  readonly name: string;
  readonly spec: CertificateSpec;
  readonly status: Status;
  readonly facts: CertificateFacts;
  readonly input: PlanInput;
}

export type PricedAction = 'order' | 'renew' | 'reissue' | 'add-names';

/** Something the planner needs answered before it can decide; asked by the observing side. */
export interface PriceQuestion {
  readonly name: string;
  readonly provider: string;
  readonly environment: Environment;
  readonly action: PricedAction;
  readonly product: string;
  readonly term?: string;
  readonly names: readonly string[];
  readonly predecessor?: string;
}

export const priceKey = (q: Pick<PriceQuestion, 'provider' | 'action' | 'product' | 'term'>): string =>
  [q.provider, q.action, q.product, q.term ?? ''].join('|');

export const isCertificate = (spec: Spec): spec is CertificateSpec => spec.kind === 'certificate';
export const isSitelock = (spec: Spec): spec is SitelockSpec => spec.kind === 'sitelock';

export const NO_FACTS: CertificateFacts = { keyStored: false, freeNames: [], violations: {}, prices: {} };
