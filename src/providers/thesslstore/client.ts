import type { HttpClient } from '../../http/client.js';
import type { HttpRequest } from '../../http/message.js';
import { httpClientOnDemand } from '../../http/on-demand.js';
import { redactor } from '../../http/redact.js';
import { CertError, type Effect } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { Secret } from '../../model/secret.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { ProviderDeps, SendGuard } from '../../ports/provider.js';
import { AUTHENTICATION_FAILED, parseError, refusalOf, refusesLogin } from './errors.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { parseReply, type StoreReply } from './wire.js';

const LIVE_URL = 'https://api.thesslstore.com';
const TEST_URL = 'https://sandbox-wbapi.thesslstore.com';
const MAX_RESPONSE_BYTES = 32_000_000;
/** No limit is documented; this many a minute keeps a run of hundreds of orders from looking like an attack. */
const CALLS_PER_MINUTE = 300;
/** Every answer is wanted in the one form of dates that is documented. */
const CULTURE = 'en-US';

/** How an order is named. */
export type Addressed = { readonly TheSSLStoreOrderID: string } | { readonly CustomOrderID: string };

/** One method for each call. Paths and members: https://www.thesslstore.com/api/ and the vendor's own clients. */
export interface StoreClient {
  /** Places an order, or a renewal; costs money. @throws CertError effect `none` for known refusals only */
  newOrder(body: JsonObject, about: string, guard: SendGuard): Promise<StoreReply>;
  /** Free, on the same order. */
  reissue(body: JsonObject, about: string, guard: SendGuard): Promise<StoreReply>;
  /** Asks for the money back: a request that people decide later. */
  refundRequest(orderId: string, reason: string, guard: SendGuard): Promise<StoreReply>;
  revoke(orderId: string, serial: string, reason: string, guard: SendGuard): Promise<StoreReply>;
  /**
   * One order, as it answers: a refusal that is not one of the credentials comes back as a reply, because how an order that
   * does not exist is answered is not documented.
   */
  status(address: Addressed): Promise<StoreReply>;
  /** A page of orders, from 1. An empty list proves nothing of the credentials. */
  query(filter: JsonObject, page: number, pageSize: number): Promise<StoreReply>;
  download(orderId: string): Promise<StoreReply>;
  /** Price and terms of one product. */
  product(code: string): Promise<StoreReply>;
  approverList(productCode: string, domainName: string): Promise<StoreReply>;
  /** Its verdict says error even where all is well: what counts is what is in it. */
  accountDetail(): Promise<StoreReply>;
  resend(orderId: string, domainName: string): Promise<void>;
  changeApproverMethod(orderId: string, body: JsonObject): Promise<void>;
  /** Has DigiCert look at a domain now; what it answers is not documented. */
  checkDcv(orderId: string, domainName: string): Promise<void>;
  /** Are the credentials good? @throws CertError `provider.credentials` */
  validate(): Promise<StoreReply>;
  readonly http: HttpClient;
}

/** Scheme and host of panels, or the full address with `/rest`. */
const baseUrlOf = (url: string): string => `${url.replace(/\/+$/, '').replace(/\/rest$/i, '')}/rest`;

