import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import { onTestFinished } from 'vitest';

/** A web server on loopback with these files, by path. `hosts` are the Host headers it was asked with. */
export async function webServer(files: Readonly<Record<string, string>>) {
  const hosts: (string | undefined)[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    hosts.push(headers.host);
    const body = files[url];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, hosts };
}

/** A DNS server on loopback with these CNAMEs, owner → target, lower case; anything else does not exist. */
export async function dnsServer(cnames: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions = [] } = decode(message);
    const [question] = questions;
    if (question === undefined) return;
    asked.push(question.name);
    const target = cnames[question.name.toLowerCase()];
    const NXDOMAIN = 3;
    const reply: Packet = {
      type: 'response',
      ...(id === undefined ? {} : { id }),
      flags: target === undefined ? NXDOMAIN : 0,
      questions,
      answers: target === undefined ? [] : [{ type: 'CNAME', name: question.name, ttl: 1, data: target }],
    };
    socket.send(encode(reply), port, address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  onTestFinished(() => new Promise<void>((done) => socket.close(done)));
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}
