import { connect } from 'node:net';
import type { Endpoint } from '../model/endpoint.js';
import { CertError, type ErrorCode, messageOf } from '../model/errors.js';

/** One connection to a DNS server: messages of any size, several at once, matched by their ids (RFC 7766). */
export interface Link {
  /** @throws CertError of the link's code, `interrupted` */
  ask(message: Buffer): Promise<Buffer>;
  close(): void;
}

export interface LinkOptions {
  /** For opening, and for each answer. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** How the server is called in messages. */
  readonly label: string;
  /** Of failures; default `solver.failed`. */
  readonly code?: ErrorCode;
}

/** Of a DNS message. */
const HEADER_BYTES = 12;
const MAX_MESSAGE_BYTES = 65_535;

interface Waiting {
  settle(reply: Buffer): void;
  fail(error: CertError): void;
}

/** @throws CertError of the given code, `interrupted` */
export async function openLink(
  to: Endpoint,
  { limitMs, signal, label, code = 'solver.failed' }: LinkOptions,
): Promise<Link> {
  const waiting = new Map<number, Waiting>();
  let broken: CertError | undefined;
  let received: Buffer = Buffer.alloc(0);
  const socket = connect({ host: to.host, port: to.port, noDelay: true });

  const end = (error: CertError): void => {
    broken ??= error;
    socket.destroy();
    for (const one of waiting.values()) one.fail(broken);
    waiting.clear();
  };
  const failed = (message: string, cause?: unknown): CertError =>
    new CertError(code, message, {
      remedy: `let certwright reach ${label} by TCP, port ${to.port}`,
      ...(cause === undefined ? {} : { cause }),
    });
  const onAbort = (): void => end(new CertError('interrupted', `stopped while talking to ${label}`));
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const length = received.readUInt16BE(0);
      const message = Buffer.from(received.subarray(2, 2 + length));
      received = received.subarray(2 + length);
      if (length < HEADER_BYTES) {
        end(failed(`${label} answers with something that is no DNS message`));
        return;
      }
      const id = message.readUInt16BE(0);
      waiting.get(id)?.settle(message);
      waiting.delete(id);
    }
  };

  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('data', onData);
  socket.on('close', () => {
    signal.removeEventListener('abort', onAbort);
    end(failed(`${label} closed the connection`));
  });
  await new Promise<void>((opened, fail) => {
    const timer = setTimeout(
      () => end(failed(`${label} does not take a connection within ${limitMs / 1000} s`)),
      limitMs,
    );
    socket.once('connect', opened);
    socket.on('error', (error) => end(failed(`${label} cannot be reached: ${messageOf(error)}`, error)));
    socket.once('close', () => fail(broken));
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });

  return {
    ask: (message) =>
      new Promise((settle, fail) => {
        if (broken) return fail(broken);
        if (message.length > MAX_MESSAGE_BYTES) {
          return fail(new CertError(code, `the message for ${label} is larger than DNS messages can be`));
        }
        const timer = setTimeout(
          () => end(failed(`${label} does not answer within ${limitMs / 1000} s`)),
          limitMs,
        );
        const done =
          <T>(then: (value: T) => void) =>
          (value: T): void => {
            clearTimeout(timer);
            then(value);
          };
        waiting.set(message.readUInt16BE(0), { settle: done(settle), fail: done(fail) });
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        socket.write(Buffer.concat([length, message]));
      }),
    close: () => socket.destroy(),
  };
}
