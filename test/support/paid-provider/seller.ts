import Big from 'big.js';
import { type ReadCsr, readCsr, strangeKey, type ThrowAwayCa } from './ca.js';
import type {
  AccountWire,
  CertificateWire,
  FailureWire,
  OrderWire,
  PageWire,
  SeededOrder,
  SellerSettings,
  ValidationWire,
} from './wire.js';

const DAY_MS = 86_400_000;

export const DEFAULT_SETTINGS: SellerSettings = {
  search: 'none',
  visibilityLagMs: 0,
  pageSize: 2,
  pollsUntilIssued: 2,
  dcv: 'automatic',
  currency: 'USD',
  prices: {
    'paid-multi': { '90d': '4.00', '1y': '10.00', '2y': '18.00' },
    'paid-wildcard': { '1y': '40.00', '2y': '75.00' },
  },
  taxPercent: '0',
  validityDays: 100,
  reissueChangesId: false,
  carriesRemainingDays: false,
  renewalWindowDays: 90,
  hidden: [],
  unknownToken: 'refused',
  refunds: true,
  reissuesRevoked: false,
};

/** What a call changes or refuses. The failure is replied; nothing has happened then. */
export class Refused extends Error {
  readonly status: number;
  readonly code: FailureWire['code'];

  constructor(status: number, code: FailureWire['code'], message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Order {
  ids: string[];
  reference: string | null;
  status: OrderWire['status'];
  product: string;
  term: string;
  names: readonly string[];
  orderedAtMs: number;
  paidTillMs: number;
  charged: string;
  refunded: string | null;
  carriedDays: number;
  validation: OrderWire['validation'][number][];
  csr: ReadCsr | null;
  rejectedCsrSha256: string | null;
  /** Looks that are still answered with "pending"; null = until told. */
  pollsLeft: number | null;
  reissuePending: boolean;
  certificate: (CertificateWire & { readonly serial: string; readonly notAfterMs: number }) | null;
  /** Serials of certificates that a reissue took the place of: revoked without the order. */
  superseded?: readonly string[];
  autoRenew: boolean;
  message: string | null;
}

/** What a customer can do in the panel. */
export type PanelAct = 'revoke' | 'reissue' | 'reissue-other-key' | 'auto-renew' | 'cancel';

export interface Purchase {
  readonly order: OrderWire;
  readonly charged: string;
}

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
const idOf = (order: Order): string => order.ids.at(-1) ?? '';
const sorted = (names: readonly string[]): string => [...new Set(names)].sort().join(' ');

/** Days as sold; years end on the same UTC day, or on the last one of a shorter month. */
function termEnd(fromMs: number, term: string): number {
  const count = Number(term.slice(0, -1));
  if (term.endsWith('d')) return fromMs + count * DAY_MS;
  const from = new Date(fromMs);
  const end = new Date(fromMs);
  end.setUTCFullYear(from.getUTCFullYear() + count);
  if (end.getUTCMonth() !== from.getUTCMonth()) end.setUTCDate(0);
  return end.getTime();
}

/** The shop behind the counter: no HTTP, no faults of the line. */
export class Seller {
  settings: SellerSettings;
  balance: string;
  /** Orders that will be rejected when activated, and reissues that will be rejected after they were taken. */
  rejects = 0;
  /** Orders the CA will cancel once they are activated. */
  cancels = 0;
  /** Certificates that will be for another key, or for other names. */
  wrongCertificates: ('key' | 'names')[] = [];
  purchases = 0;
  readonly #orders: Order[] = [];
  readonly #ca: ThrowAwayCa;
  readonly #now: () => number;
  #lastId = 1000;

  constructor(ca: ThrowAwayCa, now: () => number, settings: SellerSettings, balance: string) {
    this.#ca = ca;
    this.#now = now;
    this.settings = settings;
    this.balance = balance;
  }

  /** Keeps everything as it stands now; the function it gives puts it back. */
  snapshot(): () => void {
    const { settings, balance, rejects, cancels, purchases } = this;
    const wrongCertificates = [...this.wrongCertificates];
    const copies = (orders: readonly Order[]) =>
      orders.map((order) => ({ ...order, ids: [...order.ids], validation: [...order.validation] }));
    const orders = copies(this.#orders);
    const lastId = this.#lastId;
    return () => {
      Object.assign(this, { settings, balance, rejects, cancels, purchases });
      this.wrongCertificates = [...wrongCertificates];
      this.#orders.splice(0, this.#orders.length, ...copies(orders));
      this.#lastId = lastId;
    };
  }

  price(product: string, term: string): string {
    const net = this.settings.prices[product]?.[term];
    if (net === undefined) throw new Refused(422, 'invalid', `${product} is not sold for ${term}`);
    return net;
  }

  account(): AccountWire {
    const unclaimed = this.#orders.filter(({ status }) => status === 'UNCLAIMED').map(idOf);
    return { balance: this.balance, currency: this.settings.currency, unclaimed };
  }

  buy(product: string, term: string, reference: string | null, renewed?: string): Purchase {
    const net = new Big(this.price(product, term));
    const charged = net
      .times(new Big(this.settings.taxPercent).plus(100))
      .div(100)
      .round(2, Big.roundUp)
      .toFixed(2);
    const used = reference !== null && this.#orders.some((order) => order.reference === reference);
    if (this.settings.search === 'unique' && used) {
      throw new Refused(409, 'reference-used', 'this reference was used before');
    }
    const old = renewed === undefined ? undefined : this.#renewable(renewed);
    if (new Big(this.balance).lt(charged))
      throw new Refused(402, 'insufficient-funds', 'the balance is too low');

    this.balance = new Big(this.balance).minus(charged).toFixed(2);
    this.purchases += 1;
    const nowMs = this.#now();
    const carriedDays =
      old === undefined || !this.settings.carriesRemainingDays
        ? 0
        : Math.max(0, Math.floor((old.paidTillMs - nowMs) / DAY_MS));
    const order: Order = {
      ids: [this.#newId()],
      reference: this.settings.search === 'none' ? null : reference,
      status: 'UNCLAIMED',
      product,
      term,
      names: [],
      orderedAtMs: nowMs,
      paidTillMs: termEnd(nowMs, term) + carriedDays * DAY_MS,
      charged,
      refunded: null,
      carriedDays,
      validation: [],
      csr: null,
      rejectedCsrSha256: null,
      pollsLeft: null,
      reissuePending: false,
      certificate: null,
      autoRenew: false,
      message: null,
    };
    this.#orders.push(order);
    return { order: this.#wire(order), charged };
  }

  activate(
    id: string,
    csrPem: string,
    names: readonly string[],
    method: 'dns' | 'http' | 'email' | 'manual',
  ) {
    const order = this.#get(id);
    this.#require(order, 'UNCLAIMED');
    const csr = this.#checkedCsr(csrPem, names);
    order.csr = csr;
    order.names = names;
    order.validation = names.map((name) => ({
      name,
      method,
      state: this.settings.dcv === 'automatic' ? 'valid' : 'pending',
      approver: method === 'email' ? `admin@${name}` : null,
      owner: `_paid-test.${name.replace(/^\*\./, '')}`,
      value: `${csr.sha256.slice(0, 32)}.dcv.paid-test.example`,
    }));
    order.pollsLeft = this.settings.pollsUntilIssued;
    if (this.rejects > 0) {
      this.rejects -= 1;
      order.status = 'REJECTED';
      order.message = 'rejected by the CA';
    } else {
      order.status = 'PENDING';
    }
    if (this.cancels > 0 && order.status === 'PENDING') {
      this.cancels -= 1;
      return this.cancel(id);
    }
    return this.#wire(order);
  }

  /** Orders of an account with a past: paid before, their certificates on keys that only their owners have. */
  seed(orders: readonly SeededOrder[]): void {
    const key = strangeKey();
    for (const seeded of orders) {
      const { names, product = 'paid-multi', term = '1y', ageDays = 30, status = 'ISSUED' } = seeded;
      const orderedAtMs = this.#now() - ageDays * DAY_MS;
      const order: Order = {
        ids: [seeded.id ?? this.#newId()],
        reference: null,
        status,
        product,
        term,
        names,
        orderedAtMs,
        paidTillMs: termEnd(orderedAtMs, term),
        charged: this.settings.prices[product]?.[term] ?? '1.00',
        carriedDays: 0,
        validation: [],
        csr: null,
        rejectedCsrSha256: null,
        pollsLeft: null,
        reissuePending: false,
        certificate: null,
        autoRenew: seeded.autoRenew ?? false,
        refunded: null,
        message: null,
      };
      if (status === 'ISSUED') this.#certify(order, key, names);
      this.#orders.push(order);
    }
  }

  reissue(id: string, csrPem: string, names: readonly string[]): OrderWire {
    const order = this.#get(id);
    if (order.status !== 'REVOKED' || !this.settings.reissuesRevoked) this.#require(order, 'ISSUED');
    if (this.#now() >= order.paidTillMs) throw new Refused(409, 'wrong-state', 'the paid term is over');
    order.csr = this.#checkedCsr(csrPem, names);
    order.names = names;
    order.reissuePending = true;
    order.rejectedCsrSha256 = null;
    order.pollsLeft = this.settings.pollsUntilIssued;
    if (this.settings.reissueChangesId) order.ids.push(this.#newId());
    if (this.rejects > 0) {
      this.rejects -= 1;
      order.reissuePending = false;
      order.rejectedCsrSha256 = order.csr.sha256;
      order.message = 'rejected by the CA';
    }
    return this.#wire(order);
  }

  revoke(id: string, serial: string): OrderWire {
    const order = this.#get(id);
    if (order.status === 'REVOKED') return this.#wire(order);
    this.#require(order, 'ISSUED');
    if (order.superseded?.includes(serial)) return this.#wire(order);
    if (order.certificate?.serial !== serial)
      throw new Refused(422, 'invalid', 'no such serial in this order');
    order.status = 'REVOKED';
    return this.#wire(order);
  }

  cancel(id: string): OrderWire {
    const order = this.#get(id);
    if (order.status !== 'UNCLAIMED') this.#require(order, 'PENDING');
    order.status = 'CANCELLED';
    if (this.settings.refunds) {
      order.refunded = order.charged;
      this.balance = new Big(this.balance).plus(order.charged).toFixed(2);
    }
    return this.#wire(order);
  }

  setAutoRenew(id: string, enabled: boolean): OrderWire {
    const order = this.#get(id);
    order.autoRenew = enabled;
    return this.#wire(order);
  }

  /** Looking is what makes time pass at this CA. */
  look(id: string): OrderWire {
    const order = this.#get(id);
    if (
      (order.status === 'PENDING' || order.reissuePending) &&
      order.validation.every((item) => item.state === 'valid')
    ) {
      if (order.pollsLeft !== null && order.pollsLeft > 0) order.pollsLeft -= 1;
      else if (order.pollsLeft === 0) this.#sign(order);
    }
    this.#expire(order);
    return this.#wire(order);
  }

  #expire(order: Order): void {
    if (order.status === 'ISSUED' && this.#now() > order.paidTillMs) order.status = 'EXPIRED';
  }

  certificate(id: string): CertificateWire {
    const order = this.#get(id);
    if (order.certificate === null) throw new Refused(404, 'not-issued', 'there is no certificate yet');
    return { certificate: order.certificate.certificate, chain: order.certificate.chain };
  }

  page(page: number, reference: string | null): PageWire {
    const { search, visibilityLagMs, pageSize, hidden } = this.settings;
    if (reference !== null && search === 'none')
      throw new Refused(422, 'invalid', 'there is no search by reference');
    for (const order of this.#orders) this.#expire(order);
    const all = this.#orders.filter(
      (order) =>
        order.orderedAtMs + visibilityLagMs <= this.#now() &&
        !hidden.includes('*') &&
        !order.ids.some((one) => hidden.includes(one)) &&
        // Slots that nobody has claimed are anonymous: no listing shows them where nothing can be searched.
        (search !== 'none' || order.status !== 'UNCLAIMED') &&
        (reference === null || order.reference === reference),
    );
    const pages = Math.max(1, Math.ceil(all.length / pageSize));
    const orders = all.slice((page - 1) * pageSize, page * pageSize).map((order) => this.#wire(order));
    return { orders, page, pages, total: all.length };
  }

  /** Another way to prove control over some names of an order. */
  changeValidation(
    id: string,
    items: readonly {
      readonly name: string;
      readonly method: ValidationWire['method'];
      readonly approver?: string;
    }[],
  ): OrderWire {
    const order = this.#get(id);
    this.#require(order, 'PENDING');
    for (const { name, method, approver } of items) {
      const item = order.validation.find((one) => one.name === name);
      if (item === undefined) throw new Refused(422, 'invalid', `${name} is not in this order`);
      if (item.state === 'valid') throw new Refused(409, 'wrong-state', `${name} is validated already`);
      if (method === 'manual') throw new Refused(422, 'invalid', 'there is no such way to validate');
      const mail = method === 'email' ? (approver ?? `admin@${name}`) : null;
      order.validation = order.validation.map((one) =>
        one === item ? { ...one, method, approver: mail, state: 'pending' } : one,
      );
    }
    return this.#wire(order);
  }

  resendMails(id: string, names: readonly string[]): OrderWire {
    const order = this.#get(id);
    this.#require(order, 'PENDING');
    const mailed = order.validation.filter(({ method }) => method === 'email').map(({ name }) => name);
    if (names.some((name) => !mailed.includes(name)))
      throw new Refused(422, 'invalid', 'no mail was sent for it');
    return this.#wire(order);
  }

  /** The customer does something in the panel, without our asking. */
  panel(id: string, act: PanelAct): void {
    const order = this.#get(id);
    switch (act) {
      case 'revoke':
        order.status = 'REVOKED';
        return;
      case 'auto-renew':
        order.autoRenew = true;
        return;
      case 'cancel':
        this.cancel(id);
        return;
      case 'reissue-other-key':
        this.wrongCertificates.unshift('key');
        this.#reissueInPanel(order);
        return;
      case 'reissue':
        this.#reissueInPanel(order);
    }
  }

  #reissueInPanel(order: Order): void {
    if (this.settings.reissueChangesId) order.ids.push(this.#newId());
    this.#sign(order);
  }

  /** One, by any of its ids; nothing is looked at. */
  find(id: string): OrderWire | undefined {
    const order = this.#orders.find(({ ids }) => ids.includes(id));
    return order && this.#wire(order);
  }

  /** Does the paid term of any order end in this span? */
  endsBetween(fromMs: number, tillMs: number): boolean {
    return this.#orders.some(({ paidTillMs }) => paidTillMs >= fromMs && paidTillMs <= tillMs);
  }

  /** Everything, as the seller sees it. */
  orders(): readonly OrderWire[] {
    return this.#orders.map((order) => this.#wire(order));
  }

  /** Proves names of an order (of all, where none is named). */
  validate(id: string | undefined, name: string | undefined, state: 'valid' | 'failed'): void {
    for (const order of this.#chosen(id)) {
      order.validation = order.validation.map((item) =>
        name === undefined || item.name === name ? { ...item, state } : item,
      );
    }
  }

  /** The next look finds a pending order (all of them, where none is named) issued. */
  issue(id: string | undefined): void {
    this.validate(id, undefined, 'valid');
    for (const order of this.#chosen(id)) order.pollsLeft = 0;
  }

  /** Somebody complained about a wrong certificate: the next look finds it signed anew. */
  correct(id: string): void {
    const order = this.#get(id);
    order.reissuePending = true;
    order.pollsLeft = 0;
  }

  #chosen(id: string | undefined): readonly Order[] {
    return id === undefined ? this.#orders : [this.#get(id)];
  }

  #newId(): string {
    this.#lastId += 1;
    return `S-${this.#lastId}`;
  }

  #get(id: string): Order {
    const order = this.#orders.find(({ ids }) => ids.includes(id));
    if (order === undefined) throw new Refused(404, 'not-found', `there is no order ${id}`);
    return order;
  }

  #require(order: Order, status: OrderWire['status']): void {
    if (order.status !== status) {
      throw new Refused(409, 'wrong-state', `order ${idOf(order)} is ${order.status}, not ${status}`);
    }
  }

  #renewable(id: string): Order {
    const order = this.#get(id);
    const { renewalWindowDays } = this.settings;
    const early = renewalWindowDays !== null && this.#now() < order.paidTillMs - renewalWindowDays * DAY_MS;
    if (early) throw new Refused(409, 'wrong-state', 'it is too early to renew this order');
    return order;
  }

  #checkedCsr(pem: string, names: readonly string[]): ReadCsr {
    const csr = readCsr(pem);
    if (csr === undefined) throw new Refused(422, 'invalid', 'this is no certificate request');
    if (sorted(csr.names) !== sorted(names))
      throw new Refused(422, 'invalid', 'the request is for other names');
    return csr;
  }

  #sign(order: Order): void {
    if (order.csr === null) return;
    const wrong = this.wrongCertificates.shift();
    const key = wrong === 'key' ? strangeKey() : order.csr.spki;
    const names = wrong === 'names' ? ['somebody-else.example'] : order.names;
    this.#certify(order, key, names);
    order.status = 'ISSUED';
    order.reissuePending = false;
    order.pollsLeft = null;
  }

  #certify(order: Order, spki: Buffer, names: readonly string[]): void {
    const nowMs = this.#now();
    const notAfterMs = Math.min(nowMs + this.settings.validityDays * DAY_MS, order.paidTillMs) - 1000;
    const signed = this.#ca.sign(spki, names, new Date(nowMs), new Date(notAfterMs));
    if (order.certificate) order.superseded = [...(order.superseded ?? []), order.certificate.serial];
    order.certificate = {
      certificate: signed.certificatePem,
      chain: [this.#ca.issuingPem],
      serial: signed.serial,
      notAfterMs,
    };
  }

  #wire(order: Order): OrderWire {
    return {
      id: idOf(order),
      ids: [...order.ids],
      reference: order.reference,
      status: order.status,
      product: order.product,
      term: order.term,
      names: order.names,
      orderedAt: iso(order.orderedAtMs),
      paidTill: iso(order.paidTillMs),
      charged: order.charged,
      refunded: order.refunded,
      currency: this.settings.currency,
      validation: order.validation,
      serial: order.certificate?.serial ?? null,
      notAfter: order.certificate === null ? null : iso(order.certificate.notAfterMs),
      reissuePending: order.reissuePending,
      autoRenew: order.autoRenew,
      carriedDays: order.carriedDays,
      csrSha256: order.csr?.sha256 ?? null,
      rejectedCsrSha256: order.rejectedCsrSha256,
      message: order.message,
    };
  }
}
