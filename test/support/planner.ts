import { createHash } from 'node:crypto';
import type { ApprovalFile, ApprovalSubject } from '../../src/model/approval.js';
import type { Capabilities } from '../../src/model/capabilities.js';
import type { PolicyConfig, ProviderConfig } from '../../src/model/configuration.js';
import type { CertificateSpec, Spec } from '../../src/model/manifest.js';
import { type Money, parseMoney } from '../../src/model/money.js';
import type { OrderSnapshot } from '../../src/model/order.js';
import type { Plan, PlanItem, PlanPrice } from '../../src/model/plan.js';
import type { StateHeader, Status } from '../../src/model/status.js';
import { toMs } from '../../src/model/time.js';
import {
  type CertificateFacts,
  type Desired,
  type PlanInput,
  type ProviderFacts,
  priceKey,
  type StateFacts,
} from '../../src/planner/input.js';
import { makePlan } from '../../src/planner/plan.js';
import { namesDigest } from '../../src/policy/approvals.js';
import { REPOSITORY_ID } from './state.js';

const RECIPIENT = `age1${'q'.repeat(58)}`;

/** When nothing of `ready` (support/state.ts) is due. */
export const NOW = '2026-11-22T06:46:42Z';
/** The certificate of `ready` is due inside its paid term. */
export const REISSUE_TIME = '2027-05-10T12:00:00Z';
/** The paid term of `ready` ends in a week. */
export const RENEWAL_TIME = '2027-10-25T10:00:00Z';
/** A certificate that is good beyond the paid term of `ready`, so that nothing but the renewal is due. */
export const LAST_CERTIFICATE = {
  notBefore: '2027-08-15T00:00:00Z',
  notAfter: '2027-11-22T23:59:59Z',
  publishedAt: '2027-08-15T10:00:00Z',
} as const;

export const usd = (text: string): Money => {
  const value = parseMoney(/[A-Z]/.test(text) ? text : `${text} USD`);
  if (!value) throw new Error(`no money: ${text}`);
  return value;
};

/** As the intents of support/state.ts carry it. */
export const MANIFEST_DIGEST = createHash('sha256').update('manifest').digest('hex');

export const spec = (name: string, parts: Partial<CertificateSpec> = {}): CertificateSpec => ({
  kind: 'certificate',
  name,
  position: { file: `certificates/${name}.yaml`, line: 1, column: 1 },
  digest: MANIFEST_DIGEST,
  names: ['shop.example.com'],
  commonName: parts.names?.[0] ?? 'shop.example.com',
  providers: ['shop'],
  product: 'private-server',
  term: { unit: 'year', count: 1 },
  autoRenew: true,
  maxPrice: usd('50'),
  owner: 'platform-team',
  key: { kind: 'generated', algorithm: 'ecdsa-p256', rotate: 'always' },
  validation: { method: 'dns', per: {} },
  formats: [],
  providerOptions: {},
  preflightSkip: [],
  suspend: false,
  migrate: 'at-renewal',
  endpoints: [],
  ...parts,
});

const CAPABILITIES: Capabilities = {
  search: 'unique',
  visibilityLagMs: 0,
  callLimitMs: 60_000,
  separateActivation: false,
  reissue: 'free',
  reissueChangesId: false,
  revoke: true,
  cancel: true,
  autoRenewFlag: 'read-write',
  balance: true,
  quote: true,
  list: true,
  push: false,
  wildcard: true,
  termCounting: 'months',
  carriesRemainingDays: false,
  trust: 'public',
  terms: true,
  concurrency: 4,
  notes: {},
};

export interface ProviderParts extends Partial<Omit<ProviderFacts, 'config' | 'capabilities'>> {
  readonly config?: Partial<ProviderConfig>;
  readonly capabilities?: Partial<Capabilities>;
}

/** An account that sells a domain-validated certificate by the year. */
export const provider = (id: string, parts: ProviderParts = {}): ProviderFacts => ({
  products: [
    {
      id: 'private-server',
      vendorCode: 'private-server',
      validation: 'dv',
      wildcard: true,
      maxNames: 100,
      terms: [{ unit: 'year', count: 1 }],
      title: 'Private server',
    },
  ],
  defaultProduct: 'private-server',
  ...parts,
  config: {
    id,
    type: 'local-ca',
    environment: 'live',
    credentials: {},
    priority: 100,
    prices: {},
    options: {},
    ...parts.config,
  },
  capabilities: { ...CAPABILITIES, ...parts.capabilities },
});

export const known = (amount: string): PlanPrice => ({
  kind: 'known',
  amount: usd(amount),
  source: 'price list of the account',
});

