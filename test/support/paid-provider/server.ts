import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { throwAwayCa } from './ca.js';
import { controlRoutes } from './control-routes.js';
import { DEFAULT_SETTINGS, Refused, Seller } from './seller.js';
import { tapWire, type WireTap } from './tap.js';
import type { Fault, FaultRule, LedgerEntry, SellerSettings } from './wire.js';

export interface PaidProviderOptions {
  readonly settings?: Partial<SellerSettings>;
  readonly balance?: string;
  /** Who may buy; default `paid-test-token`. */
  readonly token?: string;
  /** The seller's clock stands still at this instant and moves when told; absent: it runs with the machine's. */
  readonly nowMs?: number;
  readonly port?: number;
}

export interface PaidProviderServer {
  readonly url: string;
  readonly token: string;
  readonly rootPem: string;
  /** Orders, money, faults, ledger and clock as they stand now; the function it gives puts them back. */
  snapshot(): () => void;
  close(): Promise<void>;
}

const DEFAULT_TOKEN = 'paid-test-token';

/** The seller's clock: shifted against the machine's, or standing still. */
export class SellerClock {
  #fixedMs: number | undefined;
  #shiftMs = 0;

  constructor(fixedMs: number | undefined) {
    this.#fixedMs = fixedMs;
  }

  now(): number {
    return this.#fixedMs ?? Date.now() + this.#shiftMs;
  }

  advance(ms: number): void {
    if (this.#fixedMs === undefined) this.#shiftMs += ms;
    else this.#fixedMs += ms;
  }

  set(ms: number): void {
    this.advance(ms - this.now());
  }
}

export interface ServerState {
  readonly seller: Seller;
  readonly clock: SellerClock;
  readonly rootPem: string;
  readonly ledger: LedgerEntry[];
  readonly wire: WireTap;
  readonly faults: { rule: FaultRule; left: number }[];
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly charged?: string;
  readonly orderId?: string;
  readonly retryAfterS?: number;
}

const MAX_BODY_BYTES = 1_000_000;

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Refused(413, 'invalid', 'too large');
  }
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // falls through to the refusal
  }
  throw new Refused(400, 'invalid', 'the body is no JSON object');
}

/** Strict: a field that is missing, of another type or not known is refused before anything happens. */
function fields<K extends string>(
  body: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<K, FieldType>>,
) {
  for (const key of Object.keys(body)) {
    if (!(key in wanted)) throw new Refused(422, 'invalid', `unknown field ${key}`);
  }
  const text = (key: K): string => {
    const value = body[key];
    if (typeof value !== 'string' || value === '') throw new Refused(422, 'invalid', `${key} must be a text`);
    return value;
  };
  return {
    text,
    optional: (key: K): string | null => (body[key] === undefined ? null : text(key)),
    list: (key: K): readonly string[] => {
      const value = body[key];
      if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string')) {
        throw new Refused(422, 'invalid', `${key} must be a list of texts`);
      }
      return value;
    },
    flag: (key: K): boolean => {
      const value = body[key];
      if (typeof value !== 'boolean') throw new Refused(422, 'invalid', `${key} must be true or false`);
      return value;
    },
  };
}

type FieldType = 'text' | 'optional' | 'list' | 'flag';

const METHODS = ['dns', 'http', 'email', 'manual'] as const;

function validationItems(body: Readonly<Record<string, unknown>>) {
  const { items } = body;
  if (!Array.isArray(items) || items.length === 0) throw new Refused(422, 'invalid', 'items must be a list');
  return items.map((item: Readonly<Record<string, unknown>>) => {
    const input = fields(item, { name: 'text', method: 'text', approver: 'optional' });
    const method = METHODS.find((known) => known === input.text('method'));
    if (method === undefined) throw new Refused(422, 'invalid', 'unknown validation method');
    const approver = input.optional('approver');
    return { name: input.text('name'), method, ...(approver === null ? {} : { approver }) };
  });
}

