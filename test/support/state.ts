import { createHash } from 'node:crypto';
import { parseStatus } from '../../src/config/state.js';
import type { IntendedIntent, PlacedIntent, UnknownIntent } from '../../src/model/intent.js';
import { money } from '../../src/model/money.js';
import { laneOf, type OrderRequest, type PaidOrFreeAction } from '../../src/model/order.js';
import {
  type CurrentCertificate,
  emptyStatus,
  type OrderRecord,
  type StateHeader,
  type Status,
} from '../../src/model/status.js';
import { legalStatus } from '../../src/policy/legal.js';
import { HEADER_PATH, statusPath } from '../../src/repository/layout.js';
import { remoteIdentity } from '../../src/repository/remote.js';
import { stableJson } from '../../src/repository/stable.js';
import {
  cloneOf,
  commitToRemote,
  type Files,
  fileRemote,
  type GitRemote,
  setRef,
  testBranches,
} from './git.js';

/** A recipient nobody has the key of. */
const RECIPIENT = `age1${'q'.repeat(58)}`;
export const REPOSITORY_ID = 'k3v9x2';

/** One account that sells terms, one that is free; limits that let the first spend. */
export const CONFIGURATION = `version: 1
id: ${REPOSITORY_ID}
keys: { recipients: [${RECIPIENT}] }
defaults: { provider: shop, term: 1y, owner: platform-team, maxPrice: 25 USD }
providers:
  shop:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD, names: 2, perName: 2 USD } } }
  internal: { type: local-ca, environment: test, priority: 200 }
policy:
  approval: { order: merge, renew: auto }
  spending: { perOrder: 100 USD }
`;

const hex64 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** An issued order of the shop: one year from 2026-11-01. */
export const order = (id: string, parts: Partial<OrderRecord> = {}): OrderRecord => ({
  id,
  ids: [id],
  reference: `cw${REPOSITORY_ID}-${id}`,
  provider: 'shop',
  environment: 'live',
  product: 'private-server',
  names: ['shop.example.com'],
  term: '1y',
  placedAt: '2026-11-01T10:00:00Z',
  paidFrom: '2026-11-01T10:00:00Z',
  paidTill: '2027-11-01T10:00:00Z',
  state: 'issued',
  charges: [
    {
      at: '2026-11-01T10:00:00Z',
      action: 'order',
      quoted: money('10', 'USD'),
      charged: money('10', 'USD'),
    },
  ],
  ...parts,
});

/** The certificate of an order: 199 days from 2026-11-01, its key with us. */
export const certificate = (
  orderId: string,
  parts: Partial<CurrentCertificate> = {},
): CurrentCertificate => ({
  serial: hex64(orderId).slice(0, 16),
  sha256: hex64(`certificate of ${orderId}`),
  names: ['shop.example.com'],
  notBefore: '2026-11-01T00:00:00Z',
  notAfter: '2027-05-18T23:59:59Z',
  issuer: 'CN=Test CA',
  keyHash: hex64(`key of ${orderId}`),
  keyAlgorithm: 'ecdsa-p256',
  order: orderId,
  publishedAt: '2026-11-01T10:00:00Z',
  reason: 'NoOrder',
  ownKey: true,
  ...parts,
});

const request = (action: PaidOrFreeAction, parts: Partial<OrderRequest>): OrderRequest => ({
  action,
  reference: `cw${REPOSITORY_ID}-next`,
  product: 'private-server',
  names: ['shop.example.com'],
  commonName: 'shop.example.com',
  validation: [],
  options: {},
  unique: {},
  ...parts,
});

const intentBase = (action: PaidOrFreeAction, parts: Partial<OrderRequest>) => ({
  id: `intent-${action}`,
  lane: laneOf(action),
  action,
  provider: 'shop',
  environment: 'live' as const,
  request: request(action, parts),
  quoted: laneOf(action) === 'purchase' ? money('10', 'USD') : null,
  approval: { kind: 'auto' } as const,
  manifestCommit: 'c'.repeat(40),
  manifestDigest: hex64('manifest'),
  createdAt: '2026-11-22T10:00:00Z',
  reason: 'NoOrder',
  steps: [{ name: 'place', paid: laneOf(action) === 'purchase', phase: 'intended' as const }],
  resends: 0,
});

export const intended = (action: PaidOrFreeAction, parts: Partial<OrderRequest> = {}): IntendedIntent => ({
  ...intentBase(action, parts),
  phase: 'intended',
  nonce: '0'.repeat(32),
  sendBy: '2026-11-22T10:01:00Z',
  settledAt: '2026-11-22T10:06:00Z',
});

export const placed = (
  action: PaidOrFreeAction,
  orderId: string,
  parts: Partial<OrderRequest> = {},
): PlacedIntent => ({
  ...intentBase(action, parts),
  steps: [{ name: 'place', paid: laneOf(action) === 'purchase', phase: 'done' }],
  phase: 'placed',
  orderId,
  placedAt: '2026-11-22T10:00:30Z',
});

export const unknown = (action: PaidOrFreeAction, parts: Partial<OrderRequest> = {}): UnknownIntent => ({
  ...intentBase(action, parts),
  phase: 'unknown',
  since: '2026-11-22T11:00:00Z',
  why: 'the connection broke',
  candidates: [],
});

/** Facts of one certificate. Throws where no run of certwright could have written them. */
export function status(name: string, parts: Partial<Status> = {}): Status {
  const whole: Status = { ...emptyStatus(name), ...parts };
  const wrong = legalStatus(whole);
  if (wrong.length > 0) throw new Error(`no legal status: ${wrong.join('; ')}`);
  return parseStatus(stableJson(whole), statusPath(name));
}

/** An order that is issued and its certificate. */
export const ready = (name: string, parts: Partial<Status> = {}): Status =>
  status(name, { orders: [order(`o-${name}`)], current: certificate(`o-${name}`), ...parts });

export interface World {
  /** Files of the approval branch, `certwright.yaml` included where it is not the usual one. */
  readonly files?: Files;
  readonly statuses?: readonly Status[];
  readonly header?: Partial<StateHeader>;
  /** Other files of the state branch. */
  readonly issued?: Files;
}

/** Files of a state branch: header, statuses, and a sealed key beside every certificate. */
export function stateFiles(remote: GitRemote, { statuses = [], header, issued }: World): Files {
  const full: StateHeader = {
    formatVersion: 1,
    revision: 1,
    repositoryId: REPOSITORY_ID,
    remote: remoteIdentity(remote.url),
    provenRecipients: [RECIPIENT],
    ...header,
  };
  const files = statuses.flatMap((one): readonly (readonly [string, string])[] => [
    [statusPath(one.name), stableJson(one)],
    ...(one.current?.ownKey ? [[`issued/${one.name}/key.pem.age`, 'sealed\n'] as const] : []),
  ]);
  return { [HEADER_PATH]: stableJson(full), ...Object.fromEntries(files), ...issued };
}

/** A remote that is set up and holds this state, and a clone of it as a person has it. */
export async function worldOf(
  world: World = {},
): Promise<{ readonly remote: GitRemote; readonly clone: string }> {
  const remote = await fileRemote({ 'certwright.yaml': CONFIGURATION, ...world.files });
  const commit = await commitToRemote(remote, testBranches.state, stateFiles(remote, world), 'State');
  await setRef(remote, 'refs/heads/certwright/seen', commit);
  return { remote, clone: await cloneOf(remote) };
}
