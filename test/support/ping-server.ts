import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface PingServer {
  /** Of the switch, with its token. */
  readonly url: string;
  readonly token: string;
  /** What was called, as `PATH BODY`, without the token. */
  readonly pings: readonly string[];
  /** How it answers from now on. */
  answer(status: number): void;
}

/** A dead man's switch on loopback for one test. */
export async function pingServer(): Promise<PingServer> {
  const token = '5f0c8a64-2f7b-4b39-9a5e-canary';
  const pings: string[] = [];
  let status = 200;
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    pings.push(`${request.url?.replace(`/ping/${token}`, '') || '/'} ${body.trim()}`);
    reply.writeHead(status).end('OK');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/${token}`,
    token,
    pings,
    answer: (next) => {
      status = next;
    },
  };
}
