import { describe, expect, it } from 'vitest';
import type { SitelockSpec } from '../../../../src/model/manifest.js';
import { LICENCE_OFFER } from '../../../../src/providers/sectigo/licence-products.js';
import { linesOf, prices, provider, type Scene, usd } from '../../../support/planner.js';
import { asking } from './asking.js';

const SITE: SitelockSpec = {
  kind: 'sitelock',
  name: 'guard',
  position: { file: 'certificates/guard.yaml', line: 1, column: 1 },
  digest: 'd-guard',
  domain: 'guard.example.com',
  providers: ['shop'],
  product: 'sitelock-basic',
  addOns: ['trueshield'],
  term: { unit: 'year', count: 1 },
  autoRenew: true,
  renewedBy: 'certwright',
  maxPrice: usd('60'),
  customer: { email: 'guard@example.com' },
  suspend: false,
};

/** A site whose licences wait for approvals; only its manifest says what they may cost. */
const site = (parts: Partial<SitelockSpec> = {}): Scene => ({
  providers: [
    provider('shop', {
      licences: LICENCE_OFFER,
      capabilities: { licences: true, termCounting: 'days', search: 'findable' },
    }),
  ],
  policy: {
    approval: { order: 'pull-request', renew: 'pull-request', free: 'auto', revoke: 'pull-request' },
    spending: { perDay: usd('500') },
  },
  specs: [{ ...SITE, ...parts }],
  facts: {
    guard: {
      keyStored: false,
      freeNames: [],
      violations: {},
      prices: {
        ...prices({ 'shop order': '49' }, 'sitelock-basic'),
        ...prices({ 'shop order': '39' }, 'trueshield'),
      },
    },
  },
});

const MAIN = 'certwright-approval/guard-order-sitelock-basic';

describe('licences that wait for approvals', () => {
  it('are asked for one by one, within what the manifest allows, and let through', async () => {
    const { github, ask, planOf, pulls } = await asking();
    expect(await ask(site())).toMatchObject({ opened: [{ number: 1 }, { number: 2 }], closed: [] });
    expect(pulls('open').map(({ title }) => title)).toEqual([
      'Approve: order guard (49.00 USD)',
      'Approve: order guard (39.00 USD)',
    ]);
    expect(await ask(site())).toMatchObject({ opened: [], changed: [], closed: [] });
    await github.merge(1, 'squash');
    await github.merge(2, 'squash');
    const plan = await planOf(site());
    expect(linesOf(plan)).toEqual(['guard purchase order NoOrder', 'guard purchase order NoOrder']);
    expect(new Set(plan.items.map(({ approval }) => approval && JSON.stringify(approval))).size).toBe(2);
    await ask(site());
    expect(pulls()).toHaveLength(2);
  });

  it('are not asked for where they cost more than the manifest allows', async () => {
    const { ask } = await asking();
    expect(await ask(site({ addOns: [], maxPrice: usd('40') }))).toMatchObject({ opened: [] });
  });

  it('are read from the branch where somebody committed beside them', async () => {
    const { github, ask, files } = await asking();
    await ask(site({ addOns: [] }));
    const before = await files(MAIN);
    await github.push(MAIN, { 'notes.md': 'by hand\n' });
    await github.refresh(1);
    expect(await ask(site({ addOns: [] }))).toMatchObject({ opened: [], changed: [], closed: [] });
    expect(await files(MAIN)).toEqual({ ...before, 'notes.md': 'by hand\n' });
    expect(github.comments).toEqual([]);
  });

  it('are asked for again at another price, once an approval was merged too late', async () => {
    const { github, ask } = await asking();
    const scene = site({ addOns: [] });
    await ask(scene);
    await github.merge(1, 'squash');
    const dearer: Scene = {
      ...scene,
      facts: { guard: { ...scene.facts?.guard, prices: prices({ 'shop order': '55' }, 'sitelock-basic') } },
    };
    expect(await ask(dearer)).toMatchObject({
      opened: [{ title: 'Approve: order guard (55.00 USD)' }],
      declined: [],
    });
  });

  it('are not asked for twice while the main licence still waits for its own', async () => {
    const { github, ask, planOf, pulls } = await asking();
    await ask(site());
    await github.merge(2, 'squash');
    const [main, addOn] = (await planOf(site())).items;
    expect(main?.hold?.code).toBe('approval-missing');
    expect(addOn?.hold?.message).toContain('it waits for the main licence');
    expect(await ask(site())).toMatchObject({ opened: [], declined: [] });
    expect(pulls()).toHaveLength(2);
  });
});
