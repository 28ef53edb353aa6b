import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/model/status.js';
import { legalStatus } from '../../../src/policy/legal.js';
import { certificate, intended, order, placed, request, status, unknown } from './builders.js';

const lived: Status = status('a', {
  orders: [
    order('1', { paidFrom: '2026-11-01T10:00:00Z', paidTill: '2027-11-01T10:00:00Z' }),
    order('3', { ids: ['2', '3'], predecessor: '1', placedAt: '2026-11-20T10:00:00Z' }),
  ],
  current: certificate('s2', { order: '3', publishedAt: '2026-11-21T10:00:00Z' }),
  previous: [certificate('s1')],
  intents: [
    intended('i1', 'renew', '5', {
      request: request('renew', { predecessor: { orderId: '3', ids: ['2', '3'] } }),
    }),
    placed('i2', 'reissue', null, '1'),
    unknown('i3', 'set-auto-renew', null),
    intended('i4', 'revoke', null),
  ],
  consumedApprovals: ['d1', 'd2'],
});

describe('legal combinations of facts', () => {
  it.each([
    ['an empty status', status('a')],
    ['a life with everything in it', lived],
  ])('%s', (_title, one) => {
    expect(legalStatus(one)).toEqual([]);
  });

  const step = (name: string, phase: 'planned' | 'intended' | 'done') => ({ name, paid: true, phase });
  const withIntent = (parts: Parameters<typeof intended>[3]): Status =>
    status('a', { intents: [intended('i', 'order', '5', parts)] });

  const illegal: Readonly<Record<string, readonly [Status, string]>> = {
    'two purchases at once': [
      { ...lived, intents: [intended('i1', 'order', '5'), unknown('i2', 'renew', '5')] },
      '2 purchases are open at once',
    ],
    'two free actions at once': [
      { ...lived, intents: [intended('i1', 'reissue', null), placed('i2', 'set-auto-renew', null, '1')] },
      '2 free actions are open at once',
    ],
    'two intents of one id': [
      { ...lived, intents: [intended('i1', 'order', '5'), intended('i1', 'reissue', null)] },
      'intent i1 stands there twice',
    ],
    'a placed intent of an order nobody knows': [
      { ...lived, intents: [placed('i1', 'order', '5', '9')] },
      'intent i1 is placed as the unknown order 9',
    ],
    'an intent that follows an order nobody knows': [
      withIntent({ request: request('order', { predecessor: { orderId: '9', ids: ['9'] } }) }),
      'intent i follows the unknown order 9',
    ],
    'an intent that does another thing than its request': [
      withIntent({ request: request('renew') }),
      'intent i is for order, its request for renew',
    ],
    'a purchase in the free lane': [withIntent({ lane: 'free' }), 'intent i buys outside the purchase lane'],
    'an intent that settles too early': [
      withIntent({ settledAt: '2026-11-20T10:01:00Z' }),
      'intent i settles before it is sent',
    ],
    'an approval that was not consumed': [
      withIntent({ approval: { kind: 'file', subjectDigest: 'd9' } }),
      'intent i uses an approval that is not recorded as consumed',
    ],
    'steps out of order': [
      withIntent({ steps: [step('buy', 'planned'), step('activate', 'done')] }),
      'intent i has steps out of order',
    ],
    'two steps under way': [
      withIntent({ steps: [step('buy', 'intended'), step('activate', 'intended')] }),
      'intent i has two steps under way at once',
    ],
    'two steps of one name': [
      withIntent({ steps: [step('buy', 'done'), step('buy', 'intended')] }),
      'intent i has two steps of one name',
    ],
    'a current certificate of an order nobody knows': [
      { ...lived, current: certificate('s9', { order: '9', publishedAt: '2026-11-21T10:00:00Z' }) },
      'certificate s9 names the unknown order 9',
    ],
    'previous certificates without a current one': [
      status('a', { orders: [order('1')], previous: [certificate('s1')] }),
      'there are previous certificates, but no current one',
    ],
    'previous certificates oldest first': [
      { ...lived, previous: [certificate('s0', { publishedAt: '2026-10-01T00:00:00Z' }), certificate('s1')] },
      'certificates are not newest first',
    ],
    'a previous certificate newer than the current one': [
      { ...lived, previous: [certificate('s1', { publishedAt: '2026-11-22T00:00:00Z' })] },
      'certificates are not newest first',
    ],
    'one serial twice': [
      { ...lived, previous: [certificate('s2', { sha256: 'x' })] },
      'serial s2 of CN=CA stands there twice',
    ],
    'one fingerprint twice': [
      { ...lived, previous: [certificate('s1', { sha256: 'sha-s2' })] },
      'fingerprint sha-s2 stands there twice',
    ],
    'a certificate that ends before it begins': [
      { ...lived, previous: [certificate('s1', { notAfter: '2026-10-01T00:00:00Z' })] },
      'certificate s1 ends before it begins',
    ],
    'a certificate without names': [
      { ...lived, previous: [certificate('s1', { names: [] })] },
      'certificate s1 has no names',
    ],
    'one order twice': [
      { ...lived, orders: [order('1'), order('1', { reference: 'r' }), order('3')] },
      'order shop 1 stands there twice',
    ],
    'one reference twice': [
      { ...lived, orders: [order('1'), order('3', { reference: 'cwx-1' })] },
      'reference shop cwx-1 stands there twice',
    ],
    'an order under an older id': [
      { ...lived, orders: [order('1'), order('3', { ids: ['3', '4'] })] },
      'order 3 is not the last of its ids',
    ],
    'an order that follows itself': [
      { ...lived, orders: [order('1'), order('3', { ids: ['2', '3'], predecessor: '2' })] },
      'order 3 follows itself',
    ],
    'orders newest first': [
      { ...lived, orders: [order('3', { placedAt: '2026-11-20T10:00:00Z' }), order('1')] },
      'orders are not oldest first',
    ],
    'a paid term that ends before it begins': [
      {
        ...lived,
        orders: [
          order('1', { paidFrom: '2026-11-01T10:00:00Z', paidTill: '2026-11-01T10:00:00Z' }),
          order('3'),
        ],
      },
      'order 1 is paid until before it is paid from',
    ],
    'an approval consumed twice': [
      { ...lived, consumedApprovals: ['d1', 'd1'] },
      'consumed approval d1 stands there twice',
    ],
    'a failure that never happened': [
      { ...lived, failures: { free: { count: 0, lastAt: '2026-11-22T00:00:00Z', code: 'c', message: 'm' } } },
      'the free lane failed 0 times',
    ],
    'an instant with milliseconds': [
      { ...lived, breaker: { trippedAt: '2026-11-22T00:00:00.000Z', why: 'w' } },
      'a.breaker.trippedAt is no instant: 2026-11-22T00:00:00.000Z',
    ],
    'a day that does not exist': [
      { ...lived, breakerResetAt: '2026-02-30T00:00:00Z' },
      'a.breakerResetAt is no instant: 2026-02-30T00:00:00Z',
    ],
    'a price stop of an order nobody knows': [
      {
        ...lived,
        priceStop: { order: '9', product: 'dv', quoted: null, charged: { amount: '1.00', currency: 'USD' } },
      },
      'the price stop names the unknown order 9',
    ],
  };
  it.each(Object.entries(illegal))('%s is none', (_title, [one, problem]) => {
    expect(legalStatus(one)).toContain(problem);
  });

  it('leaves the words of providers alone', () => {
    const options = { validFrom: 'whenever', nested: { soldAt: 'noon' } };
    expect(legalStatus(withIntent({ request: request('order', { options, unique: options }) }))).toEqual([]);
  });
});
