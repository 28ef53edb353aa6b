import { describe, expect, it } from 'vitest';
import { CertError } from '../../src/model/errors.js';
import { isOpen } from '../../src/model/intent.js';
import type { Status } from '../../src/model/status.js';
import { DAY_MS, HOUR_MS } from '../../src/model/time.js';
import type { Deps } from '../../src/reconcile/deps.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  aroundProviders,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
  STATE_REF,
} from '../support/engine.js';
import { dnsServer } from '../support/sandbox/surroundings.js';

const SWEEP = { timeout: 300_000 };

const place = (over: Partial<PlaceOptions> = {}): Promise<Place> => openPlace({ kind: 'sectigo', ...over });

async function issued(over: Partial<PlaceOptions> = {}): Promise<Place> {
  const made = await place(over);
  await runUntilQuiet(made, await openRunner(made));
  expect((await made.status('shop')).current).toBeDefined();
  return made;
}

describe('at Sectigo, stopped around every writing call', () => {
  it('a first order is bought once', SWEEP, async () => {
    const unknown = await sweepCrashes(await place(), { purchases: 1, name: 'shop', extraPushes: 6 });
    expect(unknown).toEqual([]);
  });

  it('a renewal is bought once', SWEEP, async () => {
    const text = 'domains: [shop.example.com]\nterm: 90d\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const made = await issued({ manifests: { shop: text } });
    await made.advance(82 * DAY_MS);
    const ended = (status: Status) => expect(status.orders).toHaveLength(2);
    const unknown = await sweepCrashes(made, { purchases: 2, name: 'shop', extraPushes: 6, ended });
    expect(unknown).toEqual([]);
  });

  it.each([false, true])(
    'a reissue happens once and costs nothing (own order number: %s)',
    SWEEP,
    async (own) => {
      const made = await issued({ sandbox: { reissueChangesOrderNumber: own } });
      await made.advance(DAY_MS);
      await made.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
      const ended = (status: Status) => expect(status.reissueText).toBe('new key');
      const unknown = await sweepCrashes(made, { purchases: 1, name: 'shop', extraPushes: 6, ended });
      expect(unknown).toEqual([]);
    },
  );
});

/** Publishes what the status says is wanted, as a solver does. */
async function publish(made: Place, zone: Record<string, string>): Promise<void> {
  for (const { validation } of (await made.statuses()).values()) {
    for (const { record } of validation) {
      if (record?.type === 'CNAME') zone[record.owner.toLowerCase()] = record.value;
    }
  }
}

describe('a reply of Sectigo that is lost', () => {
  const cases = { order: undefined, reissue: 'reissue: "new key"\n' } as const;
  it.each(Object.entries(cases))(
    '%s: exactly one is there, and its names are still proved by what the intent recorded',
    async (action, edit) => {
      const zone: Record<string, string> = {};
      const { address } = await dnsServer(zone);
      const made = await place({ sandbox: { autoApprove: false, dnsServer: address } });
      const runner = await openRunner(made);
      const lose = async (operation: string) => {
        await made.sandbox?.control('POST', 'faults', { fault: `drop-after@${operation}` });
        await applyOnce(made, runner);
      };
      const finish = async () => {
        for (let round = 0; round < 8; round += 1) {
          await publish(made, zone);
          await made.advance(3 * HOUR_MS);
          await applyOnce(made, runner);
        }
      };
      if (edit === undefined) await lose('AutoApplyOrder');
      await finish();
      const first = (await made.status('shop')).current;
      expect(first).toBeDefined();
      if (edit !== undefined) {
        await made.merge({ 'certificates/shop.yaml': manifest('shop', edit) });
        await lose('AutoReplaceSSL');
        await finish();
        const status = await made.status('shop');
        expect(status.current?.serial).not.toBe(first?.serial);
        expect(made.sandbox?.ledger('AutoReplaceSSL')).toHaveLength(1);
      }
      const status = await made.status('shop');
      expect(status.intents.filter(isOpen)).toEqual([]);
      expect(await made.purchases()).toBe(1);
      expect(action).toMatch(/order|reissue/);
    },
  );

  it('of an order the seller never got: it is sent again once its absence is proved, by a known order', async () => {
    const made = await issued({
      manifests: { shop: manifest('shop') },
    });
    await made.merge({ 'certificates/wiki.yaml': manifest('wiki') });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-before@AutoApplyOrder' });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    expect(await made.purchases()).toBe(1);
    await made.advance(12 * HOUR_MS);
    await applyOnce(made, runner);
    expect(await made.purchases(), 'its absence is not proved before a day has passed').toBe(1);
    await made.advance(13 * HOUR_MS);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(2);
    expect((await made.status('wiki')).current).toBeDefined();
  });

  it('twice booked by the seller: both are candidates, a person decides, nothing more is bought', async () => {
    const made = await place();
    await made.sandbox?.control('POST', 'faults', { fault: 'duplicate@AutoApplyOrder' });
    await made.sandbox?.control('POST', 'faults', { fault: 'drop-after@AutoApplyOrder' });
    const runner = await openRunner(made);
    await applyOnce(made, runner);
    await made.advance(26 * HOUR_MS);
    const ended = await applyOnce(made, runner);
    const [intent] = (await made.status('shop')).intents;
    expect(intent).toMatchObject({ phase: 'unknown', candidates: [expect.any(String), expect.any(String)] });
    expect(ended.exit).toBe(4);
    const bought = await made.purchases();
    await made.advance(26 * HOUR_MS);
    await applyOnce(made, runner);
    expect(await made.purchases()).toBe(bought);
  });

  it('with a code nobody documents: it may have been bought, and is found', async () => {
    const made = await place();
    const runner = await openRunner(made);
    await made.sandbox?.control('POST', 'faults', { fault: 'garbage@AutoApplyOrder' });
    await applyOnce(made, runner);
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    expect((await made.status('shop')).current).toBeDefined();
  });
});

