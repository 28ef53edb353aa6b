import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { tempFolder } from './git.js';

const run = promisify(execFile);

export interface Nginx {
  /** The command with its prefix and configuration, for a shell. */
  readonly command: string;
  readonly port: number;
  /** Files with server blocks go here. */
  readonly sites: string;
  reload(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The nginx of the system in a folder of its own, without any site yet. Gone after the test. */
export async function startNginx(): Promise<Nginx> {
  const folder = await tempFolder();
  const sites = join(folder, 'sites');
  await mkdir(sites);
  await mkdir(join(folder, 'logs'));
  const configuration = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    configuration,
    [
      `pid ${folder}/nginx.pid;`,
      `error_log ${folder}/logs/error.log;`,
      'worker_processes 1;',
      'daemon off;',
      'events { worker_connections 64; }',
      'http {',
      '  access_log off;',
      ...paths.map((name) => `  ${name}_temp_path ${folder}/${name};`),
      `  server { listen unix:${folder}/idle.sock; }`,
      `  include ${sites}/*.conf;`,
      '}',
      '',
    ].join('\n'),
  );
  const args = ['-p', folder, '-c', configuration, '-e', join(folder, 'logs/error.log')];
  const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    command: ['nginx', ...args].join(' '),
    port: await freePort(),
    sites,
    async reload() {
      await run('nginx', [...args, '-s', 'reload']);
    },
  };
}

/** Serial of the certificate a server shows for a name, lower-case hex; undefined while nobody answers. */
export async function servedSerial(port: number, servername: string): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().serialNumber?.toLowerCase();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
