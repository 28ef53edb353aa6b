import type { Json, JsonObject } from '../../model/json.js';
import type { SandboxDefinition, Seat, Shop, WireCall, WireReply } from '../frame/definition.js';
import { ISSUANCE_FAULTS } from '../frame/misissued.js';
import { COMMANDS, ENDPOINTS, type Endpoint, type Operation } from './calls.js';
import { controls } from './control.js';
import { answered, Refusal, refused, throttled } from './reply.js';
import { commandIn, type Fields, fieldsOf, needed, withoutKey } from './request.js';
import { type NamecheapSettings, SETTINGS } from './settings.js';
import { type Desk, emptyState, type NamecheapState } from './state.js';

const OPERATIONS = Object.keys(ENDPOINTS) as readonly Operation[];
const MONEY: readonly Operation[] = ['create', 'renew', 'purchaseMoreSans'];
const WRITES: readonly Operation[] = [...MONEY, 'activate', 'reissue', 'revoke'];

const PATH = '/xml.response';
const MINUTE_MS = 60_000;
/** Parameters of every call, and one that the vendor's module adds. */
const GLOBAL = ['ApiUser', 'ApiKey', 'UserName', 'ClientIp', 'Command', 'SourceOfCall'];

const endpointOf = (operation: Operation): Endpoint => ENDPOINTS[operation];

/** SSL API of Namecheap: XML, always HTTP 200 but for throttling, one address for every command. */
export const namecheap: SandboxDefinition = {
  type: 'namecheap',
  title: 'Namecheap',
  settings: SETTINGS,
  credentials: {
    apiUser: 'NAMECHEAP_API_USER',
    apiKey: 'NAMECHEAP_API_KEY',
    clientIp: 'NAMECHEAP_CLIENT_IP',
  },
  madeUp: { clientIp: '127.0.0.1' },
  purchases: MONEY,
  writes: WRITES,
  operations: OPERATIONS,
  operation: (path, call) =>
    path.replace(/\/+$/, '').toLowerCase() === PATH ? COMMANDS.get(commandIn(call) ?? '') : undefined,
  masked: withoutKey,
  faults: {
    answer: {
      description: 'these error numbers, and nothing happens',
      operations: WRITES,
      value: { form: /^\d{6,7}(\+\d{6,7})*$/, example: '2011170+4011331' },
    },
    'out-of-funds': { description: 'the purchase is refused for want of money', operations: MONEY },
    throttle: { description: 'too many calls, in the way of throttleAs; nothing happens', operations: MONEY },
    'authority-refuses': {
      description: 'the authority refuses the request: only the support can reset the slot',
      operations: ['activate'],
    },
    cancel: { description: 'taken, then cancelled', operations: ['activate', 'reissue'] },
    duplicate: { description: 'bought and charged twice', operations: ['create'] },
    ...ISSUANCE_FAULTS,
  },
  configuration: () => [],
  hints: (settings) => hintsOf(read(settings)),
  open: openShop,
};

/** Checked against their schemas by the frame. */
const read = (settings: JsonObject): NamecheapSettings => settings as unknown as NamecheapSettings;

function hintsOf({ autoApprove, dnsServer }: NamecheapSettings): readonly string[] {
  if (autoApprove) return ['Every name counts as proved at once (autoApprove).'];
  return [
    `DNS records are looked up at ${dnsServer || 'no server'}; set dnsServer=127.0.0.1:53 or dnsServer=system.`,
    'Files are looked for at webServers={"*":"127.0.0.1:80"}; mails are not sent.',
    'POST certificates/ID/validate proves every name, POST slots buys one as somebody else would.',
  ];
}

function openShop(seat: Seat): Shop {
  const settings = (): NamecheapSettings => read(seat.settings());
  let state: NamecheapState = emptyState(settings().openingBalance);
  const desk = (): Desk => ({ seat, state, settings: settings(), nowMs: seat.now() });
  return {
    serve: (operation, call) => serve(desk(), operation as Operation, call),
    control: controls(desk),
    summary: () => ({ balance: state.balance, certificates: state.entries.length }),
    dump: () => structuredClone(state) as unknown as Json,
    restore: (saved) => {
      state = structuredClone(saved) as unknown as NamecheapState;
    },
  };
}

async function serve(desk: Desk, operation: Operation, call: WireCall): Promise<WireReply> {
  const endpoint = endpointOf(operation);
  const command = `namecheap.${endpoint.command}`;
  if (isThrottled(desk) || desk.seat.fault('throttle', operation) !== undefined) {
    return throttled(desk, command);
  }
  try {
    const fields = await fieldsOf(call);
    checkLogin(desk, fields);
    const answer = desk.seat.fault('answer', operation);
    if (answer !== undefined) {
      const numbers = (answer.value ?? '').split('+');
      return refused(desk, command, ...numbers.map((number) => new Refusal(number, 'told to answer so')));
    }
    checkParameters(endpoint, fields);
    const results = await endpoint.run(desk, fields);
    return answered(desk, command, ...[results].flat());
  } catch (error) {
    if (error instanceof Refusal) return refused(desk, command, error);
    throw error;
  }
}

function isThrottled({ settings, state, nowMs }: Desk): boolean {
  if (settings.callsPerMinute === 0) return false;
  const recent = state.calls.filter((ms) => ms > nowMs - MINUTE_MS);
  const full = recent.length >= settings.callsPerMinute;
  state.calls = full ? recent : [...recent, nowMs];
  return full;
}

/** Before everything else. @throws Refusal */
function checkLogin({ seat, settings }: Desk, fields: Fields): void {
  const user = needed(fields, 'ApiUser', 1010101);
  const key = needed(fields, 'ApiKey', 1010102);
  const address = needed(fields, 'ClientIp', 1010105);
  const name = needed(fields, 'UserName', 1019103);
  if (user !== seat.login.apiUser || key !== seat.login.apiKey) {
    throw new Refusal(1011102, 'API Key is invalid or API access has not been enabled');
  }
  if (name !== seat.login.apiUser) throw new Refusal(1016103, 'UserName is unauthorized');
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) throw new Refusal(1011105, 'Parameter ClientIP is invalid');
  if (settings.refuseAddress) throw new Refusal(1011150, `Invalid request IP: ${address}`);
}

/** The vendor passes over what it does not know; here it is a mistake of the caller. @throws Refusal */
function checkParameters({ parameters }: Endpoint, fields: Fields): void {
  const known = new Set([...GLOBAL, ...parameters].map((name) => name.toLowerCase()));
  const unknown = [...fields.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) throw new Refusal(9999999, `This call has no parameter ${unknown}`);
}
