import type { ReadCsr } from '../frame/csr.js';
import { currentName, PRODUCTS, type Product } from './products.js';
import { Refusal } from './reply.js';
import { type Fields, isTrue, listIn, needed } from './request.js';
import type { Desk, Method, Proof } from './state.js';

const MAILBOXES = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'] as const;
const bare = (name: string): string => name.replace(/^\*\./, '');

export const mailboxesOf = (name: string): readonly string[] =>
  MAILBOXES.map((mailbox) => `${mailbox}@${bare(name)}`);

/** @throws Refusal */
export function typeIn(fields: Fields, name: string, missing: number): string {
  const type = currentName(needed(fields, name, missing));
  if (type !== undefined) return type;
  throw new Refusal(2011301, 'SSL Certificate type is invalid or discontinued');
}

export const productOf = (type: string): Product => {
  const product = PRODUCTS[type];
  if (product === undefined) throw new RangeError(`no product ${type}`);
  return product;
};

/** @throws Refusal */
export async function csrIn({ seat }: Desk, fields: Fields): Promise<ReadCsr & { readonly pem: string }> {
  const pem = needed(fields, 'csr', 2010296);
  if (!pem.includes('-----BEGIN ')) throw new Refusal(3011296, 'Invalid CSR');
  const csr = await seat.readCsr(pem);
  if ('problem' in csr) throw new Refusal(3011296, `Invalid CSR (${csr.problem})`);
  return { ...csr, pem };
}

/** The common name first. @throws Refusal */
export function namesIn(fields: Fields, product: Product, csr: ReadCsr, allowed: number): readonly string[] {
  const [common] = csr.commonNames;
  const commonName = (common ?? csr.alternativeNames[0] ?? '').toLowerCase();
  if (commonName === '') throw new Refusal(3011296, 'The CSR names no domain');
  if (product.wildcard && !commonName.startsWith('*.')) {
    throw new Refusal(2011296, 'The product needs a wildcard common name');
  }
  if (!product.wildcard && commonName.startsWith('*.')) {
    throw new Refusal(2030296, 'A wildcard common name is not supported by the product');
  }
  const others = listIn(fields, 'DNSNames').map((name) => name.toLowerCase());
  if (product.included === 1) return [commonName];
  if (others.includes(commonName)) throw new Refusal(2014296, 'Duplicate common name');
  if (1 + others.length > allowed) throw new Refusal(2010767, 'Too many DNSNames');
  return [commonName, ...new Set(others)];
}

const TOKENS: Readonly<Record<string, Method>> = { HTTPCSRHASH: 'HTTP', CNAMECSRHASH: 'CNAME' };
const EDIT_TOKENS: Readonly<Record<string, Method>> = { HTTP_CSR_HASH: 'HTTP', CNAME_CSR_HASH: 'CNAME' };

interface Wish {
  readonly method: Method;
  readonly mailbox: string | null;
}

function wishOf(tokens: Readonly<Record<string, Method>>, name: string, text: string): Wish {
  const method = tokens[text.toUpperCase()];
  if (method !== undefined) return { method, mailbox: null };
  if (!mailboxesOf(name).includes(text.toLowerCase())) {
    throw new Refusal(2011295, `${text} is no approver of ${name}`);
  }
  return { method: 'EMAIL', mailbox: text.toLowerCase() };
}

/** One choice for the common name, a list for the others. @throws Refusal */
export function proofsIn(desk: Desk, fields: Fields, names: readonly string[], csr: ReadCsr): Proof[] {
  const [http, dns] = [isTrue(fields, 'HTTPDCValidation'), isTrue(fields, 'DNSDCValidation')];
  if (http && dns) throw new Refusal(2011784, 'Both HTTPDCValidation and DNSDCValidation');
  const approver = fields.get('approveremail') ?? '';
  if (!http && !dns && approver === '') throw new Refusal(2010295, 'ApproverEmail is missing');
  const [common = '', ...others] = names;
  const first: Wish = http
    ? { method: 'HTTP', mailbox: null }
    : dns
      ? { method: 'CNAME', mailbox: null }
      : wishOf({}, common, approver);
  const tokens = listIn(fields, 'DNSApproverEmails');
  if (tokens.length !== others.length) throw new Refusal(2010767, 'DNSNames and DNSApproverEmails differ');
  const unique = fields.get('uniquevalue') ?? desk.seat.token(10);
  const wishes = [first, ...others.map((name, i) => wishOf(TOKENS, name, tokens[i] ?? ''))];
  return names.map((name, i) => proofOf(csr, unique, name, wishes[i] ?? first));
}

/** @throws Refusal */
export function editedProof(desk: Desk, proof: Proof, token: string): Proof {
  const csr = { md5: desk.seat.token(32), sha256: desk.seat.token(64) };
  const wish = wishOf(EDIT_TOKENS, proof.name, token);
  // The method that is set keeps its values: so they are read again.
  const same = wish.method === proof.method && wish.mailbox === proof.mailbox;
  return same ? proof : proofOf(csr, desk.seat.token(10), proof.name, wish);
}

function proofOf(
  { md5, sha256 }: Pick<ReadCsr, 'md5' | 'sha256'>,
  unique: string,
  name: string,
  { method, mailbox }: Wish,
): Proof {
  if (method === 'HTTP' && name.startsWith('*.')) {
    throw new Refusal(3011784, 'File validation is not permitted for a wildcard');
  }
  const [key, value] =
    method === 'HTTP'
      ? [`${md5.toUpperCase()}.txt`, `${sha256.toUpperCase()}\nssl.example\n${unique}`]
      : method === 'CNAME'
        ? [`_${md5}.${bare(name)}`, `${sha256.slice(0, 32)}.${sha256.slice(32)}.${unique}.ssl.example`]
        : ['', ''];
  return { name, method, mailbox, key, value, provedAtMs: null, lastLook: null };
}
