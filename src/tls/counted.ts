import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Why a stream was ended before a handshake was over. */
export class Stopped extends Error {
  readonly failure: 'not-tls' | 'too-large';

  constructor(failure: Stopped['failure'], why: string) {
    super(why);
    this.failure = failure;
  }
}

const HANDSHAKE = 0x16;
const ALERT = 0x15;

/**
 * What comes from a socket, as long as it looks like TLS and is not more than anybody needs: OpenSSL itself says of a server
 * that speaks HTTP that a version number is wrong.
 * @param maxBytes  most bytes that are read
 */
export function countedStream(socket: Socket, maxBytes: number): Duplex {
  let received = 0;
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (received === 0 && chunk[0] !== HANDSHAKE && chunk[0] !== ALERT) {
      stream.destroy(new Stopped('not-tls', spokenThere(chunk)));
      return;
    }
    received += chunk.length;
    if (received > maxBytes) {
      stream.destroy(new Stopped('too-large', `sends more than ${maxBytes / 1024} kB in a handshake`));
      return;
    }
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  socket.on('close', () => stream.destroy());
  return stream;
}

const CLEAR: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\//, 'speaks HTTP without TLS'],
  [/^SSH-/, 'speaks SSH'],
  // SMTP and FTP; POP3; IMAP. Each greets first.
  [
    /^(?:220[ -]|\+OK|\* OK)/,
    'greets without TLS, as a server does that wants STARTTLS; name its port for TLS',
  ],
];

function spokenThere(chunk: Buffer): string {
  const text = chunk.subarray(0, 16).toString('latin1');
  return CLEAR.find(([pattern]) => pattern.test(text))?.[1] ?? 'does not speak TLS';
}
