/**
 * TLS servers on loopback with certificates of any kind, and servers that are none. Everything is closed after the test that
 * started it.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
  type TlsOptions,
} from 'node:tls';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { onTestFinished } from 'vitest';
import { DAY_MS } from '../../src/model/time.js';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;

export interface Issued {
  readonly pem: string;
  readonly keyPem: string;
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

export interface Wish {
  readonly subject: string;
  /** Absent: self-signed. */
  readonly issuer?: Issued;
  readonly names?: readonly string[];
  readonly ca?: true;
  readonly rsa?: true;
  /** Days from now. */
  readonly from?: number;
  readonly till?: number;
}

let serial = 1;

export async function issue({
  subject,
  issuer,
  names,
  ca,
  rsa,
  from = -1,
  till = 90,
}: Wish): Promise<Issued> {
  const keys = (await webcrypto.subtle.generateKey(rsa ? RSA : EC, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: (serial++).toString(16).padStart(4, '0'),
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: issuer?.keys.privateKey.algorithm.name === RSA.name || (rsa && !issuer) ? RSA : EC,
    notBefore: new Date(Date.now() + from * DAY_MS),
    notAfter: new Date(Date.now() + till * DAY_MS),
    extensions: [
      new BasicConstraintsExtension(ca === true, undefined, true),
      ...(names
        ? [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))]
        : []),
    ],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    pem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
    certificate,
    keys,
  };
}

/** A certificate with its key, as a server has it. */
export type Pair = Pick<Issued, 'pem' | 'keyPem'>;

/** A root, two intermediates below each other, and a way to leaves. */
export async function hierarchy() {
  const root = await issue({ subject: 'CN=Test Root', ca: true, till: 3650 });
  const upper = await issue({ subject: 'CN=Upper CA', issuer: root, ca: true, till: 1000 });
  const lower = await issue({ subject: 'CN=Lower CA', issuer: upper, ca: true, till: 1000 });
  const leaf = (names: readonly string[], more: Partial<Wish> = {}) =>
    issue({ subject: `CN=${names[0]}`, issuer: lower, names, ...more });
  return { root, upper, lower, leaf };
}

export interface TlsServer {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly endpoint: string;
  /** Server names that were asked for. */
  readonly asked: readonly string[];
  /** Handshakes that were finished. */
  readonly finished: () => number;
  /** From now on. */
  serves(leaf: Pair, chain?: readonly Pick<Issued, 'pem'>[]): void;
}

const LOOPBACK = '127.0.0.1';

async function listening(server: Server, host: string, port: number): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return (server.address() as AddressInfo).port;
}

export interface TlsServerOptions {
  readonly host?: string;
  readonly port?: number;
  readonly options?: TlsOptions;
  /** For those who ask for these names; others get what the server serves. */
  readonly byName?: Readonly<Record<string, readonly [Issued, ...Issued[]]>>;
}

const contextOf = (leaf: Pair, chain: readonly Pick<Issued, 'pem'>[]): SecureContext =>
  createSecureContext({ key: leaf.keyPem, cert: [leaf, ...chain].map(({ pem }) => pem).join('') });

export async function tlsServer(
  leaf: Pair,
  chain: readonly Pick<Issued, 'pem'>[] = [],
  { host = LOOPBACK, port = 0, options = {}, byName = {} }: TlsServerOptions = {},
): Promise<TlsServer> {
  let context = contextOf(leaf, chain);
  const asked: string[] = [];
  let finished = 0;
  const server = createTlsServer({
    key: leaf.keyPem,
    cert: [leaf, ...chain].map(({ pem }) => pem).join(''),
    SNICallback: (name, done) => {
      asked.push(name);
      const own = byName[name];
      done(null, own ? contextOf(own[0], own.slice(1)) : context);
    },
    ...options,
  });
  server.on('secureConnection', (socket) => {
    finished += 1;
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  const listens = await listening(server, host, port);
  return {
    port: listens,
    endpoint: `${host.includes(':') ? `[${host}]` : host}:${listens}`,
    asked,
    finished: () => finished,
    serves(next, nextChain = []) {
      context = contextOf(next, nextChain);
      server.setSecureContext({
        key: next.keyPem,
        cert: [next, ...nextChain].map(({ pem }) => pem).join(''),
      });
    },
  };
}

/** Something that is no TLS server. @param talk  called with each connection, before anything was read */
export async function tcpServer(talk: (socket: Socket) => void, host = LOOPBACK): Promise<number> {
  return listening(createTcpServer(talk), host, 0);
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