function onOrder(seller: Seller, id: string, verb: string, call: Call): Answer {
  const done = (order: { readonly id: string }): Answer => ({ status: 200, body: order, orderId: order.id });
  switch (`${call.method} ${verb}`) {
    case 'GET ':
      return done(seller.look(id));
    case 'GET certificate': {
      seller.look(id);
      return { status: 200, body: seller.certificate(id) };
    }
    case 'POST activate': {
      const input = fields(call.body, { csr: 'text', names: 'list', method: 'text' });
      const method = METHODS.find((known) => known === input.text('method'));
      if (method === undefined) throw new Refused(422, 'invalid', 'unknown validation method');
      return done(seller.activate(id, input.text('csr'), input.list('names'), method));
    }
    case 'POST reissue': {
      const input = fields(call.body, { csr: 'text', names: 'list' });
      return done(seller.reissue(id, input.text('csr'), input.list('names')));
    }
    case 'POST revoke': {
      const input = fields(call.body, { serial: 'text', reason: 'text' });
      input.text('reason');
      return done(seller.revoke(id, input.text('serial')));
    }
    case 'POST cancel':
      fields(call.body, {});
      return done(seller.cancel(id));
    case 'POST auto-renew':
      return done(seller.setAutoRenew(id, fields(call.body, { enabled: 'flag' }).flag('enabled')));
    case 'POST validation':
      return done(seller.changeValidation(id, validationItems(call.body)));
    case 'POST resend':
      return done(seller.resendMails(id, fields(call.body, { names: 'list' }).list('names')));
    case 'POST recheck':
      fields(call.body, {});
      return done(seller.look(id));
    default:
      throw new Refused(404, 'not-found', 'no such call');
  }
}

/** The parameters a call may have in its address; everything else is refused. */
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  'GET /price': ['product', 'term'],
  'GET /orders': ['page', 'reference'],
};

function strictQuery({ method, path, query }: Call): void {
  const known = QUERIES[`${method} ${path}`] ?? [];
  for (const key of query.keys()) {
    if (!known.includes(key)) throw new Refused(422, 'invalid', `unknown parameter ${key}`);
    if (query.getAll(key).length > 1) throw new Refused(422, 'invalid', `${key} is given twice`);
  }
}

/** What sellers do that answer before they check who asks: an account that looks new, and sells nothing. */
function strangersAnswer({ seller }: ServerState, { method, path }: Call): Answer {
  const { currency } = seller.settings;
  if (method === 'GET' && path === '/account')
    return { status: 200, body: { balance: '0.00', currency, unclaimed: [] } };
  if (method === 'GET' && path === '/orders')
    return { status: 200, body: { orders: [], page: 1, pages: 1, total: 0 } };
  throw new Refused(401, 'credentials', 'this token is not known');
}

async function route({ seller, rootPem }: ServerState, call: Call): Promise<Answer> {
  strictQuery(call);
  const [, root, id, verb = ''] = call.path.split('/');
  if (root === 'account' && call.method === 'GET') return { status: 200, body: seller.account() };
  if (root === 'root' && call.method === 'GET') return { status: 200, body: { root: rootPem } };
  if (root === 'price' && call.method === 'GET') {
    const price = seller.price(call.query.get('product') ?? '', call.query.get('term') ?? '');
    return { status: 200, body: { price, currency: seller.settings.currency } };
  }
  if (root === 'slots' && call.method === 'POST' && id === undefined) {
    const input = fields(call.body, {
      product: 'text',
      term: 'text',
      reference: 'optional',
      renews: 'optional',
    });
    const sold = seller.buy(
      input.text('product'),
      input.text('term'),
      input.optional('reference'),
      input.optional('renews') ?? undefined,
    );
    return { status: 201, body: sold.order, charged: sold.charged, orderId: sold.order.id };
  }
  if (root === 'orders' && id === undefined && call.method === 'GET') {
    return {
      status: 200,
      body: seller.page(Number(call.query.get('page') ?? '1'), call.query.get('reference')),
    };
  }
  if (root === 'orders' && id !== undefined) return onOrder(seller, decodeURIComponent(id), verb, call);
  throw new Refused(404, 'not-found', 'no such call');
}

const refusal = (error: unknown): Answer =>
  error instanceof Refused
    ? { status: error.status, body: { code: error.code, message: error.message } }
    : { status: 500, body: { code: 'unavailable', message: 'the seller is broken' } };

/** A call that is cut or refused by a fault, or what became of it. */
async function serve(state: ServerState, call: Call, fault: Fault | undefined): Promise<Answer | 'cut'> {
  const act = (): Promise<Answer> => route(state, call).catch(refusal);
  switch (fault?.kind) {
    case undefined:
      return act();
    case 'drop-call':
      return 'cut';
    case 'drop-reply': {
      const { charged, orderId } = await act();
      record(state, call, null, charged, orderId);
      return 'cut';
    }
    case 'status': {
      const body = { code: 'unavailable', message: 'try again later' };
      if (!fault.acts) return { status: fault.status, body };
      return { ...(await act()), status: fault.status, body };
    }
    case 'slow':
      await pause(fault.ms);
      return act();
    case 'out-of-credit':
      return { status: 402, body: { code: 'insufficient-funds', message: 'the balance is too low' } };
    case 'rate-limited':
      return {
        status: 429,
        body: { code: 'rate-limited', message: 'too many calls' },
        retryAfterS: fault.retryAfterS,
      };
    case 'duplicate-order': {
      const first = await act();
      const second = await act();
      record(state, call, second.status, second.charged, second.orderId);
      return first;
    }
  }
}

