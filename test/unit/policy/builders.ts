import type { Environment, PolicyConfig } from '../../../src/model/configuration.js';
import type { IntendedIntent, PlacedIntent, UnknownIntent } from '../../../src/model/intent.js';
import { type Money, parseMoney } from '../../../src/model/money.js';
import type { Lane, OrderRequest, PaidOrFreeAction } from '../../../src/model/order.js';
import {
  type CurrentCertificate,
  emptyStatus,
  type OrderRecord,
  type Status,
} from '../../../src/model/status.js';

export function usd(text: string): Money {
  const value = parseMoney(/[A-Z]/.test(text) ? text : `${text} USD`);
  if (!value) throw new Error(`no money: ${text}`);
  return value;
}

export const status = (name: string, parts: Partial<Status> = {}): Status => ({
  ...emptyStatus(name),
  ...parts,
});

export const order = (id: string, parts: Partial<OrderRecord> = {}): OrderRecord => ({
  id,
  ids: [id],
  reference: `cwx-${id}`,
  provider: 'shop',
  environment: 'live',
  product: 'dv',
  names: ['a.example.com'],
  placedAt: '2026-11-01T10:00:00Z',
  state: 'issued',
  charges: [],
  ...parts,
});

/** A certificate from 2026-11-01 on for 199 days. */
export const certificate = (serial: string, parts: Partial<CurrentCertificate> = {}): CurrentCertificate => ({
  serial,
  sha256: `sha-${serial}`,
  names: ['a.example.com'],
  notBefore: '2026-11-01T00:00:00Z',
  notAfter: '2027-05-18T23:59:59Z',
  issuer: 'CN=CA',
  keyHash: 'k',
  keyAlgorithm: 'ecdsa-p256',
  order: '1',
  publishedAt: '2026-11-01T10:00:00Z',
  reason: 'NoOrder',
  ownKey: true,
  ...parts,
});

export const request = (action: PaidOrFreeAction, parts: Partial<OrderRequest> = {}): OrderRequest => ({
  action,
  reference: 'cwx-r',
  product: 'dv',
  names: ['a.example.com'],
  commonName: 'a.example.com',
  validation: [],
  options: {},
  unique: {},
  ...parts,
});

const base = (id: string, action: PaidOrFreeAction, quoted: string | null, lane: Lane) => ({
  id,
  lane,
  action,
  provider: 'shop',
  environment: 'live' as Environment,
  request: request(action),
  quoted: quoted === null ? null : usd(quoted),
  approval: { kind: 'auto' } as const,
  manifestCommit: 'c',
  manifestDigest: 'd',
  createdAt: '2026-11-20T10:00:00Z',
  reason: 'NoOrder',
  steps: [],
  resends: 0,
});

export const intended = (
  id: string,
  action: PaidOrFreeAction,
  quoted: string | null,
  parts: Partial<IntendedIntent> = {},
): IntendedIntent => ({
  ...base(id, action, quoted, action === 'order' || action === 'renew' ? 'purchase' : 'free'),
  phase: 'intended',
  nonce: 'n',
  sendBy: '2026-11-20T10:01:00Z',
  settledAt: '2026-11-21T10:06:00Z',
  ...parts,
});

export const placed = (
  id: string,
  action: PaidOrFreeAction,
  quoted: string | null,
  orderId: string,
  parts: Partial<PlacedIntent> = {},
): PlacedIntent => ({
  ...base(id, action, quoted, action === 'order' || action === 'renew' ? 'purchase' : 'free'),
  phase: 'placed',
  orderId,
  placedAt: '2026-11-20T10:00:30Z',
  ...parts,
});

export const unknown = (
  id: string,
  action: PaidOrFreeAction,
  quoted: string | null,
  parts: Partial<UnknownIntent> = {},
): UnknownIntent => ({
  ...base(id, action, quoted, action === 'order' || action === 'renew' ? 'purchase' : 'free'),
  phase: 'unknown',
  since: '2026-11-21T12:00:00Z',
  why: 'the connection broke',
  candidates: [],
  ...parts,
});

export const policy = (parts: Partial<PolicyConfig> = {}): PolicyConfig => ({
  approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'pull-request' },
  spending: {},
  rules: [],
  requests: { group: 'each', perRun: 10, open: 20 },
  ...parts,
});
