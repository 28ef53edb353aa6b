import type {
  AbsenceEvidence,
  CaaIdentity,
  Capabilities,
  ProductInfo,
  Violation,
} from '../model/capabilities.js';
import type { ContactSet, Environment, ProviderConfig } from '../model/configuration.js';
import type { JsonObject } from '../model/json.js';
import type { LicenceOffer } from '../model/licence.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { Money } from '../model/money.js';
import type { DnsName } from '../model/names.js';
import type {
  CollectedCertificate,
  OrderRequest,
  OrderSnapshot,
  RequestedValidation,
  RevocationReason,
  WaitingFor,
} from '../model/order.js';
import type { Secret } from '../model/secret.js';
import type { Term } from '../model/term.js';
import type { Instant } from '../model/time.js';
import type { CallObserver } from './call-observer.js';
import type { Clock } from './clock.js';
import type { Sealer } from './keystore.js';
import type { Log } from './log.js';
import type { AccountStore } from './repository.js';

export type { AbsenceEvidence, Capabilities, ProductInfo, Violation };

export interface Quote {
  readonly price:
    | { readonly kind: 'known'; readonly amount: Money; readonly source: string }
    | { readonly kind: 'unknown'; readonly why: string; readonly sold?: false };
}

export interface QuoteSubject {
  readonly action: 'order' | 'renew' | 'reissue' | 'add-names';
  readonly product: string;
  readonly term?: Term;
  readonly names: readonly DnsName[];
  readonly predecessorOrderId?: string;
}

/**
 * The last gate before bytes leave. A provider calls it when its connection is open and nothing has been sent.
 * @throws CertError `send.too-late` or `send.clock` (effect none)
 */
export type SendGuard = () => void;

export interface StepContext {
  readonly request: OrderRequest;
  /** What this step's `before` gave when the intent was written. */
  readonly before: JsonObject;
  /** Results of the steps that are done, by step name. */
  readonly results: Readonly<Record<string, JsonObject>>;
  /** Personal data of the request's contacts, resolved; its digest was compared with the recorded one. */
  readonly contacts?: JsonObject;
  /** The first password of a new customer; no digest of it is kept. */
  readonly password?: Secret;
}

/** What a writing call gave back. */
export interface StepOutcome {
  /** Ids and values later steps and look-ups need. Facts only, no personal data. */
  readonly result: JsonObject;
  /** Provider's order id, once there is one. */
  readonly orderId?: string;
  readonly charged?: Money;
  /** A cancellation that was taken as a request: whether it is granted shows at the order later. */
  readonly undecided?: boolean;
  /** What a cancellation gave back, where the provider says so. */
  readonly refunded?: Money;
}

export type LookUp =
  | { readonly kind: 'found'; readonly outcome: StepOutcome }
  | { readonly kind: 'absent'; readonly evidence: AbsenceEvidence }
  | {
      readonly kind: 'cannot-tell';
      readonly why: string;
      readonly candidates: readonly string[];
      /** What the call works on was taken by something that is not ours: making it again cannot help. */
      readonly taken?: true;
    };

export interface LookUpContext extends StepContext {
  /** When the step may have been sent, epoch ms. */
  readonly sentAtMs: number;
  /** A live order of ours in the same account, for the positive control. */
  readonly knownOrderId?: string;
  /** The reference that order was placed with: for accounts that search by it and do not tell it back. */
  readonly knownReference?: string;
  /** Ids in this account that certificates here hold already: none of them is this attempt's. */
  readonly claimed?: readonly string[];
  /** Serials of what was published for this certificate: a key that is kept tells none of them from a new one. */
  readonly published?: readonly string[];
}

/** Another certificate here with an order at the same account. */
export interface Neighbour {
  readonly certificate: string;
  /** Its newest order, as it is called by now. */
  readonly orderId: string;
  readonly product: string;
  /** A renewal of it is bought, or about to be, and holds nothing at the account that delivers yet. */
  readonly waits: boolean;
}

