import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { chainFaults, readShown } from '../../../src/keys/served.js';
import type { DialedServer, DialTarget } from '../../../src/ports/dialer.js';
import { countedStream } from '../../../src/tls/counted.js';
import { createDialer, type DialerOptions } from '../../../src/tls/dial.js';
import {
  closedPort,
  hierarchy,
  type Issued,
  issue,
  type TlsServer,
  tcpServer,
  tlsServer,
} from '../../support/tls-server.js';
import { temporaryFolder } from '../keys/support.js';

const NAME = 'shop.example.com';
const folder = temporaryFolder();

let ca: Awaited<ReturnType<typeof hierarchy>>;
let leaf: Issued;

beforeAll(async () => {
  ca = await hierarchy();
  leaf = await ca.leaf([NAME, 'www.example.com']);
});

const never = new AbortController().signal;

const dial = (
  port: number,
  target: Partial<DialTarget> = {},
  options: DialerOptions = {},
  host = '127.0.0.1',
): Promise<readonly DialedServer[]> =>
  createDialer(options).dial({ endpoint: { host, port }, serverName: NAME, ...target }, never);

/** Own certificate first, by subject. */
const subjects = (servers: readonly DialedServer[]) =>
  servers.map((server) =>
    server.kind === 'failed'
      ? `${server.failure}: ${server.why.replaceAll(/:\d+/g, ':PORT')}`
      : server.certificates.map((der) => subjectOf(der)).join(' < '),
  );

const subjectOf = (der: Uint8Array): string => {
  const known = [leaf, ca.lower, ca.upper, ca.root].find(
    ({ certificate }) => Buffer.compare(Buffer.from(certificate.rawData), Buffer.from(der)) === 0,
  );
  return known?.certificate.subject.replace('CN=', '') ?? readShown(der).names.join();
};

describe('a server is asked by the name it is to serve', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'and shows everything it sends, in its order, by %s',
    async (version) => {
      const server = await tlsServer(leaf, [ca.upper, ca.lower, ca.root], {
        options: { minVersion: version, maxVersion: version },
      });
      expect(subjects(await dial(server.port))).toEqual([`${NAME} < Upper CA < Lower CA < Test Root`]);
      expect(server.asked).toEqual([NAME]);
      await vi.waitFor(() => expect(server.finished()).toBe(1));
    },
  );

  it('and gives its default certificate to those who ask for another, or for none', async () => {
    const other = await ca.leaf(['default.example.net']);
    const server = await tlsServer(other, [], { byName: { [NAME]: [leaf, ca.lower] } });
    expect(subjects(await dial(server.port))).toEqual([`${NAME} < Lower CA`]);
    expect(subjects(await dial(server.port, { serverName: 'api.example.com' }))).toEqual([
      'default.example.net',
    ]);
    const { endpoint } = { endpoint: { host: '127.0.0.1', port: server.port } };
    expect(subjects(await createDialer().dial({ endpoint }, never))).toEqual(['default.example.net']);
  });

  it.each(['-tls1_2', '-tls1_3'])(
    'and shows it although it wants one of the client, by %s',
    async (version) => {
      const [certificate, key, more] = ['own.pem', 'own.key', 'more.pem'].map((file) => join(folder, file));
      writeFileSync(certificate ?? '', leaf.pem);
      writeFileSync(key ?? '', leaf.keyPem);
      writeFileSync(more ?? '', ca.lower.pem);
      const server = spawn('openssl', [
        ...['s_server', '-accept', '127.0.0.1:0', '-Verify', '1', version],
        ...['-cert', certificate ?? '', '-key', key ?? '', '-cert_chain', more ?? ''],
      ]);
      onTestFinished(() => void server.kill('SIGKILL'));
      const port = await new Promise<number>((resolve) => {
        server.stdout.on('data', (data) => {
          const [, digits] = /^ACCEPT \S+:(\d+)/m.exec(String(data)) ?? [];
          if (digits !== undefined) resolve(Number(digits));
        });
      });
      expect(subjects(await dial(port))).toEqual([`${NAME} < Lower CA`]);
    },
  );

  it('and is found by IPv6 as well', async () => {
    const server = await tlsServer(leaf, [ca.lower], { host: '::1' });
    expect(subjects(await dial(server.port, {}, {}, '::1'))).toEqual([`${NAME} < Lower CA`]);
  });

  it('behind which there may be several, each of which is asked', async () => {
    const first = await tlsServer(leaf, [ca.lower]);
    const old = await ca.leaf(['old.example.com']);
    await tlsServer(old, [], { host: '::1', port: first.port });
    const lookup = async () => ['127.0.0.1', '::1', '127.0.0.1'];
    const servers = await dial(first.port, {}, { lookup }, NAME);
    expect(servers.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(subjects(servers)).toEqual([`${NAME} < Lower CA`, 'old.example.com']);
  });

  it('and gives the certificate for the kind of key that is asked for, where it has two', async () => {
    const rsa = await ca.leaf(['rsa.example.com'], { rsa: true });
    const ecdsa = await ca.leaf(['ecdsa.example.com']);
    const pems = { key: [rsa.keyPem, ecdsa.keyPem], cert: [rsa.pem, ecdsa.pem] };
    const server = await tlsServer(rsa, [], { options: { ...pems, SNICallback: undefined } as object });
    expect(subjects(await dial(server.port, { keyType: 'rsa' }))).toEqual(['rsa.example.com']);
    expect(subjects(await dial(server.port, { keyType: 'ecdsa' }))).toEqual(['ecdsa.example.com']);
  });
});

