import type { Finding } from '../../../src/model/manifest.js';
import { money } from '../../../src/model/money.js';
import type { Plan, PlanItem } from '../../../src/model/plan.js';
import { emptyStatus, type OrderRecord, type Status } from '../../../src/model/status.js';
import type { ShowView } from '../../../src/report/show.js';
import type { StatusRow } from '../../../src/report/status-table.js';

export const NOW = Date.parse('2026-11-22T06:46:42Z');

/** What an attacker writes into a domain form, an organisation name or a CA's answer. */
export const HOSTILE: readonly string[] = [
  '\u001b[31mred\u001b[0m \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007',
  '\u009b2J\u009d0;title\u009c',
  'line one\nline two\r\n# heading',
  'user \u202egnp.exe\u202c and \u2066isolate\u2069 and zero\u200bwidth',
  '<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- -->',
  '&lt;b&gt; &#64;octocat',
  '[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>',
  'see https://evil.example/a?b=c or www.evil.example or me@evil.example or ftp://evil.example',
  'ping @octocat and @org/team, closes #12, GH-12, org/repo#12, org/repo@abc',
  '| a | b | \\| c |',
  '**bold** _it_ ~~no~~ `code` ``` fence $x^2$ [^1] :tada:',
  '# heading',
  '- item',
  '1. item',
  '+ item',
  '> quote',
  '=====',
  '\\',
  '\\|',
  '\\`x\\`',
  '\ud800 lone',
];

const base: PlanItem = {
  name: 'team-a/shop',
  lane: 'purchase',
  action: 'order',
  reason: 'NoOrder',
  message: 'declared, and no order exists',
  price: { kind: 'free' },
  sideEffects: [],
  byEdit: true,
  alternatives: [],
};

export const planItem = (changes: Partial<PlanItem>): PlanItem => ({ ...base, ...changes });

export const order: PlanItem = planItem({
  owner: 'platform-team',
  provider: 'sectigo',
  environment: 'live',
  product: 'positivessl-multi-domain',
  term: '1y',
  names: ['shop.example.com', 'www.shop.example.com'],
  price: { kind: 'known', amount: money('25', 'USD'), source: 'price list of the account' },
  coverage: { from: '2026-11-22T06:46:42Z', till: '2027-11-22T06:46:42Z', certificates: 3 },
  approval: { kind: 'merge', manifestDigest: 'd1' },
  alternatives: [
    { provider: 'thesslstore', price: { kind: 'known', amount: money('27.5', 'USD'), source: 'quote' } },
    { provider: 'resold', price: { kind: 'unknown', why: 'no price call' } },
  ],
});

export const plan = (items: readonly PlanItem[], changes: Partial<Plan> = {}): Plan => ({
  version: 1,
  manifestCommit: '5f0c2c6c1d6f0c0f7a2f7c9f2f6d1a0b9c8d7e6f',
  stateCommit: null,
  items,
  warnings: [],
  totals: [],
  counts: { certificates: items.length + 97, unchanged: 97 },
  digest: '3f2a9c41b7de5a6f8c0d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d',
  ...changes,
});

