import { describe, expect, test } from 'vitest';
import type { OrderSnapshot } from '../../../src/model/order.js';
import type { PlanItem } from '../../../src/model/plan.js';
import { isSlot } from '../../../src/planner/slots.js';
import { linesOf, planOf, prices, provider, type Scene, snapshot, spec } from '../../support/planner.js';
import { certificate, order, status, unknown } from '../../support/state.js';

const slot = (id: string, parts: Partial<OrderSnapshot> = {}): OrderSnapshot => {
  const { paidTill: _none, ...bought } = snapshot(id);
  return { ...bought, state: 'pending', waitingFor: 'configuration', names: [], term: '1y', ...parts };
};

describe('a slot', () => {
  test.each([
    ['is bought, and for no name yet', {}, true],
    ['is none once it has names', { names: ['a.example.com'] }, false],
    ['is none while its proofs are waited for', { waitingFor: 'dcv' }, false],
    ['is none once it is over', { state: 'cancelled' }, false],
  ] as const)('%s', (_, over, expected) => {
    expect(isSlot(slot('1', over))).toBe(expected);
  });
});

const SLOTS = { search: 'none', separateActivation: true, slots: 'shared' } as const;
const USED = { ...SLOTS, slots: 'exclusive', usesFreeSlots: true } as const;

const withSlots = (...freeSlots: readonly OrderSnapshot[]): Scene => ({
  providers: [provider('shop', { capabilities: USED, freeSlots })],
});

const taken = ({ items }: { readonly items: readonly PlanItem[] }) =>
  items.map(({ name, action, predecessor }) => [name, action, predecessor]);

describe('free slots in a plan', () => {
  test('serve before anything is bought, each once, in due order', () => {
    const plan = planOf({ ...withSlots(slot('1'), slot('2')), specs: [spec('a'), spec('b'), spec('c')] });
    expect(taken(plan)).toEqual([
      ['a', 'adopt', '1'],
      ['b', 'adopt', '2'],
      ['c', 'order', undefined],
    ]);
    expect(plan.items[0]?.price).toEqual({
      kind: 'known',
      amount: { amount: '0.00', currency: 'USD' },
      source: 'free slot 1',
    });
    expect(plan.totals).toEqual([{ amount: '10.00', currency: 'USD' }]);
  });

  test('serve where no money is left, and where the price is not known', () => {
    const scene = { ...withSlots(slot('1')), specs: [spec('a')] };
    const poor = planOf({
      ...scene,
      policy: { spending: { perOrder: { amount: '1.00', currency: 'USD' } } },
    });
    const unpriced = planOf({ ...scene, facts: { a: { prices: prices({ 'shop order': 'unknown' }) } } });
    for (const plan of [poor, unpriced]) expect(linesOf(plan)).toEqual(['a purchase adopt FreeSlot']);
  });

  test.each<[string, Scene]>([
    ['of another product', withSlots(slot('1', { product: 'other' }))],
    ['of another term', withSlots(slot('1', { term: '2y' }))],
    [
      'that a certificate holds',
      { ...withSlots(slot('1')), statuses: [status('b', { orders: [order('1')] })] },
    ],
    [
      'that may be of a purchase nobody recorded',
      { ...withSlots(slot('1')), statuses: [status('b', { intents: [unknown('order')] })] },
    ],
    [
      'for an order that died',
      { ...withSlots(slot('1')), statuses: [status('a', { orders: [order('o1', { state: 'cancelled' })] })] },
    ],
    [
      'where the account does not say that they are used',
      { providers: [provider('shop', { capabilities: SLOTS, freeSlots: [slot('1')] })] },
    ],
  ])('none %s', (_, scene) => {
    const plan = planOf({ ...scene, specs: [spec('a', { names: ['a.example.com'] })] });
    expect(plan.items.filter(({ name }) => name === 'a').map(({ action }) => action)).toEqual(['order']);
  });

  test('none that a manifest names for itself', () => {
    const plan = planOf({
      ...withSlots(slot('1')),
      specs: [spec('a'), spec('b', { adopt: { kind: 'order', order: '1' } })],
      facts: { b: { adoptable: slot('1') } },
    });
    expect(taken(plan)).toEqual([
      ['a', 'order', undefined],
      ['b', 'adopt', '1'],
    ]);
  });
});

describe('a slot that was taken over', () => {
  const held = (waitingFor: 'configuration' | 'dcv', names: readonly string[]) => [
    status('shop', { orders: [order('1', { state: 'pending', waitingFor, names, adopted: true })] }),
  ];
  const providers = [provider('shop', { capabilities: SLOTS })];

  test('gets its request, and nothing is bought beside it', () => {
    const plan = planOf({ specs: [spec('shop')], providers, statuses: held('configuration', []) });
    expect(linesOf(plan)).toEqual(['shop free activate SlotWaiting']);
    expect(plan.items[0]).toMatchObject({
      price: { kind: 'free' },
      approval: { kind: 'free' },
      predecessor: '1',
    });
  });

  test('is waited for once it has one', () => {
    const plan = planOf({ specs: [spec('shop')], providers, statuses: held('dcv', ['shop.example.com']) });
    expect(linesOf(plan)).toEqual(['shop purchase collect AwaitingIssuance']);
  });
});

describe('an account that renews for so long after the end', () => {
  const ended = (graceDays: number) =>
    planOf({
      specs: [spec('shop', { autoRenew: true })],
      providers: [provider('shop', { capabilities: { ...SLOTS, renewalGraceMs: graceDays * 86_400_000 } })],
      statuses: [
        status('shop', {
          orders: [order('o1', { paidTill: '2027-11-01T10:00:00Z' })],
          current: certificate('o1'),
        }),
      ],
      facts: { shop: { prices: prices({ 'shop order': '10', 'shop renew': '7' }) } },
      now: '2028-02-01T10:00:00Z',
    }).items.find(({ action }) => action === 'renew')?.price;

  test('is asked for the price of a renewal until then, and of a new order afterwards', () => {
    expect(ended(180)).toMatchObject({ amount: { amount: '7.00' } });
    expect(ended(30)).toMatchObject({ amount: { amount: '10.00' } });
  });
});