/** Where an operation stands when one of its later steps is about to be taken. */
export interface SoFar {
  readonly request: OrderRequest;
  /** Results of the steps that are done, by step name. */
  readonly results: Readonly<Record<string, JsonObject>>;
  /** The order as it is called by now. */
  readonly orderId?: string;
  /** What an earlier attempt at this step recorded. */
  readonly before?: JsonObject;
  /** Where another account delivers: what other certificates here hold there, as `claimOf`. */
  readonly claimed?: readonly string[];
  /** Where another account delivers: who else may be meant by what is bought there. */
  readonly neighbours?: readonly Neighbour[];
  /** Why this sum, tax included, is more than was agreed for the whole operation; undefined: it may be paid. */
  tooMuch(total: Money): string | undefined;
}

/** Somebody else has to act before a step can be taken. */
export interface StepWait {
  readonly waitingFor: WaitingFor;
  readonly message: string;
}

/** One writing call. Never repeated by transport or by us without a proven absence. */
export interface Step {
  readonly name: string;
  readonly paid: boolean;
  /**
   * Made twice, it costs nothing, and the two leave what one does: where its look-up cannot tell, it is made again.
   * Never beside `paid`.
   */
  readonly repeatable?: true;
  /** Is it one of the steps of this request? Decided once, when the intent is made. Absent: of every request. Pure. */
  applies?(request: OrderRequest): boolean;
  /**
   * Of a later step: who has to act before it can be taken; undefined: it can be taken now. Neither a failure nor remembered:
   * the next run asks again, and what `getOrder` tells meanwhile is recorded. Reads only, asked right before `before`.
   */
  waits?(soFar: SoFar): Promise<StepWait | undefined>;
  /**
   * Reads what the look-up will compare with; stored in the intent before it is pushed. A `claims` in it (`claimOf`) is what
   * the step takes at the account that delivers: announced for one certificate alone.
   * @param soFar  of a later step
   */
  before?(request: OrderRequest, soFar?: SoFar): Promise<JsonObject>;
  /**
   * The call. Not idempotent: at most once per confirmed nonce. A later step whose goal is reached already sends nothing, and
   * asks its guard all the same.
   * @throws CertError, effect `none` only where the provider provably did nothing; `provider.not-ready` where what `waits`
   * saw is so no more
   */
  run(context: StepContext, guard: SendGuard): Promise<StepOutcome>;
  /** What became of the call. Reads only. */
  lookUp(context: LookUpContext): Promise<LookUp>;
  /**
   * The `result` of this step for an order that a person found at the provider. Absent: no later step reads one. Pure.
   */
  adoptResult?(orderId: string): JsonObject;
}

/** Ordered writing calls that together make one action. */
export type Operation = readonly Step[];

export interface ListedOrder extends OrderSnapshot {
  /** The list does not tell where it stands: `state` is the one that an order has which is there. */
  readonly stateTold?: false;
  readonly dates?: { readonly orderedAt?: string };
  /** A reissue gave the order another id since, which has a line of its own; `getOrder` by this one leads to it. */
  readonly superseded?: true;
}

export interface ListFilter {
  readonly names?: readonly DnsName[];
  readonly product?: string;
}

export interface ConnectionReport {
  readonly ok: boolean;
  readonly environment: Environment;
  readonly findings: readonly string[];
  readonly balance?: Money;
}

export interface Reissuer {
  readonly operation: Operation;
  /** Where names beyond those bought are bought by a call of their own; absent: the reissue itself sells them. */
  readonly addNames?: Operation;
  /** What a reissue does to the certificate it replaces, for the plan; undefined when nothing. */
  sideEffect(order: { readonly id: string; readonly serial?: string }): string | undefined;
}

export interface Revoker {
  readonly operation: Operation;
  readonly reasons: readonly RevocationReason[];
}

/** DCV after placing. Every call is free and repeats safely. `recorded` as for `getOrder`: its options may rule the method. */
export interface Validator {
  /** Asks the provider to check again. */
  recheck(orderId: string, items: readonly RequestedValidation[], recorded?: Recorded): Promise<void>;
  /** Another method or approver for these names. Absent: the provider has no call for it. */
  change?(orderId: string, items: readonly RequestedValidation[], recorded?: Recorded): Promise<void>;
  /** Sends the approver mails of these names once more. Absent: the provider has no call for it. */
  resend?(orderId: string, items: readonly RequestedValidation[]): Promise<void>;
}

