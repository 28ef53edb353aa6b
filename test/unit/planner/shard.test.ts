import { describe, expect, test } from 'vitest';
import { actsFor, type Shard } from '../../../src/model/shard.js';
import type { PlanInput } from '../../../src/planner/input.js';
import { makePlan, priceQuestions } from '../../../src/planner/plan.js';
import {
  linesOf,
  NOW,
  planInput,
  prices,
  type Scene,
  spec,
  unsafeApproval,
  usd,
} from '../../support/planner.js';
import { certificate, order, ready, status } from '../../support/state.js';

const SHARDS: readonly Shard[] = [1, 2, 3].map((index) => ({ index, of: 3 }));
const own = (name: string) => [`${name}.example.com`];
/** Enough of them that every shard has some. */
const NAMES = Array.from({ length: 12 }, (_, i) => `c${i}`);

/** As a shard sees it: nobody asked the prices of the others. */
function inShard(scene: Scene, shard: Shard): PlanInput {
  const input = planInput(scene);
  const facts = [...input.facts].map(
    ([name, known]) => [name, actsFor(shard, name) ? known : { ...known, prices: {} }] as const,
  );
  return { ...input, facts: new Map(facts), shard };
}

const plansOf = (scene: Scene) => SHARDS.map((shard) => makePlan(inShard(scene, shard)));

const served = NAMES.map((name) =>
  status(name, {
    orders: [order(`o-${name}`, { names: own(name) })],
    current: certificate(`o-${name}`, { names: own(name) }),
  }),
);
const declared = (more: Parameters<typeof spec>[1] = {}) =>
  NAMES.map((name) => spec(name, { names: own(name), ...more }));

describe('the lines of all shards', () => {
  const scenes: Readonly<Record<string, Scene>> = {
    'first orders': { specs: declared() },
    'reissues by an edit': {
      specs: declared({ reissue: 'rotate' }).slice(0, 3),
      statuses: served.slice(0, 3),
    },
    'removed manifests': { specs: declared().slice(3), statuses: served },
    renames: {
      specs: declared().map((one) => ({ ...one, name: `new/${one.name}` })),
      statuses: served,
    },
  };

  test.each(Object.entries(scenes))('are those of one plan: %s', (_title, scene) => {
    const whole = makePlan(planInput(scene));
    const plans = plansOf(scene);
    expect(whole.items.length).toBeGreaterThan(2);
    expect(plans.flatMap((plan) => linesOf(plan)).sort()).toEqual([...linesOf(whole)].sort());
    expect(plans.map(({ shard }) => shard)).toEqual(['1/3', '2/3', '3/3']);
    const counted = plans.reduce((sum, { counts }) => sum + counts.certificates, 0);
    expect(counted).toBe(whole.counts.certificates);
  });

  test('a shard asks prices of its own alone', () => {
    const asked = SHARDS.map((shard) => priceQuestions(inShard({ specs: declared() }, shard)));
    expect(
      asked
        .flat()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...NAMES].sort());
    for (const [i, questions] of asked.entries())
      expect(questions.every(({ name }) => actsFor(SHARDS[i], name))).toBe(true);
  });

  test('two digests of one shard are equal, two of different shards are not', () => {
    const [first, second] = plansOf({ specs: declared() });
    expect(first?.digest).toBe(plansOf({ specs: declared() })[0]?.digest);
    expect(first?.digest).not.toBe(second?.digest);
  });
});

describe('what is judged over all certificates', () => {
  test('an edit that touches too many is refused in every shard, with the lines of all', () => {
    const scene = { specs: declared({ reissue: 'rotate' }), statuses: served };
    const whole = makePlan(planInput(scene));
    expect(whole.unsafe?.lines).toHaveLength(12);
    for (const plan of plansOf(scene)) expect(plan.unsafe).toEqual(whole.unsafe);
    const approvals = [unsafeApproval(whole.unsafe?.lines ?? [])];
    for (const plan of plansOf({ ...scene, approvals })) expect(plan.unsafe).toBeUndefined();
  });

  test('names that cost money count although only their own shard asked the price', () => {
    const scene: Scene = {
      specs: NAMES.map((name) => spec(name, { names: [...own(name), `new-${name}.example.com`] })),
      statuses: served,
      facts: Object.fromEntries(NAMES.map((name) => [name, { prices: prices({ 'shop add-names': '5' }) }])),
    };
    expect(makePlan(planInput(scene)).unsafe).toBeDefined();
    for (const plan of plansOf(scene)) expect(plan.unsafe?.message).toMatch(/12 of 12 certificates/);
  });

  test('removed manifests of all shards are one edit', () => {
    const scene = { specs: declared().slice(4), statuses: served };
    for (const plan of plansOf(scene)) expect(plan.unsafe?.message).toMatch(/4 of 12 certificates/);
  });

  test('a day that another shard has spent is spent', () => {
    const [spender = '', ...others] = NAMES;
    const spent = status(spender, {
      orders: [
        order('o-1', {
          names: own(spender),
          placedAt: NOW,
          charges: [{ at: NOW, action: 'order', quoted: usd('95'), charged: usd('95') }],
        }),
      ],
      current: certificate('o-1', { names: own(spender) }),
    });
    const scene: Scene = {
      specs: declared(),
      statuses: [spent],
      policy: { spending: { perOrder: usd('100'), perDay: usd('100') } },
    };
    const plans = plansOf(scene);
    expect(plans.flatMap((plan) => plan.items.map(({ hold }) => hold?.code))).toEqual(
      others.map(() => 'limit-day'),
    );
  });

  test('an order that another certificate holds is not taken over, whoever acts for that one', () => {
    const scene: Scene = {
      specs: declared().map((one) => ({ ...one, adopt: { kind: 'order' as const, order: 'o-holder' } })),
      statuses: [ready('holder')],
    };
    const whole = makePlan(planInput(scene));
    expect(
      plansOf(scene)
        .flatMap((plan) => linesOf(plan))
        .sort(),
    ).toEqual([...linesOf(whole)].sort());
    expect(whole.items.filter(({ action, hold }) => action === 'adopt' && !hold)).toEqual([]);
  });

  test('lost state is said by every shard', () => {
    const scene: Scene = { specs: declared(), state: { integrity: 'lost', integrityWhy: 'gone' } };
    for (const plan of plansOf(scene)) expect(plan.warnings.map(({ code }) => code)).toContain('state-lost');
  });
});