/** One line of every kind, as a busy day would bring them. */
export const fullPlan: Plan = plan(
  [
    planItem({
      name: 'team-c/pay',
      provider: 'sectigo',
      environment: 'live',
      product: 'ev-single',
      term: '1y',
      names: ['pay.example.com'],
      price: { kind: 'known', amount: money('310', 'USD'), source: 'price list of the account' },
      hold: { code: 'price-above-ceiling', message: '310.00 USD is above maxPrice 250.00 USD' },
    }),
    planItem({
      name: 'team-c/wiki',
      action: 'hold',
      reason: 'ForeignOrder',
      provider: 'namecheap',
      environment: 'test',
      product: 'positivessl',
      message: 'the account already has an order for these names and product: 912345678',
      names: ['wiki.example.com'],
      price: { kind: 'unknown', why: 'the provider has no price call and the configuration states no price' },
      hold: {
        code: 'foreign-order',
        message:
          'write `adopt: { order: "912345678" }` into the manifest to take it over, or `adopt: { ignore: ["912345678"] }` to buy although it exists',
      },
    }),
    order,
    planItem({
      name: 'team-a/api',
      provider: 'namecheap',
      environment: 'rehearsal',
      product: 'positivessl',
      term: '1y',
      names: Array.from({ length: 9 }, (_, i) => `api-${i}.example.com`),
      price: { kind: 'known', amount: money('10', 'USD'), source: 'configuration' },
      coverage: { from: '2026-11-22T06:46:42Z', till: '2026-12-22T06:46:42Z', certificates: 1 },
      approval: { kind: 'file', subjectDigest: 'd2' },
    }),
    planItem({
      name: 'team-b/mail',
      action: 'renew',
      reason: 'PaidTermEnding',
      message: 'paid till 2026-12-12; 4 days of the old term are lost',
      predecessor: '812345670',
      provider: 'sectigo',
      environment: 'live',
      product: 'positivessl',
      term: '2y',
      names: ['mail.example.com'],
      price: { kind: 'known', amount: money('18.50', 'EUR'), source: 'quote' },
      coverage: { from: '2026-12-08T00:00:00Z', till: '2028-12-08T00:00:00Z', certificates: 9 },
      approval: { kind: 'auto' },
      byEdit: false,
    }),
    planItem({
      name: 'team-b/www',
      lane: 'free',
      action: 'reissue',
      reason: 'CertificateEnding',
      message: 'the certificate ends on 2026-12-20, paid till 2027-09-01',
      predecessor: '812345671',
      provider: 'sectigo',
      environment: 'live',
      product: 'positivessl',
      names: ['www.example.com'],
      coverage: { from: '2026-11-22T06:46:42Z', till: '2027-06-09T00:00:00Z', certificates: 2 },
      sideEffects: ['sectigo revokes serial 00b1f4 in 72 h'],
      approval: { kind: 'free' },
      byEdit: false,
    }),
    planItem({
      name: 'old/site',
      lane: 'free',
      action: 'archive',
      reason: 'ManifestGone',
      message: 'the manifest is gone',
      sideEffects: ['automatic renewal at sectigo is switched off'],
    }),
    planItem({
      name: 'team-d/crm',
      lane: 'free',
      action: 'adopt',
      reason: 'AdoptDeclared',
      message: 'the manifest takes over order 712345',
      provider: 'sectigo',
      environment: 'live',
      product: 'positivessl',
      predecessor: '712345',
    }),
    planItem({
      name: 'team-d/vpn',
      lane: 'free',
      action: 'wait',
      reason: 'AwaitingIssuance',
      message: 'order 912345000 is placed, not issued yet',
      provider: 'sectigo',
      environment: 'live',
      waitingFor: 'approver-mail',
    }),
  ],
  {
    warnings: [
      {
        name: 'team-x/old',
        code: 'paid-term-ending',
        level: 'warning',
        message: 'paid till 2026-12-30 and autoRenew is off: nothing follows before a person says so',
      },
      { code: 'price-table', level: 'info', message: 'prices of namecheap are those of the configuration' },
      { name: 'team-x/dead', code: 'expired', level: 'attention', message: 'expired on 2026-11-20' },
    ],
    totals: [money('18.5', 'EUR'), money('35', 'USD')],
  },
);

export const findings: readonly Finding[] = [
  {
    severity: 'warning',
    code: 'owner',
    message: 'no owner is named',
    position: { file: 'certificates/b.yaml', line: 1, column: 1 },
    suggestion: 'add `owner: TEAM`',
  },
  {
    severity: 'error',
    code: 'term',
    message: 'positivessl is not sold for 7y',
    position: { file: 'certificates/a.yaml', line: 12, column: 7 },
    suggestion: 'use one of 1y, 2y, 3y, 4y, 5y',
  },
  {
    severity: 'error',
    code: 'unknown-key',
    message: 'unknown key "domian"',
    position: { file: 'certificates/a.yaml', line: 2, column: 1 },
    suggestion: 'did you mean "domain"?',
    name: 'a',
  },
  {
    severity: 'error',
    code: 'alias',
    message: 'unknown alias ".example.com"',
    position: { file: 'certificates/a.yaml', line: 12, column: 3 },
  },
];

