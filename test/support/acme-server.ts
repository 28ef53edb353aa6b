/**
 * A small ACME server of ours, for what Pebble lacks: renewal information, profiles, rate limits, and a CA that asks for
 * what no CA may ask for. It checks signatures, nonces and addresses, and issues real certificates of a throw-away CA.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { calculateJwkThumbprint, flattenedVerify, importJWK, type JWK } from 'jose';
import { makeCa, openCa } from '../../src/sandbox/frame/ca.js';
import { readCsr } from '../../src/sandbox/frame/csr.js';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

export type Operation =
  | 'directory'
  | 'new-nonce'
  | 'new-account'
  | 'account'
  | 'new-order'
  | 'order'
  | 'authz'
  | 'challenge'
  | 'finalize'
  | 'certificate'
  | 'revoke-cert'
  | 'renewal-info';

/** Gives another reply than the one the server would; undefined leaves it. */
type Tamper = (reply: Reply, payload: Record<string, unknown>) => Reply | undefined;

interface Order {
  readonly id: string;
  readonly names: readonly string[];
  status: 'pending' | 'ready' | 'valid' | 'invalid';
  certificate?: { readonly pem: string; readonly serial: string };
  readonly profile?: string;
  readonly replaces?: string;
}

export interface AcmeServer {
  readonly url: string;
  readonly directory: string;
  readonly rootPem: string;
  /** Calls so far, by operation, in order. */
  readonly calls: readonly Operation[];
  readonly orders: readonly Order[];
  readonly accounts: number;
  readonly accountUrls: readonly string[];
  /** Payloads of new orders. */
  readonly ordered: readonly Record<string, unknown>[];
  /** Reason of a revoked certificate, by serial. */
  readonly revoked: ReadonlyMap<string, unknown>;
  /** Every proof is given from now on. */
  validateAll(): void;
  /** The next order that is placed comes to nothing. */
  rejectNext(): void;
  deactivateAccounts(): void;
  /** From now on until it is taken away. */
  tamper(operation: Operation, tamper: Tamper | undefined): void;
  close(): Promise<void>;
}

export interface AcmeServerOptions {
  readonly now: () => number;
  readonly profiles?: Readonly<Record<string, string>>;
  readonly terms?: string;
  /** What it calls itself in CAA records; absent: it does not say. */
  readonly caaIdentities?: readonly string[];
  /** Window and `Retry-After` of every certificate; absent: there is no renewal information. */
  readonly renewal?: () => { readonly start: string; readonly end: string; readonly explanationURL?: string };
  readonly validityMs?: number;
}

const DAY_MS = 86_400_000;
const id = (): string => randomBytes(12).toString('hex');
export const problem = (kind: string, status: number, detail: string, more: object = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: `urn:ietf:params:acme:error:${kind}`, detail, status, ...more },
});

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
};

