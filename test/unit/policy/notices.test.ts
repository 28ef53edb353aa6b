import { describe, expect, it } from 'vitest';
import type { CertificateSpec } from '../../../src/model/manifest.js';
import type { HoldCode, PlanItem } from '../../../src/model/plan.js';
import type { Status } from '../../../src/model/status.js';
import { toMs } from '../../../src/model/time.js';
import { changesOf } from '../../../src/policy/changes.js';
import { conditionsOf } from '../../../src/policy/conditions.js';
import { generalHolds, type NoticeSubject, noticesOf, upcomingOf } from '../../../src/policy/notices.js';
import { certificate, order, placed, status, unknown, usd } from './builders.js';

const NOW = toMs('2026-11-22T12:00:00Z');

const spec = (parts: Partial<CertificateSpec> = {}): CertificateSpec =>
  ({
    kind: 'certificate',
    name: 'shop',
    owner: 'team-a',
    autoRenew: true,
    suspend: false,
    key: { kind: 'generated', algorithm: 'ecdsa-p256', rotate: 'always' },
    ...parts,
  }) as CertificateSpec;

function subject(facts: Partial<Status>, nowMs = NOW, parts: Partial<NoticeSubject> = {}): NoticeSubject {
  const own = status('shop', facts);
  return {
    name: 'shop',
    status: own,
    spec: spec(),
    conditions: conditionsOf(own, nowMs, { autoRenew: parts.spec?.autoRenew ?? true }),
    items: [],
    warnings: [],
    ...parts,
  };
}

const told = (facts: Partial<Status>, nowMs = NOW, parts: Partial<NoticeSubject> = {}) =>
  noticesOf(subject(facts, nowMs, parts), nowMs)
    .filter(({ level }) => level !== 'changed')
    .map(({ level, reason }) => `${level} ${reason}`);

const held = (code: HoldCode, parts: Partial<PlanItem> = {}): PlanItem =>
  ({
    name: 'shop',
    lane: 'purchase',
    action: 'order',
    price: { kind: 'known', amount: usd('25.00'), source: 'quote' },
    hold: { code, message: 'is held' },
    ...parts,
  }) as PlanItem;

const valid = { orders: [order('1')], current: certificate('aa') };

describe('alarms', () => {
  it.each<[string, Partial<Status>, number, readonly string[]]>([
    ['nothing while all is well', valid, NOW, []],
    ['a certificate overdue', valid, toMs('2027-05-10T00:00:00Z'), ['attention Overdue']],
    ['one that expired', valid, toMs('2027-05-20T00:00:00Z'), ['attention CertificateExpired']],
    [
      'an outcome nobody knows',
      { ...valid, intents: [unknown('i', 'order', '25.00')] },
      NOW,
      ['attention OutcomeUnknown'],
    ],
    [
      'a breaker',
      { ...valid, breaker: { trippedAt: '2026-11-22T10:00:00Z', why: '3 in a day' } },
      NOW,
      ['attention BreakerTripped'],
    ],
    [
      'no failure that is tried again while there is time',
      {
        ...valid,
        failures: {
          free: { count: 3, lastAt: '2026-11-22T10:00:00Z', code: 'provider.refused', message: 'no' },
        },
      },
      NOW,
      [],
    ],
  ])('are %s', (_title, facts, nowMs, expected) => {
    expect(told(facts, nowMs)).toEqual(expected);
  });

  it('keep their key while they are the same, whatever their words say', () => {
    const keyAt = (instant: string) => noticesOf(subject(valid, toMs(instant)), toMs(instant))[0]?.key;
    expect(keyAt('2027-05-11T00:00:00Z')).toBe(keyAt('2027-05-10T00:00:00Z'));
    const other = { ...valid, current: certificate('bb') };
    const at = toMs('2027-05-10T00:00:00Z');
    expect(noticesOf(subject(other, at), at)[0]?.key).not.toBe(keyAt('2027-05-10T00:00:00Z'));
  });

  it('name the owner, the manifest before what was recorded', () => {
    const at = toMs('2027-05-20T00:00:00Z');
    const facts = { ...valid, owner: 'before' };
    expect(noticesOf(subject(facts, at), at)[0]?.owner).toBe('team-a');
    const { spec: _gone, ...orphan } = subject(facts, at);
    expect(noticesOf(orphan, at)[0]?.owner).toBe('before');
  });
});

