import PQueue from 'p-queue';
import { Pool } from 'undici';
import { CertError } from '../model/errors.js';
import type { Secret } from '../model/secret.js';
import { MINUTE_MS, SECOND_MS } from '../model/time.js';
import type { CallObserver } from '../ports/call-observer.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { SendGuard } from '../ports/provider.js';
import { parseBaseUrl } from './base-url.js';
import { exchange } from './exchange.js';
import { CallTimeout, excerpt, transportFailure, unusableReply } from './failure.js';
import {
  type EncodedRequest,
  encodeRequest,
  type HttpReply,
  type HttpRequest,
  retryAfterMs,
} from './message.js';
import { type Pace, paced } from './pace.js';
import { type Redact, redactor } from './redact.js';
import { readReply } from './reply.js';
import { connectionOptions, type Line, sendOnce } from './send-once.js';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8 * SECOND_MS;
/** A server time older than this is none (DESIGN §4). */
const SERVER_TIME_AGE_MS = MINUTE_MS;
const OVERLOADED = new Set([429, 502, 503, 504]);

export interface HttpClientOptions {
  /** `https:`, or `http:` on loopback; a path is kept in front of every request's path. */
  readonly baseUrl: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly timeouts: {
    readonly connectMs: number;
    /** One call, from connecting to the last byte of its reply. */
    readonly callMs: number;
    /** A read with all its repetitions and pauses. */
    readonly totalMs: number;
  };
  readonly maxResponseBytes: number;
  /** Values that must appear in no log line and no error, beside those that stand in a request. */
  readonly redact: readonly Secret[];
  /** Calls at a time, paid ones included; default 4. */
  readonly concurrency?: number;
  /** Statuses of an overloaded server that come back as they are: the API says in the body what they mean. */
  readonly asIs?: readonly number[];
  /** Calls in any stretch of each length, paid ones and repetitions included; absent = no limit. */
  readonly pace?: Pace | readonly Pace[];
  /** PEM roots that replace the system's. */
  readonly ca?: readonly string[];
  /** Told of every request when it is over, repetitions included. */
  readonly observe?: CallObserver | undefined;
  /** In [0, 1): spreads repetitions of several runners; default Math.random. */
  readonly jitter?: () => number;
}

export interface HttpClient {
  /**
   * A call that changes nothing at the other side, whatever its method: repeated with growing pauses (or after
   * `Retry-After`) on a broken line, a timeout, 429, 502, 503 and 504. Every other status comes back as it is.
   * @throws CertError effect `none`; `provider.rate-limited` with `retryAtMs` when the last attempt was refused so
   */
  read(request: HttpRequest): Promise<HttpReply>;
  /**
   * A call that may cost money: one connection of its own, never repeated, every status as it is.
   * @throws CertError effect `none` only if no byte left (`guard` refused, connect or TLS failed), else `unknown`
   */
  sendOnce(request: HttpRequest, guard: SendGuard): Promise<HttpReply>;
  /** `Date` of the newest reply and how long ago it came by the monotonic clock. */
  lastServerTime(): { readonly dateMs: number; readonly ageMs: number } | undefined;
  /** The other side's clock as of now, epoch ms; undefined without a reply that is at most 60 s old. */
  serverTime(): number | undefined;
  /** Breaks reads off, waits for paid calls that are out. */
  close(): Promise<void>;
}

/** Spread over the second half of a doubling pause, so that runners that failed together do not return together. */
const pauseMs = (attempt: number, jitter: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + jitter / 2);

type Attempt =
  | { readonly kind: 'reply'; readonly reply: HttpReply }
  | { readonly kind: 'again'; readonly error: CertError; readonly afterMs?: number };

