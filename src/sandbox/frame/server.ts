import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import PQueue from 'p-queue';
import { CertError, messageOf } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import { makeCa, openCa } from './ca.js';
import { type ClockState, createClock, type SandboxClock } from './clock.js';
import { controlBody, controlRoutes, findRoute } from './control.js';
import { readCsr } from './csr.js';
import type { Purchase, SandboxDefinition, WireCall, WireReply } from './definition.js';
import { createFaults, LINE_FAULTS, parseFault } from './faults.js';
import { createLedger, type LedgerEntry, replyEntry } from './ledger.js';
import { decodedPath, listen, onTheLine, readBody } from './line.js';
import { probe } from './probe.js';
import { checkSettings, defaultSettings } from './settings.js';
import { HEADER, readStateFile, writeStateFile } from './state-file.js';

export interface SandboxOptions {
  /** 0 = any free one. */
  readonly port?: number;
  readonly settings?: JsonObject;
  readonly faults?: readonly string[];
  /** Kept here after every call; read from here if it is there. */
  readonly stateFile?: string;
  /** Seconds of the sandbox in a second. */
  readonly speed?: number;
  /** Epoch ms of whatever the sandbox follows; absent = the machine's clock. */
  readonly now?: () => number;
  /** Names and passwords that are accepted; absent ones are made up. */
  readonly login?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  readonly type: string;
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** For `/_sandbox/…`, as `Authorization: Bearer …`. */
  readonly token: string;
  /** What callers of the wire have to give. */
  readonly login: Readonly<Record<string, string>>;
  readonly rootPem: string;
  readonly clock: SandboxClock;
  /** What a control call over HTTP does: `control('POST', 'orders/912345678/validate')`. */
  control(method: 'GET' | 'POST', path: string, body?: JsonObject): Promise<Json>;
  settings(): JsonObject;
  purchases(): readonly Purchase[];
  ledger(operation?: string): readonly LedgerEntry[];
  /** Everything as it stands now; the function it gives puts it back. */
  snapshot(): () => void;
  close(): Promise<void>;
}

const CONTROL = '/_sandbox/';
const LINE = Object.keys(LINE_FAULTS);
const NOT_THERE: WireReply = { status: 404, type: 'text/plain', body: 'Not Found\n' };
const TOO_LARGE: WireReply = { status: 413, type: 'text/plain', body: 'Payload Too Large\n' };

