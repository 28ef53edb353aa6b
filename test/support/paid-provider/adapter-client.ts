import { Ajv, type JSONSchemaType } from 'ajv';
import { createHttpClient, type HttpClient } from '../../../src/http/client.js';
import type { HttpReply } from '../../../src/http/message.js';
import { CertError, type Effect } from '../../../src/model/errors.js';
import type { RequestedValidation } from '../../../src/model/order.js';
import { Secret } from '../../../src/model/secret.js';
import { SECOND_MS } from '../../../src/model/time.js';
import type { ProviderDeps, SendGuard } from '../../../src/ports/provider.js';
import type { AccountWire, CertificateWire, FailureWire, OrderWire, PageWire } from './wire.js';

export const CALL_LIMIT_MS = 10 * SECOND_MS;
const MAX_RESPONSE_BYTES = 1_000_000;

const ajv = new Ajv({ allErrors: true });
const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;

const account = ajv.compile<AccountWire>({
  type: 'object',
  required: ['balance', 'currency', 'unclaimed'],
  properties: { balance: text, currency: text, unclaimed: texts },
});
const orderSchema = {
  type: 'object',
  required: [
    'id',
    'ids',
    'status',
    'product',
    'term',
    'names',
    'orderedAt',
    'paidTill',
    'charged',
    'refunded',
    'currency',
    'validation',
  ],
  properties: {
    id: text,
    ids: texts,
    status: { enum: ['UNCLAIMED', 'PENDING', 'ISSUED', 'REJECTED', 'CANCELLED', 'REVOKED', 'EXPIRED'] },
    names: texts,
    orderedAt: text,
    paidTill: text,
    charged: text,
    refunded: { type: ['string', 'null'] },
    currency: text,
    validation: {
      type: 'array',
      items: { type: 'object', required: ['name', 'method', 'state', 'approver', 'owner', 'value'] },
    },
  },
};
const order = ajv.compile<OrderWire>(orderSchema);
const page = ajv.compile<PageWire>({
  type: 'object',
  required: ['orders', 'page', 'pages', 'total'],
  properties: {
    orders: { type: 'array', items: orderSchema },
    page: { type: 'integer' },
    pages: { type: 'integer' },
    total: { type: 'integer' },
  },
});
const certificate = ajv.compile<CertificateWire>({
  type: 'object',
  required: ['certificate', 'chain'],
  properties: { certificate: text, chain: texts },
});
const price = ajv.compile<{ price: string; currency: string }>({
  type: 'object',
  required: ['price', 'currency'],
  properties: { price: text, currency: text },
});
const root = ajv.compile<{ root: string }>({
  type: 'object',
  required: ['root'],
  properties: { root: text },
});
const failureSchema: JSONSchemaType<{ code: string; message: string }> = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: text, message: text },
};
const failure = ajv.compile(failureSchema);

/** Refusals after which the seller has documentedly done nothing; anything else on a writing call is unknown. */
const REFUSALS: Partial<Record<FailureWire['code'], CertError['code']>> = {
  credentials: 'provider.credentials',
  'not-found': 'order.not-found',
  'not-issued': 'order.not-found',
  'reference-used': 'order.reference-used',
  'insufficient-funds': 'provider.refused',
  invalid: 'provider.refused',
  'wrong-state': 'provider.refused',
  'rate-limited': 'provider.rate-limited',
};

function parseJson(reply: HttpReply): unknown {
  try {
    return JSON.parse(reply.text);
  } catch {
    return undefined;
  }
}

const isKnown = (code: string): code is FailureWire['code'] => Object.hasOwn(REFUSALS, code);

function refusalOf(reply: HttpReply, writing: boolean): CertError {
  const body = parseJson(reply);
  if (reply.status >= 400 && reply.status < 500 && failure(body) && isKnown(body.code)) {
    return new CertError(REFUSALS[body.code] ?? 'provider.refused', `the seller refused: ${body.message}`, {
      providerText: body.message,
    });
  }
  return new CertError('wire.unexpected', `the seller answered with status ${reply.status}`, {
    effect: writing ? 'unknown' : 'none',
  });
}

