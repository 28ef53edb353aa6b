import { describe, expect, it } from 'vitest';
import type { EndpointFinding } from '../../../src/model/run-memory.js';
import type { OrderRecord, Status } from '../../../src/model/status.js';
import { HOUR_MS, toMs } from '../../../src/model/time.js';
import { type ConditionContext, conditionsOf } from '../../../src/policy/conditions.js';
import { health } from '../../../src/policy/health.js';
import type { EndpointLook } from '../../../src/policy/serving.js';
import { certificate, intended, order, placed, status, unknown, usd } from './builders.js';

/** The builders' certificate ends 2027-05-18T23:59:59Z; half its margin before is 2027-05-04T00:00:00Z. */
const EARLY = '2026-11-22T12:00:00Z';
const live = (parts: Partial<Status> = {}): Status =>
  status('a', { orders: [order('1')], current: certificate('s1'), ...parts });

const PREVIOUS: EndpointFinding = { fault: 'previous-certificate', text: 'serves the previous certificate' };

const lookAt = ({ current }: Status, at: string, findings: readonly EndpointFinding[]): EndpointLook => ({
  endpoint: 'shop.example.com:443',
  look: { at, certificate: current?.sha256 ?? '', findings },
});

const reasons = (one: Status, at: string, context: ConditionContext = {}) =>
  conditionsOf(one, toMs(at), context).map((c) => `${c.type}/${c.reason}/${c.level}`);

const word = (one: Status, at: string, context: ConditionContext = {}) =>
  health(one, conditionsOf(one, toMs(at), context));

