import type { JsonObject } from '../../src/model/json.js';
import { namecheap } from '../../src/providers/namecheap/index.js';
import { certificateSpec } from '../conformance/builders.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { issueAll, namecheapAccount } from '../support/namecheap-account.js';

const year = { unit: 'year', count: 1 } as const;

interface Trial {
  readonly settings: JsonObject;
  readonly options?: JsonObject;
  readonly product?: string;
}

async function subject({
  settings,
  options = {},
  product = 'san-certificate',
}: Trial): Promise<ConformanceSubject> {
  const account = await namecheapAccount({ settings, config: { options } });
  const { provider, sandbox, clock } = account;
  const names = (label: string) =>
    product === 'san-certificate'
      ? [`${label}.example.com`, `shop.${label}.example.com`]
      : [`${label}.example.com`];
  return {
    definition: namecheap,
    provider,
    clock,
    unknownOrderId: '999999999',
    roots: [sandbox.rootPem],
    reissueChangesId: true,
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: names(label),
        providers: [provider.config.id],
        product,
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: () => issueAll(sandbox),
    purchases: async () => sandbox.purchases().length,
    loseNextReply: () => account.fault('drop-after@writes'),
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: () => account.another('wrong'),
    dispose: account.close,
  };
}

/** The default is the poorest documented account; the others are what the reference leaves open, one way and the other. */
const PERSONALITIES: Readonly<Record<string, Trial>> = {
  'the poorest account': { settings: {} },
  'an account that answers in the other ways': {
    settings: {
      pricedAs: 'retired',
      replacedAt: 'call',
      reissueDates: 'purchase',
      expires: 'term',
      sansCount: 'allowed',
      deliveryEmail: 'required',
      statusCase: 'upper',
      reissueElement: 'SSLActivateResult',
      namespace: false,
      emptyResponse: true,
      invalidStatusNumber: '2011331',
      maximumPageSize: 2,
      companionNames: true,
    },
    options: { deliveryEmail: 'ops@example.com' },
  },
  'an account of its own, one name': {
    settings: {},
    options: { slots: 'exclusive' },
    product: 'standard-ssl',
  },
};

for (const [title, trial] of Object.entries(PERSONALITIES)) {
  providerConformance(`namecheap: ${title}`, () => subject(trial));
}
