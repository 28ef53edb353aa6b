import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/model/json.js';
import { sectigo } from '../../src/providers/sectigo/index.js';
import { certificateSpec, newKey, orderRequest } from '../conformance/builders.js';
import { failureOf } from '../conformance/failure.js';
import { type ConformanceSubject, providerConformance } from '../conformance/provider.js';
import { issueAll, type SandboxAccountOptions, sectigoAccount } from '../support/sectigo-account.js';

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
    rejectNextReissue: () => account.fault('reject@AutoReplaceSSL'),
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

/** A first order at an account of its own. */
async function order(options: SandboxAccountOptions) {
  const account = await sectigoAccount(options);
  onTestFinished(async () => {
    await account.provider.close();
    await account.close();
  });
  const spec = certificateSpec({ names: ['shop.example.com'], product: 'positivessl', term: year });
  const { csrPem } = await newKey(spec.commonName, spec.names);
  const request = orderRequest(account.provider, spec, 'order', { csrPem });
  const [step] = account.provider.place;
  if (step === undefined) throw new Error('one step');
  return { account, placed: step.run({ request, before: {}, results: {} }, () => {}) };
}

it('in the environment test nothing is billed', async () => {
  const { account, placed } = await order({ environment: 'test', settings: { testOrders: true } });
  expect((await placed).orderId).toMatch(/^\d+$/);
  expect((await account.provider.balance?.())?.amount).toBe('1000.00');
  expect(account.sandbox.purchases()).toEqual([]);
});

it('where test orders are not enabled, the refusal says to look at that as well', async () => {
  const { placed } = await order({ environment: 'test' });
  const error = await failureOf(placed);
  expect(error).toMatchObject({ code: 'provider.credentials', effect: 'none' });
  expect(error.remedy).toContain('whether test orders are enabled');
});

it('where Sectigo takes the payment itself, nothing counts as charged yet', async () => {
  const { placed } = await order({ settings: { payment: 'required' } });
  expect(await placed).toMatchObject({ result: { paymentDue: '9.99' } });
  expect(await placed).not.toHaveProperty('charged');
});