/** @throws CertError `config.invalid` */
export function storeClient(deps: ProviderDeps): StoreClient {
  const { config, clock, log } = deps;
  const { partnerCode, authToken } = deps.credentials;
  if (partnerCode === undefined || authToken === undefined) {
    throw new CertError('config.invalid', `${config.id} needs the credentials partnerCode and authToken`);
  }
  const perMinute = config.options.callsPerMinute;
  const http = httpClientOnDemand({
    baseUrl: baseUrlOf(config.url ?? (config.environment === 'test' ? TEST_URL : LIVE_URL)),
    log,
    observe: deps.observe,
    clock,
    timeouts: { connectMs: 10 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 4 * MINUTE_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: [partnerCode, authToken],
    concurrency: CONCURRENCY,
    pace: { calls: typeof perMinute === 'number' ? perMinute : CALLS_PER_MINUTE, perMs: MINUTE_MS },
  });
  const clean = redactor([partnerCode, authToken]);
  let refusedLogin: CertError | undefined;

  const login = (): Readonly<Record<string, string | Secret>> => ({
    PartnerCode: partnerCode,
    AuthToken: authToken,
    ReplayToken: deps.random.hex(8),
    UserAgent: 'certwright',
  });

  /** @param flat  the few calls whose credentials stand in the root */
  const requestOf = (path: string, body: JsonObject, flat = false): HttpRequest => ({
    method: 'POST',
    path: `/${path}/`,
    body: { kind: 'json', value: { ...(flat ? login() : { AuthRequest: login() }), ...body } },
  });

  /** Refused credentials are the account's last call of this run: repeating them locks accounts. */
  function stopIfRefused(): void {
    if (refusedLogin === undefined) return;
    throw new CertError('provider.credentials', `no call was made: ${refusedLogin.message}`, {
      cause: refusedLogin,
      ...(refusedLogin.remedy === undefined ? {} : { remedy: refusedLogin.remedy }),
    });
  }

  function judged(
    path: string,
    about: string,
    reply: StoreReply,
    effect: Effect,
    answers = false,
  ): StoreReply {
    const { verdict } = reply;
    if (!verdict?.isError) return reply;
    const isLogin = refusesLogin(parseError(verdict.message));
    if (answers && !isLogin) return reply;
    const error = refusalOf(path, about, verdict, effect, clean);
    if (isLogin) refusedLogin = error;
    throw error;
  }

  async function read(path: string, about: string, body: JsonObject, { flat = false, answers = false } = {}) {
    stopIfRefused();
    const reply = await http.read(requestOf(path, body, flat));
    return judged(path, about, parseReply(path, reply, 'none'), 'none', answers);
  }

  async function write(path: string, about: string, body: JsonObject, guard: SendGuard): Promise<StoreReply> {
    stopIfRefused();
    const guarded: SendGuard = () => {
      // Another call may have been refused while this one waited for its connection.
      stopIfRefused();
      guard();
    };
    const reply = await http.sendOnce(requestOf(path, body), guarded);
    return judged(path, about, parseReply(path, reply, 'unknown'), 'unknown');
  }

  const named = (address: Addressed): string =>
    'CustomOrderID' in address ? `reference ${address.CustomOrderID}` : `order ${address.TheSSLStoreOrderID}`;
  const culture = { DateTimeCulture: CULTURE };

  return {
    http,
    newOrder: (body, about, guard) => write('order/neworder', about, { ...body, ...culture }, guard),
    reissue: (body, about, guard) => write('order/reissue', about, { ...body, ...culture }, guard),
    refundRequest: (orderId, reason, guard) =>
      write(
        'order/refundrequest',
        `order ${orderId}`,
        { TheSSLStoreOrderID: orderId, RefundReason: reason, ...culture },
        guard,
      ),
    revoke: (orderId, serial, reason, guard) =>
      write(
        'order/certificaterevokerequest',
        `certificate ${serial}`,
        { TheSSLStoreOrderID: orderId, SerialNumber: serial.toUpperCase(), RevokeReason: reason },
        guard,
      ),
    status: (address) => read('order/status', named(address), { ...address, ...culture }, { answers: true }),
    query: (filter, page, pageSize) =>
      read('order/query', 'the list of orders', {
        ...filter,
        PageNumber: page,
        PageSize: pageSize,
        ...culture,
      }),
    download: (orderId) =>
      read(
        'order/download',
        `order ${orderId}`,
        { TheSSLStoreOrderID: orderId, ReturnPKCS7Cert: false, ...culture },
        { answers: true },
      ),
    product: (code) =>
      read(
        'product/query',
        `product ${code}`,
        // Today's codes of DigiCert products are listed where they are asked for.
        {
          ProductCode: code,
          ProductType: 0,
          NeedSortedList: false,
          IsForceNewSKUs: code.startsWith('digi_'),
        },
        { answers: true },
      ),
    approverList: (productCode, domainName) =>
      read('order/approverlist', domainName, { ProductCode: productCode, DomainName: domainName }),
    accountDetail: () => read('user/accountdetail', 'the account', {}, { flat: true, answers: true }),
    resend: async (orderId, domainName) => {
      await read('order/resend', `${domainName} of order ${orderId}`, {
        TheSSLStoreOrderID: orderId,
        ResendEmailType: 'ApproverEmail',
        DomainNames: domainName,
      });
    },
    changeApproverMethod: async (orderId, body) => {
      await read('order/changeapprovermethod', `order ${orderId}`, { TheSSLStoreOrderID: orderId, ...body });
    },
    checkDcv: async (orderId, domainName) => {
      const body = { TheSSLStoreOrderID: orderId, DomainName: domainName };
      try {
        await read('digicert/checkdcv', `${domainName} of order ${orderId}`, body, { answers: true });
      } catch (error) {
        // It was asked; in what shape it answers is not documented, and nothing is read from it.
        if (!(error instanceof CertError) || error.code !== 'wire.unexpected') throw error;
      }
    },
    validate: async () => {
      const reply = await read('health/validate', 'the login', {}, { flat: true, answers: true });
      if (!reply.verdict?.isError) return reply;
      const { message } = reply.verdict;
      refusedLogin = refusalOf(
        'health/validate',
        'the login',
        { isError: true, message: `ErrorCode:${AUTHENTICATION_FAILED}|Message:${parseError(message).text}` },
        'none',
        clean,
      );
      throw refusedLogin;
    },
  };
}
