import { describe, expect, it } from 'vitest';
import { parseHeader, parseMemory, parseStatus } from '../../../src/config/state.js';
import { CertError } from '../../../src/model/errors.js';
import type { Intent } from '../../../src/model/intent.js';
import { emptyStatus, type Status } from '../../../src/model/status.js';

const AT = '2026-11-22T06:46:42Z';
const HEX = 'ab'.repeat(32);

const base: Omit<Extract<Intent, { phase: 'placed' }>, 'phase' | 'orderId' | 'placedAt'> = {
  id: 'i1',
  lane: 'purchase',
  action: 'order',
  provider: 'shop',
  environment: 'live',
  request: {
    action: 'order',
    reference: 'cwk3v9x2-abcdefghijka',
    predecessor: { orderId: '1', ids: ['1'] },
    product: 'basic',
    term: '1y',
    names: ['a.example.com'],
    commonName: 'a.example.com',
    csrPem: 'PEM',
    validation: [{ name: 'a.example.com', method: 'email', approver: 'admin@example.com' }],
    contacts: { name: 'acme', digest: HEX },
    options: { any: [1, null, { deep: true }] },
    unique: {},
    revocation: { serial: '01', reason: 'superseded' },
    autoRenew: false,
  },
  keyHash: HEX,
  quoted: { amount: '25.00', currency: 'USD' },
  approval: { kind: 'file', subjectDigest: HEX },
  manifestCommit: 'c0',
  manifestDigest: HEX,
  createdAt: AT,
  reason: 'NoOrder',
  steps: [{ name: 'place', paid: true, phase: 'intended', before: { balance: '1' }, result: {} }],
  resends: 0,
};

const intents: readonly Intent[] = [
  { ...base, phase: 'intended', nonce: '00', sendBy: AT, settledAt: AT },
  { ...base, phase: 'placed', orderId: '1', placedAt: AT, approval: { kind: 'merge', manifestDigest: HEX } },
  {
    ...base,
    phase: 'issued',
    orderId: '1',
    placedAt: AT,
    fingerprint: HEX,
    problem: 'x',
    approval: { kind: 'auto' },
  },
  {
    ...base,
    phase: 'unknown',
    follows: '0',
    since: AT,
    why: 'x',
    candidates: ['1'],
    quoted: null,
    approval: { kind: 'free' },
  },
  { ...base, phase: 'closed', outcome: 'published', closedAt: AT, message: 'x' },
];

const certificate = {
  serial: '0a',
  sha256: HEX,
  names: ['a.example.com'],
  notBefore: AT,
  notAfter: AT,
  issuer: 'CN=x',
  keyHash: HEX,
  keyAlgorithm: 'ecdsa-p256',
  order: '1',
  publishedAt: AT,
  reason: 'NoOrder',
};

/** Every field the model has: one that the schema does not know fails here. */
const full: Required<Status> = {
  ...emptyStatus('a'),
  proofs: [{ name: 'a.example.com', provider: 'shop', method: 'dns', provenAt: AT, expiresAt: AT }],
  published: [
    {
      name: 'a.example.com',
      provider: 'shop',
      order: '1',
      solver: 'zone-a',
      record: { type: 'TXT', owner: '_x.a.example.com', value: 'v' },
      wantedAt: AT,
      publishedAt: AT,
      places: ['x.challenges.example.net'],
      seenAt: AT,
      unseen: 'ns1.example.com shows nothing there',
      failure: { count: 1, lastAt: AT, code: 'solver.refused', message: 'x' },
    },
    {
      name: 'b.example.com',
      provider: 'shop',
      order: '1',
      solver: 'web',
      record: { type: 'file', url: 'http://b.example.com/.well-known/pki-validation/x.txt', content: 'v' },
      wantedAt: AT,
    },
  ],
  undelivered: {
    sha256: HEX,
    since: AT,
    failure: { count: 1, lastAt: AT, code: 'hook.failed', message: 'x' },
  },
  manifestDigest: HEX,
  reissueText: 'x',
  owner: 'x',
  archived: { at: AT },
  orders: [
    {
      id: '1',
      ids: ['1'],
      reference: 'cwk3v9x2-abcdefghijka',
      predecessor: '0',
      provider: 'shop',
      environment: 'live',
      product: 'basic',
      names: ['a.example.com'],
      term: '1y',
      placedAt: AT,
      paidFrom: AT,
      paidTill: AT,
      state: 'issued',
      waitingFor: 'dcv',
      message: 'x',
      charges: [
        {
          at: AT,
          action: 'order',
          quoted: null,
          charged: { amount: '25.00', currency: 'USD' },
          refunded: { amount: '25.00', currency: 'USD' },
        },
      ],
      autoRenew: true,
      adopted: true,
      abandoned: { at: AT, reason: 'x' },
    },
  ],
  current: { ...certificate, revokesAt: AT, ownKey: true, revoked: { at: AT, reason: 'keyCompromise' } },
  previous: [{ ...certificate, revoked: { at: AT, reason: 'unspecified' } }],
  intents,
  validation: [
    {
      name: 'a.example.com',
      method: 'dns',
      state: 'valid',
      record: { type: 'TXT', owner: '_x.a.example.com', value: 'v' },
      proofExpiresAt: AT,
      message: 'x',
    },
    {
      name: 'a.example.com',
      method: 'http',
      state: 'pending',
      record: { type: 'file', url: 'u', content: 'c' },
    },
    {
      name: 'a.example.com',
      method: 'email',
      state: 'failed',
      record: { type: 'email', address: 'a@example.com' },
    },
  ],
  failures: { purchase: { count: 1, lastAt: AT, code: 'x', message: 'x' } },
  consumedApprovals: [HEX],
  requests: [
    {
      id: 'r',
      action: 'revoke',
      requestedAt: AT,
      reason: 'x',
      revocationReason: 'superseded',
      serial: '0a',
      order: '1',
      failure: { count: 1, lastAt: AT, code: 'x', message: 'x' },
    },
  ],
  doubts: [
    {
      provider: 'p',
      environment: 'live',
      reference: 'cw-1',
      since: AT,
      lookedAt: AT,
      extra: [{ id: '9', foundAt: AT, charged: { amount: '25.00', currency: 'USD' } }],
    },
  ],
  breaker: { trippedAt: AT, why: 'x' },
  breakerResetAt: AT,
  completeAt: AT,
  priceStop: { order: '1', product: 'basic', quoted: null, charged: { amount: '26.00', currency: 'USD' } },
  keptCsr: { csrPem: 'PEM', keyHash: HEX },
};

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof CertError ? `${error.code} ${error.message}` : String(error);
  }
  return 'fine';
};
const status = (value: unknown): string =>
  codeOf(() => parseStatus(JSON.stringify(value), 'issued/a/status.json'));

