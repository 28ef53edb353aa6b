import type { JsonObject } from '../../src/model/json.js';
import { sectigo } from '../../src/providers/sectigo/index.js';
import { certificateSpec } from '../conformance/builders.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { issueAll, sectigoAccount } from '../support/sectigo-account.js';

const year = { unit: 'year', count: 1 } as const;

async function subject(settings: JsonObject): Promise<ConformanceSubject> {
  const account = await sectigoAccount({ settings });
  const { provider, sandbox, clock } = account;
  return {
    definition: sectigo,
    provider,
    clock,
    unknownOrderId: '999999999',
    roots: [sandbox.rootPem],
    newSpec: (label) =>
      certificateSpec({
        name: `team/${label}`,
        names: [`${label}.example.com`, `shop.${label}.example.com`],
        providers: [provider.config.id],
        product: 'positivessl-multi-domain',
        term: year,
      }),
    advance: async (ms) => clock.advance(ms),
    issue: () => issueAll(sandbox),
    purchases: async () => sandbox.purchases().length,
    loseNextReply: async () => {
      await account.fault('drop-after@AutoApplyOrder');
      await account.fault('drop-after@AutoReplaceSSL');
    },
    bookNextTwice: () => account.fault('duplicate@AutoApplyOrder'),
    hideOrders: async () => {
      await sandbox.control('POST', 'settings', { visibilityLagSeconds: 10 * 365 * 86_400 });
    },
    rejectNext: () => account.fault('reject@AutoApplyOrder'),
    requestsSeen: async () => sandbox.ledger().length,
    withWrongCredentials: async () => account.another('wrong'),
    ...(settings.reissueChangesOrderNumber === true ? { reissueChangesId: true } : {}),
    dispose: account.close,
  };
}

/** The default is the poorest documented account; the others are what the reference leaves open, one way and the other. */
const PERSONALITIES: Readonly<Record<string, JsonObject>> = {
  'the poorest account': {},
  'an account that tells all there is': {
    statusTexts: true,
    productTermDates: 'unix',
    reportAdditionalNames: 'comma',
    reportShowsReference: true,
    echoUniqueValue: true,
    reportErrorKey: 'errorCode',
  },
  'an account whose reissues have numbers of their own': {
    reissueChangesOrderNumber: true,
    pendingReissue: 'issued',
    productTermDates: 'date',
  },
  'an account that counts from 0, oldest first, ten at a time': {
    reportFirst: 0,
    reportOrder: 'oldest',
    reportMaximum: 10,
    reportNumbering: 'continue',
    reportCount: 'total',
    certificateEncoding: 'pem',
    caOrder: 'issuer-first',
  },
};

for (const [name, settings] of Object.entries(PERSONALITIES)) {
  providerConformance(name, () => subject(settings));
}