/** `{ 'shop order': '10', 'other renew': 'unknown' }`, for product `private-server` and one year unless said. */
export const prices = (
  rows: Readonly<Record<string, string>>,
  product = 'private-server',
  term: string | undefined = '1y',
): CertificateFacts['prices'] =>
  Object.fromEntries(
    Object.entries(rows).map(([key, amount]) => {
      const [id = '', action] = key.split(' ');
      const asked = action as 'order' | 'renew' | 'reissue' | 'add-names';
      const price: PlanPrice =
        amount === 'unknown' ? { kind: 'unknown', why: 'the provider names no price' } : known(amount);
      return [
        priceKey({ provider: id, action: asked, product, ...(term === undefined ? {} : { term }) }),
        price,
      ];
    }),
  );

/** The key is stored, and the shop sells for 10 USD. */
export const facts = (parts: Partial<CertificateFacts> = {}): CertificateFacts => ({
  keyStored: true,
  freeNames: [],
  violations: {},
  prices: prices({ 'shop order': '10', 'shop renew': '10' }),
  ...parts,
});

const policy = (parts: Partial<PolicyConfig> = {}): PolicyConfig => ({
  approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'pull-request', ...parts.approval },
  spending: parts.spending ?? { perOrder: usd('100') },
  rules: parts.rules ?? [],
  requests: parts.requests ?? { group: 'each', perRun: 10, open: 20 },
});

export const header = (parts: Partial<StateHeader> = {}): StateHeader => ({
  formatVersion: 1,
  revision: 1,
  repositoryId: REPOSITORY_ID,
  remote: 'git.example.com/team/certificates',
  provenRecipients: [RECIPIENT],
  ...parts,
});

/** An order as a provider lists it. */
export const snapshot = (id: string, parts: Partial<OrderSnapshot> = {}): OrderSnapshot => ({
  id,
  ids: [id],
  state: 'issued',
  product: 'private-server',
  names: ['shop.example.com'],
  paidTill: '2027-11-01T10:00:00Z',
  validation: [],
  ...parts,
});

/** An approval file for one order of `spec` at the shop. */
export const approval = (certificate: string, parts: Partial<ApprovalSubject> = {}): ApprovalFile => ({
  position: { file: 'approvals/one.yaml', line: 1, column: 1 },
  subjects: [
    {
      certificate,
      action: 'order',
      provider: 'shop',
      environment: 'live',
      product: 'private-server',
      term: '1y',
      namesDigest: namesDigest(['shop.example.com']),
      ceiling: usd('50'),
      validUntil: '2030-01-01T00:00:00Z',
      id: 'r1',
      ...parts,
    },
  ],
  unsafeLines: [],
});

export const unsafeApproval = (lines: readonly string[], validUntil?: string): ApprovalFile => ({
  position: { file: 'approvals/unsafe.yaml', line: 1, column: 1 },
  subjects: [],
  unsafeLines: lines,
  ...(validUntil === undefined ? {} : { validUntil }),
});

export interface Scene {
  readonly specs?: readonly Spec[];
  readonly statuses?: readonly Status[];
  readonly providers?: readonly ProviderFacts[];
  /** By name; `facts()` where nothing is said. */
  readonly facts?: Readonly<Record<string, Partial<CertificateFacts>>>;
  readonly policy?: Partial<PolicyConfig>;
  readonly approvals?: readonly ApprovalFile[];
  readonly desired?: Partial<Desired>;
  readonly state?: Partial<StateFacts>;
  readonly now?: string;
}

export function planInput(scene: Scene): PlanInput {
  const specs = scene.specs ?? [];
  return {
    desired: {
      commit: 'a'.repeat(40),
      specs,
      approvals: scene.approvals ?? [],
      policy: policy(scene.policy),
      repositoryId: REPOSITORY_ID,
      recipients: [RECIPIENT],
      invalidNames: [],
      hasUnreadable: false,
      ...scene.desired,
    },
    state: {
      integrity: 'healthy',
      commit: 'b'.repeat(40),
      ...(scene.state?.integrity === 'absent' ? {} : { header: header() }),
      remote: 'git.example.com/team/certificates',
      manifestsDescend: true,
      statuses: new Map((scene.statuses ?? []).map((status) => [status.name, status])),
      ...scene.state,
    },
    providers: new Map((scene.providers ?? [provider('shop')]).map((one) => [one.config.id, one])),
    facts: new Map(specs.map((one) => [one.name, facts(scene.facts?.[one.name])])),
    nowMs: toMs(scene.now ?? NOW),
  };
}

export const planOf = (scene: Scene): Plan => makePlan(planInput(scene));

/** The lines of a plan in few words: `shop purchase order NoOrder`, ` !code` behind what is held. */
export const linesOf = (plan: Plan): readonly string[] => plan.items.map(lineOf);

export const lineOf = (item: PlanItem): string =>
  [item.name, item.lane, item.action, item.reason, ...(item.hold ? [`!${item.hold.code}`] : [])].join(' ');
