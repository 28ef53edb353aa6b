import { describe, expect, test } from 'vitest';
import type { ClosedIntent, StepRecord } from '../../../src/model/intent.js';
import type { PaidOrFreeAction } from '../../../src/model/order.js';
import type { Provider } from '../../../src/ports/provider.js';
import { withActivationAgain } from '../../../src/reconcile/again.js';
import { closeIntent } from '../../../src/reconcile/intents.js';
import { closedTooEarly } from '../../../src/reconcile/step-done.js';
import { withNotReady } from '../../../src/reconcile/step-undone.js';
import { intended, order, placed, status } from '../policy/builders.js';

const NOW = Date.parse('2026-11-20T12:00:00Z');

const done = (name: string, paid = false): StepRecord => ({ name, paid, phase: 'done', result: {} });

describe('a slot that waits for a request although it was given one', () => {
  const seller = { capabilities: { slots: 'exclusive' } } as unknown as Provider;
  const slot = { waitingFor: 'configuration' } as Parameters<typeof withActivationAgain>[2];
  const phaseAfter = (action: PaidOrFreeAction, last: string) => {
    const intent = placed('i', action, null, '77', { steps: [done('create', true), done(last)] });
    const changed = withActivationAgain(status('shop', { intents: [intent] }), intent, slot, seller);
    return changed.intents[0]?.steps.at(-1)?.phase;
  };

  test.each(['order', 'renew', 'activate'] as const)('of %s is given it again', (action) => {
    expect(phaseAfter(action, 'activate')).toBe('planned');
  });

  test.each(['reissue', 'add-names'] as const)('of %s is not: each would begin another one', (action) => {
    expect(phaseAfter(action, 'reissue')).toBe('done');
  });
});

describe('an attempt that was written off, and went through after all', () => {
  const free = intended('a', 'reissue', null);
  const written = (...others: Parameters<typeof status>[1][]) =>
    Object.assign(closeIntent(status('shop', { intents: [free] }), free, 'not-sent', NOW), ...others);
  const closed = written().intents[0] as ClosedIntent;
  const beside = (action: PaidOrFreeAction) =>
    closedTooEarly(status('shop', { intents: [closed, intended('b', action, null)] }), 'a')?.phase;

  test('is followed, and where another reissue took its place it is not', () => {
    expect(closedTooEarly(status('shop', { intents: [closed] }), 'a')?.phase).toBe('unknown');
    expect(beside('reissue')).toBeUndefined();
  });

  test.each(['revoke', 'cancel'] as const)('an open %s stands beside it', (action) => {
    expect(beside(action)).toBe('unknown');
  });
});

describe('a step that is not ready to be taken', () => {
  const error = { code: 'provider.not-ready', message: 'invoice 7 changed meanwhile' } as const;

  test('after a paid one is planned again, and waits its turn', () => {
    const paying = intended('i', 'order', '10', {
      steps: [done('order', true), { name: 'pay', paid: true, phase: 'intended' }],
    });
    const before = status('shop', { orders: [order('903', { reference: 'cwx-r' })], intents: [paying] });
    const next = withNotReady(before, 'i', paying.nonce, error, NOW);
    expect(next.intents[0]).toMatchObject({ phase: 'placed', orderId: '903' });
    expect(next.intents[0]?.steps[1]?.phase).toBe('planned');
    expect(next.failures.purchase).toMatchObject({ count: 1, code: 'provider.not-ready' });
    // Told twice, counted once.
    expect(withNotReady(next, 'i', paying.nonce, error, NOW)).toBe(next);
  });
});