describe('a certificate that nothing replaces', () => {
  const START = toMs('2027-03-13T16:00:00Z');
  it.each<[string, Partial<CertificateSpec>, Partial<Status>, boolean]>([
    ['is suspended', { suspend: true }, valid, true],
    ['has its key elsewhere', { key: { kind: 'external' } }, valid, true],
    [
      'ends with its paid term',
      { autoRenew: false },
      { ...valid, orders: [order('1', { paidTill: '2027-05-19T00:00:00Z' })] },
      true,
    ],
    [
      'has a paid term that goes on',
      { autoRenew: false },
      { ...valid, orders: [order('1', { paidTill: '2027-11-01T00:00:00Z' })] },
      false,
    ],
    ['is renewed by itself', {}, valid, false],
    [
      'is being replaced',
      { suspend: true },
      { ...valid, intents: [placed('i', 'reissue', null, '1')] },
      false,
    ],
  ])('that %s', (_title, wish, facts, expiring) => {
    const parts = { spec: spec(wish) };
    expect(told(facts, START - 1, parts)).not.toContain('attention Expiring');
    expect(told(facts, START + 1, parts).includes('attention Expiring')).toBe(expiring);
    expect(upcomingOf(subject(facts, NOW, parts), NOW)).toEqual(expiring ? [expect.closeTo(START, -7)] : []);
  });

  it('is overdue later on, which is said instead', () => {
    const at = toMs('2027-05-10T00:00:00Z');
    expect(told(valid, at, { spec: spec({ suspend: true }) })).toEqual(['attention Overdue']);
  });
});

describe('what waits for a person', () => {
  const waitsFor = (waitingFor: NonNullable<Status['orders'][number]['waitingFor']>): Partial<Status> => ({
    orders: [order('o-1', { state: 'pending', waitingFor })],
    intents: [placed('i', 'order', '25.00', 'o-1')],
  });

  it.each([
    ['payment', true],
    ['approver-mail', true],
    ['call-back', true],
    ['documents', true],
    ['person', true],
    ['upstream-payment', true],
    ['ca', false],
    ['configuration', false],
    ['dcv', false],
  ] as const)('is an order that waits for %s: %s', (who, isTold) => {
    expect(told(waitsFor(who))).toEqual(isTold ? [`waiting WaitingFor:${who}`] : []);
  });

  it('is a proof that nobody but a person can show', () => {
    const record = { type: 'TXT', owner: '_dcv.a.example.com', value: 'x' } as const;
    const facts = waitsFor('dcv');
    const items = [{ name: 'a.example.com', method: 'manual', state: 'pending', record } as const];
    expect(told({ ...facts, validation: items })).toEqual(['waiting WaitingFor:dcv']);
  });

  it.each<[HoldCode, boolean]>([
    ['approval-missing', true],
    ['balance', true],
    ['limit-month', true],
    ['preflight', true],
    ['foreign-order', true],
    ['provider-down', false],
    ['account-busy', false],
    ['suspended', false],
    ['manifests-diverged', false],
  ])('is a line held by %s: %s', (code, isTold) => {
    const [notice, ...others] = noticesOf(subject({}, NOW, { items: [held(code)] }), NOW);
    expect(others).toEqual([]);
    if (!isTold) expect(notice).toBeUndefined();
    else
      expect(notice).toMatchObject({
        level: 'waiting',
        reason: code,
        message: 'order waits: is held',
        price: usd('25.00'),
        certificate: 'shop',
      });
  });

  it('is told once for all where it holds everything', () => {
    const lines = [held('manifests-diverged'), held('manifests-diverged', { name: 'b' }), held('balance')];
    expect(generalHolds(lines)).toEqual([{ code: 'manifests-diverged', message: 'is held' }]);
  });
});

describe('what happened', () => {
  it('is every purchase with its price, every certificate and every revocation', () => {
    const paid = (amount: string) => ({
      at: '2026-11-01T10:00:00Z',
      action: 'order',
      quoted: null,
      charged: usd(amount),
    });
    const facts = status('shop', {
      orders: [
        order('1', { term: '1y', charges: [paid('25.00'), { ...paid('6.00'), action: 'add-names' }] }),
        order('2', {
          predecessor: '1',
          charges: [{ ...paid('0'), charged: usd('0'), quoted: usd('30.00') }],
        }),
        order('3', { adopted: true }),
      ],
      previous: [
        certificate('bb', { publishedAt: '2026-11-10T00:00:00Z' }),
        certificate('aa', { revoked: { at: '2026-11-12T00:00:00Z', reason: 'superseded' } }),
      ],
      current: certificate('cc', { order: '2', publishedAt: '2026-11-20T00:00:00Z' }),
    });
    expect(changesOf(facts).map(({ reason, message, price }) => [reason, message, price?.amount])).toEqual([
      ['ordered', 'dv for 1y ordered at shop, order 1', '25.00'],
      ['paid', 'add-names of order 1 at shop', '6.00'],
      ['renewed', 'dv renewed at shop, order 2, after order 1', undefined],
      ['issued', 'certificate aa for a.example.com is published, valid until 2027-05-18, order 1', undefined],
      ['reissued', expect.stringMatching(/^certificate bb /), undefined],
      ['renewed', expect.stringMatching(/^certificate cc .* order 2$/), undefined],
      ['revoked', 'certificate aa is revoked (superseded)', undefined],
    ]);
  });

  it('keeps its keys when the certificate is renamed and when its order gets another id', () => {
    const before = status('shop', { orders: [order('1')], current: certificate('aa') });
    const after = status('store', {
      orders: [order('9', { ids: ['1', '9'] })],
      previous: [certificate('aa')],
    });
    expect(changesOf(after).map(({ key }) => key)).toEqual(changesOf(before).map(({ key }) => key));
  });
});
