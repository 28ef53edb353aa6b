import { MINUTE_MS } from '../../src/model/time.js';
import { localCa } from '../../src/providers/local-ca/index.js';
import { certificateSpec } from '../conformance/builders.js';
import { providerConformance } from '../conformance/provider.js';
import type { ConformanceSubject } from '../conformance/subject.js';
import type { LocalCaFaults } from '../support/faulty-local-ca.js';
import { type AccountSettings, localCaAccount, samplePrices } from '../support/local-ca-account.js';

const year = { unit: 'year', count: 1 } as const;

async function subject(settings: AccountSettings): Promise<ConformanceSubject> {
  const faults: LocalCaFaults = {};
  const { provider, clock, store } = await localCaAccount({ ...settings, faults });
  const terms = provider.capabilities.terms;
  return {
    definition: localCa,
    provider,
    clock,
    unknownOrderId: 'lca-0123456789abcdef',
    newSpec: (label) =>
      certificateSpec({
        names: [`${label}.example.com`, `www.${label}.example.com`],
        ...(terms && { term: year }),
      }),
    advance: async (ms) => clock.advance(ms),
    issue: async () => clock.advance(10 * MINUTE_MS),
    purchases: async () => [...store.files().keys()].filter((path) => path.startsWith('orders/')).length,
    loseNextReply: async () => {
      faults.loseReplyOnce = true;
    },
    rejectNext: async () => {
      faults.rejectOnce = true;
    },
    dispose: async () => {},
  };
}

providerConformance('local-ca without prices', () => subject({}));
providerConformance('local-ca with prices, balance and waiting', () =>
  subject({ prices: samplePrices, options: { balance: '1000 USD', issueAfter: '10m' } }),
);
