import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CertError, messageOf } from '../../model/errors.js';
import type { Secret } from '../../model/secret.js';
import { SECOND_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Log } from '../../ports/log.js';
import type { OrderAt } from '../../reconcile/look-now.js';
import { limitConnections } from './connections.js';
import type { Notification } from './notification.js';
import { createReplays } from './replays.js';
import { judgeDelivery } from './webhook.js';

/** A push of a great many commits is larger; the next look at the remote finds it without being told. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** A form of a provider has a few fields of a few letters. */
const MAX_FORM_BYTES = 64 * 1024;
/** From the first byte to the last; whoever needs longer is cut off. */
const SLOWEST_REQUEST_MS = 10 * SECOND_MS;
/** How often that is looked at. */
const CHECK_EVERY_MS = SECOND_MS;
const PLAIN_TYPE = 'text/plain; charset=utf-8';
/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Secrets that count now, any of which will do; absent: there is no webhook. */
  secrets?(): readonly Secret[];
  readonly log: Log;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Default: 10 s. */
  readonly slowestRequestMs?: number;
  /** Branch whose pushes count; undefined while it is not known. */
  branch(): string | undefined;
  /** Why this daemon is not ready; undefined: it is. */
  unready(): string | undefined;
  /** Why only a new start can help; undefined: it need not. */
  stuck(): string | undefined;
  onPush(): void;
  /** Judges what a provider tells of an order of this account; absent: nobody is told. */
  judgeNotification?(account: string, headers: IncomingHttpHeaders, fields: URLSearchParams): Notification;
  onOrder?(order: OrderAt): void;
  /** For Prometheus, ready made; absent: there are none. */
  metrics?(): Promise<string>;
}

/** What answering takes: the options, and what was taken already. */
interface Answering extends ServerOptions {
  taken(once: string): boolean;
}

export interface DaemonServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Health checks and webhooks. @throws CertError `usage` where it cannot listen */
export async function startServer(options: ServerOptions): Promise<DaemonServer> {
  const { host, port, slowestRequestMs = SLOWEST_REQUEST_MS } = options;
  const answering: Answering = { ...options, taken: createReplays(options.clock) };
  const limits = {
    requestTimeout: slowestRequestMs,
    headersTimeout: slowestRequestMs,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, slowestRequestMs),
  };
  const server = createServer(limits, (request, response) => {
    answer(request, response, answering).catch((error: unknown) => {
      options.log.debug({ error: messageOf(error) }, 'request not answered');
      response.destroy();
    });
  });
  limitConnections(server);
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

async function answer(request: IncomingMessage, response: ServerResponse, options: Answering): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (path === '/healthz' && reads) {
    const why = options.stuck();
    return why === undefined ? say(response, 200, 'alive') : say(response, 503, why);
  }
  if (path === '/readyz' && reads) {
    const why = options.unready();
    return why === undefined ? say(response, 200, 'ready') : say(response, 503, why);
  }
  if (path === '/metrics' && reads && options.metrics !== undefined)
    return say(response, 200, await options.metrics(), METRICS_TYPE);
  if (path === '/webhook' && options.secrets !== undefined) {
    if (request.method === 'POST') return take(request, response, options, options.secrets());
    response.setHeader('allow', 'POST');
    return say(response, 405, 'POST only');
  }
  const account = /^\/notify\/([^/]+)$/.exec(path)?.[1];
  if (account !== undefined && options.judgeNotification !== undefined) {
    if (reads || request.method === 'POST') return notify(request, response, options, account, query);
    response.setHeader('allow', 'GET, POST');
    return say(response, 405, 'GET and POST only');
  }
  say(response, 404, 'nothing here');
}

const NOBODY: Notification = { kind: 'refused', status: 404, why: 'nothing here' };

async function notify(
  request: IncomingMessage,
  response: ServerResponse,
  { log, taken, judgeNotification, onOrder }: Answering,
  account: string,
  query: string,
): Promise<void> {
  const judge = (fields: string) =>
    judgeNotification?.(account, request.headers, new URLSearchParams(fields)) ?? NOBODY;
  const refuse = ({ status, why }: Extract<Notification, { kind: 'refused' }>): void => {
    log.warn({ from: request.socket.remoteAddress, why }, 'notification refused');
    if (status === 401) response.setHeader('www-authenticate', 'Basic realm="certwright"');
    say(response, status, why);
  };
  const before = judge(query);
  // Only what names no order yet may be made good by its form: of a stranger not one byte of it is read.
  if (before.kind === 'refused' && before.status !== 400) {
    response.setHeader('connection', 'close');
    return refuse(before);
  }
  const body = await bodyOf(request, MAX_FORM_BYTES);
  if (body === undefined) return tooLarge(response, MAX_FORM_BYTES);
  const told = judge(`${query}&${body.toString('utf8')}`);
  if (told.kind === 'refused') return refuse(told);
  if (taken(told.once)) return say(response, 200, 'told before');
  log.info({ from: request.socket.remoteAddress, ...told.order }, 'an order was told of');
  onOrder?.(told.order);
  say(response, 200, 'looking');
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  { log, clock, branch, taken, onPush }: Answering,
  secrets: readonly Secret[],
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return tooLarge(response);
  const delivery = judgeDelivery(request.headers, body, { secrets, branch: branch(), nowMs: clock.now() });
  switch (delivery.kind) {
    case 'push':
      if (taken(delivery.once)) return say(response, 200, 'ignored: told before');
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

function tooLarge(response: ServerResponse, most = MAX_BODY_BYTES): void {
  response.setHeader('connection', 'close');
  say(response, 413, `more than ${most} bytes`);
}

/** undefined: too large; the rest of it is not read. */
async function bodyOf(request: IncomingMessage, most = MAX_BODY_BYTES): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
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
