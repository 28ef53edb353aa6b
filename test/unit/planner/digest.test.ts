import { describe, expect, test } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { planDigest } from '../../../src/planner/digest.js';
import { makePlan } from '../../../src/planner/plan.js';
import { known, planInput, planOf, provider, REISSUE_TIME, type Scene, spec } from '../../support/planner.js';
import { intended, ready, status } from '../../support/state.js';

const line: PlanItem = {
  name: 'shop',
  lane: 'purchase',
  action: 'order',
  reason: 'NoOrder',
  message: 'declared, and no order exists',
  provider: 'first',
  environment: 'live',
  product: 'private-server',
  term: '1y',
  names: ['a.example.com', 'b.example.com'],
  price: known('10'),
  sideEffects: [],
  byEdit: true,
  alternatives: [],
};
const other: PlanItem = { ...line, name: 'other' };

describe('the digest of a plan', () => {
  test('is 64 hex digits, also of a plan without lines', () => {
    expect(planDigest([])).toMatch(/^[0-9a-f]{64}$/);
    expect(planDigest([])).not.toBe(planDigest([line]));
  });

  test('does not hang on the order of lines', () => {
    expect(planDigest([line, other])).toBe(planDigest([other, line]));
  });

  test.each<[string, Partial<PlanItem>]>([
    ['wording', { message: 'another sentence', sideEffects: ['and more'], owner: 'somebody' }],
    ['the order of names', { names: ['b.example.com', 'a.example.com'] }],
    ['where a price comes from', { price: { ...known('10'), source: 'quote' } as PlanItem['price'] }],
    ['what it would cost elsewhere', { alternatives: [{ provider: 'second', price: known('12') }] }],
    ['when it fell due', { dueAt: '2026-11-22T00:00:00Z' }],
  ])('does not hang on %s', (_sentence, parts) => {
    expect(planDigest([{ ...line, ...parts }])).toBe(planDigest([line]));
  });

  test.each<[string, Partial<PlanItem>]>([
    ['the certificate', { name: 'other' }],
    ['the lane', { lane: 'free' }],
    ['the action', { action: 'renew' }],
    ['the reason', { reason: 'OrderDied' }],
    ['the provider', { provider: 'second' }],
    ['the environment', { environment: 'rehearsal' }],
    ['the product', { product: 'wildcard-server' }],
    ['the term', { term: '2y' }],
    ['the names', { names: ['a.example.com'] }],
    ['the price', { price: known('10.01') }],
    ['the currency', { price: known('10 EUR') }],
    ['a price being unknown', { price: { kind: 'unknown', why: 'no' } }],
    ['a price being none', { price: { kind: 'free' } }],
    ['the order it follows', { predecessor: 'o1' }],
    ['the intent it drives', { intent: 'i1' }],
    ['being held', { hold: { code: 'limit-day', message: 'no' } }],
  ])('hangs on %s', (_sentence, parts) => {
    expect(planDigest([{ ...line, ...parts }])).not.toBe(planDigest([line]));
  });
});

const scene: Scene = {
  specs: [
    spec('a', { names: ['a.example.com'], providers: ['first', 'shop'] }),
    spec('b', { names: ['b.example.com'], autoRenew: false }),
    spec('c', { names: ['c.example.com'] }),
    spec('shop', { reissue: 'rotate' }),
  ],
  statuses: [
    ready('gone'),
    status('c', { intents: [intended('order', { names: ['c.example.com'] })] }),
    ready('shop'),
  ],
  providers: [provider('shop'), provider('first', { down: 'no answer' })],
  now: REISSUE_TIME,
};

describe('a plan', () => {
  test('is data that survives JSON', () => {
    const plan = planOf(scene);
    expect(plan.items.length).toBeGreaterThan(4);
    expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
  });

  test('is the same for the same input, in whatever order it was read', () => {
    const backwards: Scene = {
      ...scene,
      specs: [...(scene.specs ?? [])].reverse(),
      statuses: [...(scene.statuses ?? [])].reverse(),
    };
    expect(planOf(scene)).toStrictEqual(planOf(scene));
    expect(planOf(backwards)).toStrictEqual(planOf(scene));
  });

  test('changes nothing of its input', () => {
    const input = frozen(planInput(scene));
    expect(() => makePlan(input)).not.toThrow();
  });
});

function frozen<T>(value: T): T {
  if (value instanceof Map) value.forEach(frozen);
  else if (value !== null && typeof value === 'object') Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