describe('what is no answer is told, in bounded time and bytes', () => {
  it('nobody listens', async () => {
    expect(subjects(await dial(await closedPort()))).toEqual([
      'unreachable: cannot be reached at 127.0.0.1:PORT (ECONNREFUSED)',
    ]);
  });

  it('a server takes the connection and says nothing', async () => {
    const port = await tcpServer(() => undefined);
    expect(subjects(await dial(port, {}, { limitMs: 150 }))).toEqual([
      'silent: takes connections at 127.0.0.1:PORT and shows no certificate in time',
    ]);
  });

  it('a server sends half a handshake, byte by byte, for ever', async () => {
    const port = await tcpServer((socket) => {
      socket.write(Buffer.from([0x16, 3, 3, 0x10, 0]));
      const drip = setInterval(() => socket.write('\0'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    expect(subjects(await dial(port, {}, { limitMs: 150 }))[0]).toMatch(/^(silent|refused): /);
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'speaks HTTP without TLS'],
    ['SSH-2.0-OpenSSH_9.2p1\r\n', 'speaks SSH'],
    [
      '220 mail.example.com ESMTP\r\n',
      'greets without TLS, as a server does that wants STARTTLS; name its port for TLS',
    ],
    ['\0\0\0\0\0\0\0\0', 'does not speak TLS'],
  ])('a server says %j', async (text, words) => {
    const port = await tcpServer((socket) => socket.write(text));
    expect(subjects(await dial(port))).toEqual([`not-tls: ${words} at 127.0.0.1:PORT`]);
  });

  it('a real HTTP server answers a handshake with its error page', async () => {
    const { createServer } = await import('node:http');
    const http = createServer();
    const port = await tcpServer((socket) => http.emit('connection', socket));
    expect(subjects(await dial(port))).toEqual(['not-tls: speaks HTTP without TLS at 127.0.0.1:PORT']);
  });

  it('a server sends more certificates than anybody has', async () => {
    const many = Array.from({ length: 400 }, () => ca.upper);
    const server = await tlsServer(leaf, many);
    expect(subjects(await dial(server.port))).toEqual([
      'too-large: sends more certificates than OpenSSL takes at 127.0.0.1:PORT',
    ]);
  });

  it('a server closes, resets, or refuses the name', async () => {
    const closing = await tcpServer((socket) => socket.end());
    expect(subjects(await dial(closing))[0]).toMatch(
      /^refused: ends the handshake at .*\(connection closed\)$/,
    );
    const resetting = await tcpServer((socket) => socket.resetAndDestroy());
    expect(subjects(await dial(resetting))[0]).toMatch(/^(refused|unreachable): /);
    const strict = await tlsServer(leaf, [], {
      options: { SNICallback: (_name, done) => done(new Error('no such name')) },
    });
    expect(subjects(await dial(strict.port))[0]).toMatch(/^refused: ends the handshake at /);
  });

  it('a server speaks a version of TLS that is no longer spoken', async () => {
    const server = await tlsServer(leaf, [], {
      options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    expect(subjects(await dial(server.port))[0]).toMatch(/^refused: ends the handshake at .*version/);
  });

  it('a name has no address, or its lookup does not end', async () => {
    const none = await dial(1, {}, { lookup: async () => [] }, NAME);
    expect(subjects(none)).toEqual(['unresolved: has no address']);
    const lost = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    const unknown = await dial(1, {}, { lookup: () => Promise.reject(lost) }, NAME);
    expect(subjects(unknown)).toEqual(['unresolved: has no address (ENOTFOUND)']);
    const hanging = await dial(1, {}, { lookup: () => new Promise(() => undefined), limitMs: 50 }, NAME);
    expect(subjects(hanging)).toEqual(['unresolved: has no address (no answer in time)']);
  });

  it('the run is stopped', async () => {
    const port = await tcpServer(() => undefined);
    const stop = new AbortController();
    const answer = createDialer().dial({ endpoint: { host: '127.0.0.1', port } }, stop.signal);
    stop.abort();
    expect((await answer)[0]).toMatchObject({ kind: 'failed' });
    const late = await createDialer().dial({ endpoint: { host: '127.0.0.1', port } }, stop.signal);
    expect(late[0]).toMatchObject({ kind: 'failed', failure: 'unreachable' });
  });
});

const openssl = promisify(execFile);

/** What a client that knows the root says of a server: openssl's own verdict. */
async function verdictOf(server: TlsServer): Promise<string> {
  const roots = join(folder, 'root.pem');
  writeFileSync(roots, ca.root.pem);
  const run = openssl('openssl', [
    ...['s_client', '-connect', server.endpoint, '-servername', NAME],
    ...['-CAfile', roots, '-no-CApath', '-no-CAstore', '-verify_hostname', NAME],
  ]);
  run.child.stdin?.end();
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return /Verify return code: \d+ \(([^)]*)\)/.exec(stdout)?.[1] ?? stdout;
}

describe('the chain a server sends', () => {
  it.each<[string, () => readonly Issued[], readonly string[], RegExp]>([
    ['whole', () => [ca.lower, ca.upper], [], /^ok$/],
    ['whole, with its root', () => [ca.lower, ca.upper, ca.root], [], /^ok$/],
    ['without any intermediate', () => [], ['missing CN=Lower CA'], /unable to (get|verify)/],
    ['without the upper one', () => [ca.lower], ['missing CN=Upper CA'], /unable to (get|verify)/],
    // The gap is what matters: openssl cannot climb over it either.
    ['without the lower one', () => [ca.upper, ca.root], ['missing CN=Lower CA'], /unable to (get|verify)/],
    // openssl looks for the order itself; others do not.
    ['in the wrong order', () => [ca.upper, ca.lower], ['order'], /^ok$/],
    ['twice', () => [ca.lower, ca.lower, ca.upper], [], /^ok$/],
  ])('%s', async (_title, chain, expected, verdict) => {
    const server = await tlsServer(leaf, chain());
    const [shown] = await dial(server.port);
    if (shown?.kind !== 'shown') throw new Error(JSON.stringify(shown));
    const faults = chainFaults(shown.certificates, [ca.lower.pem, ca.upper.pem], Date.now());
    expect(
      faults.map((fault) => (fault.kind === 'missing' ? `missing ${fault.issuer}` : fault.kind)),
    ).toEqual(expected);
    expect(await verdictOf(server)).toMatch(verdict);
  });

  it('has ended in the middle', async () => {
    const ended = await issue({ subject: 'CN=Lower CA', issuer: ca.upper, ca: true, from: -20, till: -2 });
    const own = await issue({ subject: `CN=${NAME}`, issuer: ended, names: [NAME] });
    const server = await tlsServer(own, [ended, ca.upper]);
    const [shown] = await dial(server.port);
    const sent = shown?.kind === 'shown' ? shown.certificates : [];
    expect(chainFaults(sent, [ended.pem, ca.upper.pem], Date.now())).toMatchObject([
      { kind: 'expired', certificate: 'CN=Lower CA' },
    ]);
    expect(await verdictOf(server)).toBe('certificate has expired');
  });

  it('of a leaf that a root issued itself is whole when it is empty', async () => {
    const own = await issue({ subject: `CN=${NAME}`, issuer: ca.root, names: [NAME] });
    const der = [new Uint8Array(own.certificate.rawData)];
    expect(chainFaults(der, [], Date.now())).toEqual([]);
  });

  it('may be rubbish after the first, which is no chain', async () => {
    const sent = [new Uint8Array(leaf.certificate.rawData), new Uint8Array([1, 2, 3])];
    expect(chainFaults(sent, [ca.lower.pem, ca.upper.pem], Date.now())).toMatchObject([{ kind: 'missing' }]);
  });
});

describe('what a server shows of itself', () => {
  it('says whether it issued itself, and is cut where it is long', async () => {
    const own = await issue({ subject: `CN=${'x'.repeat(60)}, O=${'y'.repeat(200)}`, names: [NAME] });
    const shown = readShown(new Uint8Array(own.certificate.rawData));
    expect(shown).toMatchObject({ selfSigned: true, names: [NAME], keyAlgorithm: 'ecdsa-p256' });
    expect(shown.issuer.length).toBeLessThanOrEqual(120);
    expect(readShown(new Uint8Array(leaf.certificate.rawData))).toMatchObject({
      selfSigned: false,
      issuer: 'CN=Lower CA',
    });
  });

  it('is no certificate where it cannot be read', () => {
    expect(() => readShown(new Uint8Array([0x30, 0]))).toThrow('no X.509 certificate');
  });
});

describe('what comes before a handshake is over', () => {
  it('is counted, and ends the connection where it is more than anybody needs', async () => {
    let closed = false;
    const port = await tcpServer((socket) => {
      const more = (error?: Error | null): void => {
        if (!error) socket.write(Buffer.alloc(16_384, 0x16), more);
      };
      socket.on('close', () => {
        closed = true;
      });
      more();
    });
    const stream = countedStream(connect({ host: '127.0.0.1', port }), 100 * 1024);
    let read = 0;
    stream.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error.message).toBe('sends more than 100 kB in a handshake');
    expect(read).toBeLessThanOrEqual(100 * 1024);
    await vi.waitFor(() => expect(closed).toBe(true));
  });
});
