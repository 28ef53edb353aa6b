/**
 * A real DNS server on loopback: BIND with zones that take dynamic updates, judged by another resolver than the code's own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { tempFolder, writeFiles } from './git.js';

export interface BindZone {
  /** Lines of the zone file beside SOA and NS. */
  readonly records?: readonly string[];
  /** Lines of its update-policy; default: what the guide gives the key. */
  readonly policy?: readonly string[];
}

export interface BindKey {
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

export interface BindServer {
  readonly port: number;
  /** host:port, as `server:` and `visibleAt:` want it. */
  readonly address: string;
  /** Every text of a TXT record at a name, joined; [] where there is none. */
  texts(name: string): Promise<readonly string[]>;
  alias(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const SECRET = Buffer.alloc(32, 7).toString('base64');
export const OTHER_SECRET = Buffer.alloc(32, 8).toString('base64');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const zoneFile = (zone: string, records: readonly string[]): string =>
  [
    '$TTL 60',
    `@ SOA ns1.${zone}. hostmaster.${zone}. 1 3600 600 86400 60`,
    `@ NS ns1.${zone}.`,
    'ns1 A 127.0.0.1',
    ...records,
    '',
  ].join('\n');

/**
 * Ended after the test that started it.
 * @param resolves  makes it look up for others and validate, as a resolver does; the text is put into its configuration
 */
export async function startBind(
  zones: Readonly<Record<string, BindZone>>,
  keys: Readonly<Record<string, BindKey>> = { certwright: { algorithm: 'hmac-sha256', secret: SECRET } },
  resolves?: string,
): Promise<BindServer> {
  const folder = await tempFolder();
  const port = await freePort();
  const names = Object.keys(keys);
  const all = names.map((name) => `grant ${name} zonesub TXT CNAME;`);
  await writeFiles(folder, {
    ...Object.fromEntries(
      Object.entries(zones).map(([zone, { records = [] }]) => [`${zone}.zone`, zoneFile(zone, records)]),
    ),
    'named.conf': [
      `options { directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };`,
      `  pid-file none; session-keyfile none; ${resolves === undefined ? 'recursion no; dnssec-validation no' : 'recursion yes; dnssec-validation yes'}; empty-zones-enable no; notify no;`,
      '  allow-transfer { none; }; };',
      'controls { };',
      resolves ?? '',
      ...names.map(
        (name) => `key "${name}" { algorithm ${keys[name]?.algorithm}; secret "${keys[name]?.secret}"; };`,
      ),
      ...Object.entries(zones).map(
        ([zone, { policy = all }]) =>
          `zone "${zone}" { type primary; file "${zone}.zone"; update-policy { ${policy.join(' ')} }; };`,
      ),
      '',
    ].join('\n'),
  });
  const child = spawn('named', ['-c', join(folder, 'named.conf'), '-g', '-n', '1'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(close);
  await running(child);
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const none = (error: unknown): undefined => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENODATA' || code === 'ENOTFOUND') return undefined;
    throw error;
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    texts: async (name) =>
      ((await resolver.resolveTxt(name).catch(none)) ?? []).map((parts) => parts.join('')).sort(),
    alias: async (name) => (await resolver.resolveCname(name).catch(none))?.[0],
    close,
  };
}

async function running({ stderr }: ChildProcess): Promise<void> {
  if (!stderr) throw new Error('named has no log');
  const said: string[] = [];
  for await (const line of createInterface({ input: stderr })) {
    said.push(line);
    if (/ running$/.test(line)) {
      stderr.resume();
      return;
    }
  }
  throw new Error(`named did not start:\n${said.join('\n')}`);
}
