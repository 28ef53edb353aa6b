import { type ControlCalls, controlRoutes } from './control-routes.js';
import type { ServerState } from './server.js';
import type {
  AccountWire,
  FaultRule,
  LedgerEntry,
  OrderWire,
  SeededOrder,
  SellerSettings,
  WireEntry,
} from './wire.js';

/**
 * Arranges faults, moves the seller's clock, counts what was sold: at a running server from any process, or at a seller
 * in this one.
 */
export class PaidProviderControl {
  readonly #at: string | ServerState;

  constructor(at: string | ServerState) {
    this.#at = at;
  }

  set(settings: Partial<SellerSettings>): Promise<void> {
    return this.#post('settings', settings);
  }

  fault(rule: FaultRule): Promise<void> {
    return this.#post('faults', rule);
  }

  clearFaults(): Promise<void> {
    return this.#post('clear-faults', {});
  }

  /** The next writing call takes effect; its line is cut before the reply. */
  loseNextReply(path?: string): Promise<void> {
    return this.fault({ fault: { kind: 'drop-reply' }, ...(path === undefined ? {} : { path }) });
  }

  advance(ms: number): Promise<void> {
    return this.#post('time', { advanceMs: ms });
  }

  setTime(ms: number): Promise<void> {
    return this.#post('time', { setMs: ms });
  }

  async now(): Promise<number> {
    return (await this.#get<{ nowMs: number }>('time')).nowMs;
  }

  issue(orderId?: string): Promise<void> {
    return this.#post('issue', orderId === undefined ? {} : { orderId });
  }

  validate(what: ControlCalls['validate'] = {}): Promise<void> {
    return this.#post('validate', what);
  }

  reject(times = 1): Promise<void> {
    return this.#post('reject', { times });
  }

  wrongCertificate(kind: 'key' | 'names', times = 1): Promise<void> {
    return this.#post('wrong-certificate', { kind, times });
  }

  setBalance(balance: string): Promise<void> {
    return this.#post('money', { balance });
  }

  /** Orders that were placed and paid before, by nobody here: they count as no purchase. */
  seed(orders: readonly SeededOrder[]): Promise<void> {
    return this.#post('seed', { orders });
  }

  foreignSlot(slot: ControlCalls['foreign-slot']): Promise<void> {
    return this.#post('foreign-slot', slot);
  }

  panel(orderId: string, act: ControlCalls['panel']['act']): Promise<void> {
    return this.#post('panel', { orderId, act });
  }

  account(): Promise<AccountWire> {
    return this.#get('account');
  }

  orders(): Promise<readonly OrderWire[]> {
    return this.#get('orders');
  }

  /** Every call received so far, in order; control calls are not among them. */
  ledger(): Promise<readonly LedgerEntry[]> {
    return this.#get('ledger');
  }

  /** What came in on every connection, whatever became of the call. */
  wire(): Promise<readonly WireEntry[]> {
    return this.#get('wire');
  }

  /** The seller's own count: slots sold, renewals and somebody else's included. */
  async purchases(): Promise<number> {
    return (await this.#get<{ purchases: number }>('purchases')).purchases;
  }

  async rootPem(): Promise<string> {
    return (await this.#get<{ rootPem: string }>('root')).rootPem;
  }

  async #post<K extends keyof ControlCalls>(name: K, body: ControlCalls[K]): Promise<void> {
    await this.#call(name, { method: 'POST', body: JSON.stringify(body) });
  }

  async #get<T>(name: string): Promise<T> {
    return (await this.#call(name, {})) as T;
  }

  async #call(name: string, init: { readonly method?: string; readonly body?: string }): Promise<unknown> {
    if (typeof this.#at !== 'string') {
      const { method = 'GET', body } = init;
      const call = { method, path: `/_control/${name}`, query: new URLSearchParams() };
      return (await controlRoutes(this.#at, { ...call, body: JSON.parse(body ?? '{}') })) ?? {};
    }
    // A connection of its own each time, so that none is left open when a test ends.
    const response = await fetch(`${this.#at}/_control/${name}`, {
      ...init,
      headers: { connection: 'close' },
    });
    if (!response.ok) throw new Error(`control ${name}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
