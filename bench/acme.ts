import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Sample, time } from './measure.ts';
import { isInstalled } from './others.ts';

const MAIN = fileURLToPath(new URL('../bin/certwright.js', import.meta.url));
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Started, and said what it says when it is ready. */
async function started(
  program: string,
  args: readonly string[],
  ready: RegExp,
  env = {},
): Promise<ChildProcess> {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  await new Promise<void>((settle, fail) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => ready.test(line) && settle());
    }
    child.once('exit', () => fail(new Error(`${program} ended`)));
  });
  child.removeAllListeners('exit');
  return child;
}

/** Any file of a folder, for whatever name. */
async function webServer(root: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(root, new URL(request.url ?? '/', 'http://x').pathname);
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

interface Scene {
  readonly folder: string;
  readonly directory: string;
  readonly caFile: string;
  /** What is put here is what the CA fetches. */
  readonly webroot: string;
  readonly webPort: number;
  readonly names: readonly string[];
  close(): void;
}

/** Pebble, a DNS server that knows every name, and a web server: all of it on loopback. */
async function scene(folder: string, count: number): Promise<Scene> {
  const webroot = join(folder, 'www');
  mkdirSync(join(webroot, '.well-known', 'acme-challenge'), { recursive: true });
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  writeFileSync(file('leaf.ext'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n');
  openssl(
    'req',
    '-x509',
    ...EC_KEY,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=Bench TLS',
  );
  openssl('req', ...EC_KEY, '-keyout', file('leaf.key'), '-out', file('leaf.csr'), '-subj', '/CN=localhost');
  const signing = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
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
  const web = await webServer(webroot);
  const [port, management, dns, dnsManagement, spare] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: file('leaf.pem'),
    privateKey: file('leaf.key'),
    httpPort: (web.address() as AddressInfo).port,
    tlsPort: spare,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  };
  writeFileSync(file('pebble.json'), JSON.stringify({ pebble }));
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
  const servers = [
    await started(
      'pebble-challtestsrv',
      [
        '-defaultIPv4',
        '127.0.0.1',
        '-defaultIPv6',
        '',
        ...off,
        '-dns01',
        `127.0.0.1:${dns}`,
        '-management',
        `127.0.0.1:${dnsManagement}`,
      ],
      /Starting management server|Starting challenge servers/,
    ),
    await started(
      'pebble',
      ['-config', file('pebble.json'), '-dnsserver', `127.0.0.1:${dns}`],
      /ACME directory available/,
      {
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: '0',
        PEBBLE_AUTHZREUSE: '0',
      },
    ),
  ];
  return {
    folder,
    directory: `https://localhost:${port}/dir`,
    caFile: file('ca.pem'),
    webroot,
    webPort: pebble.httpPort,
    names: Array.from({ length: count }, (_, i) => `site-${i}.example.com`),
    close: () => {
      for (const server of servers) server.kill('SIGKILL');
      web.closeAllConnections();
      web.close();
    },
  };
}

/** A team's repository on a bare remote, set up; what is measured is one `apply`. */
async function certwright({ folder, directory, caFile, webroot, webPort, names }: Scene): Promise<Sample> {
  const [remote, clone, home] = ['remote.git', 'clone', 'home'].map((name) =>
    join(folder, 'certwright', name),
  );
  if (remote === undefined || clone === undefined || home === undefined) throw new Error('no folder');
  mkdirSync(home, { recursive: true });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
    NODE_EXTRA_CA_CERTS: caFile,
  };
  writeFileSync(
    join(home, 'gitconfig'),
    '[user]\n name = bench\n email = bench@example.com\n[init]\n defaultBranch = main\n',
  );
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: clone, env, stdio: 'ignore' });
  execFileSync('git', ['init', '-q', '--bare', remote], { env });
  execFileSync('git', ['clone', '-q', remote, clone], { env, stdio: 'ignore' });
  const command = (...args: readonly string[]) =>
    execFileSync(process.execPath, [MAIN, ...args], { cwd: clone, env, stdio: 'pipe' });
  command('init', '--single-recipient');
  const settings = readFileSync(join(clone, 'certwright.yaml'), 'utf8');
  const top = settings.split('\n').filter((line) => /^(version|id):/.test(line));
  const recipients = [...settings.matchAll(/age1[a-z0-9]+/g)].map(([text]) => text);
  writeFileSync(
    join(clone, 'certwright.yaml'),
    [
      ...top,
      `keys: { recipients: [${recipients[0]}], runnerRecipients: [${recipients.at(-1)}] }`,
      'defaults: { provider: ca, owner: bench, validation: http, key: ecdsa-p256 }',
      `providers: { ca: { type: acme, environment: rehearsal, url: "${directory}", termsAgreed: true } }`,
      `solvers: { web: { type: http-file, root: "${webroot}", visibleAt: "127.0.0.1:${webPort}" } }`,
      '',
    ].join('\n'),
  );
  rmSync(join(clone, 'certificates'), { recursive: true, force: true });
  mkdirSync(join(clone, 'certificates'));
  for (const name of names) writeFileSync(join(clone, 'certificates', `${name}.yaml`), `domain: ${name}\n`);
  git('add', '-A');
  git('commit', '-qm', 'all of them');
  git('push', '-q', 'origin', 'HEAD');
  const sample = await time({
    program: process.execPath,
    args: [MAIN, 'apply', '--yes', '--wait', '60s'],
    cwd: clone,
    env,
    node: true,
  });
  const state = execFileSync('git', ['ls-tree', '-r', '--name-only', 'certwright/state'], { cwd: remote });
  expectAll('certwright', state.toString().match(/certificate\.pem$/gm)?.length, names);
  return sample;
}

