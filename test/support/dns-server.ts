/**
 * A DNS server on loopback that does what no real one does: silence, faults, answers that are cut, too large, forged or
 * change from one question to the next. UDP and TCP on one port.
 */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly name: string;
  readonly type: string;
  /** Checking disabled. */
  readonly unchecked: boolean;
  readonly by: 'udp' | 'tcp';
  /** The whole message. */
  readonly message: Buffer;
}

export interface Saying {
  readonly rcode?: number;
  readonly answers?: readonly Answer[];
  /** Says that it had to cut; default: never. */
  readonly cut?: boolean;
  /** Does it look up for others? Default: it does. */
  readonly recursive?: boolean;
}

export interface DnsServer {
  /** host:port */
  readonly address: string;
  /** Every question so far: `CAA shop.example.com`. */
  readonly asked: string[];
  /** From now on. */
  says(handler: Handler): void;
}

/** A Buffer is sent as it is; nothing at all where it gives undefined. */
export type Handler = (asked: Asked) => Saying | Buffer | undefined;

const AA = 1 << 10;
const TC = 1 << 9;
const RD = 1 << 8;
const RA = 1 << 7;

/** Bytes of an answer, for handlers that spoil it. */
export function reply(to: Buffer, { rcode = 0, answers = [], cut, recursive = true }: Saying): Buffer {
  const { id, questions } = decode(to);
  const flags = RD | (recursive ? RA : AA) | (cut ? TC : 0) | rcode;
  return encode({ type: 'response', id: id ?? 0, flags, questions: questions ?? [], answers: [...answers] });
}

/** Closed after the test that started it. */
export async function startDnsServer(first: Handler): Promise<DnsServer> {
  const asked: string[] = [];
  let handler = first;
  const answer = (message: Buffer, by: Asked['by']): Buffer | undefined => {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    const { name = '', type = 'A' } = question ?? {};
    asked.push(`${type} ${name}`);
    const said = handler({ name, type, unchecked: packet.flag_cd, by, message });
    return said === undefined || Buffer.isBuffer(said) ? said : reply(message, said);
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const said = answer(data.subarray(2), 'tcp');
      if (!said) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(said.length);
      socket.write(Buffer.concat([length, said]));
    });
  });
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
  const at = tcp.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  const udp = createSocket('udp4');
  udp.on('message', (message: Buffer, { port, address }: RemoteInfo) => {
    const said = answer(message, 'udp');
    if (said) udp.send(said, port, address);
  });
  await new Promise<void>((done) => udp.bind(at.port, '127.0.0.1', done));
  onTestFinished(() => {
    udp.close();
    tcp.close();
  });
  return {
    address: `127.0.0.1:${at.port}`,
    asked,
    says(next) {
      handler = next;
    },
  };
}

export const caa = (name: string, value: string, tag = 'issue', flags = 0): Answer => ({
  type: 'CAA',
  name,
  ttl: 60,
  data: { flags, tag, value } as Extract<Answer, { type: 'CAA' }>['data'],
});

export const soa = (name: string): Answer => ({
  type: 'SOA',
  name,
  ttl: 60,
  data: { mname: `ns1.${name}`, rname: `hostmaster.${name}`, serial: 1 },
});