/**
 * Website protection. A licence brings no certificate and has no states: it is there when it is sold. Requests carry
 * `licence`.
 */
export interface Licenser {
  readonly place: Operation;
  readonly renew: Operation;
  /** By the order of a licence or of an add-on; what stands beside a main licence goes with it. */
  readonly cancel: Operation;
  /**
   * Orders the account shows for a site that are for this product, or may be: one whose product is not told counts. One read.
   */
  ordersOf(domain: DnsName, product: string): Promise<readonly OrderSnapshot[]>;
  /**
   * @param product  what it is where the account does not tell
   * @throws CertError `order.not-found` where the account shows none, `order.ambiguous` for an order of a certificate
   */
  getOrder(orderId: string, product: string): Promise<OrderSnapshot>;
}

/** When a CA wants a certificate replaced (RFC 9773 §4.2). */
export interface RenewalAdvice {
  readonly startAt: Instant;
  readonly endAt: Instant;
  /** Page for people, where the CA names one. */
  readonly explanation?: string;
  /** When to ask again, epoch ms. */
  readonly nextLookMs: number;
}

/** What the intent holds of an order that is looked at: for what the provider itself does not tell. */
export interface Recorded {
  readonly request: OrderRequest;
  /** Results of the steps that are done, by step name. */
  readonly results: Readonly<Record<string, JsonObject>>;
  /** As for a step that may wait; absent where nothing is left to pay. */
  readonly tooMuch?: SoFar['tooMuch'];
  /** As for a step that may wait. */
  readonly claimed?: readonly string[];
  /** As for a step that may wait. */
  readonly neighbours?: readonly Neighbour[];
}

/**
 * One account at one provider. The base is what every provider has; optional parts are present exactly when the
 * capabilities say so.
 */
