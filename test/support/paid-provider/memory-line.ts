import type { HttpClient } from '../../../src/http/client.js';
import { encodeRequest, type HttpReply, type HttpRequest } from '../../../src/http/message.js';
import { CertError } from '../../../src/model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../../src/model/time.js';
import type { Clock } from '../../../src/ports/clock.js';
import type { OpenLine } from './adapter-client.js';
import { type Call, type ServerState, takeCall } from './server.js';

const OVERLOADED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** As the server reads it from the wire: nothing is shared with the caller. */
function callOf(request: HttpRequest): { readonly call: Call; readonly authorization: string | undefined } {
  const { method, path, headers, body } = encodeRequest('', request);
  const url = new URL(path, 'http://loopback');
  const parsed: Call['body'] = body === null ? {} : JSON.parse(body);
  return {
    call: { method, path: url.pathname, query: url.searchParams, body: parsed },
    authorization: headers.authorization,
  };
}

/** `Date` counts whole seconds. */
const dateOf = (nowMs: number): number => Math.floor(nowMs / SECOND_MS) * SECOND_MS;

/**
 * The line of `http/client.ts` without a socket, to a seller in this process: the guard runs once it is "connected", a
 * line that is cut after it leaves effect unknown, and reads that fail say effect none.
 */
export const memoryLine =
  (state: ServerState, token = 'paid-test-token'): OpenLine =>
  ({ clock }) =>
    line(state, token, clock);

function line(state: ServerState, token: string, clock: Clock): HttpClient {
  let newest: { readonly dateMs: number; readonly atMs: number } | undefined;
  const cut = (effect: 'none' | 'unknown') =>
    new CertError('provider.unreachable', 'the seller broke the connection off', { effect });

  async function ask(request: HttpRequest, effect: 'none' | 'unknown'): Promise<HttpReply> {
    const { call, authorization } = callOf(request);
    const answer = await takeCall(state, call, authorization === `Bearer ${token}`);
    if (answer === 'cut') throw cut(effect);
    const dateMs = dateOf(state.clock.now());
    newest = { dateMs, atMs: clock.monotonic() };
    const { retryAfterS } = answer;
    const headers = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
    return { status: answer.status, headers, text: JSON.stringify(answer.body), dateMs };
  }

  const lastServerTime: HttpClient['lastServerTime'] = () =>
    newest && { dateMs: newest.dateMs, ageMs: clock.monotonic() - newest.atMs };
  return {
    read: async (request) => {
      const reply = await ask(request, 'none');
      if (!OVERLOADED.has(reply.status)) return reply;
      throw new CertError(
        reply.status === 429 ? 'provider.rate-limited' : 'provider.unreachable',
        `the seller is out of order at the moment (${reply.status})`,
      );
    },
    sendOnce: async (request, guard) => {
      guard();
      return ask(request, 'unknown');
    },
    lastServerTime,
    serverTime: () => {
      const last = lastServerTime();
      return last !== undefined && last.ageMs <= MINUTE_MS ? last.dateMs + last.ageMs : undefined;
    },
    close: async () => undefined,
  };
}
