import { describe, expect, test } from 'vitest';
import type { CurrentCertificate, OrderRecord, RequestRecord } from '../../../src/model/status.js';
import {
  header,
  linesOf,
  NOW,
  planOf,
  prices,
  provider,
  REISSUE_TIME,
  type Scene,
  spec,
} from '../../support/planner.js';
import { certificate, intended, order, placed, ready, status, unknown } from '../../support/state.js';

const NAME = 'shop';
const ID = `o-${NAME}`;

/** The usual certificate with something different about it. */
const having = (current: Partial<CurrentCertificate>, head: Partial<OrderRecord> = {}) =>
  ready(NAME, { orders: [order(ID, head)], current: certificate(ID, current) });

const request = (action: RequestRecord['action'], parts: Partial<RequestRecord> = {}): RequestRecord => ({
  id: `r-${action}`,
  action,
  requestedAt: NOW,
  reason: 'the laptop is gone',
  ...parts,
});

const csr = (keyHash: string) =>
  ({ kind: 'csr', path: 'certificates/shop.csr', csrPem: 'CSR', keyHash }) as const;

const KEY = 'e'.repeat(64);
const blocked = (keyHash: string) => ({
  header: header({ compromisedKeys: [{ keyHash, at: NOW, reason: 'found in a log' }] }),
});
const following = request('revoke', {
  serial: certificate(ID).serial,
  revocationReason: 'keyCompromise',
  afterReissue: true,
});
const REVOKES = { approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'auto' } } as const;
const { ownKey: _own, ...OLD } = certificate('old', { order: ID, keyHash: KEY });
/** Another certificate has taken the place of one whose key leaked. */
const replaced = (parts: Parameters<typeof ready>[1] = {}) =>
  ready(NAME, {
    previous: [OLD],
    requests: [
      request('revoke', { serial: OLD.serial, revocationReason: 'keyCompromise', afterReissue: true }),
    ],
    ...parts,
  });

const more = ['new.example.com', 'shop.example.com'];