function expectAll(program: string, made: number | undefined, names: readonly string[]): void {
  if (made !== names.length) throw new Error(`${program} made ${made ?? 0} of ${names.length} certificates`);
}

/** One process for each certificate, as its documentation has it; the first makes the account. */
async function each(names: readonly string[], run: (name: string) => Promise<Sample>): Promise<Sample> {
  let [wallMs, cpuMs] = [0, 0];
  for (const name of names) {
    const sample = await run(name);
    wallMs += sample.wallMs;
    cpuMs += sample.cpuMs;
  }
  return { wallMs, cpuMs, code: 0 };
}

function lego({ folder, directory, caFile, webroot, names }: Scene): Promise<Sample> {
  const own = [
    '--accept-tos',
    '--email',
    'bench@example.com',
    '--server',
    directory,
    '--path',
    join(folder, 'lego'),
  ];
  const how = ['--key-type', 'ec256', '--http', '--http.webroot', webroot];
  const env = { PATH: process.env.PATH ?? '', HOME: folder, LEGO_CA_CERTIFICATES: caFile };
  return each(names, (name) =>
    time({ program: 'lego', args: [...own, ...how, '--domains', name, 'run'], env }),
  );
}

function certbot({ folder, directory, caFile, webroot, names }: Scene): Promise<Sample> {
  const base = join(folder, 'certbot');
  const folders = [
    '--config-dir',
    join(base, 'a'),
    '--work-dir',
    join(base, 'b'),
    '--logs-dir',
    join(base, 'c'),
  ];
  const own = [
    'certonly',
    '--non-interactive',
    '--agree-tos',
    '--email',
    'bench@example.com',
    '--no-eff-email',
  ];
  const how = ['--server', directory, '--webroot', '-w', webroot, '--key-type', 'ecdsa'];
  const env = { PATH: process.env.PATH ?? '', HOME: folder, REQUESTS_CA_BUNDLE: caFile };
  return each(names, (name) =>
    time({ program: 'certbot', args: [...own, ...how, ...folders, '-d', name], env }),
  );
}

async function dehydrated({ folder, directory, caFile, webroot, names }: Scene): Promise<Sample> {
  const base = join(folder, 'dehydrated');
  mkdirSync(base, { recursive: true });
  writeFileSync(join(base, 'domains.txt'), `${names.join('\n')}\n`);
  const wellKnown = join(webroot, '.well-known', 'acme-challenge');
  writeFileSync(
    join(base, 'config'),
    [
      `BASEDIR=${base}`,
      `CA=${directory}`,
      `WELLKNOWN=${wellKnown}`,
      'KEY_ALGO=prime256v1',
      `CURL_OPTS="--cacert ${caFile}"`,
      '',
    ].join('\n'),
  );
  const command = { program: 'dehydrated', env: { PATH: process.env.PATH ?? '', HOME: folder } };
  const args = ['--config', join(base, 'config')];
  const account = await time({ ...command, args: [...args, '--register', '--accept-terms'] });
  const all = await time({ ...command, args: [...args, '--cron'] });
  return { wallMs: account.wallMs + all.wallMs, cpuMs: account.cpuMs + all.cpuMs, code: 0 };
}

/**
 * New certificates from a real ACME server, validated by file: account included, each its own order and its own P-256 key.
 * @param count  certificates for each program
 */
export async function issuing(count: number): Promise<void> {
  const missing = ['pebble', 'pebble-challtestsrv', 'openssl'].filter((program) => !isInstalled(program));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not installed`);
  const folder = mkdtempSync(join(tmpdir(), 'certwright-bench-acme-'));
  const on = await scene(folder, count);
  try {
    print(`${count} new certificates from Pebble, http-01, one order each`);
    const runs = [
      { program: 'certwright', title: 'certwright apply, once', run: certwright },
      { program: 'dehydrated', title: 'dehydrated --cron, once', run: dehydrated },
      { program: 'certbot', title: `certbot certonly, ${count} times`, run: certbot },
      { program: 'lego', title: `lego run, ${count} times`, run: lego },
    ];
    let base: Sample | undefined;
    for (const { program, title, run } of runs) {
      if (program !== 'certwright' && !isInstalled(program)) continue;
      const sample = await run(on);
      base ??= sample;
      const part = (ms: number, of: number): string =>
        `${(ms / 1000).toFixed(1)} s`.padStart(10) + `${(ms / of).toFixed(2)}x`.padStart(9);
      print(
        `  ${title.padEnd(28)}  wall${part(sample.wallMs, base.wallMs)}  cpu${part(sample.cpuMs, base.cpuMs)}`,
      );
    }
  } finally {
    on.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