describe('an account whose variables are not set', () => {
  it('does not make names that came with the product look like a change of names', async () => {
    const made = await issued();
    expect((await made.status('shop')).current?.names).toContain('www.shop.example.com');
    const blind = { ...made, env: { ...made.env, SECTIGO_LOGIN: '' } };
    const { plan } = await planOnly((await openRunner(blind)).deps);
    expect(plan.items).toEqual([]);
    await made.merge({ 'certificates/shop.yaml': 'domains: [other.example.com]\nterm: 1y\n' });
    const changed = await planOnly((await openRunner(blind)).deps);
    expect(changed.plan.items).toMatchObject([{ reason: 'NamesChanged' }]);
  });
});

describe('an account out of credit', () => {
  it('is seen before anything is announced, and the order goes by itself after a top-up', async () => {
    const made = await place({ sandbox: { openingBalance: '5.00' } });
    const runner = await openRunner(made);
    const held = await applyOnce(made, runner);
    expect(held.applied?.plan.items[0]?.hold).toMatchObject({ code: 'balance' });
    expect(made.sandbox?.ledger('AutoApplyOrder')).toEqual([]);
    await made.sandbox?.control('POST', 'account', { balance: '50.00' });
    await runUntilQuiet(made, runner);
    expect((await made.status('shop')).current).toBeDefined();
    expect(await made.purchases()).toBe(1);
  });

  it('is told by Sectigo where somebody else spent it meanwhile; the order waits and goes later', async () => {
    const made = await place();
    const runner = await openRunner(made);
    await made.sandbox?.control('POST', 'faults', { fault: 'out-of-credit@AutoApplyOrder' });
    const refused = await applyOnce(made, runner);
    expect(refused.applied?.events.map(({ message }) => message).join()).toContain('not enough credit');
    await runUntilQuiet(made, runner);
    expect(await made.purchases()).toBe(1);
    expect((await made.status('shop')).current).toBeDefined();
  });
});

describe('an account whose balance cannot be read for certain', () => {
  const unreadable = (deps: Deps): Deps =>
    aroundProviders(deps, (provider) => ({
      ...provider,
      balance: async () => {
        throw new CertError('provider.unsupported', 'the balance of shop cannot be read for certain');
      },
    }));

  it('sells all the same', async () => {
    const made = await place();
    await runUntilQuiet(made, await openRunner(made, { wrap: unreadable }));
    expect(await made.purchases()).toBe(1);
  });

  it('is held where a minimum has to stay in it', async () => {
    const made = await place({ account: 'minimumBalance: 50 USD' });
    const ended = await applyOnce(made, await openRunner(made, { wrap: unreadable }));
    expect(ended.applied?.plan.items[0]?.hold).toMatchObject({ code: 'balance' });
    expect(await made.purchases()).toBe(0);
  });
});

it('an OV order waits for days: its status says for whom, and nothing is committed that did not change', async () => {
  const contacts = [
    'contacts:',
    '  acme:',
    '    organization: { name: Acme Inc, street: 1 High St, city: Springfield, state: Oregon, postalCode: "97477", country: US }',
    '    admin: { firstName: Ann, lastName: Lee, title: CIO, email: ann@example.com, phone: "+1 555 0100" }',
    '',
  ].join('\n');
  const made = await place({
    manifests: { shop: manifest('shop', 'product: instantssl\ncontacts: acme\n') },
    sandbox: { organizationDays: 2, callbackDays: 2 },
  });
  const configuration = (await made.store.files('refs/heads/main'))['certwright.yaml'];
  await made.merge({ 'certwright.yaml': `${configuration}${contacts}` });
  const runner = await openRunner(made);
  const seen: string[] = [];
  let pushes = 0;
  for (let round = 0; round < 16; round += 1) {
    const ended = await applyOnce(made, runner);
    expect(ended.exit).toBe(0);
    const status = await made.status('shop');
    const [order] = status.orders;
    const word = status.current ? 'published' : (order?.waitingFor ?? order?.state ?? 'nothing');
    const commits = await made.pushes();
    if (seen.at(-1) === word) expect(commits, `nothing new in round ${round}`).toBe(pushes);
    pushes = commits;
    if (seen.at(-1) !== word) seen.push(word);
    await made.advance(8 * HOUR_MS);
  }
  expect(seen).toEqual(['documents', 'call-back', 'ca', 'published']);
  expect(await made.purchases()).toBe(1);
});

it('credentials stand in no file of the state', async () => {
  const made = await issued();
  const files = Object.values(await made.store.files(STATE_REF)).join('\n');
  expect(files).not.toContain('S3cret');
});