interface Row extends Scene {
  readonly plans: readonly string[];
  readonly says?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'nothing changed, nothing done': { specs: [spec(NAME)], statuses: [ready(NAME)], plans: [] },
  'a reissue under way is collected': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { intents: [placed('reissue', ID)] })],
    plans: ['free collect AwaitingIssuance'],
  },
  'a reissue under way goes before whatever else would be due': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME, { intents: [intended('reissue')] })],
    plans: ['free resolve OpenIntent'],
  },
  'an unknown reissue waits for a person': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { intents: [unknown('reissue')] })],
    plans: ['free resolve OutcomeUnknown !unknown-outcome'],
  },
  'a suspended manifest is not reissued': {
    specs: [spec(NAME, { suspend: true, names: more })],
    statuses: [ready(NAME)],
    plans: [],
  },
  'a failed reissue waits its turn': {
    specs: [spec(NAME, { reissue: 'again' })],
    statuses: [
      ready(NAME, {
        manifestDigest: spec(NAME).digest,
        failures: { free: { count: 1, lastAt: NOW, code: 'x', message: 'no' } },
      }),
    ],
    plans: ['free wait Failing'],
    says: /failed once, next try 2026-11-22T06:56:42Z: no/,
  },
  'a changed manifest resets the wait': {
    specs: [spec(NAME, { reissue: 'again', digest: 'd'.repeat(64) })],
    statuses: [
      ready(NAME, {
        manifestDigest: spec(NAME).digest,
        failures: { free: { count: 4, lastAt: NOW, code: 'x', message: 'no' } },
      }),
    ],
    plans: ['free reissue ReissueRequested'],
  },
  'nothing is reissued within a paid term that is over': {
    specs: [spec(NAME, { autoRenew: false, names: more })],
    statuses: [ready(NAME)],
    now: '2028-01-01T00:00:00Z',
    plans: [],
  },
  'a revoked certificate is reissued': {
    specs: [spec(NAME)],
    statuses: [having({ revoked: { at: NOW, reason: 'keyCompromise' } })],
    plans: ['free reissue Revoked'],
  },
  'an order revoked at the provider is reissued': {
    specs: [spec(NAME)],
    statuses: [having({}, { state: 'revoked' })],
    plans: ['free reissue Revoked'],
  },
  'a provider that cannot reissue says why': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { reissue: false, notes: { reissue: 'sold once' } } })],
    statuses: [having({ revoked: { at: NOW, reason: 'superseded' } })],
    plans: ['free hold Revoked !unsupported'],
    says: /shop cannot reissue: sold once/,
  },
  'names that are sold are paid for where a revoked certificate is reissued with them': {
    specs: [spec(NAME, { names: more })],
    statuses: [having({ revoked: { at: NOW, reason: 'keyCompromise' } })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '7' }) } },
    plans: ['purchase add-names Revoked'],
  },
  'and do not keep it where they may not be bought': {
    specs: [spec(NAME, { names: more })],
    statuses: [having({ revoked: { at: NOW, reason: 'keyCompromise' } })],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '700' }) } },
    plans: ['free reissue Revoked'],
    says: /with the names it has, until the ones declared may be added/,
  },
  'a lost key is no way to names that are sold either': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { keyStored: false, prices: prices({ 'shop add-names': 'unknown' }) } },
    plans: ['free reissue KeyLost'],
    says: /with the names it has/,
  },
  'a certificate given up on purpose stays revoked': {
    specs: [spec(NAME)],
    statuses: [having({ revoked: { at: NOW, reason: 'cessationOfOperation' } })],
    plans: [],
  },
  'a key that is lost means a reissue': {
    specs: [spec(NAME)],
    statuses: [ready(NAME)],
    facts: { [NAME]: { keyStored: false } },
    plans: ['free reissue KeyLost'],
  },
  'a certificate taken over without its key gets one': {
    specs: [spec(NAME)],
    statuses: [having({ ownKey: false })],
    plans: ['free reissue KeyLost'],
  },
  'a key that lives elsewhere is not lost': {
    specs: [spec(NAME, { key: { kind: 'external' } })],
    statuses: [having({ ownKey: false })],
    facts: { [NAME]: { keyStored: false } },
    plans: [],
  },
  'a certificate for the key of our own CSR is fine': {
    specs: [spec(NAME, { key: csr('k1') })],
    statuses: [having({ keyHash: 'k1', ownKey: false })],
    facts: { [NAME]: { keyStored: false } },
    plans: [],
  },
  'a new CSR with another key means a reissue': {
    specs: [spec(NAME, { key: csr('k2') })],
    statuses: [having({ keyHash: 'k1' })],
    plans: ['free reissue KeyMismatch'],
    says: /the CSR in certificates\/shop\.csr has another key/,
  },
  'a name more means a reissue': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '0' }) } },
    plans: ['free reissue NamesChanged'],
    says: /added new\.example\.com/,
  },
  'a name less means a free reissue': {
    specs: [spec(NAME)],
    statuses: [having({ names: more })],
    plans: ['free reissue NamesChanged'],
    says: /removed new\.example\.com/,
  },
  'names the product adds by itself are fine': {
    specs: [spec(NAME)],
    statuses: [having({ names: ['shop.example.com', 'www.shop.example.com'] })],
    facts: { [NAME]: { freeNames: ['www.shop.example.com'] } },
    plans: [],
  },
  'a name that costs is a purchase': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '6' }) } },
    plans: ['purchase add-names NamesChanged'],
  },
  'a name of unknown price is held': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    plans: ['free reissue NamesChanged !price-unknown'],
  },
  'a name of unknown price does not let the certificate run out': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding'],
    says: /with the names it has/,
  },
  'nor does a name that costs more than it may': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '600' }) } },
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding'],
  },
  'a name that may be added comes with the reissue that is due': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop add-names': '0' }) } },
    now: REISSUE_TIME,
    plans: ['free reissue NamesChanged'],
  },
  'a name costs nothing where reissues are free and nothing has a price': {
    specs: [spec(NAME, { names: more })],
    providers: [provider('shop', { capabilities: { quote: false } })],
    statuses: [ready(NAME)],
    plans: ['free reissue NamesChanged'],
  },
  'another algorithm means a reissue': {
    specs: [spec(NAME, { key: { kind: 'generated', algorithm: 'rsa-2048', rotate: 'always' } })],
    statuses: [ready(NAME)],
    plans: ['free reissue AlgorithmChanged'],
    says: /from ecdsa-p256 to rsa-2048/,
  },
  'a new text forces a reissue': {
    specs: [spec(NAME, { reissue: '2026-11-22 key rotation' })],
    statuses: [ready(NAME, { reissueText: '2026-01-01 key rotation' })],
    plans: ['free reissue ReissueRequested'],
    says: /the manifest says: 2026-11-22 key rotation/,
  },
  'the text that was answered forces nothing': {
    specs: [spec(NAME, { reissue: 'once' })],
    statuses: [ready(NAME, { reissueText: 'once' })],
    plans: [],
  },
  'a text taken out again forces nothing': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { reissueText: 'once' })],
    plans: [],
  },
  'on a new manifest the text is only recorded': {
    specs: [spec(NAME, { reissue: 'once' })],
    plans: ['purchase order NoOrder'],
  },
  'a reissue asked for is done': {
    specs: [spec(NAME)],
    statuses: [ready(NAME, { requests: [request('reissue')] })],
    plans: ['free reissue ReissueRequested'],
  },
  'a certificate that runs out inside the paid term is reissued': {
    specs: [spec(NAME)],
    statuses: [ready(NAME)],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding'],
    says: /ends 2027-05-18/,
  },
  'a reissue with a price is a paid action': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { reissue: 'paid' } })],
    statuses: [ready(NAME)],
    facts: { [NAME]: { prices: prices({ 'shop reissue': '60' }) } },
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding !price-above-ceiling'],
  },
  'without a paid term every next certificate is a reissue': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { terms: false } })],
    statuses: [status(NAME, { orders: [unlimited()], current: certificate(ID) })],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding'],
  },
  'automatic renewal at the provider is switched off': {
    specs: [spec(NAME)],
    statuses: [having({}, { autoRenew: true })],
    plans: ['free set-auto-renew AutoRenewDiffers'],
  },
  'where no call switches it off, the portal does': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { autoRenewFlag: 'read' } })],
    statuses: [having({}, { autoRenew: true })],
    plans: ['free hold AutoRenewDiffers !unsupported'],
    says: /switch automatic renewal of order o-shop off in the portal of shop/,
  },
  'an external key does not hide that the provider renews by itself': {
    specs: [spec(NAME, { key: { kind: 'external' } })],
    statuses: [having({}, { autoRenew: true })],
    now: REISSUE_TIME,
    plans: ['free hold CertificateEnding !key-external', 'free set-auto-renew AutoRenewDiffers'],
  },
  'an external key cannot be reissued for, and that is said': {
    specs: [spec(NAME, { key: { kind: 'external' }, names: more })],
    statuses: [ready(NAME)],
    plans: ['free hold NamesChanged !key-external'],
  },
  'a revocation asked for needs its approval': {
    specs: [spec(NAME)],
    statuses: [
      ready(NAME, {
        requests: [request('revoke', { serial: certificate(ID).serial, revocationReason: 'superseded' })],
      }),
    ],
    plans: ['free revoke RevokeRequested !approval-missing'],
  },
  'a revocation goes on beside everything else': {
    specs: [spec(NAME, { suspend: true })],
    statuses: [
      ready(NAME, {
        intents: [intended('order')],
        requests: [request('revoke', { serial: certificate(ID).serial, revocationReason: 'superseded' })],
      }),
    ],
    policy: { approval: { order: 'merge', renew: 'auto', free: 'auto', revoke: 'auto' } },
    plans: ['free revoke RevokeRequested', 'purchase resolve OpenIntent'],
  },
  'a provider without a call for it has a portal': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { revoke: false } })],
    statuses: [ready(NAME, { requests: [request('revoke', { serial: certificate(ID).serial })] })],
    plans: ['free hold RevokeRequested !unsupported'],
  },
  'a compromised key is replaced, whatever else would have been due': {
    specs: [spec(NAME, { names: more })],
    statuses: [ready(NAME)],
    state: blocked(certificate(ID).keyHash),
    plans: ['free reissue KeyCompromised'],
    says: /its key is compromised: found in a log/,
  },
  'a compromised key of our own CSR waits for a new one': {
    specs: [spec(NAME, { key: csr(certificate(ID).keyHash) })],
    statuses: [having({ ownKey: false })],
    state: blocked(certificate(ID).keyHash),
    plans: ['free reissue KeyCompromised !key-compromised'],
  },
  'a compromised key of a certificate that is revoked needs no second reason': {
    specs: [spec(NAME)],
    statuses: [having({ revoked: { at: NOW, reason: 'keyCompromise' } })],
    state: blocked(certificate(ID).keyHash),
    plans: ['free reissue Revoked'],
  },
  'an order placed with a compromised key is reissued, not bought again': {
    specs: [spec(NAME)],
    statuses: [
      status(NAME, {
        orders: [order(ID)],
        intents: [
          { ...placed('order', ID), phase: 'issued', keyHash: KEY, fingerprint: 'f', problem: 'its key' },
        ],
      }),
    ],
    state: blocked(KEY),
    plans: ['free reissue KeyCompromised', 'purchase collect OpenIntent'],
  },
  'a revocation that is to follow a reissue waits for it': {
    specs: [spec(NAME, { suspend: true })],
    statuses: [ready(NAME, { requests: [following] })],
    plans: ['free wait RevokeRequested'],
    says: /is revoked after a certificate with another key is published/,
  },
  'it is sent once another certificate serves, and is no edit': {
    specs: [spec(NAME)],
    statuses: [replaced()],
    policy: REVOKES,
    state: blocked(KEY),
    plans: ['free revoke RevokeRequested'],
  },
  'it gives the published hook an hour': {
    specs: [spec(NAME)],
    statuses: [replaced({ undelivered: { sha256: certificate(ID).sha256, since: NOW } })],
    policy: REVOKES,
    plans: ['free wait RevokeRequested'],
    says: /after the published hook has taken the new certificate/,
  },
  'and no longer than an hour': {
    specs: [spec(NAME)],
    statuses: [replaced({ undelivered: { sha256: certificate(ID).sha256, since: '2026-11-22T05:46:42Z' } })],
    policy: REVOKES,
    plans: ['free revoke RevokeRequested'],
  },
  'one that need not wait passes one that has to': {
    specs: [spec(NAME, { suspend: true })],
    statuses: [
      replaced({
        requests: [
          following,
          request('revoke', { id: 'r-2', serial: OLD.serial, revocationReason: 'keyCompromise' }),
        ],
      }),
    ],
    policy: REVOKES,
    plans: ['free revoke RevokeRequested'],
  },
  'a call that names no certificate never revokes for an earlier one': {
    specs: [spec(NAME)],
    providers: [provider('shop', { capabilities: { revokesCurrentOnly: true } })],
    statuses: [replaced()],
    plans: ['free hold RevokeRequested !unsupported'],
    says: /would revoke the one that serves; have its support revoke serial/,
  },
  'certificates of a rehearsal are not reissued at a live account': {
    specs: [spec(NAME)],
    statuses: [having({}, { environment: 'rehearsal' })],
    now: REISSUE_TIME,
    plans: ['purchase order NoOrder'],
  },
  'an order at a provider that is configured no more is held': {
    specs: [spec(NAME, { providers: ['other'] })],
    providers: [provider('other')],
    statuses: [ready(NAME)],
    now: REISSUE_TIME,
    plans: ['free reissue CertificateEnding !no-provider'],
  },
};

