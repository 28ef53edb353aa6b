import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Endpoint } from '../model/endpoint.js';
import { CertError, messageOf } from '../model/errors.js';

export interface DatagramOptions {
  /** For each try. */
  readonly limitMs: number;
  readonly tries: number;
  readonly signal: AbortSignal;
  /** How the server is called in messages. */
  readonly label: string;
}

const HEADER_BYTES = 12;
const RESPONSE = 1 << 7;

/**
 * One message and the answer to it, by UDP from a port of its own. What comes from elsewhere or carries another id is not
 * looked at: guessing both is what makes a forged answer hard (RFC 5452).
 * @throws CertError `dns.failed`
 */
export function askDatagram(
  { host, port }: Endpoint,
  message: Buffer,
  { limitMs, tries, signal, label }: DatagramOptions,
): Promise<Buffer> {
  return new Promise((settle, fail) => {
    if (signal.aborted) {
      fail(new CertError('dns.failed', `there was no time left to ask ${label}`));
      return;
    }
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    let left = tries;
    let timer: NodeJS.Timeout | undefined;
    const end = (then: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // What still happens to a socket that is being closed is of no interest.
      socket.on('error', () => undefined);
      socket.close();
      then();
    };
    const failed = (why: string): void => end(() => fail(new CertError('dns.failed', `${label} ${why}`)));
    const onAbort = (): void => failed('did not answer in time');
    const next = (): void => {
      if (left === 0) {
        failed(`does not answer within ${limitMs / 1000} s`);
        return;
      }
      left -= 1;
      timer = setTimeout(next, limitMs);
      socket.send(message, (error) => {
        if (error) failed(`cannot be asked: ${messageOf(error)}`);
      });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Connected, it hears that server alone, and learns at once where nothing listens.
    socket.on('error', (error) => failed(`cannot be reached: ${messageOf(error)}`));
    socket.on('message', (reply) => {
      const answers = reply.length >= HEADER_BYTES && reply.readUInt16BE(0) === message.readUInt16BE(0);
      if (answers && (reply.readUInt8(2) & RESPONSE) !== 0) end(() => settle(reply));
    });
    socket.connect(port, host, next);
  });
}
