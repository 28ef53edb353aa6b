import { DAY_MS, MINUTE_MS } from '../../src/model/time.js';
import { certificateSpec } from '../conformance/builders.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { paidAccount } from '../support/paid-provider/account.js';
import type { SellerSettings } from '../support/paid-provider/wire.js';

async function subject(
  settings: Partial<SellerSettings>,
  line: 'http' | 'memory',
): Promise<ConformanceSubject> {
  const account = await paidAccount({ settings }, line);
  const { provider, control, clock, definition } = account;
  return {
    definition,
    provider,
    clock,
    unknownOrderId: 'S-999999',
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: [`${label}.example.com`, `www.${label}.example.com`],
        providers: [provider.config.id],
        product: 'paid-multi',
        term: { unit: 'year', count: 1 },
      }),
    advance: account.advance,
    issue: () => control.issue(),
    purchases: () => control.purchases(),
    loseNextReply: () => control.loseNextReply(),
    bookNextTwice: () => control.fault({ fault: { kind: 'duplicate-order' } }),
    hideOrders: () => control.set({ visibilityLagMs: 3650 * DAY_MS }),
    rejectNext: () => control.reject(),
    rejectNextReissue: () => control.reject(),
    requestsSeen: async () => (await control.ledger()).length,
    withWrongCredentials: async () => account.another('a-token-nobody-gave-out'),
    dispose: account.close,
  };
}

const PERSONALITIES: Readonly<Record<string, Partial<SellerSettings>>> = {
  'a seller of anonymous slots': {},
  'a seller with unique references': { search: 'unique' },
  'a seller with references that show late': { search: 'findable', visibilityLagMs: 5 * MINUTE_MS },
  'a seller that issues only when told, after proofs': {
    pollsUntilIssued: null,
    dcv: 'wait',
    search: 'unique',
  },
  'a seller whose reissues change the id': { reissueChangesId: true },
  'a seller that carries days over and taxes': {
    carriesRemainingDays: true,
    taxPercent: '20',
    currency: 'EUR',
  },
};

for (const [name, settings] of Object.entries(PERSONALITIES)) {
  providerConformance(name, () => subject(settings, 'http'));
  // The simulation speaks to it without a socket: what it proves is worth as much as these two are alike.
  providerConformance(`${name}, in memory,`, () => subject(settings, 'memory'));
}