/** A reply and the seller's clock when it was given. */
export interface Seen<T> {
  readonly value: T;
  readonly atMs: number | undefined;
}

function parsed<T>(reply: HttpReply, validate: (body: unknown) => body is T, effect: Effect): Seen<T> {
  if (reply.status >= 300) throw refusalOf(reply, effect === 'unknown');
  const body = parseJson(reply);
  if (!validate(body))
    throw new CertError('wire.unexpected', 'the seller sent a reply of unknown shape', { effect });
  return { value: body, atMs: reply.dateMs };
}

const orderPath = (id: string, verb = ''): string =>
  `/orders/${encodeURIComponent(id)}${verb === '' ? '' : `/${verb}`}`;

export interface PaidTestClient {
  account(): Promise<Seen<AccountWire>>;
  price(product: string, term: string): Promise<Seen<{ price: string; currency: string }>>;
  order(id: string): Promise<Seen<OrderWire>>;
  certificate(id: string): Promise<Seen<CertificateWire>>;
  page(number: number, reference?: string): Promise<Seen<PageWire>>;
  root(): Promise<Seen<{ root: string }>>;
  /** Costs money. */
  buy(body: Readonly<Record<string, string>>, guard: SendGuard): Promise<OrderWire>;
  write(id: string, verb: string, body: unknown, guard: SendGuard): Promise<OrderWire>;
  /** Asks the seller to look again; changes nothing. */
  recheck(id: string): Promise<void>;
  /** Free, and the same however often. */
  changeValidation(id: string, items: readonly RequestedValidation[]): Promise<void>;
  resendMails(id: string, names: readonly string[]): Promise<void>;
  readonly http: HttpClient;
}

/** The line to the seller, as HTTP sees it. */
export type OpenLine = (deps: ProviderDeps, url: string, token: Secret) => HttpClient;

export const httpLine: OpenLine = (deps, url, token) =>
  createHttpClient({
    baseUrl: url,
    log: deps.log,
    clock: deps.clock,
    timeouts: { connectMs: 2 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 3 * CALL_LIMIT_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: [token],
  });

export function paidTestClient(deps: ProviderDeps, open: OpenLine): PaidTestClient {
  const token = deps.credentials.token;
  const { url } = deps.config;
  if (token === undefined || url === undefined) {
    throw new CertError('config.invalid', 'paid-test needs `url:` and the credential `token`');
  }
  const http = open(deps, url, token);
  const headers = { authorization: new Secret(`Bearer ${token.reveal()}`) };
  const get = (path: string, query: Readonly<Record<string, string>> = {}) =>
    http.read({ method: 'GET', path, query, headers });
  const post = (path: string, body: unknown, guard: SendGuard) =>
    http.sendOnce({ method: 'POST', path, headers, body: { kind: 'json', value: body } }, guard);

  /** A free call that may be repeated. */
  const tell = async (id: string, verb: string, body?: unknown): Promise<void> => {
    const reply = await http.read({
      method: 'POST',
      path: orderPath(id, verb),
      headers,
      ...(body === undefined ? {} : { body: { kind: 'json' as const, value: body } }),
    });
    parsed(reply, order, 'none');
  };

  return {
    http,
    account: async () => parsed(await get('/account'), account, 'none'),
    price: async (product, term) => parsed(await get('/price', { product, term }), price, 'none'),
    order: async (id) => parsed(await get(orderPath(id)), order, 'none'),
    certificate: async (id) => parsed(await get(orderPath(id, 'certificate')), certificate, 'none'),
    root: async () => parsed(await get('/root'), root, 'none'),
    page: async (number, reference) =>
      parsed(
        await get('/orders', { page: String(number), ...(reference === undefined ? {} : { reference }) }),
        page,
        'none',
      ),
    buy: async (body, guard) => parsed(await post('/slots', body, guard), order, 'unknown').value,
    write: async (id, verb, body, guard) =>
      parsed(await post(orderPath(id, verb), body, guard), order, 'unknown').value,
    recheck: (id) => tell(id, 'recheck'),
    changeValidation: (id, items) => tell(id, 'validation', { items }),
    resendMails: (id, names) => tell(id, 'resend', { names }),
  };
}
