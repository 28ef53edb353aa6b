import { CertError } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { SandboxClock } from './clock.js';
import type { ControlRoute, Purchase, SettingTable, Shop } from './definition.js';
import { type FaultRule, type Faults, parseFault } from './faults.js';
import type { Ledger } from './ledger.js';
import { checkSettings } from './settings.js';

/** What a control call may touch. */
export interface Controlled {
  readonly type: string;
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly purchases: readonly Purchase[];
  readonly table: SettingTable;
  readonly shop: Shop;
  readonly rootPem: string;
  settings(): JsonObject;
  changeSettings(changes: JsonObject): void;
}

const DURATION = /^(\d+(?:\.\d+)?)(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const refuse = (message: string): CertError => new CertError('usage', message);

/** Routes every sandbox has; those of the shop come after them. */
export function controlRoutes(on: Controlled): readonly ControlRoute[] {
  const clockText = (): JsonObject => ({
    now: new Date(on.clock.now()).toISOString(),
    speed: on.clock.speed(),
  });
  const own: readonly ControlRoute[] = [
    {
      method: 'GET',
      path: '',
      description: 'what runs here, and every route',
      run: () => ({
        type: on.type,
        ...clockText(),
        ...on.shop.summary(),
        routes: routes().map(({ method, path, description }) => ({
          method,
          path: `/_sandbox/${path}`,
          description,
        })),
      }),
    },
    { method: 'GET', path: 'clock', description: 'the time here, and its speed', run: clockText },
    {
      method: 'POST',
      path: 'clock',
      description: 'moves it: {"set": INSTANT}, {"advance": "90d"}, {"speed": 86400}',
      run: ({ body }) => {
        moveClock(on.clock, body);
        return clockText();
      },
    },
    { method: 'GET', path: 'settings', description: 'every setting', run: () => on.settings() },
    {
      method: 'POST',
      path: 'settings',
      description: 'changes some: {"NAME": VALUE}',
      run: ({ body }) => {
        checkSettings(on.table, body);
        on.changeSettings(body);
        return on.settings();
      },
    },
    {
      method: 'GET',
      path: 'faults',
      description: 'what will go wrong',
      run: () => on.faults.list().map(plain),
    },
    {
      method: 'POST',
      path: 'faults',
      description: 'adds one: {"fault": "drop-after@CollectSSL*3"}',
      run: ({ body }) => {
        if (typeof body.fault !== 'string')
          throw refuse('Send {"fault": "NAME[:VALUE][@OPERATION][*TIMES]"}.');
        on.faults.add(parseFault(body.fault));
        return on.faults.list().map(plain);
      },
    },
    {
      method: 'POST',
      path: 'faults/clear',
      description: 'takes all of them away',
      run: () => {
        on.faults.replace([]);
        return [];
      },
    },
    {
      method: 'GET',
      path: 'ledger',
      description: 'every call received, secrets struck out; newest last',
      run: () => on.ledger.list().map(plain),
    },
    {
      method: 'GET',
      path: 'ledger/:operation',
      description: 'the calls of one operation',
      run: ({ args: [operation] }) => on.ledger.list(operation).map(plain),
    },
    {
      method: 'GET',
      path: 'purchases',
      description: 'what the seller counts as sold',
      run: () => on.purchases.map(plain),
    },
    { method: 'GET', path: 'ca', description: 'the throw-away root, PEM', run: () => ({ root: on.rootPem }) },
  ];
  const routes = (): readonly ControlRoute[] => [...own, ...on.shop.control];
  return routes();
}

/** Interfaces are data, but have no index signature. */
const plain = (value: FaultRule | Purchase | object): JsonObject => JSON.parse(JSON.stringify(value));

function moveClock(clock: SandboxClock, body: JsonObject): void {
  const [[key, value] = ['', null], ...more] = Object.entries(body);
  if (more.length > 0) throw refuse('Send one of "set", "advance" or "speed".');
  if (key === 'set') clock.set(instantOf(value));
  else if (key === 'advance') clock.advance(durationOf(value));
  else if (key === 'speed') clock.setSpeed(Number(value));
  else throw refuse('Send one of "set", "advance" or "speed".');
}

function instantOf(value: Json): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw refuse('"set" must be an instant such as 2027-03-15T00:00:00Z.');
  return ms;
}

function durationOf(value: Json): number {
  const [, count, unit = ''] = DURATION.exec(String(value)) ?? [];
  if (count === undefined) throw refuse('"advance" must be a duration such as 90d, 12h, 5m or 30s.');
  return Number(count) * (UNIT_MS[unit] ?? 0);
}

/** The route for a path below `/_sandbox/`, with the parts that `:name` stands for. */
export function findRoute(
  routes: readonly ControlRoute[],
  method: string,
  path: string,
): { readonly route: ControlRoute; readonly args: readonly string[] } | undefined {
  const given = path === '' ? [] : path.split('/');
  for (const route of routes) {
    const wanted = route.path === '' ? [] : route.path.split('/');
    if (route.method !== method || wanted.length !== given.length) continue;
    if (!wanted.every((part, i) => part.startsWith(':') || part === given[i])) continue;
    return { route, args: given.filter((_, i) => wanted[i]?.startsWith(':')) };
  }
  return undefined;
}

/** The body of a control call. @throws CertError when it is no JSON object */
export function controlBody(text: string): JsonObject {
  if (text.trim() === '') return {};
  let body: Json;
  try {
    body = JSON.parse(text);
  } catch {
    throw refuse('The body of a control call is a JSON object.');
  }
  if (!isObject(body)) throw refuse('The body of a control call is a JSON object.');
  return body;
}

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
