import type { Json, JsonObject } from '../../model/json.js';
import type { SandboxDefinition, Seat, Shop, WireCall, WireReply } from '../frame/definition.js';
import { ISSUANCE_FAULTS } from '../frame/misissued.js';
import { ENDPOINTS, type Endpoint, loginIn, type Operation } from './calls.js';
import { controls } from './control.js';
import { coded, envelope, jsonReply, Refusal, wrongLogin } from './reply.js';
import { textIn } from './request.js';
import { SETTINGS, type StoreSettings } from './settings.js';
import { type Desk, emptyState, type StoreState } from './state.js';

const OPERATIONS = Object.keys(ENDPOINTS) as readonly Operation[];
const MONEY: readonly Operation[] = ['NewOrder'];

const endpointOf = (operation: Operation): Endpoint => ENDPOINTS[operation];

/** Below `/rest`, with or without a slash at the end, in any case of letters. */
const PATHS: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map((operation) => [`/rest${endpointOf(operation).path}`, operation]),
);

/** Tokens of the account and of orders, wherever they stand. */
const withoutTokens = (text: string): string =>
  text.replaceAll(/("(?:AuthToken|Token|TokenCode)"\s*:\s*)"[^"]*"/gi, '$1"***"');

/** Reseller API of The SSL Store: JSON, always HTTP 200, three shapes of reply. */
export const theSslStore: SandboxDefinition = {
  type: 'thesslstore',
  title: 'The SSL Store',
  settings: SETTINGS,
  credentials: { partnerCode: 'THESSLSTORE_PARTNER_CODE', authToken: 'THESSLSTORE_TOKEN' },
  purchases: MONEY,
  operations: OPERATIONS,
  operation: (path) => PATHS.get(path.replace(/\/+$/, '').toLowerCase()),
  masked: withoutTokens,
  faults: {
    answer: {
      description: 'this code, and nothing happens',
      operations: MONEY,
      value: { form: /^-\d{1,5}$/, example: '-9009' },
    },
    'out-of-funds': { description: 'the order is refused for want of money', operations: MONEY },
    cancel: {
      description: 'the order is taken and charged, then cancelled by the seller',
      operations: MONEY,
    },
    duplicate: { description: 'the seller books the order twice', operations: MONEY },
    ...ISSUANCE_FAULTS,
  },
  configuration: () => [],
  hints: (settings) => hintsOf(read(settings)),
  open: openShop,
};

/** Checked against their schemas by the frame. */
const read = (settings: JsonObject): StoreSettings => settings as unknown as StoreSettings;

function hintsOf({ autoApprove, dnsServer }: StoreSettings): readonly string[] {
  if (autoApprove) return ['Every name counts as proved at once (autoApprove).'];
  return [
    `DNS records are looked up at ${dnsServer || 'no server'}; set dnsServer=127.0.0.1:53 or dnsServer=system.`,
    'Files are looked for at webServers={"*":"127.0.0.1:80"}; mails are not sent.',
    'POST orders/ID/validate proves every name, POST orders/ID/refund grants what was asked.',
  ];
}

function openShop(seat: Seat): Shop {
  const settings = (): StoreSettings => read(seat.settings());
  let state: StoreState = emptyState(settings().openingBalance);
  const desk = (): Desk => ({ seat, state, settings: settings(), nowMs: seat.now() });
  return {
    serve: (operation, call) => serve(desk(), operation as Operation, call),
    control: controls(desk),
    summary: () => ({ balance: state.balance, orders: state.orders.length }),
    dump: () => structuredClone(state) as unknown as Json,
    restore: (saved) => {
      state = structuredClone(saved) as unknown as StoreState;
    },
  };
}

/** Every outcome is HTTP 200, but for what is no call at all. */
async function serve(desk: Desk, operation: Operation, call: WireCall): Promise<WireReply> {
  const endpoint = endpointOf(operation);
  const body = call.method === 'POST' ? bodyOf(call) : undefined;
  if (body === undefined) return { status: 400, type: 'text/plain', body: 'Bad Request\n' };
  const login = loginIn(body, endpoint.flatLogin === true);
  const replayToken = textIn(login, 'ReplayToken') ?? null;
  try {
    if (!isLogin(desk, login)) {
      if (endpoint.takesAnyLogin) return jsonReply([]);
      throw wrongLogin();
    }
    const answer = desk.seat.fault('answer', operation);
    if (answer !== undefined) throw coded(Number(answer.value), 'told to answer so');
    const data = await endpoint.run(desk, body, replayToken);
    return jsonReply(shaped(desk, operation, data, replayToken));
  } catch (error) {
    if (error instanceof Refusal) return jsonReply(refused(desk, endpoint, error, replayToken));
    throw error;
  }
}

function bodyOf({ body }: WireCall): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

const isLogin = ({ seat }: Desk, login: JsonObject): boolean =>
  textIn(login, 'PartnerCode') === seat.login.partnerCode &&
  textIn(login, 'AuthToken') === seat.login.authToken;

function shaped(desk: Desk, operation: Operation, data: Json, replayToken: Json): Json {
  const { shape } = endpointOf(operation);
  if (shape === 'array') return data;
  // Error beside good data: one client reports it, so it can be switched off.
  const isError = operation === 'AccountDetail' && desk.settings.accountDetailError;
  const auth = envelope(desk, replayToken, undefined, isError);
  return shape === 'flat' ? auth : { ...(data as JsonObject), AuthResponse: auth };
}

function refused(desk: Desk, { shape }: Endpoint, refusal: Refusal, replayToken: Json): Json {
  const auth = envelope(desk, replayToken, refusal);
  if (shape === 'flat') return auth;
  return shape === 'array' ? [{ AuthResponse: auth }] : { AuthResponse: auth };
}
