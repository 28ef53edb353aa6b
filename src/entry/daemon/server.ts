import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CertError, messageOf } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import { SECOND_MS } from '../../model/time.js';
import type { Log } from '../../ports/log.js';
import { judgeDelivery } from './webhook.js';

/** A push of a great many commits is larger; the next look at the remote finds it without being told. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
const SLOWEST_REQUEST_MS = 10 * SECOND_MS;
const MOST_CONNECTIONS = 64;
const PLAIN_TYPE = 'text/plain; charset=utf-8';
/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absent: there is no webhook. */
  readonly secret?: Secret;
  readonly log: Log;
  /** Branch whose pushes count; undefined while it is not known. */
  branch(): string | undefined;
  /** Why this daemon is not ready; undefined: it is. */
  unready(): string | undefined;
  onPush(): void;
  /** For Prometheus, ready made; absent: there are none. */
  metrics?(): Promise<string>;
}

export interface DaemonServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Health checks and webhooks. @throws CertError `usage` where it cannot listen */
export async function startServer(options: ServerOptions): Promise<DaemonServer> {
  const { host, port } = options;
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.log.debug({ error: messageOf(error) }, 'request not answered');
      response.destroy();
    });
  });
  server.requestTimeout = SLOWEST_REQUEST_MS;
  server.headersTimeout = SLOWEST_REQUEST_MS;
  server.maxConnections = MOST_CONNECTIONS;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const why = inUse ? 'it is in use' : messageOf(error);
    throw new CertError('usage', `cannot listen on ${host}, port ${port}: ${why}`, {
      cause: error,
      remedy: 'give another --port or --host; 0 takes any free port',
    });
  }
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (path === '/healthz' && reads) return say(response, 200, 'alive');
  if (path === '/readyz' && reads) {
    const why = options.unready();
    return why === undefined ? say(response, 200, 'ready') : say(response, 503, why);
  }
  if (path === '/metrics' && reads && options.metrics !== undefined)
    return say(response, 200, await options.metrics(), METRICS_TYPE);
  if (path === '/webhook' && options.secret !== undefined) {
    if (request.method === 'POST') return take(request, response, options, options.secret);
    response.setHeader('allow', 'POST');
    return say(response, 405, 'POST only');
  }
  say(response, 404, 'nothing here');
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  { log, branch, onPush }: ServerOptions,
  secret: Secret,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    return say(response, 413, `more than ${MAX_BODY_BYTES} bytes`);
  }
  const delivery = judgeDelivery(request.headers, body, secret, branch());
  switch (delivery.kind) {
    case 'push':
      log.info({ from: request.socket.remoteAddress }, 'a push was told');
      onPush();
      return say(response, 202, 'looking');
    case 'ignored':
      return say(response, 200, `ignored: ${delivery.why}`);
    case 'refused':
      log.warn({ from: request.socket.remoteAddress, why: delivery.why }, 'webhook refused');
      return say(response, delivery.status, delivery.why);
  }
}

/** undefined: too large; the rest of it is not read. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Event names come from outside: text, never sniffed. */
function say(response: ServerResponse, status: number, text: string, type = PLAIN_TYPE): void {
  response.writeHead(status, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}
