import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';

async function listen(server: Server, sockets: Set<Socket>): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** An HTTP server on loopback for one test. */
export async function httpServer(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const port = await listen(createHttpServer(listener), sockets);
  return { url: `http://127.0.0.1:${port}`, sockets };
}

export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** Connections accepted. */
  readonly connections: () => number;
  /** Bytes of application data received over all connections. */
  readonly received: () => Buffer;
}

/** A TCP or TLS server that does nothing by itself. */
export async function rawServer(
  onConnection: (socket: Socket) => void,
  onData: (socket: Socket, data: Buffer) => void = () => {},
  tls?: { readonly key: string; readonly cert: string },
): Promise<RawServer> {
  const chunks: Buffer[] = [];
  let count = 0;
  const accept = (socket: Socket): void => {
    count += 1;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      chunks.push(data);
      onData(socket, data);
    });
    onConnection(socket);
  };
  const server = tls === undefined ? createTcpServer(accept) : createTlsServer({ ...tls }, accept);
  server.on('tlsClientError', () => {});
  const port = await listen(server, new Set());
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connections: () => count,
    received: () => Buffer.concat(chunks),
  };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A self-signed pair for 127.0.0.1, or for another name. */
export function selfSigned(subject = 'IP:127.0.0.1'): { readonly key: string; readonly cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'certwright-tls-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const key = join(dir, 'key.pem');
  const cert = join(dir, 'cert.pem');
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -addext subjectAltName=${subject}`;
  execFileSync('openssl', [...args.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
