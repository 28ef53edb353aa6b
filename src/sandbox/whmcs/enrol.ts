import Big from 'big.js';
import type { Product } from './products.js';
import type { Desk, Service, SslOrder } from './state.js';

const RVSSL: Readonly<Record<Product['level'], readonly string[]>> = {
  DV: ['ORDER_WAITING_FOR_APPROVAL', 'WF_CERTGEN'],
  OV: [
    'WAITING_SUBMIT_DOCUMENT',
    'WAITING_SUBMIT_PHONECALL',
    'WF_MANUAL_VETTING',
    'ORDER_WAITING_FOR_APPROVAL',
    'WF_CERTGEN',
  ],
  EV: [
    'WAITING_SUBMIT_DOCUMENT',
    'WF_EXTERNAL_SUBMISSION',
    'WAITING_SUBMIT_PHONECALL',
    'WF_VETTING_REVIEW',
    'WF_DOMAIN_APPROVAL_EMAIL',
    'WF_FINALIZATION',
  ],
};

export const splitNames = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((name) => name !== '');

const fieldText = (product: Product, service: Service, role: string): string => {
  const field = product.fields.find((one) => one.role === role);
  return field === undefined ? '' : (service.fields[String(field.id)] ?? '').trim();
};

/** The module takes the request from the fields and hands it on to the authority. */
export async function takeRequest(
  desk: Desk,
  product: Product,
  service: Service,
  ssl: SslOrder,
): Promise<'success' | (string & {})> {
  const { seat } = desk;
  return configure(desk, product, service, ssl, {
    csr: fieldText(product, service, 'csr'),
    approver: fieldText(product, service, 'approver'),
    names: splitNames(fieldText(product, service, 'names')),
    rejected: seat.fault('reject', 'AcceptOrder') !== undefined,
  });
}

export interface Enrolment {
  readonly csr: string;
  readonly approver: string;
  /** Beside the domain of the service. */
  readonly names: readonly string[];
  readonly rejected: boolean;
}

/** What a person enters in the wizard, or the module reads from the fields. */
export async function configure(
  desk: Desk,
  product: Product,
  service: Service,
  ssl: SslOrder,
  { csr, approver, names, rejected }: Enrolment,
): Promise<'success' | (string & {})> {
  const read = await desk.seat.readCsr(csr);
  if ('problem' in read) return `The CSR is not valid (${read.problem})`;
  ssl.csr = csr;
  ssl.spkiBase64 = read.spkiDer.toString('base64');
  ssl.keyHash = read.keyHash;
  ssl.names = [...new Set([service.domain.toLowerCase(), ...names])];
  ssl.approver = approver;
  ssl.row = 'Configuration Submitted';
  ssl.state = rejected ? 'rejected' : 'processing';
  ssl.now = false;
  ssl.stations = product.module === 'rvssl' ? [...RVSSL[product.level]] : ['WF_DOMAIN_APPROVAL'];
  if (rejected && desk.settings.rejectedService === 'Cancelled') service.status = 'Cancelled';
  if (!rejected) payUpstream(desk, product, ssl);
  return 'success';
}

/**
 * The reseller's credit at RVglobalsoft: too little of it and nothing moves, but by itself as soon as it reaches. A reissue
 * inside the term owes nothing.
 */
export function payUpstream(desk: Desk, product: Product, ssl: SslOrder): void {
  const price = product.upstreamPrice ?? '0.00';
  if (!ssl.owed || new Big(desk.state.upstreamCredit).lt(price)) return;
  desk.state.upstreamCredit = new Big(desk.state.upstreamCredit).minus(price).toFixed(2);
  ssl.owed = false;
}
