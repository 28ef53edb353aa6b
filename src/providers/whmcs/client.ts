import type { HttpClient } from '../../http/client.js';
import type { HttpRequest } from '../../http/message.js';
import { httpClientOnDemand } from '../../http/on-demand.js';
import { redactor } from '../../http/redact.js';
import { CertError, type Effect } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { Secret } from '../../model/secret.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { ProviderDeps, SendGuard } from '../../ports/provider.js';
import { accessError, isWordOfModule, refusalOf } from './errors.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { countOf, idOf, parseReply, rowsOf, type ShopReply } from './wire.js';

const MAX_RESPONSE_BYTES = 32_000_000;
const CALLS_PER_MINUTE = 240;
/** Rows of a page; a shop may give fewer. */
const PAGE = 100;
/** Nobody's list is longer; a shop that counts wrongly must not be read for ever. */
const MOST_PAGES = 2000;

type Params = Readonly<Record<string, string | number | readonly string[]>>;

/** What a call of a module gave: nothing but success, or its sentence. */
export type ModuleWord = { readonly ok: true } | { readonly ok: false; readonly words: string };

export interface Listing {
  readonly rows: readonly JsonObject[];
  /** The total stood still while the pages were read, and as many different rows came. */
  readonly complete: boolean;
  /** `Date` of the first page: what came later may have been missed. */
  readonly dateMs?: number;
}

/** One method for each call: https://developers.whmcs.com/api-reference/ and the action in lower case. */
export interface ShopClient {
  /** @throws CertError `provider.refused` for every error text */
  read(action: string, params: Params, about: string): Promise<ShopReply>;
  /** The reply, also where it is an error of business. */
  ask(action: string, params: Params): Promise<ShopReply>;
  list(action: string, params: Params, outer: string, inner: string): Promise<Listing>;
  /** @throws CertError effect `none` for documented refusals only */
  write(action: string, params: Params, about: string, guard: SendGuard): Promise<ShopReply>;
  /** Runs code of a module; its own words are an answer. */
  runModule(action: string, params: Params, about: string, guard: SendGuard): Promise<ModuleWord>;
  /** What an unexpected sentence of a writing call means. */
  refused(action: string, about: string, text: string): CertError;
  /** A function of a module that may be run at any time, once for each call: not again where the shop is overloaded. */
  callModule(serviceId: number, name: string): Promise<void>;
  readonly http: HttpClient;
}

const API = '/includes/api.php';

/** The address of the shop, with its folder, or the full one of the API. */
const baseUrlOf = (url: string): string => url.replace(/\/+$/, '').replace(/\/includes\/api\.php$/i, '');

/** PHP's notation of lists. */
function fieldsOf(params: Params): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [key, value] of Object.entries(params)) {
    if (typeof value === 'string' || typeof value === 'number') fields[key] = String(value);
    else for (const [i, item] of value.entries()) fields[`${key}[${i}]`] = item;
  }
  return fields;
}

