import { describe, expect, it } from 'vitest';
import type { CloseOutcome, IntendedIntent } from '../../../src/model/intent.js';
import type { Status } from '../../../src/model/status.js';
import { changedEnvironments } from '../../../src/policy/environments.js';
import { intended, order, status } from './builders.js';

const SHOP = { shop: { id: 'shop', environment: 'live' as const } };

const closed = (outcome: CloseOutcome): Status => {
  const {
    nonce: _nonce,
    sendBy: _sendBy,
    settledAt: _settledAt,
    ...rest
  } = intended('i', 'order', '9', {
    environment: 'test',
  }) as IntendedIntent;
  return status('a', {
    intents: [{ ...rest, phase: 'closed', outcome, closedAt: '2026-11-01T10:00:00Z' }],
  });
};

describe('an account of one environment', () => {
  it.each<[string, Status, boolean]>([
    ['an order of another one', status('a', { orders: [order('1', { environment: 'rehearsal' })] }), true],
    ['an order of its own', status('a', { orders: [order('1')] }), false],
    [
      'an order at another account',
      status('a', { orders: [order('1', { provider: 'else', environment: 'test' })] }),
      false,
    ],
    [
      'a dead order',
      status('a', { orders: [order('1', { environment: 'test', state: 'cancelled' })] }),
      true,
    ],
    [
      'an attempt that is not settled',
      status('a', { intents: [intended('i', 'order', '9', { environment: 'test' })] }),
      true,
    ],
    [
      'an order in doubt',
      status('a', {
        doubts: [
          {
            provider: 'shop',
            environment: 'test',
            reference: 'cwx-r',
            since: '2026-11-01T10:00:00Z',
            extra: [],
          },
        ],
      }),
      true,
    ],
    ['an attempt that was refused', closed('refused'), false],
    ['an attempt that was never sent', closed('not-sent'), false],
    ['an attempt that a person says was never placed', closed('not-placed'), false],
    ['an attempt that was carried out', closed('published'), true],
  ])('has on record %s', (_, of, refused) => {
    expect(changedEnvironments(SHOP, [of])).toHaveLength(refused ? 1 : 0);
  });

  it('is told once, however many orders it has', () => {
    const many = ['1', '2', '3'].map((id) => order(id, { environment: 'test' }));
    expect(changedEnvironments(SHOP, [status('a', { orders: many }), status('b', { orders: many })])).toEqual(
      [{ provider: 'shop', configured: 'live', recorded: 'test', certificate: 'a', record: 'order 1' }],
    );
  });
});