describe('what is true of a certificate', () => {
  const breaker = { trippedAt: EARLY, why: 'two first orders' };
  const failures = { free: { count: 2, lastAt: EARLY, code: 'provider.timeout', message: 'no answer' } };
  const waiting = order('1', { state: 'pending', waitingFor: 'approver-mail', message: 'sent to admin@' });
  const revoked = { at: EARLY, reason: 'keyCompromise' as const };
  const problem = {
    ...placed('i', 'reissue', null, '1'),
    phase: 'issued' as const,
    fingerprint: 'f',
    problem: 'wrong key',
  };
  const ending = live({ orders: [order('1', { paidTill: '2026-11-30T00:00:00Z' })] });

  it.each([
    ['nothing at all', status('a'), EARLY, {}, [], 'new'],
    ['a certificate in good time', live(), EARLY, {}, ['Ready/CertificateValid/info'], 'ready'],
    [
      'the last instant in which it is in time',
      live(),
      '2027-05-04T00:00:00Z',
      {},
      ['Ready/CertificateValid/info'],
      'ready',
    ],
    [
      'an overdue one',
      live(),
      '2027-05-04T00:00:01Z',
      {},
      ['Ready/CertificateValid/info', 'Attention/Overdue/attention'],
      'attention',
    ],
    [
      'the last one of a paid term before its renewal is due',
      live({ orders: [order('1', { paidTill: '2027-05-19T00:00:00Z' })] }),
      '2027-05-08T23:59:59Z',
      { autoRenew: true },
      ['Ready/CertificateValid/info'],
      'ready',
    ],
    [
      'the same with half of what is left then gone by',
      live({ orders: [order('1', { paidTill: '2027-05-19T00:00:00Z' })] }),
      '2027-05-14T00:00:01Z',
      { autoRenew: true },
      ['Ready/CertificateValid/info', 'Attention/Overdue/attention'],
      'attention',
    ],
    [
      'a shorter margin',
      live(),
      '2027-05-04T00:00:01Z',
      { rule: { validation: 'dv', reissueBeforeMs: 24 * HOUR_MS } },
      ['Ready/CertificateValid/info'],
      'ready',
    ],
    [
      'its last second',
      live(),
      '2027-05-18T23:59:59Z',
      {},
      ['Ready/CertificateValid/info', 'Attention/Overdue/attention'],
      'attention',
    ],
    [
      'the second after',
      live(),
      '2027-05-19T00:00:00Z',
      {},
      ['Expired/CertificateExpired/attention'],
      'expired',
    ],
    [
      'an archived one',
      live({ archived: { at: EARLY } }),
      '2027-05-05T00:00:00Z',
      {},
      ['Ready/CertificateValid/info'],
      'archived',
    ],
    [
      'an archived one that ended',
      live({ archived: { at: EARLY } }),
      '2027-06-01T00:00:00Z',
      {},
      ['Expired/CertificateExpired/info'],
      'archived',
    ],
    [
      'a revoked one',
      live({ current: certificate('s1', { revoked }) }),
      EARLY,
      {},
      ['Attention/Revoked/attention'],
      'attention',
    ],
    [
      'an order being sent',
      status('a', { intents: [intended('i', 'order', '5')] }),
      EARLY,
      {},
      ['Issuing/Sending/info'],
      'issuing',
    ],
    [
      'an order under way',
      status('a', { orders: [order('1')], intents: [placed('i', 'order', '5', '1')] }),
      EARLY,
      {},
      ['Issuing/UnderWay/info'],
      'issuing',
    ],
    [
      'an order that waits',
      status('a', { orders: [waiting], intents: [placed('i', 'order', '5', '1')] }),
      EARLY,
      {},
      ['Waiting/WaitingFor:approver-mail/info'],
      'waiting',
    ],
    [
      'a wrong certificate',
      live({ intents: [problem] }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/VerificationFailed/warning'],
      'warning',
    ],
    [
      'an unknown outcome',
      live({ intents: [unknown('i', 'renew', '5')] }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/OutcomeUnknown/attention'],
      'attention',
    ],
    [
      'an unknown outcome of something archived',
      live({ archived: { at: EARLY }, intents: [unknown('i', 'renew', '5')] }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/OutcomeUnknown/attention'],
      'attention',
    ],
    [
      'a tripped breaker',
      live({ breaker }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/BreakerTripped/attention'],
      'attention',
    ],
    [
      'failures in good time',
      live({ failures }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/Failing/warning'],
      'warning',
    ],
    [
      'failures when time runs out',
      live({ failures }),
      '2027-05-05T00:00:00Z',
      {},
      ['Ready/CertificateValid/info', 'Attention/Overdue/attention', 'Attention/Failing/attention'],
      'attention',
    ],
    [
      'failures after the end',
      live({ failures }),
      '2027-06-05T00:00:00Z',
      {},
      ['Expired/CertificateExpired/attention', 'Attention/Failing/attention'],
      'expired',
    ],
    [
      'a hold',
      live(),
      EARLY,
      { hold: { code: 'approval-missing', message: 'm' } },
      ['Ready/CertificateValid/info', 'Held/approval-missing/info'],
      'held',
    ],
    [
      'a price that was too high',
      live({ priceStop: { order: '1', product: 'dv', quoted: usd('5'), charged: usd('9') } }),
      EARLY,
      {},
      ['Ready/CertificateValid/info', 'Attention/PriceStopped/warning'],
      'warning',
    ],
    [
      'a paid term that nobody renews',
      ending,
      EARLY,
      { autoRenew: false },
      ['Ready/CertificateValid/info', 'Attention/PaidTermEndingNoRenewal/warning'],
      'warning',
    ],
    [
      'a paid term that nobody renews, in its last week',
      ending,
      '2026-11-24T00:00:00Z',
      { autoRenew: false },
      ['Ready/CertificateValid/info', 'Attention/PaidTermEndingNoRenewal/attention'],
      'attention',
    ],
    [
      'a paid term that is renewed',
      ending,
      EARLY,
      { autoRenew: true },
      ['Ready/CertificateValid/info'],
      'ready',
    ],
    [
      'a paid term that ends in eleven days',
      ending,
      '2026-11-19T00:00:00Z',
      { autoRenew: false },
      ['Ready/CertificateValid/info'],
      'ready',
    ],
    [
      'a paid term that ended',
      ending,
      '2026-12-05T00:00:00Z',
      { autoRenew: false },
      ['Ready/CertificateValid/info', 'Attention/PaidTermEndingNoRenewal/attention'],
      'attention',
    ],
  ] as [string, Status, string, ConditionContext, string[], string][])(
    'with %s',
    (_title, one, at, context, expected, summary) => {
      expect(reasons(one, at, context)).toEqual(expected);
      expect(word(one, at, context)).toBe(summary);
    },
  );

  it.each([
    ['2026-11-24T11:59:59Z', undefined, false],
    ['2026-11-24T12:00:00Z', undefined, true],
    ['2026-11-24T12:00:00Z', false, true],
    ['2026-11-24T12:00:00Z', true, false],
    ['2026-11-25T12:00:00Z', undefined, false],
    ['2026-11-25T12:00:00Z', false, true],
    ['2026-11-25T12:00:00Z', true, false],
  ])('at %s, the new one served %s, a predecessor revoked on 2026-11-25 alarms: %s', (at, served, alarms) => {
    const one = live({ current: certificate('s1', { revokesAt: '2026-11-25T12:00:00Z' }) });
    const [look] = served === undefined ? [] : [lookAt(one, at, served ? [] : [PREVIOUS])];
    const context = look === undefined ? {} : { endpoints: { looks: [look], servedWithinMs: 100 * HOUR_MS } };
    expect(reasons(one, at, context).includes('Attention/PredecessorRevoked/attention')).toBe(alarms);
  });

  it('says since when, and what to know', () => {
    const [, overdue] = conditionsOf(live(), toMs('2027-05-10T00:00:00Z'));
    expect(overdue).toEqual({
      type: 'Attention',
      reason: 'Overdue',
      level: 'attention',
      since: '2027-05-04T00:00:00Z',
      message: 'the certificate ends 2027-05-18, in 9 days, and has no successor',
    });
    const [failed] = conditionsOf(status('a', { failures }), toMs(EARLY));
    expect(failed?.message).toBe(
      'failed 2 times, last with provider.timeout: no answer; next try 2026-11-22T13:00:00Z',
    );
  });

  it('knows website protection by its paid term', () => {
    const paid = (paidTill: string, archived?: Status['archived']): Status => ({
      ...status('site', { orders: [order('1', { paidTill })], ...(archived ? { archived } : {}) }),
      kind: 'sitelock',
    });
    expect(reasons(paid('2026-12-30T00:00:00Z'), EARLY)).toEqual(['Ready/OrderActive/info']);
    expect(word(paid('2026-11-01T00:00:00Z'), EARLY)).toBe('expired');
    expect(word(paid('2026-11-01T00:00:00Z', { at: EARLY }), EARLY)).toBe('archived');
  });

  it('says of website protection when nobody renews it, of each licence, and believes what renews itself', () => {
    const site = (...orders: readonly Partial<OrderRecord>[]): Status => ({
      ...status('site', {
        orders: orders.map((parts, i) =>
          order(String(i), { product: `p${i}`, paidTill: '2026-11-26T00:00:00Z', ...parts }),
        ),
      }),
      kind: 'sitelock',
    });
    const all = (of: Status, context: ConditionContext) =>
      conditionsOf(of, toMs(EARLY), context).map(({ reason, level }) => `${reason} ${level}`);
    expect(all(site({}, { addOn: true }), { autoRenew: false })).toEqual([
      'OrderActive info',
      'PaidTermEndingNoRenewal attention',
      'PaidTermEndingNoRenewal attention',
    ]);
    expect(all(site({}), { autoRenew: true })).toEqual(['OrderActive info']);
    expect(all(site({}), { autoRenew: true, renewedBy: 'provider' })).toEqual([
      'OrderActive info',
      'PaidTermEndingNoRenewal attention',
    ]);
    const itself = site({ autoRenew: true, paidTill: '2026-11-02T00:00:00Z' });
    expect(all(itself, { autoRenew: false, renewedBy: 'provider' })).toEqual(['OrderActive info']);
  });
});