function unlimited(): OrderRecord {
  const { term: _term, paidFrom: _from, paidTill: _till, ...rest } = order(ID);
  return rest;
}

describe('the free lane', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { plans, says, ...scene }) => {
    const plan = planOf(scene);
    expect(linesOf(plan).map((line) => line.split(' ').slice(1).join(' '))).toEqual(plans);
    const texts = plan.items.flatMap((item) => [item.message, item.hold?.message ?? '']);
    if (says) expect(texts.join('\n')).toMatch(says);
  });

  test('what an edit causes counts as an edit, what time and people cause does not', () => {
    const edits = Object.entries(rows).flatMap(([sentence, { plans: _plans, says: _says, ...scene }]) =>
      planOf(scene).items.some((item) => item.byEdit && item.lane === 'free') ? [sentence] : [],
    );
    expect(edits).toEqual([
      'a changed manifest resets the wait',
      'a lost key is no way to names that are sold either',
      'a key that is lost means a reissue',
      'a certificate taken over without its key gets one',
      'a new CSR with another key means a reissue',
      'a name more means a reissue',
      'a name less means a free reissue',
      'a name of unknown price is held',
      'a name that may be added comes with the reissue that is due',
      'a name costs nothing where reissues are free and nothing has a price',
      'another algorithm means a reissue',
      'a new text forces a reissue',
      'an external key cannot be reissued for, and that is said',
      'a revocation asked for needs its approval',
      'a revocation goes on beside everything else',
      'a provider without a call for it has a portal',
      'and no longer than an hour',
      'one that need not wait passes one that has to',
      'a call that names no certificate never revokes for an earlier one',
    ]);
  });

  test.each([
    ['as it was acted on last is no edit', spec(NAME).digest, false],
    ['edited since is one', 'd'.repeat(64), true],
  ])('a lost key under a manifest %s', (_sentence, manifestDigest, byEdit) => {
    const plan = planOf({
      specs: [spec(NAME)],
      statuses: [ready(NAME, { manifestDigest })],
      facts: { [NAME]: { keyStored: false } },
    });
    expect(plan.items[0]).toMatchObject({ reason: 'KeyLost', byEdit });
  });
});
