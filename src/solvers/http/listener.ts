import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatEndpoint } from '../../model/endpoint.js';
import { CertError, messageOf } from '../../model/errors.js';
import { proofPlace } from '../../model/proof-record.js';
import { SECOND_MS } from '../../model/time.js';

const MAX_CONNECTIONS = 128;
const MAX_HEADER_BYTES = 8 * 1024;

/** Answers for files while it holds any; listens only then, and never keeps the process alive by itself. */
export interface Listener {
  /** @throws CertError `solver.failed` where it cannot listen */
  put(host: string, path: string, content: string): Promise<void>;
  take(host: string, path: string, content: string): Promise<void>;
  has(host: string, path: string, content: string): boolean;
}

export interface ListenAt {
  /** Absent: every address of the machine. */
  readonly address?: string;
  readonly port: number;
}

/**
 * A port can be listened at once in a process, and a proof has to be served for longer than the solver that published it
 * lives: so the listeners of a process are kept here, by where they listen.
 */
const listeners = new Map<string, Listener>();

export function listenerAt(at: ListenAt): Listener {
  const label = at.address === undefined ? `port ${at.port}` : formatEndpoint({ ...at, host: at.address }, 0);
  const known = listeners.get(label) ?? createListener(at, label);
  listeners.set(label, known);
  return known;
}

function createListener(at: ListenAt, label: string): Listener {
  const files = new Map<string, Map<string, string>>();
  let server: Promise<Server> | undefined;

  async function rest(): Promise<void> {
    if (files.size > 0 || server === undefined) return;
    const closing = server;
    server = undefined;
    const open = await closing;
    const closed = new Promise((done) => open.close(done));
    open.closeAllConnections();
    await closed;
  }

  return {
    async put(host, path, content) {
      const byHost = files.get(path) ?? new Map<string, string>();
      const there = byHost.get(host);
      if (there !== undefined && there !== content) {
        throw new CertError('solver.blocked', `${host}${path} is served with other content already`, {
          remedy: 'it belongs to another order, and goes when that one has ended',
        });
      }
      files.set(path, byHost.set(host, content));
      server ??= listen(at, label, files);
      try {
        await server;
      } catch (error) {
        server = undefined;
        files.clear();
        throw error;
      }
    },
    async take(host, path, content) {
      const byHost = files.get(path);
      if (byHost?.get(host) !== content) return;
      byHost.delete(host);
      if (byHost.size === 0) files.delete(path);
      await rest();
    },
    has: (host, path, content) => server !== undefined && files.get(path)?.get(host) === content,
  };
}

type Files = ReadonlyMap<string, ReadonlyMap<string, string>>;

function listen({ address, port }: ListenAt, label: string, files: Files): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: 5 * SECOND_MS,
      requestTimeout: 10 * SECOND_MS,
      keepAliveTimeout: SECOND_MS,
    },
    (request, response) => answer(request, response, files),
  );
  server.maxConnections = MAX_CONNECTIONS;
  // A run that is over must end; a daemon stays up by itself.
  server.unref();
  return new Promise((done, fail) => {
    server.once('error', (error) => fail(cannotListen(error, label)));
    server.listen({ port, ...(address === undefined ? {} : { host: address }) }, () => {
      server.removeAllListeners('error').on('error', () => undefined);
      done(server);
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, files: Files): void {
  response.setHeader('connection', 'close');
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const read = request.method === 'GET' || request.method === 'HEAD';
  const content = read && proofPlace(path) ? contentOf(files.get(path), hostOf(request)) : undefined;
  if (content === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(content);
}

const hostOf = ({ headers }: IncomingMessage): string =>
  (headers.host ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');

/** A proxy in front may have changed the name: then the file is given if there is only one that can be meant. */
function contentOf(byHost: ReadonlyMap<string, string> | undefined, host: string): string | undefined {
  if (byHost === undefined) return undefined;
  const [only, ...others] = new Set(byHost.values());
  return byHost.get(host) ?? (others.length === 0 ? only : undefined);
}

function cannotListen(error: NodeJS.ErrnoException, label: string): CertError {
  const failed = (why: string, remedy: string): CertError =>
    new CertError('solver.failed', `${label} ${why}`, { cause: error, remedy });
  switch (error.code) {
    case 'EADDRINUSE':
      return failed(
        'is in use on this machine',
        'stop what listens there, write another port: and forward to it, or use type: http-file with its folder',
      );
    case 'EACCES':
      return failed(
        'may not be listened at by this user',
        'write port: 8080 and forward to it, or give the process the right (CAP_NET_BIND_SERVICE)',
      );
    case 'EADDRNOTAVAIL':
      return failed('is at an address this machine does not have', 'correct address:, or leave it out');
    default:
      return failed(`cannot be listened at: ${messageOf(error)}`, 'correct address: and port:');
  }
}
