import { isIP } from 'node:net';
import { parseName } from '../../model/names.js';
import type { CsrProblem, ReadCsr } from '../frame/csr.js';
import { type Arguments, list } from './arguments.js';
import { CSR_IS_ADDRESS, invalid, missing, Refusal } from './codes.js';
import type { Product } from './products.js';
import type { Certificate, Dcv, Desk } from './state.js';

const PROBLEMS: Readonly<Record<CsrProblem, number>> = {
  base64: -9,
  encoding: -10,
  algorithm: -11,
  signature: -12,
  size: -13,
};

/** A request whose form, key and signature are in order. @throws Refusal */
export async function checkedCsr({ seat }: Desk, text: string): Promise<ReadCsr> {
  const csr = await seat.readCsr(text);
  if ('problem' in csr) throw new Refusal(PROBLEMS[csr.problem]);
  return csr;
}

export interface Naming {
  readonly commonName: string | null;
  readonly names: readonly string[];
}

/** The names that are asked for, with the rules of the product. @throws Refusal */
export const namesOf = (product: Product, args: Arguments, csr: ReadCsr): Naming =>
  product.multi ? severalNames(product, args, csr) : oneName(product, csr);

/** Arguments that can be judged without the request. @throws Refusal -3, -4 */
export function checkNameArguments(product: Product, args: Arguments): void {
  if (!product.multi) {
    if (args.domainNames !== undefined) throw invalid('domainNames');
    if (args.primaryDomainName !== undefined) throw invalid('primaryDomainName');
    return;
  }
  if (args.domainNames === undefined) throw missing('domainNames');
  const names = namesIn(product, args.domainNames);
  if (args.primaryDomainName !== undefined && !names.includes(args.primaryDomainName.toLowerCase())) {
    throw invalid('primaryDomainName');
  }
}

function oneName(product: Product, csr: ReadCsr): Naming {
  const [raw] = csr.commonNames;
  if (raw === undefined) throw new Refusal(-8);
  if (isIP(raw) !== 0) throw new Refusal(-35, undefined, CSR_IS_ADDRESS);
  const stars = raw.split('*').length - 1;
  if (product.wildcard && !(raw.startsWith('*.') && stars === 1)) throw new Refusal(-6);
  if (!product.wildcard && stars > 0) throw new Refusal(-5);
  const parsed = parseName(raw);
  if (!parsed.ok) throw invalid('csr');
  return { commonName: parsed.name, names: [parsed.name] };
}

function severalNames(product: Product, args: Arguments, csr: ReadCsr): Naming {
  const names = namesIn(product, args.domainNames ?? '');
  const inCsr = [...csr.commonNames, ...csr.alternativeNames].map((name) => name.toLowerCase());
  if (inCsr.some((name) => !names.includes(name))) throw new Refusal(-162);
  const primary = args.primaryDomainName?.toLowerCase();
  // Without a primary name a multi-domain certificate has no common name; UCC takes that of the request.
  const fallback = product.title.includes('UCC') ? csr.commonNames[0]?.toLowerCase() : undefined;
  return { commonName: primary ?? fallback ?? null, names };
}

function namesIn(product: Product, value: string): readonly string[] {
  const names = list(value).map((name) => {
    if (isIP(name) !== 0 && product.level !== 'EV') return name;
    const parsed = parseName(name);
    if (!parsed.ok || parsed.name.startsWith('*.')) throw invalid('domainNames');
    return parsed.name;
  });
  if (names.length === 0 || new Set(names).size !== names.length) throw invalid('domainNames');
  return names;
}

/** The token that is part of every proof: the caller's, or one of ours when the key was seen before. */
export function uniqueValueOf(desk: Desk, args: Arguments, csr: ReadCsr): string | null {
  if (args.uniqueValue !== undefined) return args.uniqueValue;
  const seen = desk.state.orders.some((order) =>
    order.certificates.some(({ keyHash }) => keyHash === csr.keyHash),
  );
  return seen ? desk.seat.token(8) : null;
}

/** The same request with the same token makes whatever waits with it fail. */
export function failEarlierTwins(desk: Desk, fresh: Certificate): void {
  for (const order of desk.state.orders) {
    for (const other of order.certificates) {
      const twin =
        other !== fresh && other.sha256 === fresh.sha256 && other.uniqueValue === fresh.uniqueValue;
      if (!twin || other.state !== 'pending') continue;
      other.state = 'rejected';
      if (order.certificates.length > 1) continue;
      order.state = 'rejected';
      order.reason = 'a later order used the same request and the same unique value';
    }
  }
}

/** A certificate that is asked for from now on. */
export function newCertificate(
  desk: Desk,
  input: { orderNumber: string; csr: ReadCsr; naming: Naming; uniqueValue: string | null; dcv: Dcv[] },
): Certificate {
  desk.state.lastCertificate += 1;
  const { csr, naming } = input;
  return {
    certificateId: String(desk.state.lastCertificate),
    orderNumber: input.orderNumber,
    csrBase64: csr.der.toString('base64'),
    spkiBase64: csr.spkiDer.toString('base64'),
    keyHash: csr.keyHash,
    md5: csr.md5,
    sha256: csr.sha256,
    commonName: naming.commonName,
    uniqueValue: input.uniqueValue,
    dcv: input.dcv,
    requestedAtMs: desk.nowMs,
    state: 'pending',
    readyAtMs: null,
    polls: 0,
    collectedAtMs: null,
    now: false,
    issued: null,
  };
}
