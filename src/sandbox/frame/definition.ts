import type { Json, JsonObject } from '../../model/json.js';
import type { Csr } from './csr.js';
import type { Probe } from './probe.js';

/** A call as its bytes were, before any provider's rules are applied. */
export interface WireCall {
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** Calls of the same operation that were open when this one arrived. */
  readonly parallel: number;
}

export interface WireReply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/** What the seller counts: one line for every time somebody was, or will be, charged. */
export interface Purchase {
  readonly at: string;
  readonly order: string;
  readonly product: string;
  readonly amount: string;
  readonly currency: string;
  /** The buyer's own reference; null where none was sent. */
  readonly reference: string | null;
}

/** What a sandbox can be told, by name. */
export interface Setting {
  readonly description: string;
  readonly default: Json;
  /** JSON schema of the value, without default and description. */
  readonly schema: JsonObject;
}
export type SettingTable = Readonly<Record<string, Setting>>;

/** A fault only this kind of provider can have; it is taken with `Seat.fault`. */
export interface VendorFault {
  readonly description: string;
  /** Operations it happens to when none is named. */
  readonly operations: readonly string[];
  /** The value that must follow, as in `answer:-42`. */
  readonly value?: { readonly form: RegExp; readonly example: string };
}

/** What a control route is called with: the rest of the path, decoded, and the JSON body. */
export interface ControlCall {
  readonly args: readonly string[];
  readonly body: JsonObject;
}

export interface ControlRoute {
  readonly method: 'GET' | 'POST';
  /** `orders/:id/approve` */
  readonly path: string;
  readonly description: string;
  run(call: ControlCall): Promise<Json> | Json;
}

/** Times of a certificate and what it says. */
export interface Leaf {
  readonly spkiDer: Uint8Array;
  readonly names: readonly string[];
  readonly commonName: string | undefined;
  readonly organization?: { readonly name: string; readonly country: string | undefined } | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface SignedLeaf {
  readonly pem: string;
  /** Upper-case hex. */
  readonly serial: string;
}

/** What a shop keeps of a certificate it issued. */
export interface IssuedLeaf extends SignedLeaf {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** `public`: root, issuing CA, leaf. `untrusted`: a CA that nobody is meant to install, leaf. */
export type Branch = 'public' | 'untrusted';

export interface ThrowAwayCa {
  /** CA certificates, PEM, root first. */
  chain(branch: Branch): readonly string[];
  sign(branch: Branch, leaf: Leaf): Promise<SignedLeaf>;
  /** SubjectPublicKeyInfo of a key that nobody asked for. */
  strangeKey(): Promise<Uint8Array>;
}

/** What the frame gives a shop. */
export interface Seat {
  /** Epoch ms, as the sandbox's time stands. */
  now(): number;
  /** As they are at this moment: settings change while the sandbox runs. */
  settings(): JsonObject;
  /** One use of a fault with this name, or undefined. */
  fault(name: string, operation: string): { readonly value: string | undefined } | undefined;
  readonly login: Readonly<Record<string, string>>;
  readonly ca: ThrowAwayCa;
  readonly probe: Probe;
  readCsr(text: string): Promise<Csr>;
  /** Letters and digits. */
  token(length: number): string;
  sold(purchase: Omit<Purchase, 'at'>): void;
}

/** One provider behind the counter. Calls are served one after the other. */
export interface Shop {
  serve(operation: string, call: WireCall): Promise<WireReply>;
  readonly control: readonly ControlRoute[];
  /** Facts for `GET /_sandbox/`. */
  summary(): JsonObject;
  /** Everything the shop remembers, as plain data; never what a caller gets to change. */
  dump(): Json;
  restore(state: Json): void;
}

/** A kind of sandbox. Importing it starts nothing. */
export interface SandboxDefinition {
  /** As `type:` in a configuration. */
  readonly type: string;
  readonly title: string;
  readonly settings: SettingTable;
  readonly faults: Readonly<Record<string, VendorFault>>;
  /** Keys below `credentials:`, each with the variable that the printed block names. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Of these, what has a form of its own and is no secret; absent: the first is like a name, the others are made up. */
  readonly madeUp?: Readonly<Record<string, string>>;
  /** Operations that cost money: where a fault happens if nothing else is said. */
  readonly purchases: readonly string[];
  /** Operations that change something; absent: those that cost money. */
  readonly writes?: readonly string[];
  readonly operations: readonly string[];
  /** The operation of a call: by its path, or by what it carries; undefined for one that the provider does not have. */
  operation(path: string, call: Pick<WireCall, 'query' | 'body'>): string | undefined;
  /** A target or a body as it was received, with every secret struck out: the form it has in the ledger. */
  masked(received: string): string;
  /** Further lines of the printed configuration block. */
  configuration(settings: JsonObject): readonly string[];
  /** How names are proved here, for a person who has just started it. */
  hints(settings: JsonObject): readonly string[];
  open(seat: Seat): Shop;
}