/** @throws CertError `config.invalid` */
export function shopClient(deps: ProviderDeps): ShopClient {
  const { config, clock, log } = deps;
  const { identifier, secret, accessKey } = deps.credentials;
  if (identifier === undefined || secret === undefined || config.url === undefined) {
    throw new CertError(
      'config.invalid',
      `${config.id} needs its url and the credentials identifier and secret`,
    );
  }
  const perMinute = config.options.callsPerMinute;
  const secrets = [identifier, secret, ...(accessKey === undefined ? [] : [accessKey])];
  const http = httpClientOnDemand({
    baseUrl: baseUrlOf(config.url),
    log,
    observe: deps.observe,
    clock,
    timeouts: { connectMs: 10 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 5 * MINUTE_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: secrets,
    concurrency: CONCURRENCY,
    pace: { calls: typeof perMinute === 'number' ? perMinute : CALLS_PER_MINUTE, perMs: MINUTE_MS },
  });
  const clean = redactor(secrets);
  let refusedLogin: CertError | undefined;

  const login: Readonly<Record<string, Secret>> = {
    identifier,
    secret,
    ...(accessKey === undefined ? {} : { accesskey: accessKey }),
  };

  const requestOf = (action: string, params: Params): HttpRequest => ({
    method: 'POST',
    path: API,
    body: { kind: 'form', fields: { action, responsetype: 'json', ...login, ...fieldsOf(params) } },
  });

  /** Refused credentials are the account's last call of this run: repeating them gets addresses banned. */
  function stopIfRefused(): void {
    if (refusedLogin === undefined) return;
    throw new CertError('provider.credentials', `no call was made: ${refusedLogin.message}`, {
      cause: refusedLogin,
      ...(refusedLogin.remedy === undefined ? {} : { remedy: refusedLogin.remedy }),
    });
  }

  function admitted(action: string, reply: ShopReply, effect: Effect): ShopReply {
    const answered = { status: reply.status, effect };
    const refused = reply.error === undefined ? undefined : accessError(action, reply.error, answered, clean);
    if (refused === undefined) return reply;
    if (refused.code === 'provider.credentials') refusedLogin = refused;
    throw refused;
  }

  async function ask(action: string, params: Params): Promise<ShopReply> {
    stopIfRefused();
    const reply = await http.read(requestOf(action, params));
    return admitted(action, parseReply(action, reply, 'none'), 'none');
  }

  async function send(action: string, params: Params, guard: SendGuard): Promise<ShopReply> {
    stopIfRefused();
    const guarded: SendGuard = () => {
      // Another call may have been refused while this one waited for its connection.
      stopIfRefused();
      guard();
    };
    const reply = await http.sendOnce(requestOf(action, params), guarded);
    return admitted(action, parseReply(action, reply, 'unknown'), 'unknown');
  }

  const good = (action: string, about: string, reply: ShopReply, effect: Effect): ShopReply => {
    if (reply.error === undefined) return reply;
    throw refusalOf(action, about, reply.error, effect, clean);
  };

  async function list(action: string, params: Params, outer: string, inner: string): Promise<Listing> {
    const rows = new Map<number, JsonObject>();
    let start = 0;
    let total: number | undefined;
    let steady = true;
    let dateMs: number | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const reply = good(
        action,
        'a list',
        await ask(action, { ...params, limitstart: start, limitnum: PAGE }),
        'none',
      );
      const more = rowsOf(action, reply.data, outer, inner);
      const told = countOf(reply.data, 'totalresults');
      if (page === 0) dateMs = reply.dateMs;
      else if (told !== total) steady = false;
      total ??= told;
      start += more.length;
      const before = rows.size;
      for (const row of more) rows.set(idOf(row, 'id') ?? -1 - rows.size, row);
      // A page that brings nothing new is the end, also where the shop gives the same one whatever is asked for.
      if (rows.size === before || (total !== undefined && rows.size >= total)) break;
    }
    const complete = steady && total !== undefined && rows.size === total;
    return { rows: [...rows.values()], complete, ...(dateMs === undefined ? {} : { dateMs }) };
  }

  return {
    http,
    ask,
    list,
    read: async (action, params, about) => good(action, about, await ask(action, params), 'none'),
    write: async (action, params, about, guard) =>
      good(action, about, await send(action, params, guard), 'unknown'),
    runModule: async (action, params, about, guard) => {
      const reply = await send(action, params, guard);
      if (reply.error === undefined) return { ok: true };
      if (!isWordOfModule(action, reply.error)) throw refusalOf(action, about, reply.error, 'unknown', clean);
      return { ok: false, words: clean(reply.error).slice(0, 300) };
    },
    refused: (action, about, text) => refusalOf(action, about, text, 'unknown', clean),
    callModule: async (serviceId, name) => {
      const params = { serviceid: serviceId, func_name: name };
      const reply = await send('ModuleCustom', params, () => undefined);
      good('ModuleCustom', `service ${serviceId}`, reply, 'none');
    },
  };
}