describe('status.json', () => {
  it('is read back as it was written, empty and with everything in it', () => {
    for (const value of [emptyStatus('a'), emptyStatus('a', 'sitelock'), full]) {
      expect(parseStatus(JSON.stringify(value), 'issued/a/status.json')).toEqual(value);
    }
  });

  it.each<readonly [string, unknown, string]>([
    [
      'a version to come',
      { ...full, version: 2, news: 1 },
      'repository.newer-state issued/a/status.json was written by a newer certwright.',
    ],
    [
      'an unknown field',
      { ...full, extra: 1 },
      'repository.unreadable-state issued/a/status.json must NOT have additional properties (extra).',
    ],
    [
      'a field that is gone',
      { ...full, orders: undefined },
      "repository.unreadable-state issued/a/status.json must have required property 'orders'.",
    ],
    [
      'another phase',
      { ...full, intents: [{ ...intents[0], phase: 'paid' }] },
      'repository.unreadable-state issued/a/status.json/intents/0/phase must be equal to one of the allowed values.',
    ],
    [
      'a phase without its fields',
      { ...full, intents: [{ ...intents[0], nonce: undefined }] },
      "repository.unreadable-state issued/a/status.json/intents/0 must have required property 'nonce'.",
    ],
    [
      'money as a number',
      { ...full, priceStop: { ...full.priceStop, charged: 26 } },
      'repository.unreadable-state issued/a/status.json/priceStop/charged must be object.',
    ],
    ['no object', [], 'repository.unreadable-state issued/a/status.json must be object.'],
  ])('is refused with %s', (_title, value, message) => {
    expect(status(value)).toBe(message);
  });

  it('is refused when it is no JSON', () => {
    expect(codeOf(() => parseStatus('<<<<<<< HEAD', 'issued/a/status.json'))).toBe(
      'repository.unreadable-state issued/a/status.json is no JSON.',
    );
  });
});

describe('the header', () => {
  const header = {
    revision: 3,
    formatVersion: 1,
    repositoryId: 'k3v9x2',
    remote: 'h/p',
    manifestCommit: 'c',
    provenRecipients: [],
  };
  it('is read back, and refused when it is newer or wrong', () => {
    const path = 'issued/_certwright.json';
    expect(parseHeader(JSON.stringify(header), path)).toEqual(header);
    expect(codeOf(() => parseHeader(JSON.stringify({ ...header, formatVersion: 2 }), path))).toContain(
      'newer-state',
    );
    expect(codeOf(() => parseHeader(JSON.stringify({ ...header, remote: 1 }), path))).toContain(
      '/remote must be string',
    );
  });
});

describe('what runs leave to each other', () => {
  const memory = { version: 1, repositoryId: 'k3v9x2', accounts: {}, looks: {} };
  const look = {
    at: AT,
    certificate: HEX,
    findings: [{ fault: 'unseen', text: 'x' }],
    since: AT,
    servedAt: AT,
  };
  const parse = (value: unknown) => parseMemory(JSON.stringify(value));

  it('may be of a version that dialled nothing', () => {
    expect(parse(memory)).toEqual({ ...memory, endpoints: {} });
    expect(parse({ ...memory, endpoints: { 'shop a:443': look } })).toMatchObject({
      endpoints: { 'shop a:443': look },
    });
  });

  it.each([
    ['a fault nobody knows', { ...look, findings: [{ fault: 'odd', text: 'x' }] }],
    ['no instant', { ...look, at: 'yesterday' }],
    ['no digest', { ...look, certificate: 'ab' }],
  ])('is as good as none with %s', (_title, broken) => {
    expect(parse({ ...memory, endpoints: { 'shop a:443': broken } })).toBeUndefined();
  });
});
