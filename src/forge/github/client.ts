import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import Bottleneck from 'bottleneck/light.js';
import { Agent, fetch } from 'undici';
import { CertError } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import { SECOND_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { About, Call, Query } from './call.js';
import { failureOf } from './failure.js';

/** The version whose replies the types describe: https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSION = '2022-11-28';
const CALL_LIMIT_MS = 30 * SECOND_MS;
const REPETITIONS = 3;
/** Longer than this nobody waits in a run; the next one does it. */
const LONGEST_WAIT_S = 60;
const RATE_LIMIT_WAITS = 2;
/** Statuses that another try cannot change; 429 is for the throttling plugin alone. */
const FINAL = [400, 401, 403, 404, 409, 410, 422, 429, 451];

export interface ClientOptions {
  readonly apiUrl: string;
  readonly token: Secret;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Length of a second in pauses. */
  readonly secondMs: number;
}

export interface Client {
  readonly call: Call;
  readonly query: Query;
  close(): Promise<void>;
}

/** The library counts in these. */
const TICK_MS = 250;

/** One after the other: a few at once, then one in every `everyMs`. */
function pace(burst: number, everyMs: number): Bottleneck.Group {
  const interval = Math.ceil(everyMs / TICK_MS) * TICK_MS;
  const amount = Math.max(1, Math.floor(interval / everyMs));
  const most = Math.max(burst, amount);
  return new Bottleneck.Group({
    maxConcurrent: 1,
    reservoir: most,
    reservoirIncreaseInterval: interval,
    reservoirIncreaseAmount: amount,
    reservoirIncreaseMaximum: most,
  });
}

/**
 * A second between writes and three where people are notified, which is what GitHub asks of many calls and what the plugin
 * does from the second on; the few of a usual run need no pause.
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
const paces = (secondMs: number) => ({
  write: pace(10, secondMs),
  notifications: pace(5, 3 * secondMs),
});

const Api = Octokit.plugin(throttling, retry);

/** Octokit, paced as GitHub asks for and repeating what may be repeated. */
export function createClient({ log, signal, clock, secondMs, ...options }: ClientOptions): Client {
  const agent = new Agent({ connect: { timeout: 10 * SECOND_MS }, connections: 8 });
  const mayWait = (kind: string) => (afterS: number, _request: object, _octokit: unknown, count: number) => {
    log.info({ kind, afterS, count }, 'GitHub wants fewer calls');
    return count < RATE_LIMIT_WAITS && afterS <= LONGEST_WAIT_S;
  };
  const octokit = new Api({
    baseUrl: options.apiUrl.replace(/\/+$/, ''),
    auth: options.token.reveal(),
    userAgent: options.userAgent,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (text: string) => log.debug({ text }, 'octokit warns'),
      error: (text: string) => log.debug({ text }, 'octokit fails'),
    },
    request: {
      fetch: (url: string, init: Parameters<typeof fetch>[1]) =>
        fetch(url, {
          ...init,
          dispatcher: agent,
          signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_LIMIT_MS)]),
        }),
    },
    throttle: {
      onRateLimit: mayWait('rate limit'),
      onSecondaryRateLimit: mayWait('secondary rate limit'),
      retryAfterBaseValue: secondMs,
      ...paces(secondMs),
    },
    retry: { doNotRetry: FINAL, retries: REPETITIONS, retryAfterBaseValue: secondMs },
  });

  /** Pauses of the plugins end with the run. */
  async function orStopped<T>(start: () => Promise<T>): Promise<T> {
    const stopped = () => new CertError('interrupted', 'stopped during a call to GitHub');
    if (signal.aborted) throw stopped();
    let stop = (): void => undefined;
    const ended = new Promise<never>((_, fail) => {
      stop = () => fail(stopped());
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([start(), ended]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async function told<T>(name: string, about: About, writes: boolean, work: () => Promise<T>): Promise<T> {
    const startedMs = clock.monotonic();
    try {
      return await orStopped(work);
    } catch (error) {
      if (signal.aborted) throw new CertError('interrupted', 'stopped during a call to GitHub');
      throw failureOf(error, about, writes, clock.now());
    } finally {
      log.debug({ call: name, ms: Math.round(clock.monotonic() - startedMs) }, 'GitHub called');
    }
  }

  return {
    call(route, parameters, about) {
      const reads = route.startsWith('GET ');
      // The plugin repeats any failure of a call that names a number of its own, final ones too.
      const request = reads || about.repeats ? {} : { retries: 0 };
      const headers = { 'x-github-api-version': API_VERSION };
      const all = { ...(parameters as object), headers, request };
      return told(
        route,
        about,
        !reads && !about.repeats,
        () => octokit.request(route as 'GET /', all) as Promise<never>,
      );
    },
    query: (query, variables, about) =>
      told('graphql', about, false, () => octokit.graphql<never>(query, { ...variables })),
    close: () => agent.destroy(),
  };
}
