import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Command, type Sample, time } from './measure.ts';

/** Another program that looks at as many certificates and finds nothing due. */
export interface Other {
  readonly title: string;
  run(): Promise<Sample>;
  close(): void;
}

export const isInstalled = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** One certificate, good for a year; both programs look at names and dates only. */
function certificateIn(folder: string): { readonly pem: string; readonly key: string } {
  mkdirSync(folder, { recursive: true });
  const [pem, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '365',
      ],
      ...['-subj', '/CN=site.example.com', '-addext', 'subjectAltName=DNS:site.example.com'],
      ...['-keyout', key, '-out', pem],
    ],
    { stdio: 'ignore' },
  );
  return { pem: readFileSync(pem, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** `certbot renew` with a lineage for every certificate. */
export function certbot(folder: string, count: number): Other {
  const { pem, key } = certificateIn(join(folder, 'made'));
  const config = join(folder, 'certbot');
  mkdirSync(join(config, 'renewal'), { recursive: true });
  for (let i = 0; i < count; i++) {
    const name = `site-${i}.example.com`;
    const [live, archive] = [join(config, 'live', name), join(config, 'archive', name)];
    mkdirSync(live, { recursive: true });
    mkdirSync(archive, { recursive: true });
    const texts = { cert: pem, chain: pem, fullchain: `${pem}${pem}`, privkey: key };
    for (const [kind, text] of Object.entries(texts)) {
      writeFileSync(join(archive, `${kind}1.pem`), text);
      symlinkSync(join('..', '..', 'archive', name, `${kind}1.pem`), join(live, `${kind}.pem`));
    }
    const paths = Object.keys(texts).map((kind) => `${kind} = ${join(live, `${kind}.pem`)}`);
    writeFileSync(
      join(config, 'renewal', `${name}.conf`),
      [
        'version = 2.1.0',
        `archive_dir = ${archive}`,
        ...paths,
        '[renewalparams]',
        'account = bench',
        'authenticator = manual',
        'server = https://127.0.0.1:1/directory',
        '',
      ].join('\n'),
    );
  }
  const folders = [
    '--config-dir',
    config,
    '--work-dir',
    join(folder, 'work'),
    '--logs-dir',
    join(folder, 'logs'),
  ];
  const args = ['renew', '--non-interactive', '--no-random-sleep-on-renew', ...folders];
  return { title: 'certbot renew', run: () => time({ program: 'certbot', args }), close: () => undefined };
}

/** `dehydrated --cron` with a line for every certificate; it asks its CA for a directory first, so there is one. */
export async function dehydrated(folder: string, count: number): Promise<Other> {
  const { pem, key } = certificateIn(join(folder, 'made'));
  const server = await directoryServer();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/directory`;
  const base = join(folder, 'dehydrated');
  mkdirSync(base, { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `site-${i}.example.com`);
  writeFileSync(
    join(base, 'domains.txt'),
    `${names.map((name) => `site.example.com > ${name}`).join('\n')}\n`,
  );
  writeFileSync(
    join(base, 'config'),
    [`BASEDIR=${base}`, `CA=${url}`, `WELLKNOWN=${base}/challenges`, 'KEY_ALGO=prime256v1', ''].join('\n'),
  );
  mkdirSync(join(base, 'challenges'));
  for (const name of names) {
    const own = join(base, 'certs', name);
    mkdirSync(own, { recursive: true });
    for (const [file, text] of Object.entries({ cert: pem, chain: pem, fullchain: pem, privkey: key }))
      writeFileSync(join(own, `${file}.pem`), text);
  }
  const command: Command = { program: 'dehydrated', args: ['--config', join(base, 'config')] };
  await time({ ...command, args: [...command.args, '--register', '--accept-terms'] });
  return {
    title: 'dehydrated --cron',
    run: () => time({ ...command, args: [...command.args, '--cron'] }),
    close: () => void server.close(),
  };
}

/** As much of an ACME server as a run without any order sees. */
async function directoryServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const at = (path: string) => `http://127.0.0.1:${port}/${path}`;
    response.setHeader('Replay-Nonce', 'bench');
    if (request.url === '/account') response.setHeader('Location', at('account/1')).writeHead(201);
    response.end(
      request.url === '/directory'
        ? JSON.stringify({
            newNonce: at('nonce'),
            newAccount: at('account'),
            newOrder: at('order'),
            revokeCert: at('revoke'),
            keyChange: at('key'),
            meta: {},
          })
        : JSON.stringify({ status: 'valid', id: 1 }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}
