import { describe, expect, test } from 'vitest';
import { firstDecision } from '../../../src/planner/draft.js';
import { freeChecks } from '../../../src/planner/free.js';
import { purchaseChecks } from '../../../src/planner/purchase.js';
import {
  LAST_CERTIFICATE,
  linesOf,
  planOf,
  prices,
  provider,
  REISSUE_TIME,
  RENEWAL_TIME,
  type Scene,
  spec,
} from '../../support/planner.js';
import { certificate, intended, order, placed, ready, status, unknown } from '../../support/state.js';

const NAME = 'shop';
const ID = `o-${NAME}`;
const more = ['new.example.com', 'shop.example.com'];

describe('the order of the reasons is the policy', () => {
  test('of the purchase lane', () => {
    expect(purchaseChecks.map((check) => check.name)).toEqual([
      'openPurchase',
      'slotWaiting',
      'uncollected',
      'suspended',
      'failing',
      'adoptDeclared',
      'adoptByReference',
      'foreignOrder',
      'deadOrder',
      'firstOrder',
      'migration',
      'paidTermEnding',
    ]);
  });

  test('of the free lane', () => {
    expect(freeChecks.map((check) => check.name)).toEqual([
      'openFree',
      'suspended',
      'failing',
      'activation',
      'compromisedOnTheWay',
      'nothingToServe',
      'revoked',
      'replaced',
      'keyCompromised',
      'keyLost',
      'namesChanged',
      'algorithmChanged',
      'reissueText',
      'reissueAsked',
      'certificateEnding',
      'autoRenewDiffers',
      'formatsMissing',
    ]);
  });

  const draft = (message: string) =>
    ({ lane: 'free', action: 'wait', reason: 'Failing', message, byEdit: false }) as const;

  test.each([
    ['the first finding wins', [() => undefined, () => draft('a'), () => draft('b')], 'a'],
    ['a stop ends the list', [() => 'stop' as const, () => draft('b')], undefined],
    ['nothing found, nothing to do', [() => undefined], undefined],
  ])('%s', (_sentence, checks, message) => {
    expect(firstDecision(checks, undefined)?.message).toBe(message);
  });
});

/** The certificate is due for its last reissue, and the paid term for its renewal. */
const both = (parts: Parameters<typeof status>[1] = {}) =>
  status(NAME, {
    orders: [order(ID, { paidTill: '2027-05-22T10:00:00Z' })],
    current: certificate(ID, { notAfter: '2027-05-18T23:59:59Z' }),
    ...parts,
  });

interface Row extends Scene {
  readonly plans: readonly string[];
}

const rows: Readonly<Record<string, Row>> = {
  'a reissue stuck in validation does not hide the renewal that falls due': {
    specs: [spec(NAME)],
    statuses: [both({ intents: [placed('reissue', ID, {})] })],
    now: '2027-05-16T00:00:00Z',
    plans: ['free collect AwaitingIssuance', 'purchase renew PaidTermEnding'],
  },
  'an unknown reissue does not hide the renewal that falls due': {
    specs: [spec(NAME)],
    statuses: [both({ intents: [unknown('reissue')] })],
    now: '2027-05-16T00:00:00Z',
    plans: ['free resolve OutcomeUnknown !unknown-outcome', 'purchase renew PaidTermEnding'],
  },
  'a failing reissue does not hide the renewal that falls due': {
    specs: [spec(NAME)],
    statuses: [
      both({
        manifestDigest: spec(NAME).digest,
        failures: { free: { count: 9, lastAt: '2027-05-15T23:00:00Z', code: 'x', message: 'no' } },
      }),
    ],
    now: '2027-05-16T00:00:00Z',
    plans: ['free wait Failing', 'purchase renew PaidTermEnding'],
  },
  'a purchase whose outcome is unknown does not hide the reissue that falls due': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { intents: [unknown('renew')] })],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding', 'purchase resolve OutcomeUnknown !unknown-outcome'],
  },
  'the clock reissues beside a purchase that is under way': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { intents: [intended('renew')] })],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding', 'purchase resolve OpenIntent'],
  },
  'an edit waits for the renewal that brings it': {
    specs: [spec(NAME, { names: more })],
    statuses: [renewing()],
    facts: { [NAME]: { prices: prices({ 'shop renew': '10', 'shop add-names': '0' }) } },
    now: RENEWAL_TIME,
    plans: ['purchase renew PaidTermEnding'],
  },
  'an edit waits while the purchase it belongs to is under way': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME, { intents: [intended('renew', { names: more })] })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '0' }) } },
    plans: ['purchase resolve OpenIntent'],
  },
  'an edit made after the purchase was sent does not wait for it': {
    specs: [spec(NAME, { names: more, digest: 'd'.repeat(64) })],
    statuses: [ready(NAME, { intents: [intended('renew')] })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '0' }) } },
    plans: ['free reissue NamesChanged', 'purchase resolve OpenIntent'],
  },
  'an edit does not wait for a renewal that is held': {
    specs: [spec(NAME, { names: more })],
    statuses: [renewing()],
    facts: { [NAME]: { prices: prices({ 'shop renew': '80', 'shop add-names': '0' }) } },
    now: RENEWAL_TIME,
    plans: ['free reissue NamesChanged', 'purchase renew PaidTermEnding !price-above-ceiling'],
  },
  'names that are sold are never bought beside a renewal': {
    specs: [spec(NAME, { names: more })],
    statuses: [renewing()],
    facts: { [NAME]: { prices: prices({ 'shop renew': '80', 'shop add-names': '6' }) } },
    now: RENEWAL_TIME,
    plans: ['purchase renew PaidTermEnding !price-above-ceiling'],
  },
  'names that are sold are never bought beside a purchase that is open': {
    specs: [spec(NAME, { names: more, digest: 'd'.repeat(64) })],
    statuses: [ready(NAME, { intents: [intended('renew')] })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '6' }) } },
    plans: ['purchase resolve OpenIntent'],
  },
  'names that are sold are never bought beside one of unknown outcome': {
    specs: [spec(NAME, { names: more, digest: 'd'.repeat(64) })],
    statuses: [ready(NAME, { intents: [unknown('renew')] })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '6' }) } },
    plans: ['purchase resolve OutcomeUnknown !unknown-outcome'],
  },
  'a migration now brings the names too': {
    specs: [spec(NAME, { names: more, providers: ['other'], migrate: 'now' })],
    providers: [provider('shop'), provider('other')],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'other order': '12', 'shop add-names': '0' }) } },
    plans: ['purchase order ProviderChanged'],
  },
};

function renewing() {
  return status(NAME, { orders: [order(ID)], current: certificate(ID, LAST_CERTIFICATE) });
}

describe('two lanes beside each other', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { plans, ...scene }) => {
    expect(linesOf(planOf(scene)).map((line) => line.split(' ').slice(1).join(' '))).toEqual(plans);
  });
});
