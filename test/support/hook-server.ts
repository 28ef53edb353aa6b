/** An incoming webhook on loopback: keeps what it is sent, and fails when it is told to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  readonly json: any;
}

export interface HookServer {
  /** With a path that is as secret as those of real ones. */
  readonly url: string;
  readonly posts: Posted[];
  /** Until it is told otherwise, every post gets this. */
  answer(status: number, text?: string, headers?: Readonly<Record<string, string>>): void;
  /** From now on nothing is answered; called with each post. */
  silence(onPost: () => void): void;
  /** What came since the last call. */
  take(): readonly Posted[];
}

export const HOOK_PATH = '/services/T0/B0/canary-hook-9f3c';

export async function hookServer(): Promise<HookServer> {
  const posts: Posted[] = [];
  let taken = 0;
  let silent: (() => void) | undefined;
  let next: { status: number; text: string; headers: Readonly<Record<string, string>> } = {
    status: 200,
    text: 'ok',
    headers: {},
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers, body, json: JSON.parse(body) });
      if (silent) silent();
      else response.writeHead(next.status, next.headers).end(next.text);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${HOOK_PATH}`,
    posts,
    answer(status, text = '', headers = {}) {
      next = { status, text, headers };
    },
    silence(onPost) {
      silent = onPost;
    },
    take() {
      const fresh = posts.slice(taken);
      taken = posts.length;
      return fresh;
    },
  };
}
