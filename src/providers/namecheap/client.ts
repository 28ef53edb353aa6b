import type { HttpClient } from '../../http/client.js';
import type { HttpReply, HttpRequest } from '../../http/message.js';
import { httpClientOnDemand } from '../../http/on-demand.js';
import { redactor } from '../../http/redact.js';
import { CertError, type Effect } from '../../model/errors.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { ProviderDeps, SendGuard } from '../../ports/provider.js';
import { hasNumber, isPassing, refusalOf, THROTTLED } from './errors.js';
import { BUDGET, CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { type InfoWire, type ListPage, parseEnvelope, parseInfo, parseList, resultOf } from './wire.js';
import type { Element } from './xml.js';

const LIVE_URL = 'https://api.namecheap.com/xml.response';
const TEST_URL = 'https://api.sandbox.namecheap.com/xml.response';
const MAX_RESPONSE_BYTES = 4_000_000;
/** Neither signal names a time; about a minute is what clients wait. */
const PAUSE_MS = MINUTE_MS;
const PAUSES = 2;
/** Calls of a minute that reads leave to what costs money. */
const RESERVED_SHARE = 4;

export type Parameters = Readonly<Record<string, string>>;

/** What a read waits out. */
class Passing extends CertError {}

/** A reply and the far clock. */
export interface Answer {
  readonly result: Element;
  readonly dateMs: number | undefined;
}

/** One method for each call: https://www.namecheap.com/support/api/methods/ssl/ and …/users/. */
export interface NamecheapClient {
  /** Buys; costs money. @throws CertError effect `none` for documented refusals, and for 405 */
  create(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  /** Buys the next term; costs money. */
  renew(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  /** Buys further names; costs money. */
  purchaseMoreSans(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  activate(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  reissue(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  /** Only what a reissue has superseded. */
  revoke(parameters: Parameters, about: string, guard: SendGuard): Promise<Answer>;
  /** With the certificate, where there is one. @throws CertError `order.not-found` */
  getInfo(id: string): Promise<InfoWire>;
  /** A page of everything, from 1. */
  getList(page: number, pageSize: number): Promise<ListPage>;
  /** Would the authority take this request? Writes nothing. */
  parseCsr(csrPem: string, type: string): Promise<Answer>;
  approverEmails(domain: string, type: string): Promise<Answer>;
  /** Sets a method, the same one as well: that is how its values are read again. */
  editDcv(id: string, parameters: Parameters): Promise<Answer>;
  /** Sends mails again; for files and records it is documented as a check. */
  resendApproverEmail(id: string): Promise<void>;
  balances(): Promise<Answer>;
  pricing(): Promise<Answer>;
  readonly http: HttpClient;
  close(): Promise<void>;
}

/** The folder that calls are below, and the last part of the address. */
function addressOf(url: string): { readonly baseUrl: string; readonly path: string } {
  const trimmed = url.replace(/\/+$/, '');
  const full = /\/[^/]+\.response$/i.test(trimmed) ? trimmed : `${trimmed}/xml.response`;
  const at = full.lastIndexOf('/');
  return { baseUrl: full.slice(0, at), path: full.slice(at) };
}

const limitOf = (value: unknown, standard: number): number => (typeof value === 'number' ? value : standard);

/** @throws CertError `config.invalid` */
export function namecheapClient(deps: ProviderDeps): NamecheapClient {
  const { config, clock, log } = deps;
  const { apiUser, apiKey, clientIp } = deps.credentials;
  if (apiUser === undefined || apiKey === undefined || clientIp === undefined) {
    throw new CertError('config.invalid', `${config.id} needs the credentials apiUser, apiKey and clientIp`);
  }
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(clientIp.reveal())) {
    throw new CertError('config.invalid', `${config.id}: clientIp is no IPv4 address`, {
      remedy: 'Write the address that the account’s list holds; the field has no room for IPv6.',
    });
  }
  const userName = deps.credentials.userName ?? apiUser;
  const { baseUrl, path } = addressOf(config.url ?? (config.environment === 'test' ? TEST_URL : LIVE_URL));
  const perMinute = limitOf(config.options.callsPerMinute, BUDGET.callsPerMinute);
  const http = httpClientOnDemand({
    baseUrl,
    log,
    observe: deps.observe,
    clock,
    timeouts: { connectMs: 10 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 4 * MINUTE_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: [apiKey],
    concurrency: CONCURRENCY,
    pace: [
      { calls: perMinute, perMs: MINUTE_MS, reserved: Math.floor(perMinute / RESERVED_SHARE) },
      { calls: limitOf(config.options.callsPerHour, BUDGET.callsPerHour), perMs: HOUR_MS },
      { calls: limitOf(config.options.callsPerDay, BUDGET.callsPerDay), perMs: 24 * HOUR_MS },
    ],
  });
  const clean = redactor([apiKey]);
  const closing = new AbortController();
  let refusedLogin: CertError | undefined;

  /** By POST: requests for certificates are long, and the key must stand in no access log. */
  const requestOf = (command: string, parameters: Parameters): HttpRequest => ({
    method: 'POST',
    path,
    body: {
      kind: 'form',
      fields: {
        ApiUser: apiUser,
        ApiKey: apiKey,
        UserName: userName,
        ClientIp: clientIp,
        Command: `namecheap.${command}`,
        ...parameters,
      },
    },
  });

  /** Refused credentials are the account's last call of this run: repeating them locks accounts. */
  function stopIfRefused(): void {
    if (refusedLogin === undefined) return;
    throw new CertError('provider.credentials', `no call was made: ${refusedLogin.message}`, {
      cause: refusedLogin,
      ...(refusedLogin.remedy === undefined ? {} : { remedy: refusedLogin.remedy }),
    });
  }

  /** @throws CertError */
  function judged(command: string, about: string, reply: HttpReply, effect: Effect) {
    // Not executed, says the vendor's own client: the one signal after which a paid call surely did nothing.
    if (reply.status === 405) throw throttled('405', 'none');
    const envelope = parseEnvelope(command, reply, effect);
    if (envelope.ok) return envelope;
    if (envelope.errors.some(({ number }) => number === THROTTLED)) throw throttled('error 500000', effect);
    const error = refusalOf(command, about, envelope.errors, effect, clean);
    if (effect === 'none' && isPassing(envelope.errors)) {
      throw new Passing('provider.unreachable', error.message, { providerText: error.providerText ?? '' });
    }
    if (error.code === 'provider.credentials') refusedLogin = error;
    throw error;
  }

  const throttled = (signal: string, effect: Effect): Passing =>
    new Passing('provider.rate-limited', `Namecheap wants fewer calls (${signal})`, {
      effect,
      retryAtMs: clock.now() + PAUSE_MS,
    });

  async function read(command: string, about: string, parameters: Parameters) {
    for (let pause = 0; ; pause += 1) {
      stopIfRefused();
      try {
        return judged(command, about, await http.read(requestOf(command, parameters)), 'none');
      } catch (error) {
        if (!(error instanceof Passing) || pause === PAUSES) throw error;
        await clock.sleep(PAUSE_MS, closing.signal);
      }
    }
  }

  async function ask(command: string, about: string, parameters: Parameters): Promise<Answer> {
    const { response, dateMs } = await read(command, about, parameters);
    return { result: resultOf(command, response, 'none'), dateMs };
  }

  const write =
    (command: string) =>
    async (parameters: Parameters, about: string, guard: SendGuard): Promise<Answer> => {
      stopIfRefused();
      const guarded: SendGuard = () => {
        // Another call may have been refused while this one waited for its connection.
        stopIfRefused();
        guard();
      };
      const reply = await http.sendOnce(requestOf(command, parameters), guarded);
      const { response, dateMs } = judged(command, about, reply, 'unknown');
      return { result: resultOf(command, response, 'unknown'), dateMs };
    };

  return {
    http,
    close: async () => {
      closing.abort(new CertError('interrupted', 'calls to Namecheap were broken off by us'));
      await http.close();
    },
    create: write('ssl.create'),
    renew: write('ssl.renew'),
    purchaseMoreSans: write('ssl.purchasemoresans'),
    activate: write('ssl.activate'),
    reissue: write('ssl.reissue'),
    revoke: write('ssl.revokecertificate'),
    getInfo: async (id) => {
      const about = `certificate ${id}`;
      try {
        const { response, dateMs } = await read('ssl.getInfo', about, {
          CertificateID: id,
          Returncertificate: 'true',
          Returntype: 'Individual',
        });
        return parseInfo(id, response, dateMs);
      } catch (error) {
        if (!hasNumber(error, '2011294', '4011294')) throw error;
        throw new CertError('order.not-found', `the account has no certificate ${id}`, { cause: error });
      }
    },
    getList: async (page, pageSize) => {
      const { response, dateMs } = await read('ssl.getList', 'the list of certificates', {
        ListType: 'ALL',
        Page: String(page),
        PageSize: String(pageSize),
        SortBy: 'PURCHASEDATE',
      });
      return parseList(response, dateMs);
    },
    parseCsr: (csrPem, type) =>
      ask('ssl.parseCSR', 'the certificate request', { csr: csrPem, CertificateType: type }),
    approverEmails: (domain, type) =>
      ask('ssl.getApproverEmailList', domain, { DomainName: domain, CertificateType: type }),
    editDcv: (id, parameters) =>
      ask('ssl.editDCVMethod', `certificate ${id}`, { CertificateID: id, ...parameters }),
    resendApproverEmail: async (id) => {
      await ask('ssl.resendApproverEmail', `certificate ${id}`, { CertificateID: id });
    },
    balances: () => ask('users.getBalances', 'the account', {}),
    // No action and no product: the names that the new line has there are not documented, so all of it is read.
    pricing: () => ask('users.getPricing', 'the prices', { ProductType: 'SSLCERTIFICATE' }),
  };
}