export interface Provider {
  readonly config: ProviderConfig;
  readonly capabilities: Capabilities;
  readonly products: readonly ProductInfo[];
  /** Taken when a manifest names none. */
  readonly defaultProduct?: string;
  /** Reasons this spec cannot be served here; [] if it can. Pure. */
  audit(spec: CertificateSpec): readonly Violation[];
  /** Names the product adds by itself, allowed in an issued certificate. Pure. */
  freeNames(product: string, names: readonly DnsName[]): readonly DnsName[];
  /** Unique values to fix in the request before it is stored (`hex` is the only source of chance). Pure. */
  uniqueValues(action: OrderRequest['action'], hex: (bytes: number) => string): JsonObject;
  check(): Promise<ConnectionReport>;
  quote(subject: QuoteSubject): Promise<Quote>;
  readonly place: Operation;
  readonly renew: Operation;
  /**
   * @param recorded  where an intent of ours is open for it (DCV records computed from the CSR need the request)
   * @throws CertError `order.not-found`
   */
  getOrder(orderId: string, recorded?: Recorded): Promise<OrderSnapshot>;
  /** The newest certificate of the order; undefined while there is none. @param recorded  as for `getOrder` */
  collect(orderId: string, recorded?: Recorded): Promise<CollectedCertificate | undefined>;
  /** Orders under our reference: for adopting what a lost state forgot. Absent when search is `none`. */
  findByReference?(reference: string): Promise<readonly OrderSnapshot[]>;
  /** Gives a slot its request. */
  readonly activator?: {
    readonly operation: Operation;
    /** What the account refuses about a request, before a slot for it is bought elsewhere. Reads only. @throws CertError */
    check?(request: OrderRequest): Promise<void>;
  };
  readonly reissuer?: Reissuer;
  readonly revoker?: Revoker;
  readonly canceller?: { readonly operation: Operation };
  readonly autoRenew?: { readonly operation: Operation };
  readonly validator?: Validator;
  /** Website protection it sells; present exactly when `licenser` is. */
  readonly licences?: LicenceOffer;
  readonly licenser?: Licenser;
  list?(filter: ListFilter): AsyncIterable<ListedOrder>;
  /** Slots that nobody activated, as they stand now. Present where there are slots. */
  freeSlots?(): Promise<readonly OrderSnapshot[]>;
  /** @throws CertError `provider.unsupported` where the reply does not say for certain which of its values it is */
  balance?(): Promise<Money>;
  /**
   * What the authority calls itself in CAA records, where only it knows (the directory of an ACME server); undefined where
   * it does not say. Makes no account. Absent: capabilities and products say it.
   */
  caaIdentity?(): Promise<CaaIdentity | undefined>;
  /**
   * When the CA wants this certificate replaced; undefined where it says nothing of it. One call, repeats safely.
   * Absent: the provider has no such thing.
   */
  renewalAdvice?(certificatePem: string): Promise<RenewalAdvice | undefined>;
  /**
   * Sets the day on which the provider bills the next term. Free, repeats safely. Absent: nothing is billed by itself there.
   * @returns false: it was that day already
   */
  writeDueDate?(orderId: string, paidTill: Instant): Promise<boolean>;
  /** PEM roots a `private` chain must build to. */
  trustAnchors?(): Promise<readonly string[]>;
  /** Clock of the other side from a reply at most 60 s old, epoch ms; undefined when it shows none. */
  serverTime(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** What a provider is made with. */
export interface ProviderDeps {
  readonly config: ProviderConfig;
  readonly repositoryId: string;
  readonly credentials: Readonly<Record<string, Secret>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Database for an embedded CA. */
  readonly accountStore: AccountStore;
  /** Sealed to `runnerRecipients`. */
  readonly runnerSealer: Sealer;
  readonly random: { hex(bytes: number): string };
  /** Told of every HTTP request; adapters hand it to their client. Absent: nobody counts. */
  readonly observe?: CallObserver | undefined;
  /** The account that delivers what this one sells; whoever opened it closes it. Present where `deliveredBy` names one. */
  readonly upstream?: Provider;
}

/** An account that delivers what another one sells, as its configuration tells it. */
export interface Deliverer {
  readonly config: ProviderConfig;
  readonly offering: Offering;
}

/** What an account sells, read from its configuration alone. */
export interface Offering {
  readonly capabilities: Capabilities;
  readonly products: readonly ProductInfo[];
  readonly defaultProduct?: string;
  /** Present exactly when the capabilities say so. */
  readonly licences?: LicenceOffer;
}

/**
 * The table entry of a kind of provider: data, and what is read from a configuration alone. Importing it registers and
 * contacts nothing, and loads nothing that only an opened account needs: every run loads the whole table.
 */
export interface ProviderDefinition {
  readonly type: string;
  readonly title: string;
  readonly capabilities: Capabilities;
  /** Pages of the vendor for people: where an account is made, and where its API is described. */
  readonly links?: { readonly signUp?: string; readonly docs?: string };
  readonly credentialNames: { readonly required: readonly string[]; readonly optional: readonly string[] };
  /** JSON Schema of `ProviderConfig.options` (the keys of the configuration that are this type's own). */
  readonly optionsSchema: JsonObject;
  /** JSON Schema of a manifest's `providerOptions`. */
  readonly manifestOptionsSchema: JsonObject;
  /**
   * What a manifest asks for in vain at an account, beside its options' schema, as far as files tell. Absent: nothing. Pure.
   * @param contacts  the set that the manifest names; undefined where it names none
   */
  offline?(spec: CertificateSpec, provider: string, contacts: ContactSet | undefined): readonly Violation[];
  /** Account that delivers what one configured like this sells. Absent: each delivers what it sells. Pure. */
  deliveredBy?(config: ProviderConfig): string | undefined;
  /**
   * What an account configured like this sells; needs no credential and contacts nobody.
   * @param deliverer  the account that `deliveredBy` names, where the configuration has it
   * @throws CertError `config.invalid`
   */
  describe(config: ProviderConfig, deliverer?: Deliverer): Offering;
  /**
   * The order that a push notification speaks of, as our records name it; undefined: it names none. Present exactly when
   * `capabilities.push`. Whatever else a notification says is asked for at the provider. Pure.
   * @param fields  of its address and its form
   */
  notifiedOrder?(fields: URLSearchParams): string | undefined;
  /** Opens an account; loads the adapter. Contacts nobody. @throws CertError `config.invalid` */
  create(deps: ProviderDeps): Promise<Provider>;
}
