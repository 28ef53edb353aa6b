/**
 * A real ACME server on loopback: Pebble, with a TLS certificate of a throw-away CA that this process trusts.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Agent, request } from 'undici';
import { expect, onTestFinished } from 'vitest';
import { tempFolder } from './git.js';

export interface PebbleOptions {
  /** host:port of the DNS server that it validates by; absent: every proof is good. */
  readonly dns?: string;
  /** Where it fetches the files of http-01, whatever the name. */
  readonly httpPort?: number;
  /** Percentage of nonces it refuses. */
  readonly badNonces?: number;
  /** Key id → HMAC key, base64url: accounts have to be bound to one of them. */
  readonly eab?: Readonly<Record<string, string>>;
  readonly blocked?: readonly string[];
  readonly alternateRoots?: number;
}

export interface Pebble {
  readonly directory: string;
  /** File of the CA that signed its TLS certificate, for programs of their own. */
  readonly caFile: string;
  /** Certificates it issued up to now, by its log. */
  issued(): Promise<number>;
  /** Common name of the root of its nth chain. */
  rootName(chain: number): Promise<string>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A CA and a certificate for localhost, made by openssl. */
async function tlsFiles(folder: string) {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const [caFile, caKey] = [file('ca.pem'), file('ca.key')];
  await writeFile(
    file('leaf.ext'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
  );
  openssl(
    'req',
    '-x509',
    ...EC_KEY,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-days',
    '3650',
    '-subj',
    '/CN=Test TLS',
  );
  openssl('req', ...EC_KEY, '-keyout', file('leaf.key'), '-out', file('leaf.csr'), '-subj', '/CN=localhost');
  const signing = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '3650'];
  openssl(
    'x509',
    '-req',
    '-in',
    file('leaf.csr'),
    ...signing,
    '-extfile',
    file('leaf.ext'),
    '-out',
    file('leaf.pem'),
  );
  const ca = execFileSync('cat', [caFile], { encoding: 'utf8' });
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  return { caFile, ca, certificate: file('leaf.pem'), privateKey: file('leaf.key') };
}

/** Ended after the test that started it. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const folder = await tempFolder();
  const tls = await tlsFiles(folder);
  const [port, managementPort, spare] = [await freePort(), await freePort(), await freePort()];
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: tls.certificate,
      privateKey: tls.privateKey,
      httpPort: options.httpPort ?? spare,
      tlsPort: spare,
      ocspResponderURL: '',
      externalAccountBindingRequired: options.eab !== undefined,
      externalAccountMACKeys: options.eab ?? {},
      domainBlocklist: options.blocked ?? [],
    },
  };
  await writeFile(join(folder, 'pebble.json'), JSON.stringify(config));
  const dns = options.dns === undefined ? [] : ['-dnsserver', options.dns];
  const child = spawn('pebble', ['-config', join(folder, 'pebble.json'), ...dns], {
    cwd: folder,
    env: {
      PATH: process.env.PATH ?? '',
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_VA_ALWAYS_VALID: options.dns === undefined ? '1' : '0',
      PEBBLE_WFE_NONCEREJECT: String(options.badNonces ?? 0),
      PEBBLE_AUTHZREUSE: '0',
      PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  let issued = 0;
  let directories = 0;
  const ready = new Promise<void>((settle, fail) => {
    const said: string[] = [];
    const read = (line: string): void => {
      said.push(line);
      if (line.includes('Issued certificate serial')) issued += 1;
      if (line.includes('GET /dir ')) directories += 1;
      if (line.includes('ACME directory available at')) settle();
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('exit', () => fail(new Error(`pebble ended:\n${said.slice(-20).join('\n')}`)));
  });
  await ready;
  const directory = `https://localhost:${port}/dir`;
  const ask = async (url: string): Promise<string> => {
    const dispatcher = new Agent({ connect: { ca: tls.ca } });
    const { body } = await request(url, { dispatcher });
    const text = await body.text();
    await dispatcher.close();
    return text;
  };
  return {
    directory,
    caFile: tls.caFile,
    async issued() {
      // The log comes by another way than replies: once it shows this call, it has shown everything before.
      const before = directories;
      await ask(directory);
      await expect.poll(() => directories, { interval: 5 }).toBeGreaterThan(before);
      return issued;
    },
    async rootName(chain) {
      const pem = await ask(`https://localhost:${managementPort}/roots/${chain}`);
      const subject = execFileSync('openssl', ['x509', '-noout', '-subject', '-nameopt', 'multiline'], {
        input: pem,
        encoding: 'utf8',
      });
      return /commonName\s+= (.*)/.exec(subject)?.[1] ?? '';
    },
  };
}