function record(
  state: ServerState,
  { method, path, query, body }: Call,
  status: number | null,
  charged: string | undefined,
  orderId: string | undefined,
): void {
  const search = query.toString();
  state.ledger.push({
    at: new Date(state.clock.now()).toISOString(),
    method,
    path: search === '' ? path : `${path}?${search}`,
    body,
    status,
    charged: charged ?? null,
    orderId: orderId ?? null,
  });
}

function takeFault(state: ServerState, { method, path }: Call): Fault | undefined {
  const match = state.faults.find(
    ({ rule, left }) =>
      left > 0 &&
      (rule.method === undefined ? method !== 'GET' : rule.method === '*' || rule.method === method) &&
      (rule.path === undefined || new RegExp(rule.path).test(path)),
  );
  if (match === undefined) return undefined;
  match.left -= 1;
  return match.rule.fault;
}

/** A seller who has sold nothing yet. */
export async function openShop(options: PaidProviderOptions = {}): Promise<ServerState> {
  const clock = new SellerClock(options.nowMs);
  const ca = throwAwayCa(clock.now());
  const seller = new Seller(
    ca,
    () => clock.now(),
    { ...DEFAULT_SETTINGS, ...options.settings },
    options.balance ?? '500.00',
  );
  const wire = tapWire(options.token ?? DEFAULT_TOKEN);
  return { seller, clock, rootPem: ca.rootPem, ledger: [], wire, faults: [] };
}

function strangersReply(state: ServerState, call: Call): Answer {
  try {
    if (state.seller.settings.unknownToken === 'empty-account') return strangersAnswer(state, call);
    throw new Refused(401, 'credentials', 'this token is not known');
  } catch (error) {
    return refusal(error);
  }
}

/** One call of a buyer, written into the ledger. `cut`: the line breaks instead of a reply. */
export async function takeCall(state: ServerState, call: Call, known: boolean): Promise<Answer | 'cut'> {
  if (!known) {
    const answer = strangersReply(state, call);
    record(state, call, answer.status, undefined, undefined);
    return answer;
  }
  const fault = takeFault(state, call);
  const answer = await serve(state, call, fault);
  if (answer !== 'cut') record(state, call, answer.status, answer.charged, answer.orderId);
  else if (fault?.kind === 'drop-call') record(state, call, null, undefined, undefined);
  return answer;
}

/** A seller on loopback. Every call but `/_control/…` needs its token, and is written into the ledger. */
export async function startPaidProvider(options: PaidProviderOptions = {}): Promise<PaidProviderServer> {
  const token = options.token ?? DEFAULT_TOKEN;
  const state = await openShop(options);
  const { seller, clock, rootPem, wire } = state;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://loopback');
    const method = request.method ?? 'GET';
    const reply = (status: number, body: unknown, retryAfterS?: number): void => {
      const date = new Date(clock.now()).toUTCString();
      response
        .writeHead(status, {
          date,
          'content-type': 'application/json',
          ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
        })
        .end(JSON.stringify(body));
    };
    try {
      const body = await readBody(request);
      const call: Call = { method, path: url.pathname, query: url.searchParams, body };
      if (call.path.startsWith('/_control/')) return reply(200, (await controlRoutes(state, call)) ?? {});
      const answer = await takeCall(state, call, request.headers.authorization === `Bearer ${token}`);
      if (answer === 'cut') {
        request.socket.destroy();
        return;
      }
      reply(answer.status, answer.body, answer.retryAfterS);
    } catch (error) {
      const { status, body } = refusal(error);
      reply(status, body);
    }
  }

  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', wire.watch);
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the seller has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    token,
    rootPem,
    snapshot: () => {
      const restoreSeller = seller.snapshot();
      const nowMs = clock.now();
      const calls = state.ledger.length;
      const restoreWire = wire.snapshot();
      return () => {
        restoreSeller();
        clock.set(nowMs);
        state.ledger.length = calls;
        restoreWire();
        state.faults.length = 0;
      };
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
