/** A name server on loopback, TCP and UDP on one port, that answers with what a test has in memory. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Answer, decode, encode } from 'dns-packet';
import { onTestFinished } from 'vitest';

export interface ServedRecord {
  readonly name: string;
  readonly type: 'TXT' | 'CNAME';
  readonly value: string;
}

/** @returns host:port. @param records  read for every question */
export async function startNameServer(records: () => readonly ServedRecord[]): Promise<string> {
  const reply = (message: Buffer): Buffer => {
    const { id, questions = [] } = decode(message);
    const [question] = questions;
    const asked = question?.name.toLowerCase();
    const answers = records()
      .filter(({ name, type }) => name === asked && (type === question?.type || type === 'CNAME'))
      .map(({ name, type, value }): Answer => ({ name, type, ttl: 60, data: value }));
    return encode({ type: 'response', id: id ?? 0, flags: 1 << 10, questions, answers });
  };
  const tcp = createServer((socket) => {
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const answer = reply(received.subarray(2, end));
        received = received.subarray(end);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([length, answer]));
      }
    });
    socket.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const address = tcp.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const udp = createSocket('udp4', (message, from) => udp.send(reply(message), from.port, from.address));
  udp.bind(address.port, '127.0.0.1');
  await once(udp, 'listening');
  onTestFinished(async () => {
    udp.close();
    tcp.close();
  });
  return `127.0.0.1:${address.port}`;
}