export const rows: readonly StatusRow[] = [
  {
    name: 'team-b/www',
    kind: 'certificate',
    state: 'Ready',
    level: 'good',
    notAfter: '2027-05-20T06:46:42Z',
    paidTill: '2027-09-01T00:00:00Z',
    provider: 'sectigo',
    environment: 'live',
    owner: 'web',
    product: 'positivessl',
    serial: '00b1f4aa93',
    order: '812345671',
    term: '1y',
    price: money('9', 'USD'),
  },
  {
    name: 'team-a/shop',
    kind: 'certificate',
    state: 'Issuing',
    level: 'busy',
    reason: 'order placed',
    provider: 'sectigo',
    environment: 'live',
    owner: 'platform-team',
    product: 'positivessl-multi-domain',
    order: '912345678',
    term: '1y',
    price: money('25', 'USD'),
  },
  {
    name: 'team-d/vpn',
    kind: 'certificate',
    state: 'Waiting',
    level: 'waiting',
    reason: 'waiting for the approver to answer the mail',
    notAfter: '2026-12-15T06:46:42Z',
    paidTill: '2026-12-15T23:59:59Z',
    provider: 'namecheap',
    environment: 'test',
    owner: 'network',
  },
  {
    name: 'team-x/dead',
    kind: 'certificate',
    state: 'Attention',
    level: 'bad',
    reason: 'expired',
    notAfter: '2026-11-20T06:46:42Z',
    provider: 'sectigo',
    environment: 'live',
    owner: 'platform-team',
  },
  {
    name: 'team-z/old',
    kind: 'certificate',
    state: 'Archived',
    level: 'quiet',
    notAfter: '2026-11-22T16:46:42Z',
    owner: 'platform-team',
  },
];

const current: OrderRecord = {
  id: '812345671',
  ids: ['812345600', '812345671'],
  reference: 'cwk3v9x2-q7m2c4e6h3k5a',
  provider: 'sectigo',
  environment: 'live',
  product: 'positivessl',
  names: ['shop.example.com', 'www.shop.example.com'],
  term: '1y',
  placedAt: '2026-05-30T08:00:00Z',
  paidFrom: '2026-05-30T08:00:00Z',
  paidTill: '2027-05-30T08:00:00Z',
  state: 'issued',
  charges: [
    { at: '2026-05-30T08:00:00Z', action: 'order', quoted: money('25', 'USD'), charged: money('25', 'USD') },
  ],
  autoRenew: false,
};

const certificate = {
  serial: '00b1f4aa93d2e7c1b5a8f60d4e3c2b1a',
  sha256: '9b1c0f4e8a7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3',
  names: ['shop.example.com', 'www.shop.example.com'],
  notBefore: '2026-05-30T08:00:00Z',
  notAfter: '2026-12-15T07:59:59Z',
  issuer: 'CN=Sectigo Public Server Authentication CA DV R36,O=Sectigo Limited,C=GB',
  keyHash: '1f0e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
  keyAlgorithm: 'ecdsa-p256',
  order: '812345671',
  publishedAt: '2026-05-30T08:10:00Z',
  reason: 'NoOrder',
};

const intentBase = {
  lane: 'purchase',
  provider: 'sectigo',
  environment: 'live',
  quoted: money('25', 'USD'),
  approval: { kind: 'auto' },
  manifestCommit: '5f0c2c6c1d6f0c0f7a2f7c9f2f6d1a0b9c8d7e6f',
  manifestDigest: 'd1',
  createdAt: '2026-11-22T05:46:42Z',
  reason: 'PaidTermEnding',
  resends: 0,
} as const;

const request = (action: 'renew' | 'reissue' | 'order') =>
  ({
    action,
    reference: 'cwk3v9x2-z6y5x4w3v2u7a',
    product: 'positivessl',
    term: '1y',
    names: ['shop.example.com'],
    commonName: 'shop.example.com',
    validation: [],
    options: {},
    unique: {},
  }) as const;

