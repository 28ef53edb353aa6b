import type { HttpClient } from '../../http/client.js';
import { type HttpReply, retryAfterMs } from '../../http/message.js';
import { httpClientOnDemand } from '../../http/on-demand.js';
import { CertError } from '../../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { ProviderDeps, SendGuard } from '../../ports/provider.js';
import { type AccountKey, signed } from './jws.js';
import { CALL_LIMIT_MS, CONCURRENCY } from './limits.js';
import { noncePool } from './nonces.js';
import { kindOf, refusalOf } from './problem.js';
import { type DirectoryWire, parseDirectory, parseProblem } from './wire.js';

/** A chain of ten RSA-4096 certificates is 20 kB; an order with a thousand names 150 kB. */
const MAX_RESPONSE_BYTES = 1_000_000;
/** Of a server that refuses every second nonce, one call in sixteen million gets this far. */
const NONCE_TRIES = 24;
const PEM_CHAIN = 'application/pem-certificate-chain';

/** Who signs: a known account, or a key that is to become one. */
export interface Signer {
  readonly key: AccountKey;
  readonly kid?: string;
}

export interface SignedCall {
  readonly url: string;
  readonly signer: Signer;
  /** Absent: the resource is read (POST-as-GET, RFC 8555 §6.3). */
  readonly payload?: object;
  /** What is asked for, for sentences: `a new order for shop.example.com`. */
  readonly what: string;
  /** Runs before every attempt's bytes. */
  readonly guard?: SendGuard;
  readonly accept?: typeof PEM_CHAIN;
  /** Error types that are answers here: such a reply comes back, with its status. */
  readonly answers?: readonly string[];
  /** A limit that is met may be one of the names asked for alone. */
  readonly aboutNames?: true;
}

/** Requests of RFC 8555, with nonces, signatures and refusals taken care of; no decisions. */
export interface AcmeClient {
  readonly http: HttpClient;
  /** Host of the CA, for sentences. */
  readonly host: string;
  /** RFC 8555 §7.1.1; asked for once. @param fresh  asked for again */
  directory(fresh?: boolean): Promise<DirectoryWire>;
  /**
   * One signed request. Repeats safely: a nonce is good once, so a copy of a request that got through is refused.
   * @throws CertError effect none; `order.not-found` for a resource that is not there (404)
   */
  post(call: SignedCall): Promise<HttpReply>;
  /** One request without signature, at an address of this CA. @throws CertError as `post` */
  get(url: string, what: string): Promise<HttpReply>;
  /** `Retry-After` of a reply, epoch ms. */
  retryAtMs(reply: HttpReply): number | undefined;
  /** Is this text an address of this CA? */
  isOurs(text: string): boolean;
}

export const asPemChain = { accept: PEM_CHAIN } as const;

/** @throws CertError `config.invalid` for a directory that is no usable address */
export function acmeClient(deps: ProviderDeps, directoryUrl: string): AcmeClient {
  const { clock, log } = deps;
  const base = URL.parse(directoryUrl);
  const http = httpClientOnDemand({
    baseUrl: base?.origin === undefined || base.origin === 'null' ? directoryUrl : base.origin,
    log,
    observe: deps.observe,
    clock,
    timeouts: { connectMs: 10 * SECOND_MS, callMs: CALL_LIMIT_MS, totalMs: 2 * MINUTE_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: Object.values(deps.credentials),
    concurrency: CONCURRENCY,
    asIs: [429, 503],
  });
  const origin = base?.origin ?? '';
  const host = base?.host ?? '';
  let known: Promise<DirectoryWire> | undefined;

  /** Path of an address the CA gave. Its own host and nothing else: an account's signature goes nowhere else. */
  function pathOf(text: string): string {
    const url = isPlain(text) ? URL.parse(text) : null;
    if (url !== null && url.origin === origin && url.username === '' && url.password === '') {
      return `${url.pathname}${url.search}`;
    }
    throw new CertError('wire.unexpected', `${host} names an address that is none of its own`, {
      providerText: text.slice(0, 200),
    });
  }

  const retryAtMs = (reply: HttpReply): number | undefined => {
    const ms = retryAfterMs(reply, clock.now());
    return ms === undefined ? undefined : clock.now() + ms;
  };

  const refusal = (reply: HttpReply, what: string, aboutNames: boolean): CertError => {
    const context = { what, host, nowMs: clock.now(), retryAtMs: retryAtMs(reply), aboutNames };
    const error = refusalOf(reply, context);
    if (reply.status !== 404) return error;
    return new CertError('order.not-found', `${host} does not know ${what}`, { cause: error });
  };

  async function get(url: string, what: string): Promise<HttpReply> {
    const reply = await http.read({ method: 'GET', path: pathOf(url) });
    nonces.keep(reply);
    if (reply.status < 400) return reply;
    throw refusal(reply, what, false);
  }

  const nonces = noncePool(async () => {
    const { newNonce } = await directory();
    return http.read({ method: 'GET', path: pathOf(newNonce) });
  });

  function directory(fresh = false): Promise<DirectoryWire> {
    if (known === undefined || fresh) {
      const asked = get(directoryUrl, 'its directory').then(parseDirectory);
      known = asked;
      asked.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    return known;
  }

  async function post(call: SignedCall): Promise<HttpReply> {
    const { url, signer, payload, what, guard, accept = 'application/json' } = call;
    const path = pathOf(url);
    for (let attempt = 1; ; attempt += 1) {
      const nonce = await nonces.take();
      const kid = signer.kid === undefined ? {} : { kid: signer.kid };
      const text = await signed(signer.key, { url, nonce, ...kid }, payload);
      guard?.();
      const body = { kind: 'text', text, type: 'application/jose+json' } as const;
      const reply = await http.read({ method: 'POST', path, headers: { accept }, body });
      nonces.keep(reply);
      if (reply.status < 400) return reply;
      const kind = kindOf(parseProblem(reply)) ?? '';
      if (attempt < NONCE_TRIES && kind === 'badNonce') continue;
      if (call.answers?.includes(kind)) return reply;
      throw refusal(reply, what, call.aboutNames ?? false);
    }
  }

  return {
    http,
    host,
    directory,
    post,
    get,
    retryAtMs,
    isOurs: (text) => isPlain(text) && URL.parse(text)?.origin === origin,
  };
}

const LONGEST_URL = 2048;

/** An address of printable ASCII: nothing that a URL parser would quietly take out of it. */
const isPlain = (text: string): boolean => text.length <= LONGEST_URL && /^[\x21-\x7e]+$/.test(text);
