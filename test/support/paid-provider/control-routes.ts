import { type PanelAct, Refused } from './seller.js';
import type { Call, ServerState } from './server.js';
import type { FaultRule, SeededOrder, SellerSettings } from './wire.js';

/** What a test says to the seller, each as one POST with its arguments. */
export interface ControlCalls {
  readonly settings: Partial<SellerSettings>;
  readonly faults: FaultRule;
  readonly 'clear-faults': Record<string, never>;
  readonly time: { readonly advanceMs?: number; readonly setMs?: number };
  readonly issue: { readonly orderId?: string };
  readonly validate: {
    readonly orderId?: string;
    readonly name?: string;
    readonly state?: 'valid' | 'failed';
  };
  readonly reject: { readonly times: number };
  readonly 'wrong-certificate': { readonly kind: 'key' | 'names'; readonly times?: number };
  readonly money: { readonly balance: string };
  /** The customer acts in the panel. */
  readonly panel: { readonly orderId: string; readonly act: PanelAct };
  readonly seed: { readonly orders: readonly SeededOrder[] };
  /** Somebody else with the same account buys a slot. */
  readonly 'foreign-slot': { readonly product: string; readonly term: string; readonly reference?: string };
}

type Handlers = {
  readonly [K in keyof ControlCalls]: (state: ServerState, body: ControlCalls[K]) => unknown;
};

const WRITE: Handlers = {
  settings: ({ seller }, body) => {
    seller.settings = { ...seller.settings, ...body };
  },
  faults: ({ faults }, rule) => {
    faults.push({ rule, left: rule.times ?? 1 });
  },
  'clear-faults': ({ faults }) => {
    faults.length = 0;
  },
  time: ({ clock }, { advanceMs, setMs }) => {
    if (setMs !== undefined) clock.set(setMs);
    if (advanceMs !== undefined) clock.advance(advanceMs);
    return { nowMs: clock.now() };
  },
  issue: ({ seller }, { orderId }) => seller.issue(orderId),
  validate: ({ seller }, { orderId, name, state = 'valid' }) => seller.validate(orderId, name, state),
  reject: ({ seller }, { times }) => {
    seller.rejects += times;
  },
  'wrong-certificate': ({ seller }, { kind, times = 1 }) => {
    for (let n = 0; n < times; n += 1) seller.wrongCertificates.push(kind);
  },
  panel: ({ seller }, { orderId, act }) => seller.panel(orderId, act),
  money: ({ seller }, { balance }) => {
    seller.balance = balance;
  },
  seed: ({ seller }, { orders }) => seller.seed(orders),
  'foreign-slot': ({ seller }, { product, term, reference }) =>
    seller.buy(product, term, reference ?? null).order,
};

const READ: Readonly<Record<string, (state: ServerState) => unknown>> = {
  ledger: ({ ledger }) => ledger,
  wire: ({ wire }) => wire.entries(),
  orders: ({ seller }) => seller.orders(),
  purchases: ({ seller }) => ({ purchases: seller.purchases }),
  account: ({ seller }) => seller.account(),
  root: ({ rootPem }) => ({ rootPem }),
  time: ({ clock }) => ({ nowMs: clock.now() }),
};

const isControl = (name: string): name is keyof ControlCalls => Object.hasOwn(WRITE, name);

// The bodies come from PaidProviderControl, which is typed by the same table.
const run = <K extends keyof ControlCalls>(state: ServerState, name: K, body: unknown): unknown =>
  WRITE[name](state, body as ControlCalls[K]);

export async function controlRoutes(state: ServerState, call: Call): Promise<unknown> {
  const name = call.path.slice('/_control/'.length);
  const read = call.method === 'GET' ? READ[name] : undefined;
  if (read !== undefined) return read(state);
  if (call.method === 'POST' && isControl(name)) return run(state, name, call.body);
  throw new Refused(404, 'not-found', `no control ${call.method} ${name}`);
}
