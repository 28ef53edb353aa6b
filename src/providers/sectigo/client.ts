import PQueue from 'p-queue';
import type { HttpClient } from '../../http/client.js';
import type { HttpRequest, Value } from '../../http/message.js';
import { httpClientOnDemand } from '../../http/on-demand.js';
import { redactor, secretsIn } from '../../http/redact.js';
import { CertError, type Effect } from '../../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { ProviderDeps, SendGuard } from '../../ports/provider.js';
import { type CallKind, refusalOf } from './errors.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { type CodedReply, parseCoded, parseReport, type ReportPage, unexpected } from './wire.js';

const DEFAULT_URL = 'https://secure.trust-provider.com';
const MAX_RESPONSE_BYTES = 16_000_000;
/** Sectigo names no number; this many a minute keeps a run of hundreds of orders from looking like an attack. */
const CALLS_PER_MINUTE = 300;

/** Parameters of one call; what is undefined is not sent. */
export type Parameters = Readonly<Record<string, Value | undefined>>;

/** How an order or certificate is named. */
export type Addressed =
  | { readonly orderNumber: string }
  | { readonly certificateID: string }
  | { readonly baseOrderNumber: string };

/** One method for each call; texts as the API gives them, a negative code as CertError unless the method says so. */
export interface SectigoClient {
  /**
   * Orders; costs money. https://docs.sectigo.com/sps/auto-apply-order/ssl-certificates
   * @throws CertError effect `none` for documented refusals only
   */
  applyOrder(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /**
   * The same call for website protection. https://docs.sectigo.com/sps/auto-apply-order/sitelock
   * @throws CertError as `applyOrder`
   */
  applyLicence(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /** Ends a licence. https://docs.sectigo.com/sps/modify-third-party-details/request */
  cancelLicence(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /** Reissues. https://docs.sectigo.com/sps/auto-replace-ssl/request */
  replace(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /** https://docs.sectigo.com/sps/auto-revoke-ssl/request; a code of `done` is an answer, no failure */
  revoke(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /** Rejects an order that is not issued. https://docs.sectigo.com/sps/auto-reject/request */
  reject(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /** https://docs.sectigo.com/sps/auto-refund/request */
  refund(parameters: Parameters, about: string, guard: SendGuard): Promise<CodedReply>;
  /**
   * Status and certificates; one call at a time. -20, -21 and -26 are answers here, no failures.
   * https://docs.sectigo.com/sps/collect-ssl/request
   */
  collect(parameters: Addressed & Parameters, about: string): Promise<CodedReply>;
  /** https://docs.sectigo.com/sps/get-mdc-domain-details/request */
  domainDetails(orderNumber: string): Promise<CodedReply>;
  /** https://docs.sectigo.com/sps/web-host-report/request */
  report(parameters: Parameters): Promise<ReportPage>;
  /** Mailboxes as lines. https://docs.sectigo.com/sps/get-dcv-email-address-list/request */
  mailboxes(domainName: string): Promise<CodedReply>;
  /** Changes a method, or has it checked again. https://docs.sectigo.com/sps/auto-update-dcv/request */
  updateDcv(parameters: Parameters, about: string): Promise<void>;
  /** https://docs.sectigo.com/sps/resend-dcv-email/request */
  resendDcvEmail(parameters: Parameters, about: string): Promise<void>;
  /** https://docs.sectigo.com/sps/get-account-balance/request */
  accountBalance(): Promise<CodedReply>;
  readonly http: HttpClient;
}

interface Call {
  /** Last part of the path. */
  readonly name: string;
  readonly kind: CallKind;
  readonly about: string;
  /** Negative codes that are answers. */
  readonly answers?: readonly number[];
  /** Codes of success; 0 alone is absent. */
  readonly successes?: readonly number[];
}

/** Debited, or taken with its payment still to come. */
const SOLD = [0, 1];
/** Being processed, issued, attached. */
const COLLECTED = [0, 1, 2];

/** The codes of SiteLock mean something only where its bundle is ordered as well. */
const orderKind = ({ disableSiteLock }: Parameters): CallKind =>
  disableSiteLock === 'Y' ? 'order' : 'bundled';

const COLLECT = 'download/CollectSSL';

/** Words of the other side that are shown to people or kept in the status. Values that are data are left alone. */
function withWords(reply: CodedReply, clean: (text: string) => string): CodedReply {
  const { text, item } = reply;
  const fields = [...reply.fields].map(
    ([key, values]) => [key, /(status|method)$/.test(key) ? values.map(clean) : values] as const,
  );
  return {
    ...reply,
    fields: new Map(fields),
    ...(text === undefined ? {} : { text: clean(text) }),
    ...(item === undefined ? {} : { item: clean(item) }),
  };
}

/** @throws CertError `config.invalid` */
export function sectigoClient(deps: ProviderDeps): SectigoClient {
  const { config, clock, log } = deps;
  const { loginName, loginPassword } = deps.credentials;
  if (loginName === undefined || loginPassword === undefined) {
    throw new CertError('config.invalid', `${config.id} needs the credentials loginName and loginPassword`);
  }
  const login = [loginName, loginPassword];
  const testMode = config.environment === 'test';
  const perMinute = config.options.callsPerMinute;
  const http = httpClientOnDemand({
    baseUrl: config.url ?? DEFAULT_URL,
    log,
    observe: deps.observe,
    clock,
    timeouts: { connectMs: 10 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 4 * MINUTE_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: login,
    concurrency: CONCURRENCY,
    pace: { calls: typeof perMinute === 'number' ? perMinute : CALLS_PER_MINUTE, perMs: MINUTE_MS },
  });
  // Documented: never two calls at once to this one, whoever asks.
  const collecting = new PQueue({ concurrency: 1 });
  let refusedLogin: CertError | undefined;

  const requestOf = ({ name }: Call, parameters: Parameters): HttpRequest => {
    const fields: Record<string, Value> = { loginName, loginPassword };
    for (const [key, value] of Object.entries(parameters)) if (value !== undefined) fields[key] = value;
    return { method: 'POST', path: `/products/${name}`, body: { kind: 'form', fields } };
  };

  /** A refused login is the account's last call of this run: repeating it locks accounts. */
  function stopIfRefused(): void {
    if (refusedLogin === undefined) return;
    const { message, remedy } = refusedLogin;
    throw new CertError('provider.credentials', `no call was made: ${message}`, {
      cause: refusedLogin,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  function judged(call: Call, parameters: Parameters, parsed: CodedReply, effect: Effect): CodedReply {
    const reply = withWords(parsed, redactor([...login, ...secretsIn(parameters)]));
    const { successes = [0], answers = [] } = call;
    if (successes.includes(reply.code) || answers.includes(reply.code)) return reply;
    if (reply.code > 0) {
      const name = call.name.replace('download/', '');
      throw unexpected(name, `the unknown code ${reply.code} for ${call.about}`, effect);
    }
    const error = refusalOf(reply, {
      call: call.name.replace('download/', '').replace('!', ''),
      kind: call.kind,
      about: call.about,
      effect,
      testMode,
      nowMs: clock.now(),
    });
    if (error.code === 'provider.credentials') refusedLogin = error;
    throw error;
  }

  async function read(call: Call, parameters: Parameters): Promise<CodedReply> {
    stopIfRefused();
    const reply = await http.read(requestOf(call, parameters));
    return judged(call, parameters, parseCoded(call.name, reply, 'none'), 'none');
  }

  async function write(call: Call, parameters: Parameters, guard: SendGuard): Promise<CodedReply> {
    stopIfRefused();
    const guarded: SendGuard = () => {
      // Another call may have been refused while this one waited for its connection.
      stopIfRefused();
      guard();
    };
    const reply = await http.sendOnce(requestOf(call, parameters), guarded);
    return judged(call, parameters, parseCoded(call.name, reply, 'unknown'), 'unknown');
  }

  return {
    http,
    applyOrder: (parameters, about, guard) =>
      write(
        { name: '!AutoApplyOrder', kind: orderKind(parameters), about, successes: SOLD },
        parameters,
        guard,
      ),
    applyLicence: (parameters, about, guard) =>
      write({ name: '!AutoApplyOrder', kind: 'licence', about, successes: SOLD }, parameters, guard),
    cancelLicence: (parameters, about, guard) =>
      write(
        { name: '!modifyThirdPartyDetails', kind: 'refund', about, answers: [-18, -20] },
        parameters,
        guard,
      ),
    replace: (parameters, about, guard) =>
      write({ name: '!AutoReplaceSSL', kind: 'replace', about }, parameters, guard),
    revoke: (parameters, about, guard) =>
      write({ name: '!AutoRevokeSSL', kind: 'revoke', about, answers: [-21] }, parameters, guard),
    reject: (parameters, about, guard) =>
      write({ name: '!AutoReject', kind: 'reject', about, answers: [-20] }, parameters, guard),
    refund: (parameters, about, guard) =>
      write({ name: '!AutoRefund', kind: 'refund', about, answers: [-18, -20] }, parameters, guard),
    collect: (parameters, about) =>
      collecting.add(() =>
        read(
          { name: COLLECT, kind: 'collect', about, answers: [-20, -21, -26], successes: COLLECTED },
          parameters,
        ),
      ),
    domainDetails: (orderNumber) =>
      read(
        { name: '!GetMDCDomainDetails', kind: 'read', about: `order ${orderNumber}` },
        { orderNumber, responseFormat: '1' },
      ),
    report: async (parameters) => {
      const call = { name: '!WebHostReport', kind: 'read', about: 'the report of orders' } as const;
      return parseReport(call.name, await read(call, parameters));
    },
    mailboxes: (domainName) =>
      read(
        { name: '!GetDCVEmailAddressList', kind: 'read', about: domainName },
        { domainName, responseFormat: '1' },
      ),
    updateDcv: async (parameters, about) => {
      await read({ name: '!AutoUpdateDCV', kind: 'dcv', about }, parameters);
    },
    resendDcvEmail: async (parameters, about) => {
      await read({ name: '!ResendDCVEmail', kind: 'dcv', about }, parameters);
    },
    accountBalance: () =>
      read({ name: '!getAccountBalance', kind: 'read', about: 'the balance' }, { responseFormat: '1' }),
  };
}
