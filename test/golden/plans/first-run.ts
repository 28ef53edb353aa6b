import { prices, provider, type Scene, spec, usd } from '../../support/planner.js';

/** A checkout before `init`: nothing recorded, no limits, nobody who can open a key. */
export const firstRun: Scene = {
  providers: [
    provider('shop', { config: { environment: 'rehearsal' } }),
    provider('internal', { config: { environment: 'test' }, capabilities: { terms: false } }),
  ],
  specs: [
    spec('team-a/shop', { maxPrice: usd('20') }),
    spec('team-b/intranet', { providers: ['internal'], names: ['intranet.example.com'] }),
  ],
  facts: { 'team-a/shop': { prices: prices({ 'shop order': '10' }) } },
  policy: { spending: {} },
  desired: { commit: null },
  state: { integrity: 'absent', commit: null },
};
