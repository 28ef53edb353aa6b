import { describe, expect, test } from 'vitest';
import type { PlanItem } from '../../../src/model/plan.js';
import { unsafePlan } from '../../../src/planner/guard.js';
import {
  NOW,
  planOf,
  prices,
  provider,
  REISSUE_TIME,
  type Scene,
  spec,
  unsafeApproval,
} from '../../support/planner.js';
import { certificate, order, ready, status } from '../../support/state.js';

const item = (name: string, parts: Partial<PlanItem> = {}): PlanItem => ({
  name,
  lane: 'free',
  action: 'reissue',
  reason: 'NamesChanged',
  message: 'added a.example.com',
  price: { kind: 'free' },
  sideEffects: [],
  byEdit: true,
  alternatives: [],
  ...parts,
});
const items = (count: number, parts: Partial<PlanItem> = {}) =>
  Array.from({ length: count }, (_, i) => item(`c${i}`, parts));
const nothing = () => false;

describe('how much an edit may touch', () => {
  test.each([
    [3, 3, true],
    [4, 4, false],
    [3, 10, true],
    [4, 10, false],
    [3, 11, true],
    [4, 11, false],
    [6, 20, true],
    [7, 20, false],
    [69, 230, true],
    [70, 230, false],
    [3000, 10_000, true],
    [3001, 10_000, false],
  ])('%i of %i: passes %s', (touched, existing, passes) => {
    expect(unsafePlan(items(touched), existing, 5, nothing) === undefined).toBe(passes);
  });

  test.each<[string, readonly PlanItem[], boolean]>([
    ['archives count', items(4, { action: 'archive' }), false],
    ['revocations count', items(4, { action: 'revoke' }), false],
    ['names that are sold count', items(4, { action: 'add-names', lane: 'purchase' }), false],
    ['what the clock causes does not', items(4, { byEdit: false }), true],
    ['first orders do not', items(4, { action: 'order', lane: 'purchase' }), true],
    ['adopts do not', items(4, { action: 'adopt' }), true],
    ['moves do not', items(4, { action: 'move' }), true],
    ['what is held does not', items(4, { hold: { code: 'approval-missing', message: 'no' } }), true],
    ['two lines of one certificate are one', [...items(2), ...items(2, { action: 'revoke' })], true],
  ])('%s', (_sentence, lines, passes) => {
    expect(unsafePlan(lines, 10, 5, nothing) === undefined).toBe(passes);
  });

  test('the refusal has the numbers, every line, and what to do', () => {
    expect(unsafePlan(items(4), 10, 5, nothing)).toEqual({
      message:
        'this edit reissues, archives or revokes 4 of 10 certificates (limit 3); if it is meant, merge a file approvals/NAME.yaml that lists the lines under `lines:`, with `validUntil:`',
      lines: ['c0 reissue', 'c1 reissue', 'c2 reissue', 'c3 reissue'],
    });
  });
});

const names = ['a', 'b', 'c', 'd', 'e'];
const own = (name: string) => [`${name}.example.com`];
const statuses = names.map((name) =>
  status(name, {
    orders: [order(`o-${name}`, { names: own(name) })],
    current: certificate(`o-${name}`, { names: own(name) }),
  }),
);
const edited = (...which: readonly string[]): Scene => ({
  specs: names.map((name) =>
    spec(name, { names: own(name), ...(which.includes(name) ? { reissue: 'rotate' } : {}) }),
  ),
  statuses,
});
const all = names.map((name) => `${name} reissue`);

describe('an unsafe plan', () => {
  test('is refused as a whole, its lines are still shown', () => {
    const plan = planOf(edited(...names));
    expect(plan.unsafe?.lines).toEqual(all);
    expect(plan.items).toHaveLength(5);
  });

  test('below the limit nothing is refused', () => {
    expect(planOf(edited('a', 'b', 'c')).unsafe).toBeUndefined();
  });

  test('a file that lists the lines lets them through, and any subset of them', () => {
    const approvals = [unsafeApproval(all)];
    expect(planOf({ ...edited(...names), approvals }).unsafe).toBeUndefined();
    expect(planOf({ ...edited('a', 'b', 'c', 'd'), approvals }).unsafe).toBeUndefined();
  });

  test('a file that misses one line lets nothing through', () => {
    expect(planOf({ ...edited(...names), approvals: [unsafeApproval(all.slice(1))] }).unsafe).toBeDefined();
  });

  test('two files do not add up, and an old one is void', () => {
    const halves = [unsafeApproval(all.slice(0, 3)), unsafeApproval(all.slice(3))];
    expect(planOf({ ...edited(...names), approvals: halves }).unsafe).toBeDefined();
    expect(planOf({ ...edited(...names), approvals: [unsafeApproval(all, NOW)] }).unsafe).toBeDefined();
  });

  test('an empty folder is refused, however few certificates there are', () => {
    const plan = planOf({ statuses: [ready('only')] });
    expect(plan.unsafe?.message).toMatch(/^no manifest is left, which would archive the only certificate;/);
    expect(plan.unsafe?.lines).toEqual(['only archive']);
  });

  test('an empty folder before the first order is no matter', () => {
    expect(planOf({}).unsafe).toBeUndefined();
  });

  test('what is archived already does not count as existing', () => {
    const plan = planOf({ statuses: [ready('old', { archived: { at: '2026-11-10T00:00:00Z' } })] });
    expect(plan.unsafe).toBeUndefined();
  });

  test('a hundred certificates whose time has come are no edit', () => {
    expect(planOf({ ...edited(), now: REISSUE_TIME }).unsafe).toBeUndefined();
  });

  test('an approval of the lines overrides no money limit', () => {
    const scene: Scene = {
      ...edited(),
      specs: names.map((name) => spec(name, { names: [...own(name), `new-${name}.example.com`] })),
      facts: Object.fromEntries(names.map((name) => [name, { prices: prices({ 'shop add-names': '60' }) }])),
      approvals: [unsafeApproval(names.map((name) => `${name} add-names`))],
    };
    const plan = planOf(scene);
    expect(plan.items.map((line) => line.hold?.code)).toEqual(names.map(() => 'price-above-ceiling'));
    expect(plan.totals).toEqual([]);
  });

  test('moving all manifests to another provider later is no unsafe edit', () => {
    const plan = planOf({
      specs: names.map((name) => spec(name, { names: own(name), providers: ['other'] })),
      providers: [provider('shop'), provider('other')],
      statuses,
    });
    expect(plan.items).toEqual([]);
    expect(plan.unsafe).toBeUndefined();
  });
});
