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
});