export async function startAcmeServer(options: AcmeServerOptions): Promise<AcmeServer> {
  const caState = await makeCa('ACME');
  const ca = await openCa(caState);
  const [rootPem = '', ...issuers] = ca.chain('public');
  const nonces = new Set<string>();
  const accounts = new Map<string, { readonly jwk: JWK; status: string; contact: unknown }>();
  const orders = new Map<string, Order>();
  const tampers = new Map<Operation, Tamper>();
  const calls: Operation[] = [];
  const ordered: Record<string, unknown>[] = [];
  const revoked = new Map<string, unknown>();
  let proven = false;
  let rejecting = false;
  let url = '';

  const orderReply = (order: Order, status = 200): Reply => ({
    status,
    headers: { location: `${url}/order/${order.id}` },
    body: {
      status: order.status,
      identifiers: order.names.map((value) => ({ type: 'dns', value })),
      authorizations: order.names.map((_, i) => `${url}/authz/${order.id}/${i}`),
      finalize: `${url}/finalize/${order.id}`,
      ...(order.certificate ? { certificate: `${url}/certificate/${order.id}` } : {}),
      ...(order.profile === undefined ? {} : { profile: order.profile }),
    },
  });

  const tokenOf = (order: Order, index: string): string =>
    createHash('sha256').update(`${order.id} ${index}`).digest('base64url');

  function authzReply(order: Order, index: string): Reply {
    const name = order.names[Number(index)] ?? '';
    const wildcard = name.startsWith('*.');
    const status = order.status === 'invalid' ? 'invalid' : order.status === 'pending' ? 'pending' : 'valid';
    const types = wildcard ? ['dns-01'] : ['dns-01', 'http-01'];
    return {
      status: 200,
      body: {
        identifier: { type: 'dns', value: name.replace('*.', '') },
        status,
        expires: new Date(options.now() + 30 * DAY_MS).toISOString(),
        ...(wildcard ? { wildcard } : {}),
        challenges: types.map((type) => ({
          type,
          url: `${url}/challenge/${order.id}/${index}/${type}`,
          status,
          token: tokenOf(order, index),
          ...(status === 'invalid'
            ? { error: { type: 'urn:ietf:params:acme:error:dns', detail: `no TXT record for ${name}` } }
            : {}),
        })),
      },
    };
  }

  const settle = (order: Order): Order => {
    if (proven && order.status === 'pending') order.status = 'ready';
    return order;
  };

  async function finalise(order: Order, payload: Record<string, unknown>): Promise<Reply> {
    if (order.status !== 'ready') return problem('orderNotReady', 403, `the order is ${order.status}`);
    const csr = await readCsr(Buffer.from(String(payload.csr), 'base64url').toString('base64'));
    if ('problem' in csr) return problem('badCSR', 400, csr.problem);
    const names = [...new Set([...csr.alternativeNames, ...csr.commonNames])].sort();
    if (names.join() !== [...order.names].sort().join()) return problem('badCSR', 400, 'other names');
    const notBeforeMs = Math.floor(options.now() / 1000) * 1000;
    order.certificate = await ca.sign('public', {
      spkiDer: csr.spkiDer,
      names: order.names,
      commonName: order.names[0],
      notBeforeMs,
      notAfterMs: notBeforeMs + (options.validityMs ?? 90 * DAY_MS) - 1000,
    });
    order.status = 'valid';
    return orderReply(order);
  }

  function newOrder(payload: Record<string, unknown>): Reply {
    const { identifiers, profile, replaces, ...strange } = payload;
    if (Object.keys(strange).length > 0) return problem('malformed', 400, `unknown ${Object.keys(strange)}`);
    ordered.push(payload);
    if (replaces !== undefined && [...orders.values()].some((one) => one.replaces === replaces)) {
      return problem('alreadyReplaced', 409, 'another order replaces it');
    }
    const order: Order = {
      id: id(),
      names: (identifiers as { value: string }[]).map(({ value }) => value),
      status: rejecting ? 'invalid' : 'pending',
      ...(profile === undefined ? {} : { profile: String(profile) }),
      ...(replaces === undefined ? {} : { replaces: String(replaces) }),
    };
    rejecting = false;
    orders.set(order.id, order);
    return orderReply(order, 201);
  }

  async function newAccount(payload: Record<string, unknown>, jwk: JWK): Promise<Reply> {
    const thumbprint = await calculateJwkThumbprint(jwk);
    const known = accounts.get(thumbprint);
    const location = `${url}/account/${thumbprint}`;
    if (known) return { status: 200, headers: { location }, body: { status: known.status } };
    if (payload.onlyReturnExisting === true) return problem('accountDoesNotExist', 400, 'no such account');
    if (payload.termsOfServiceAgreed !== true) return problem('userActionRequired', 403, 'terms');
    accounts.set(thumbprint, { jwk, status: 'valid', contact: payload.contact });
    return { status: 201, headers: { location }, body: { status: 'valid' } };
  }

  /** The payload of a signed request, or what is wrong with it. */
  async function verified(path: string, text: string) {
    const jws = JSON.parse(text) as { protected: string; payload: string; signature: string };
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as Record<string, unknown>;
    if (!nonces.delete(String(header.nonce))) return problem('badNonce', 400, 'the nonce is unknown');
    if (header.url !== `${url}${path}`) return problem('unauthorized', 403, 'signed for another address');
    const thumbprint = String(header.kid ?? '').replace(`${url}/account/`, '');
    const account = accounts.get(thumbprint);
    const jwk = (header.jwk as JWK | undefined) ?? account?.jwk;
    if (jwk === undefined) return problem('accountDoesNotExist', 400, 'no such account');
    if (account && account.status !== 'valid')
      return problem('unauthorized', 403, 'the account is not valid');
    await flattenedVerify(jws, await importJWK(jwk, String(header.alg)));
    const plain = Buffer.from(jws.payload, 'base64url').toString();
    return { payload: (plain === '' ? {} : JSON.parse(plain)) as Record<string, unknown>, jwk };
  }

  const directory = (): Reply => ({
    status: 200,
    body: {
      newNonce: `${url}/new-nonce`,
      newAccount: `${url}/new-account`,
      newOrder: `${url}/new-order`,
      revokeCert: `${url}/revoke-cert`,
      ...(options.renewal ? { renewalInfo: `${url}/renewal-info` } : {}),
      meta: {
        ...(options.terms === undefined ? {} : { termsOfService: options.terms }),
        ...(options.profiles ? { profiles: options.profiles } : {}),
        ...(options.caaIdentities ? { caaIdentities: options.caaIdentities } : {}),
      },
    },
  });

  async function serve(
    path: string,
    text: string,
  ): Promise<{ operation: Operation; reply: Reply; payload: object }> {
    const [, head = '', key = '', index = ''] = path.split('/');
    const operation = head as Operation;
    calls.push(operation);
    if (operation === 'directory') return { operation, reply: directory(), payload: {} };
    if (operation === 'new-nonce') return { operation, reply: { status: 204 }, payload: {} };
    if (operation === 'renewal-info') {
      const suggestedWindow = options.renewal?.();
      const { explanationURL, ...window } = suggestedWindow ?? {};
      const body = { suggestedWindow: window, ...(explanationURL === undefined ? {} : { explanationURL }) };
      return { operation, reply: { status: 200, headers: { 'retry-after': '21600' }, body }, payload: {} };
    }
    const signed = await verified(path, text);
    if (!('payload' in signed)) return { operation, reply: signed, payload: {} };
    const { payload, jwk } = signed;
    const answer = async (): Promise<Reply> => {
      if (operation === 'new-account') return newAccount(payload, jwk);
      if (operation === 'new-order') return newOrder(payload);
      if (operation === 'revoke-cert') {
        const serial = [...orders.values()].find(
          ({ certificate }) =>
            certificate &&
            certificate.pem.replaceAll(/-----[^-]+-----|\s/g, '') ===
              Buffer.from(String(payload.certificate), 'base64url').toString('base64'),
        )?.certificate?.serial;
        if (serial === undefined) return problem('unauthorized', 403, 'not yours');
        if (revoked.has(serial)) return problem('alreadyRevoked', 400, 'it was revoked before');
        revoked.set(serial, payload.reason);
        return { status: 200 };
      }
      const order = orders.get(key);
      if (!order) return problem('malformed', 404, 'no such order');
      if (operation === 'finalize') return finalise(settle(order), payload);
      if (operation === 'order') return orderReply(settle(order));
      if (operation === 'authz') return authzReply(settle(order), index);
      if (operation === 'certificate') {
        const body = [order.certificate?.pem, ...[...issuers].reverse()].join('');
        return { status: 200, headers: { 'content-type': 'application/pem-certificate-chain' }, body };
      }
      const type = path.split('/')[4] ?? '';
      const { challenges } = authzReply(order, index).body as { challenges: { type: string }[] };
      return { status: 200, body: challenges.find((one) => one.type === type) ?? {} };
    };
    return { operation, reply: await answer(), payload };
  }

  const server = createServer((request, response) => {
    void (async () => {
      const served = await serve(request.url ?? '', await bodyOf(request));
      const tamper = tampers.get(served.operation);
      const {
        status,
        headers = {},
        body,
      } = tamper?.(served.reply, served.payload as Record<string, unknown>) ?? served.reply;
      const nonce = id();
      nonces.add(nonce);
      response.writeHead(status, {
        date: new Date(options.now()).toUTCString(),
        'replay-nonce': nonce,
        'content-type': 'application/json',
        ...headers,
      });
      response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    directory: `${url}/directory`,
    rootPem,
    calls,
    ordered,
    revoked,
    get orders() {
      return [...orders.values()];
    },
    get accounts() {
      return accounts.size;
    },
    get accountUrls() {
      return [...accounts.keys()].map((thumbprint) => `${url}/account/${thumbprint}`);
    },
    validateAll: () => {
      proven = true;
    },
    rejectNext: () => {
      rejecting = true;
    },
    deactivateAccounts: () => {
      for (const account of accounts.values()) account.status = 'deactivated';
    },
    tamper: (operation, tamper) => {
      if (tamper === undefined) tampers.delete(operation);
      else tampers.set(operation, tamper);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
