import type { JsonObject } from '../../src/model/json.js';
import { whmcs } from '../../src/providers/whmcs/index.js';
import { certificateSpec } from '../conformance/builders.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { issueAll, namecheapAccount, wholesaler } from '../support/namecheap-account.js';
import { issueServices, PRODUCTS, whmcsAccount } from '../support/whmcs-account.js';

const year = { unit: 'year', count: 1 } as const;

interface Personality {
  readonly product: JsonObject;
  readonly settings?: JsonObject;
  readonly more?: JsonObject;
  readonly single?: true;
}

async function subject({
  product,
  settings = {},
  more = {},
  single,
}: Personality): Promise<ConformanceSubject> {
  const account = await whmcsAccount({ product }, { settings }, more);
  const { provider, sandbox, clock } = account;
  return {
    definition: whmcs,
    provider,
    clock,
    unknownOrderId: '999999999',
    roots: [sandbox.rootPem],
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: single ? [`${label}.example.com`] : [`${label}.example.com`, `shop.${label}.example.com`],
        providers: [provider.config.id],
        product: 'product',
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: () => issueServices(sandbox),
    purchases: async () => sandbox.purchases().length,
    loseNextReply: () => account.fault('drop-after'),
    bookNextTwice: () => account.fault('duplicate'),
    rejectNext: () => account.fault('reject'),
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: () => account.another('wrong'),
    dispose: account.close,
  };
}

const { reference: _unmapped, ...anonymous } = PRODUCTS['dv-multi'].fields;

/** The default is the poorest documented shop; the others are what the reference leaves open, one way and the other. */
const PERSONALITIES: Readonly<Record<string, Personality>> = {
  'the poorest shop': { product: PRODUCTS['dv-multi'] },
  'a shop that answers in the other ways': {
    product: PRODUCTS['dv-multi'],
    settings: {
      emptyAs: 'nested',
      numbersAs: 'text',
      htmlEntities: false,
      listOrder: 'oldest',
      maximumPageSize: 2,
      utcOffsetMinutes: -480,
      acceptRunsAgain: false,
      renewal: 'same',
    },
  },
  'a shop with empty lists as lists, and tax': {
    product: PRODUCTS['dv-multi'],
    settings: { emptyAs: 'list', taxPercent: '20' },
  },
  'set up by ModuleCreate, the request written later and submitted': {
    product: {
      ...PRODUCTS.dv,
      setup: 'create',
      sendAt: 'service',
      functions: { ...PRODUCTS.dv.functions, submit: 'submit', resend: 'resend', sync: 'sync' },
    },
    single: true,
  },
  'set up at the payment': {
    product: { ...PRODUCTS['dv-multi'], setup: 'payment' },
    settings: {
      products: {
        '13': {
          name: 'Multi & more',
          module: 'fields',
          level: 'DV',
          autosetup: 'payment',
          paytype: 'recurring',
          prices: { annually: '25.00' },
          setupFee: '5.00',
          option: { id: 7, name: 'Names', prices: { annually: '6.00' } },
          fields: [
            { id: 51, name: 'Reference', role: 'none', orderForm: true },
            { id: 52, name: 'CSR', role: 'csr', orderForm: true },
            { id: 53, name: 'Approver', role: 'approver', orderForm: true },
            { id: 54, name: 'Names', role: 'names', orderForm: true },
            { id: 55, name: 'State', role: 'state', orderForm: false },
            { id: 56, name: 'Certificate', role: 'certificate', orderForm: false },
            { id: 57, name: 'Chain', role: 'chain', orderForm: false },
          ],
        },
      },
    },
  },
  'a product without a field for the reference': {
    product: { ...PRODUCTS['dv-multi'], fields: anonymous },
  },
  RVssl: { product: PRODUCTS['rvssl-dv'], more: { profile: 'rvssl' }, single: true },
};

/** The module buys a slot in another account, and there it gets its request. */
async function delivered(): Promise<ConformanceSubject> {
  const wholesale = await namecheapAccount();
  const { sandbox: there } = wholesale;
  const account = await whmcsAccount(
    { product: PRODUCTS.wholesale },
    { settings: wholesaler(there), upstream: wholesale },
    { upstream: wholesale.provider.config.id },
  );
  const { provider, sandbox, clock } = account;
  return {
    definition: whmcs,
    provider,
    clock,
    unknownOrderId: '999999999',
    deliverer: wholesale.provider,
    roots: [there.rootPem],
    reissueChangesId: true,
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: [`${label}.example.com`],
        providers: [provider.config.id],
        product: 'product',
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: async () => {
      await issueServices(sandbox);
      await issueAll(there);
    },
    purchases: async () => sandbox.purchases().length,
    loseNextReply: async () => {
      await account.fault('drop-after');
      await wholesale.fault('drop-after@reissue');
    },
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: () => account.another('wrong'),
    dispose: async () => {
      await account.close();
      await wholesale.provider.close();
      await wholesale.close();
    },
  };
}

providerConformance('whmcs: delivered through another account', delivered);

for (const [title, personality] of Object.entries(PERSONALITIES)) {
  providerConformance(`whmcs: ${title}`, () => subject(personality));
}