export const busyStatus: Status = {
  ...emptyStatus('team-a/shop'),
  owner: 'platform-team',
  orders: [current],
  current: { ...certificate, ownKey: true },
  previous: [
    {
      ...certificate,
      serial: '00aa',
      notBefore: '2025-11-30T08:00:00Z',
      notAfter: '2026-06-17T07:59:59Z',
      revoked: { at: '2026-06-02T00:00:00Z', reason: 'superseded' },
    },
    { ...certificate, serial: '0099', notBefore: '2025-05-30T08:00:00Z', notAfter: '2025-12-15T07:59:59Z' },
  ],
  intents: [
    {
      ...intentBase,
      id: 'i1',
      action: 'renew',
      phase: 'unknown',
      since: '2026-11-22T05:50:00Z',
      why: 'the connection broke after the request was sent, and the reference cannot be searched',
      candidates: ['912345678', '912345679'],
      request: request('renew'),
      steps: [
        { name: 'buy', paid: true, phase: 'intended' },
        { name: 'activate', paid: false, phase: 'planned' },
      ],
    },
    {
      ...intentBase,
      id: 'i2',
      lane: 'free',
      action: 'reissue',
      phase: 'placed',
      orderId: '812345671',
      placedAt: '2026-11-22T05:48:00Z',
      request: request('reissue'),
      steps: [{ name: 'reissue', paid: false, phase: 'done' }],
    },
    {
      ...intentBase,
      id: 'i3',
      action: 'order',
      phase: 'closed',
      outcome: 'published',
      closedAt: '2026-05-30T08:10:00Z',
      request: request('order'),
      steps: [],
    },
  ],
  validation: [
    {
      name: 'shop.example.com',
      method: 'dns',
      state: 'pending',
      record: {
        type: 'CNAME',
        owner: '_8a7d6c5b4a39281706f5e4d3c2b1a09f.shop.example.com',
        value: '5b4a39281706f5e4d3c2b1a09f8e7d6c.9b1c0f4e8a7d6c5b4a39281706f5e4d3.cwk3v9x2.sectigo.com',
      },
    },
    {
      name: 'files.example.com',
      method: 'http',
      state: 'failed',
      message: 'HTTP status 404',
      record: {
        type: 'file',
        url: 'http://files.example.com/.well-known/pki-validation/8A7D.txt',
        content: '5b4a39281706f5e4\nsectigo.com',
      },
    },
    {
      name: 'mail.example.com',
      method: 'email',
      state: 'pending',
      record: { type: 'email', address: 'admin@mail.example.com' },
    },
    { name: 'www.shop.example.com', method: 'dns', state: 'valid', proofExpiresAt: '2027-05-01T00:00:00Z' },
  ],
  failures: {
    free: {
      count: 3,
      lastAt: '2026-11-22T04:46:42Z',
      code: 'provider.timeout',
      message: 'sectigo did not answer within 60 s',
    },
  },
  breaker: { trippedAt: '2026-11-22T05:00:00Z', why: 'three certificates were issued within a day' },
  priceStop: {
    order: '812345671',
    product: 'positivessl',
    quoted: money('25', 'USD'),
    charged: money('30', 'USD'),
  },
  requests: [{ id: 'r1', action: 'reissue', requestedAt: '2026-11-21T06:46:42Z', reason: 'key rotation' }],
};

export const busyView: ShowView = {
  status: busyStatus,
  state: { word: 'Attention', level: 'bad', message: 'what became of a renewal cannot be told' },
  manifest: 'certificates/team-a/shop.yaml:1',
  owner: 'platform-team',
  due: { reissueAt: '2026-12-01T00:00:00Z', renewAt: '2027-04-30T00:00:00Z' },
  nextTryAt: { free: '2026-11-22T10:46:42Z' },
  approvals: [
    {
      action: 'renew',
      message: 'up to 25.00 USD, by the pull request of certwright',
      file: 'approvals/team-a%2Fshop-renew.yaml',
    },
  ],
  files: [
    'issued/team-a/shop/certificate.pem',
    'issued/team-a/shop/chain.pem',
    'issued/team-a/shop/fullchain.pem',
    'issued/team-a/shop/key.pem.age',
  ],
};

export const quietView: ShowView = {
  status: {
    ...emptyStatus('intranet'),
    orders: [
      {
        ...current,
        id: 'L1',
        ids: ['L1'],
        provider: 'local-ca',
        environment: 'test',
        paidTill: '2026-12-15T08:00:00Z',
        charges: [],
      },
    ],
    current: { ...certificate, order: 'L1', ownKey: true },
  },
  state: { word: 'Ready', level: 'good' },
  manifest: 'certificates/intranet.yaml:1',
  due: {},
  nextTryAt: {},
  approvals: [],
  files: ['issued/intranet/certificate.pem'],
};
