import { describe, expect, it } from 'vitest';
import type { OrderSnapshot } from '../../../src/model/order.js';
import { withOrderFacts } from '../../../src/reconcile/order-facts.js';
import { certificate, order, status as statusOf } from '../../support/state.js';

const shown = (id: string, parts: Partial<OrderSnapshot> = {}): OrderSnapshot => ({
  id,
  ids: [id],
  state: 'issued',
  product: 'private-server',
  names: ['shop.example.com'],
  validation: [],
  ...parts,
});

describe('an order that has another id since its reissue', () => {
  const status = statusOf('shop', {
    orders: [order('S-2', { ids: ['S-1', 'S-2'] })],
    current: certificate('S-2'),
  });

  it('stays as it is where a list of before shows the id it had', () => {
    expect(withOrderFacts(status, shown('S-1', { state: 'revoked' }), 'months')).toBe(status);
  });

  it('is what the provider shows of the id it has', () => {
    const after = withOrderFacts(status, shown('S-2', { state: 'revoked' }), 'months');
    expect(after.orders).toMatchObject([{ id: 'S-2', ids: ['S-1', 'S-2'], state: 'revoked' }]);
  });

  it('moves on to an id that nobody knew', () => {
    const after = withOrderFacts(status, shown('S-3', { ids: ['S-1', 'S-2', 'S-3'] }), 'months');
    expect(after.orders).toMatchObject([{ id: 'S-3', ids: ['S-1', 'S-2', 'S-3'] }]);
  });
});

it('an order that was found by its newest id alone learns the ones it had before', () => {
  const status = statusOf('shop', { orders: [order('S-2')], current: certificate('S-2') });
  const after = withOrderFacts(status, shown('S-2', { ids: ['S-1', 'S-2'], state: 'expired' }), 'months');
  expect(after.orders).toMatchObject([{ id: 'S-2', ids: ['S-1', 'S-2'], state: 'expired' }]);
});
