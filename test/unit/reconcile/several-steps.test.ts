import { describe, expect, test } from 'vitest';
import type { StepRecord } from '../../../src/model/intent.js';
import { money } from '../../../src/model/money.js';
import { openLedger } from '../../../src/policy/spending.js';
import type { Provider, Step } from '../../../src/ports/provider.js';
import { operationOf, stepsFor } from '../../../src/reconcile/operations.js';
import { withStepDone } from '../../../src/reconcile/step-done.js';
import { intended, order, placed, policy, status, usd } from '../policy/builders.js';

const NOW = Date.parse('2026-11-20T12:00:00Z');

const step = (name: string, parts: Partial<Step> = {}): Step => ({
  name,
  paid: false,
  run: () => Promise.reject(new Error('not called')),
  lookUp: () => Promise.reject(new Error('not called')),
  ...parts,
});

const record = (name: string, paid: boolean, phase: StepRecord['phase']): StepRecord => ({
  name,
  paid,
  phase,
});

describe('an operation of several steps', () => {
  const place = [
    step('order'),
    step('create', { applies: ({ product }) => product === 'late' }),
    step('pay'),
  ];
  const provider = { place } as unknown as Provider;

  test('an intent holds the steps that its request needs', () => {
    const { request } = intended('i', 'order', '10');
    expect(stepsFor(place, request).map(({ name }) => name)).toEqual(['order', 'pay']);
    expect(stepsFor(place, { ...request, product: 'late' })).toHaveLength(3);
  });

  test('and goes on with those, whatever the configuration says by now', () => {
    const intent = intended('i', 'order', '10', {
      steps: [record('order', true, 'done'), record('pay', true, 'intended')],
    });
    expect(operationOf(provider, intent).map(({ name }) => name)).toEqual(['order', 'pay']);
    const gone = { ...intent, steps: [record('register', true, 'intended')] };
    expect(() => operationOf(provider, gone)).toThrow('no step register');
  });
});

describe('an order that is promised by one step and paid by another', () => {
  const paying = intended('i', 'order', '10', {
    steps: [record('order', true, 'intended'), record('pay', true, 'planned')],
  });
  const done = (of: ReturnType<typeof status>, name: string, charged?: string, at = NOW) =>
    withStepDone(of, {
      intentId: 'i',
      step: name,
      outcome: {
        result: {},
        orderId: '903',
        ...(charged === undefined ? {} : { charged: usd(charged) }),
      },
      atMs: at,
      counting: 'months',
    });
  const ordered = done(status('shop', { intents: [paying] }), 'order');
  const announced = {
    ...ordered,
    intents: [{ ...paying, steps: [record('order', true, 'done'), record('pay', true, 'intended')] }],
  };

  test('has one charge, which the payment makes exact', () => {
    expect(ordered.orders[0]?.charges).toEqual([
      { at: '2026-11-20T12:00:00Z', action: 'order', quoted: usd('10') },
    ]);
    expect(done(announced, 'pay', '10.04', NOW + 86_400_000).orders[0]?.charges).toEqual([
      { at: '2026-11-20T12:00:00Z', action: 'order', quoted: usd('10'), charged: usd('10.04') },
    ]);
  });

  test('counts once against limits, before, between and after', () => {
    const spent = (of: ReturnType<typeof status>) =>
      openLedger(policy(), [of], NOW).budgets[0]?.day.USD ?? money('0', 'USD');
    for (const of of [status('shop', { intents: [paying] }), ordered, announced, done(announced, 'pay')]) {
      expect(spent(of)).toEqual(usd('10'));
    }
  });

  test('has its money kept in the account until it is paid', () => {
    const promised = (of: ReturnType<typeof status>) => openLedger(policy(), [of], NOW).promised.shop?.USD;
    expect(promised(ordered)).toEqual(usd('10'));
    expect(promised(announced)).toEqual(usd('10'));
    expect(promised(done(announced, 'pay'))).toBeUndefined();
  });

  test('and no longer, whatever is still to be done with it', () => {
    const promised = (...steps: readonly StepRecord[]) =>
      openLedger(policy(), [status('shop', { intents: [intended('i', 'order', '10', { steps })] })], NOW)
        .promised.shop?.USD;
    const activate = record('activate', false, 'intended');
    expect(promised(record('create', true, 'intended'), record('activate', false, 'planned'))).toEqual(
      usd('10'),
    );
    expect(promised(record('create', true, 'done'), activate)).toBeUndefined();
    // What no step is said to cost may cost at any of them.
    expect(promised(record('reissue', false, 'intended'))).toEqual(usd('10'));
  });

  test('a payment for a later order leaves the earlier charge alone', () => {
    const renewal = placed('r', 'renew', '12', '903-2', {
      steps: [record('renew', true, 'done'), record('pay', true, 'intended')],
    });
    const first = { at: '2026-11-01T10:00:00Z', action: 'order', quoted: usd('10') } as const;
    const second = { at: '2026-11-20T11:00:00Z', action: 'renew', quoted: usd('12') } as const;
    const before = status('shop', {
      orders: [order('903', { charges: [first] }), order('903-2', { charges: [second] })],
      intents: [
        intended('r', 'renew', '12', {
          steps: renewal.steps,
          request: { ...renewal.request, reference: 'cwx-903-2' },
        }),
      ],
    });
    const after = withStepDone(before, {
      intentId: 'r',
      step: 'pay',
      outcome: { result: {}, orderId: '903-2', charged: usd('12.50') },
      atMs: NOW,
      counting: 'months',
    });
    expect(after.orders.map(({ charges }) => charges)).toEqual([
      [first],
      [{ ...second, charged: usd('12.50') }],
    ]);
  });
});
