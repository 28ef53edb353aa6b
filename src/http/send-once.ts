import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { CertError, messageOf } from '../model/errors.js';
import type { SendGuard } from '../ports/provider.js';
import { CallTimeout, transportFailure, unusableReply } from './failure.js';
import type { EncodedRequest, HttpReply } from './message.js';
import type { Redact } from './redact.js';
import { readReply } from './reply.js';

export interface Line {
  readonly origin: string;
  /** PEM roots that replace the system's. */
  readonly ca?: readonly string[];
  readonly connectMs: number;
  /** From the first attempt to connect to the last byte of the reply. */
  readonly callMs: number;
  readonly maxResponseBytes: number;
}

/** Options of every connection, reads and paid calls alike. */
export const connectionOptions = (line: Line) => ({
  allowH2: false,
  // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED must not switch it off.
  rejectUnauthorized: true,
  timeout: Math.min(line.connectMs, line.callMs),
  ...(line.ca === undefined ? {} : { ca: [...line.ca] }),
});

const refusal = (thrown: unknown): CertError =>
  thrown instanceof CertError
    ? thrown
    : new CertError('internal', `the check before sending failed: ${messageOf(thrown)}`, { cause: thrown });

/**
 * One paid call on one connection of its own.
 *
 *     connect ── TLS ── guard() ── bytes ───── reply
 *     └─────── effect none ───────┘└── effect unknown, whatever happens ──┘
 *
 * undici writes in the same tick in which the connector calls back, so the guard is the last thing to run. Errors on
 * both sides of the first byte share their codes; only the socket's `bytesWritten` tells them apart. undici would
 * connect again for a request it believes unsent: a second connect is refused.
 * @throws CertError; effect `none` only if no byte was handed to the socket
 */
export async function sendOnce(
  line: Line,
  request: EncodedRequest,
  guard: SendGuard,
  redact: Redact,
): Promise<HttpReply> {
  let connects = 0;
  let over = false;
  let socket: Socket | undefined;
  let refused: CertError | undefined;

  const open = buildConnector({ ...connectionOptions(line), maxCachedSessions: 0 });
  const connect: typeof open = (options, callback) => {
    connects += 1;
    if (connects > 1) {
      // Not in this tick: undici hangs on a connector that calls back before it returns.
      setImmediate(() => callback(new Error('a second connection was refused'), null));
      return;
    }
    open(options, (...[error, opened]) => {
      if (error !== null) return callback(error, null);
      socket = opened;
      try {
        if (over) throw new CertError('send.too-late', 'the connection came too late to be used');
        guard();
      } catch (thrown) {
        refused = refusal(thrown);
        opened.destroy();
        return callback(refused, null);
      }
      callback(null, opened);
    });
  };

  const client = new Client(line.origin, {
    allowH2: false,
    pipelining: 0,
    connect,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: line.maxResponseBytes,
  });
  const limit = new AbortController();
  const timer = setTimeout(() => {
    over = true;
    limit.abort(new CallTimeout('call limit reached'));
  }, line.callMs);

  let reply: HttpReply | undefined;
  let failure: unknown;
  try {
    reply = await readReply(client, request, limit.signal);
  } catch (error) {
    failure = error;
  } finally {
    over = true;
    clearTimeout(timer);
    // Before bytesWritten is read: nothing may leave once we have said that nothing left.
    socket?.destroy();
    await client.destroy();
  }
  if (reply === undefined) {
    if (refused !== undefined) throw refused;
    const effect = (socket?.bytesWritten ?? 0) === 0 ? 'none' : 'unknown';
    throw transportFailure(limit.signal.aborted ? limit.signal.reason : failure, line.origin, effect, redact)
      .error;
  }
  const unusable = unusableReply(reply, line.origin, 'unknown', redact);
  if (unusable !== undefined) throw unusable;
  return reply;
}
