import type { Json, JsonObject } from '../../model/json.js';
import type { ReadCsr } from '../frame/csr.js';
import { PRODUCTS, type Product } from './products.js';
import { authoritySays, Refusal } from './reply.js';
import type { Desk, Method, Proof } from './state.js';

/** Numbers and booleans may come as texts. */
export const textIn = (body: JsonObject, key: string): string | undefined => {
  const value = body[key];
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};

export const flagIn = (body: JsonObject, key: string): boolean => textIn(body, key)?.toLowerCase() === 'true';

export const countIn = (body: JsonObject, key: string): number | undefined => {
  const text = textIn(body, key);
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
};

export const objectIn = (body: JsonObject, key: string): JsonObject => {
  const value = body[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

const textsIn = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one.trim() !== '').map(String) : [];

/** PEM, PEM on one line, or percent-encoded PEM; never bare base64. @throws Refusal */
export async function csrIn(desk: Desk, body: JsonObject, product: Product): Promise<ReadCsr> {
  const sent = textIn(body, 'CSR');
  if (sent === undefined) throw new Refusal('The CSR cannot be decoded!');
  // A misleading answer that clients have met.
  if (product.vendor === 'DIGICERT' && textIn(body, 'SignatureHashAlgorithm') === undefined) {
    throw new Refusal('csr_invalid: Failed to parse CSR');
  }
  const encoded = /%0a|%2b|%20/i.test(sent);
  if (desk.settings.csrForms === 'url' && !encoded) throw new Refusal('csr_invalid: Failed to parse CSR');
  const pem = encoded ? decodeURIComponent(sent) : sent;
  if (!pem.includes('-----BEGIN ')) throw new Refusal('The CSR cannot be decoded!');
  const csr = await desk.seat.readCsr(pem);
  if ('problem' in csr) throw authoritySays(`The CSR is not valid (${csr.problem}).`);
  return csr;
}

/** @throws Refusal */
export function productIn(body: JsonObject): Product {
  const product = PRODUCTS[textIn(body, 'ProductCode') ?? ''];
  if (product === undefined) throw new Refusal('Invalid product code.');
  return product;
}

const lower = (name: string): string => name.trim().toLowerCase();

/** The common name first; of one name the CSR decides. @throws Refusal */
export function namesIn(body: JsonObject, product: Product, csr: ReadCsr): readonly string[] {
  const [common] = csr.commonNames;
  const commonName = lower(common ?? csr.alternativeNames[0] ?? textIn(body, 'DomainName') ?? '');
  if (commonName === '') throw authoritySays('The CSR names no domain.');
  const listed = textsIn(body.DNSNames).map(lower);
  const names = product.included === undefined ? [commonName] : [...new Set([commonName, ...listed])];
  const wild = names.some((name) => name.startsWith('*.'));
  if (wild !== product.wildcard) {
    throw authoritySays(wild ? 'This product takes no wildcard.' : 'This product takes a wildcard alone.');
  }
  return names;
}

const MAILBOXES = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'] as const;

const bare = (name: string): string => name.replace(/^\*\./, '');

/** The name and every parent that may be registered. */
function zonesOf(name: string): readonly string[] {
  const labels = bare(name).split('.');
  return labels.slice(0, -1).map((_, i) => labels.slice(i).join('.'));
}

export const mailboxesOf = (name: string): readonly string[] =>
  zonesOf(name).flatMap((zone) => MAILBOXES.map((mailbox) => `${mailbox}@${zone}`));

const LIST_WORDS: Readonly<Record<string, Method>> = {
  HTTP_CSR_HASH: 'HTTP_CSR_HASH',
  HTTP: 'HTTP_CSR_HASH',
  HTTPS_CSR_HASH: 'HTTPS_CSR_HASH',
  HTTPS: 'HTTPS_CSR_HASH',
  CNAME_CSR_HASH: 'CNAME_CSR_HASH',
  DNS: 'CNAME_CSR_HASH',
};

/** DigiCert has words of its own. */
const inWordsOf = (product: Product, method: Method): Method => {
  if (product.vendor !== 'DIGICERT' || method === 'EMAIL') return method;
  return method === 'CNAME_CSR_HASH' ? 'DNS' : 'FILE';
};

function flagged(body: JsonObject): Method {
  if (flagIn(body, 'CNAMEAuthDVIndicator')) return 'CNAME_CSR_HASH';
  if (flagIn(body, 'HTTPSFileAuthDVIndicator')) return 'HTTPS_CSR_HASH';
  return flagIn(body, 'FileAuthDVIndicator') ? 'HTTP_CSR_HASH' : 'EMAIL';
}

/** How each name is to be proved. @throws Refusal */
export function proofsIn(
  desk: Desk,
  body: JsonObject,
  product: Product,
  names: readonly string[],
  csr: ReadCsr,
): Proof[] {
  const approver = textIn(body, 'ApproverEmail') ?? textIn(body, 'ApproverEmails');
  if (approver === undefined) throw new Refusal('Approver email is required.');
  const entries = approver.split(',').map((entry) => entry.trim());
  const listed = names.length > 1 && product.vendor !== 'DIGICERT';
  if (listed && entries.length !== names.length) throw authoritySays('Wrong number of approver emails.');
  if (product.vendor === 'DIGICERT' && entries.length > 1)
    throw authoritySays('Exactly one approver email is taken.');
  const unique = textIn(body, 'CSRUniqueValue') ?? desk.seat.token(12);
  return names.map((name, i) => {
    const entry = (listed ? entries[i] : entries[0]) ?? '';
    const method = listed ? (LIST_WORDS[entry.toUpperCase()] ?? 'EMAIL') : flagged(body);
    if (!LIST_WORDS[entry.toUpperCase()] && !mailboxesOf(name).includes(entry.toLowerCase())) {
      throw authoritySays(`${entry} is no approver of ${name}.`);
    }
    return proofOf(desk, product, csr, unique, name, method, method === 'EMAIL' ? entry : null);
  });
}

/** @throws Refusal for a file of a wildcard */
export function proofOf(
  desk: Desk,
  product: Product,
  csr: Pick<ReadCsr, 'md5' | 'sha256'>,
  unique: string,
  name: string,
  chosen: Method,
  mailbox: string | null,
): Proof {
  const method = inWordsOf(product, chosen);
  const file = method === 'HTTP_CSR_HASH' || method === 'HTTPS_CSR_HASH' || method === 'FILE';
  if (file && name.startsWith('*.')) throw authoritySays(`A file does not prove ${name}.`);
  const [key, value] = tokenOf(desk, csr, unique, name, method);
  return { name, method, mailbox, key, value, provedAtMs: null, lastLook: null };
}

function tokenOf(
  { seat }: Desk,
  { md5, sha256 }: Pick<ReadCsr, 'md5' | 'sha256'>,
  unique: string,
  name: string,
  method: Method,
): readonly [key: string, value: string] {
  switch (method) {
    case 'EMAIL':
      return ['', ''];
    case 'HTTP_CSR_HASH':
    case 'HTTPS_CSR_HASH':
      return [`${md5.toUpperCase()}.txt`, `${sha256}\nsectigo.com\n${unique}`];
    case 'CNAME_CSR_HASH':
      return [`_${md5}.${bare(name)}`, `${sha256.slice(0, 32)}.${sha256.slice(32)}.${unique}.sectigo.com`];
    case 'FILE':
      return ['fileauth.txt', seat.token(32)];
    case 'DNS':
      return ['', seat.token(32)];
  }
}