/** A provider's server on loopback. @throws CertError for options and state files that cannot be used */
export async function startServer(definition: SandboxDefinition, options: SandboxOptions): Promise<Sandbox> {
  const saved =
    options.stateFile === undefined ? undefined : readStateFile(options.stateFile, definition.type);
  let changed: JsonObject = { ...saved?.settings, ...options.settings };
  checkSettings(definition.settings, changed);
  const settings = (): JsonObject => ({ ...defaultSettings(definition.settings), ...changed });

  const clock = clockOf(options, saved?.clock);
  const caState = saved?.ca ?? (await makeCa(definition.title));
  const ca = await openCa(caState);
  const [rootPem = ''] = ca.chain('public');
  const token = saved?.token ?? randomBytes(18).toString('base64url');
  const login = { ...madeUp(definition), ...saved?.login, ...options.login };
  const faults = createFaults(definition);
  faults.replace([...(saved?.faults ?? []), ...(options.faults ?? []).map(parseFault)]);
  const ledger = createLedger();
  let purchases: readonly Purchase[] = saved?.purchases ?? [];
  const instant = (): string => new Date(clock.now()).toISOString();

  const shop = definition.open({
    now: clock.now,
    settings,
    fault: (name, operation) => {
      const rule = faults.take([name], operation);
      return rule === undefined ? undefined : { value: rule.value };
    },
    login,
    ca,
    probe,
    readCsr,
    token: newToken,
    sold: (purchase) => {
      purchases = [...purchases, { at: instant(), ...purchase }];
    },
  });
  if (saved !== undefined) shop.restore(saved.shop);

  const { stateFile } = options;
  const save = (): void => {
    if (stateFile === undefined) return;
    writeStateFile(stateFile, {
      ...HEADER,
      type: definition.type,
      clock: clock.state(),
      token,
      login,
      ca: caState,
      settings: changed,
      faults: faults.list(),
      purchases,
      shop: shop.dump(),
    });
  };
  save();

  const routes = controlRoutes({
    type: definition.type,
    clock,
    faults,
    ledger,
    get purchases() {
      return purchases;
    },
    table: definition.settings,
    shop,
    rootPem,
    settings,
    changeSettings: (changes) => {
      changed = { ...changed, ...changes };
    },
  });
  /** One call after the other: what a call finds is what the last one left. */
  const counter = new PQueue({ concurrency: 1 });

  async function control(method: string, path: string, body: JsonObject): Promise<Json | undefined> {
    const found = findRoute(routes, method, path);
    if (found === undefined) return undefined;
    return counter.add(async () => {
      const result = await found.route.run({ args: found.args, body });
      if (method !== 'GET') save();
      return result;
    });
  }

  const closing = new AbortController();
  const open = new Map<string, number>();
  async function wire(call: Omit<WireCall, 'parallel'>, target: string): Promise<WireReply | 'cut'> {
    const operation = definition.operation(call.path, call.body);
    const fault = operation === undefined ? undefined : faults.take(LINE, operation);
    const parallel = open.get(operation ?? '') ?? 0;
    if (operation !== undefined) open.set(operation, parallel + 1);
    const whole = { ...call, parallel };
    try {
      const act = (): Promise<WireReply> =>
        counter.add(async () => {
          const reply = operation === undefined ? NOT_THERE : await shop.serve(operation, whole);
          // A buyer never hears of an order that a crash of the sandbox would forget.
          save();
          return reply;
        });
      const reply = await onTheLine(fault, act, closing.signal);
      ledger.add({
        at: instant(),
        operation: operation ?? null,
        method: call.method,
        target: definition.masked(target),
        headers: maskedHeaders(call.headers),
        body: definition.masked(call.body.toString('latin1')),
        reply: reply === 'cut' ? null : replyEntry(reply),
        fault: fault?.name ?? null,
      });
      return reply;
    } finally {
      if (operation !== undefined) open.set(operation, (open.get(operation) ?? 1) - 1);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/' } = request;
    const { pathname, searchParams } = new URL(target, 'http://loopback');
    const send = ({ status, type, body }: WireReply): void => {
      const date = new Date(clock.now()).toUTCString();
      response.writeHead(status, { date, 'content-type': type }).end(body);
    };
    const body = await readBody(request);
    if (body === undefined) return send(TOO_LARGE);
    if (pathname.startsWith(CONTROL)) {
      return send(
        await controlReply(request, token, () =>
          control(method, pathname.slice(CONTROL.length), controlBody(body.toString('utf8'))),
        ),
      );
    }
    const path = decodedPath(pathname);
    const reply = await wire({ method, path, query: searchParams, headers: request.headers, body }, target);
    if (reply === 'cut') request.socket.destroy();
    else send(reply);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`defect of the sandbox: ${messageOf(error)}\n`);
    });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    type: definition.type,
    url: `http://127.0.0.1:${port}`,
    token,
    login,
    rootPem,
    clock,
    control: async (method, path, body = {}) => {
      const result = await control(method, path, body);
      if (result === undefined) throw new CertError('usage', `The sandbox has no route ${method} ${path}.`);
      return result;
    },
    settings,
    purchases: () => purchases,
    ledger: ledger.list,
    snapshot: () => {
      const before = structuredClone({
        shop: shop.dump(),
        clock: clock.state(),
        faults: faults.list(),
        purchases,
        changed,
        calls: ledger.length,
      });
      return () => {
        shop.restore(structuredClone(before.shop));
        clock.restore(before.clock);
        faults.replace(before.faults);
        purchases = before.purchases;
        changed = before.changed;
        ledger.truncate(before.calls);
      };
    },
    close: async () => {
      closing.abort();
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      await counter.onIdle();
    },
  };
}

async function controlReply(
  request: IncomingMessage,
  token: string,
  run: () => Promise<Json | undefined>,
): Promise<WireReply> {
  const reply = (status: number, body: Json): WireReply => ({
    status,
    type: 'application/json',
    body: `${JSON.stringify(body, null, 2)}\n`,
  });
  if (!isBearer(request.headers.authorization, token)) {
    return reply(401, { error: 'Send the token that the sandbox printed: Authorization: Bearer TOKEN.' });
  }
  try {
    const result = await run();
    return result === undefined
      ? reply(404, { error: 'There is no such route; GET /_sandbox/ lists them.' })
      : reply(200, result);
  } catch (error) {
    if (error instanceof CertError && error.code === 'usage') return reply(400, { error: error.message });
    throw error;
  }
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function clockOf({ now = Date.now, speed }: SandboxOptions, saved: ClockState | undefined): SandboxClock {
  const clock = createClock(now);
  if (saved !== undefined) clock.restore(saved);
  if (speed !== undefined) clock.setSpeed(speed);
  return clock;
}

/** Not even by mistake: whoever mixes up addresses sends what opens a real account. */
const maskedHeaders = (headers: WireCall['headers']): WireCall['headers'] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) =>
      /^(?:(?:proxy-)?authorization|cookie|x-api-.*)$/.test(name) ? [name, '***'] : [name, value],
    ),
  );

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const newToken = (length: number): string =>
  [...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');

/** The first of them reads like a user name, the others are secrets. */
const madeUp = ({ credentials }: SandboxDefinition): Record<string, string> =>
  Object.fromEntries(Object.keys(credentials).map((name, i) => [name, i === 0 ? 'rehearsal' : newToken(20)]));