/** HTTP for one account at one provider. Contacts nothing until it is used. @throws CertError `config.invalid` */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock, log, timeouts, jitter = Math.random, concurrency = 4, asIs = [], observe } = options;
  const url = parseBaseUrl(options.baseUrl);
  const basePath = url.pathname.replace(/\/+$/, '');
  const line: Line = {
    origin: url.origin,
    connectMs: timeouts.connectMs,
    callMs: timeouts.callMs,
    maxResponseBytes: options.maxResponseBytes,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  };
  const pool = new Pool(line.origin, {
    allowH2: false,
    pipelining: 1,
    connections: concurrency,
    connect: connectionOptions(line),
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: line.maxResponseBytes,
  });
  const queue = new PQueue({ concurrency });
  const turn = options.pace === undefined ? async () => {} : paced(clock, [options.pace].flat());
  const paidCalls = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let newest: { readonly dateMs: number; readonly atMs: number } | undefined;

  const prepare = (request: HttpRequest): { encoded: EncodedRequest; redact: Redact } => {
    const encoded = encodeRequest(basePath, request);
    return { encoded, redact: redactor([...options.redact, ...encoded.secrets]) };
  };

  const noted = (reply: HttpReply): HttpReply => {
    if (reply.dateMs !== undefined) newest = { dateMs: reply.dateMs, atMs: clock.monotonic() };
    return reply;
  };

  function tellCall(
    encoded: EncodedRequest,
    redact: Redact,
    startedMs: number,
    facts: Record<string, unknown>,
    reply?: HttpReply,
  ): void {
    const ms = Math.round(clock.monotonic() - startedMs);
    observe?.({
      paid: facts.once === true,
      ms,
      ...(reply === undefined ? {} : { status: reply.status }),
    });
    // Made only where somebody reads it: a list has megabytes.
    log.debug(
      () => ({
        call: redact(encoded.label),
        origin: line.origin,
        ms,
        ...facts,
        ...exchange(encoded, reply, redact),
      }),
      'provider called',
    );
  }

  function overloaded(reply: HttpReply, redact: Redact): Attempt {
    const afterMs = retryAfterMs(reply, clock.now());
    const limited = reply.status === 429;
    const error = new CertError(
      limited ? 'provider.rate-limited' : 'provider.unreachable',
      limited
        ? `${line.origin} wants fewer calls (429)`
        : `${line.origin} is out of order at the moment (${reply.status})`,
      {
        providerText: excerpt(reply.text, redact),
        ...(afterMs === undefined ? {} : { retryAtMs: clock.now() + afterMs }),
      },
    );
    return { kind: 'again', error, ...(afterMs === undefined ? {} : { afterMs }) };
  }

  async function attempt(encoded: EncodedRequest, redact: Redact, number: number): Promise<Attempt> {
    await turn(closing.signal);
    const startedMs = clock.monotonic();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new CallTimeout('call limit reached')), timeouts.callMs);
    try {
      const reply = noted(await readReply(pool, encoded, limit.signal));
      tellCall(encoded, redact, startedMs, { attempt: number, status: reply.status }, reply);
      if (OVERLOADED.has(reply.status) && !asIs.includes(reply.status)) return overloaded(reply, redact);
      const unusable = unusableReply(reply, line.origin, 'none', redact);
      if (unusable !== undefined) throw unusable;
      return { kind: 'reply', reply };
    } catch (thrown) {
      if (thrown instanceof CertError) throw thrown;
      const failure = transportFailure(thrown, line.origin, 'none', redact);
      tellCall(encoded, redact, startedMs, { attempt: number, failed: failure.error.code });
      if (!failure.passing) throw failure.error;
      return { kind: 'again', error: failure.error };
    } finally {
      clearTimeout(timer);
    }
  }

  async function read(request: HttpRequest): Promise<HttpReply> {
    const { encoded, redact } = prepare(request);
    const endMs = clock.monotonic() + timeouts.totalMs;
    for (let number = 1; ; number += 1) {
      // Only the call itself holds a place in the queue: a pause must not keep others waiting.
      const outcome = await queue.add(() => attempt(encoded, redact, number));
      if (outcome.kind === 'reply') return outcome.reply;
      const waitMs = Math.max(outcome.afterMs ?? 0, pauseMs(number, jitter()));
      if (number === ATTEMPTS || clock.monotonic() + waitMs > endMs) throw outcome.error;
      await clock.sleep(waitMs, closing.signal);
    }
  }

  async function pay(request: HttpRequest, guard: SendGuard): Promise<HttpReply> {
    const { encoded, redact } = prepare(request);
    await turn(closing.signal, 'paid');
    const startedMs = clock.monotonic();
    try {
      const reply = noted(await sendOnce(line, encoded, guard, redact));
      tellCall(encoded, redact, startedMs, { once: true, status: reply.status }, reply);
      return reply;
    } catch (thrown) {
      const facts = thrown instanceof CertError ? { failed: thrown.code, effect: thrown.effect } : {};
      tellCall(encoded, redact, startedMs, { once: true, ...facts });
      throw thrown;
    }
  }

  const lastServerTime: HttpClient['lastServerTime'] = () =>
    newest === undefined ? undefined : { dateMs: newest.dateMs, ageMs: clock.monotonic() - newest.atMs };

  return {
    read,
    sendOnce: async (request, guard) => {
      // Ahead of reads: the time in which it may be sent is short.
      const call = queue.add(() => pay(request, guard), { priority: 1 });
      paidCalls.add(call);
      try {
        return await call;
      } finally {
        paidCalls.delete(call);
      }
    },
    lastServerTime,
    serverTime: () => {
      const last = lastServerTime();
      return last !== undefined && last.ageMs <= SERVER_TIME_AGE_MS ? last.dateMs + last.ageMs : undefined;
    },
    close: async () => {
      closing.abort(new CertError('interrupted', `calls to ${line.origin} were broken off by us`));
      await Promise.allSettled(paidCalls);
      await pool.destroy();
    },
  };
}
