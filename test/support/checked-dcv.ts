import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DcvItem, OrderSnapshot, SolvableRecord } from '../../src/model/order.js';
import type { ProviderDefinition } from '../../src/ports/provider.js';
import type { BindServer } from './bind.js';
import { paidTest } from './paid-provider/adapter.js';
import { PaidProviderControl } from './paid-provider/control.js';

export interface CheckedDcv {
  readonly dns: BindServer;
  /** Loopback port of the web server of every name. */
  readonly webPort: number;
  /** What names of method dns are proven by; default CNAME. */
  readonly type?: 'CNAME' | 'TXT';
  /** Asks for something else than it should. */
  asks?(record: SolvableRecord, name: string): SolvableRecord;
}

/**
 * The paid provider of the tests with a certificate authority that checks for real: a name is valid once its record stands
 * in the DNS server or its file on the web server, looked up by other means than the solvers'. It checks when it is asked
 * to, and issues nothing before.
 */
export function checkedDcv(options: CheckedDcv): ProviderDefinition {
  return {
    ...paidTest,
    async create(deps) {
      const base = await paidTest.create(deps);
      const control = new PaidProviderControl(deps.config.url ?? '');
      const methods = new Map<string, DcvItem['method']>();
      const asShown = (order: OrderSnapshot): OrderSnapshot => ({
        ...order,
        validation: order.validation
          .map((item) => asMethod(item, methods.get(item.name), options))
          .map((item) => asAsked(item, options)),
      });
      return {
        ...base,
        async getOrder(id, recorded) {
          for (const { name, method } of recorded?.request.validation ?? []) methods.set(name, method);
          return asShown(await base.getOrder(id, recorded));
        },
        validator: {
          async recheck(id, items) {
            for (const { name, method } of items) methods.set(name, method);
            const { validation } = asShown(await base.getOrder(id));
            for (const { name, state, record } of validation) {
              if (state === 'valid' || record === undefined || record.type === 'email') continue;
              if (await stands(record, options)) await control.validate({ orderId: id, name });
            }
          },
        },
      };
    },
  };
}

/** The seller's token, as a record of the kind that was asked for. */
function asMethod(item: DcvItem, method: DcvItem['method'] | undefined, { type }: CheckedDcv): DcvItem {
  const { record } = item;
  if (record?.type !== 'CNAME') return item;
  if (method === 'http') {
    const url = `http://${item.name}/.well-known/pki-validation/${record.value.slice(0, 32).toUpperCase()}.txt`;
    return {
      ...item,
      method,
      record: { type: 'file', url, content: `${record.value}\npaid-test.example\n` },
    };
  }
  return type === 'TXT' ? { ...item, record: { ...record, type } } : item;
}

function asAsked(item: DcvItem, { asks }: CheckedDcv): DcvItem {
  const { record } = item;
  return !asks || record === undefined || record.type === 'email'
    ? item
    : { ...item, record: asks(record, item.name) };
}

async function stands(record: SolvableRecord, { dns, webPort }: CheckedDcv): Promise<boolean> {
  switch (record.type) {
    case 'TXT':
      return (await dns.texts(record.owner)).includes(record.value);
    case 'CNAME':
      return (await dns.alias(record.owner)) === record.value;
    case 'file':
      return (await fetched(record.url, webPort)) === record.content;
  }
}

function fetched(url: string, port: number): Promise<string | undefined> {
  const { host, pathname } = new URL(url);
  return new Promise((settle, fail) => {
    const call = request(
      { port, host: '127.0.0.1', path: pathname, agent: false, headers: { host } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => settle(response.statusCode === 200 ? body : undefined));
      },
    );
    call.on('error', fail).end();
  });
}

/** A web server that serves a folder to every name. Gives its port. */
export async function serveFolder(root: string): Promise<number> {
  const server: Server = createServer((asked, response) => {
    readFile(join(root, new URL(asked.url ?? '/', 'http://x').pathname)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the web server has no port');
  return address.port;
}
