import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import { Secret } from '../../../../src/model/secret.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { whmcs } from '../../../../src/providers/whmcs/index.js';
import { providerDeps } from '../../../support/provider-deps.js';
import { PRODUCTS } from '../../../support/whmcs-account.js';

/** A shop that answers with these bytes. */
export async function shopThat(
  answers: RequestListener,
  products: JsonObject = { dv: PRODUCTS.dv },
): Promise<Provider> {
  const server = createServer(answers);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const provider = await whmcs.create(
    providerDeps({
      config: {
        id: 'shop',
        type: 'whmcs',
        environment: 'rehearsal',
        credentials: {},
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/billing/`,
        priority: 1,
        prices: {},
        options: { clientId: 77, paymentMethod: 'banktransfer', products },
      },
      credentials: { identifier: new Secret('api-identifier'), secret: new Secret('s3cret!') },
    }),
  );
  onTestFinished(() => provider.close());
  return provider;
}

export const saying =
  (body: string, status = 200, type = 'application/json'): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

export const json = (body: JsonObject): RequestListener => saying(JSON.stringify(body));

/** A shop that answers each action with success and these members, or with nothing but a status. */
export const shopOf =
  (answer: (action: string, form: URLSearchParams) => JsonObject | number): RequestListener =>
  async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const form = new URLSearchParams(Buffer.concat(parts).toString('utf8'));
    const said = answer(form.get('action') ?? '', form);
    if (typeof said === 'number') return void response.writeHead(said).end();
    const body = JSON.stringify({ result: 'success', ...said });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
