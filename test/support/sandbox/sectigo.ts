import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { request } from 'undici';
import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/index.js';

const run = promisify(execFile);

export const LOGIN = { loginName: 'acme', loginPassword: 'S3cret+ word' } as const;
/** A Wednesday afternoon after the 200-day rule. */
export const START_MS = Date.UTC(2026, 5, 10, 15, 30);
export const DAY_MS = 86_400_000;

export type Params = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly type: string | undefined;
  readonly date: string | undefined;
  readonly body: string;
  readonly bytes: Buffer;
  /** Of a URL-encoded reply. */
  get(key: string): string | undefined;
  all(key: string): readonly string[];
  keys(): readonly string[];
}

export interface Account extends Sandbox {
  /** A form post with the right login, unless `params` says otherwise. */
  call(operation: string, params?: Params): Promise<Reply>;
}

const pathOf = (operation: string): string =>
  operation === 'CollectSSL' ? '/products/download/CollectSSL' : `/products/!${operation}`;

/** A form post to any path, exactly as given. */
export async function post(url: string, body: string, headers: Params = {}): Promise<Reply> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  const text = bytes.toString('utf8');
  const fields = new URLSearchParams(text);
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    status: response.statusCode,
    type: header('content-type'),
    date: header('date'),
    body: text,
    bytes,
    get: (key) => fields.get(key) ?? undefined,
    all: (key) => fields.getAll(key),
    keys: () => [...fields.keys()],
  };
}

/** A sandbox whose clock stands still until it is moved; gone after the test. */
export async function account(options: SandboxOptions = {}): Promise<Account> {
  const sandbox = await startSandbox('sectigo', { now: () => START_MS, login: LOGIN, ...options });
  onTestFinished(() => sandbox.close());
  return {
    ...sandbox,
    call: (operation, params = {}) =>
      post(`${sandbox.url}${pathOf(operation)}`, new URLSearchParams({ ...LOGIN, ...params }).toString()),
  };
}

export interface Request {
  readonly pem: string;
  readonly md5: string;
  readonly sha256: string;
}

/** A request by openssl. @param key  arguments of `openssl req` that make the key */
export async function csrOf(
  subject: string,
  names: readonly string[] = [],
  key: readonly string[] = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
): Promise<Request> {
  const extension = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
  const args = ['req', '-new', '-nodes', '-keyout', '/dev/null', '-subj', subject, ...key, ...extension];
  const { stdout } = await run('openssl', args);
  const pem = stdout.slice(stdout.indexOf('-----BEGIN'));
  return { pem, ...digestsOf(pem) };
}

export function digestsOf(pem: string): { md5: string; sha256: string } {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const hash = (name: string) => createHash(name).update(der).digest('hex');
  return { md5: hash('md5'), sha256: hash('sha256') };
}

/** What every order has to say. */
export const orderOf = (csr: Request, more: Params = {}): Params => ({
  product: '287',
  days: '365',
  isCustomerValidated: 'N',
  serverSoftware: '-1',
  csr: csr.pem,
  dcvMethod: 'CNAME_CSR_HASH',
  ...more,
});

/** Polls until it is issued; the number of polls and the last reply. */
export async function collected(shop: Account, params: Params): Promise<{ polls: number; reply: Reply }> {
  for (let polls = 1; polls <= 10; polls += 1) {
    const reply = await shop.call('CollectSSL', { queryType: '1', responseFormat: '1', ...params });
    if (!['0', '-26'].includes(reply.get('errorCode') ?? '')) return { polls, reply };
  }
  throw new Error('the sandbox does not issue');
}

/** What openssl prints of a certificate. @param text  PEM, or its base64 alone */
export async function openssl(args: readonly string[], text: string): Promise<string> {
  const child = run('openssl', [...args]);
  child.child.stdin?.end(text);
  return (await child).stdout;
}

export const armoured = (base64: string): string =>
  `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/** The worked example of the wire reference: one request, its digests and its token. */
export const EXAMPLE: Request = {
  pem: `-----BEGIN CERTIFICATE REQUEST-----
MIHUMHwCAQAwGjEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEgLKnmMiz0DsphSumuWOY/i62qq9bscE14Mi4O8i5z207
BuNJRVAR9uLFl5s7VU85+2QvC6vaYn2353z2+8TNoaAAMAoGCCqGSM49BAMCA0gA
MEUCIFpC7N8QPDr25EO67S4QyaPUyC7a8aE/vR+W2JS8oqvfAiEAyD2PMH71VVTr
cGNDidkWIkD12NFNEKO5oYH62u0TAV0=
-----END CERTIFICATE REQUEST-----
`,
  md5: '2bc363f0e57045a76118057937f2cab6',
  sha256: '75414e468bfcd9a7a0350e4dc2fbfea28761bec5b59ff464858fbe2e82a49d13',
};

/** An account with one order for www.example.com: proved, and issued at the next look. */
export async function issuedOrder(options: SandboxOptions = {}, more: Params = {}): Promise<Account> {
  const shop = await account(options);
  await shop.call('AutoApplyOrder', orderOf(EXAMPLE, more));
  await shop.control('POST', 'orders/912345678/issue');
  await shop.call('CollectSSL', { orderNumber: '912345678', queryType: '0' });
  return shop;
}
