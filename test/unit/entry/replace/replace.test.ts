import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as apply from '../../../../src/entry/cli/apply.js';
import * as replace from '../../../../src/entry/cli/replace.js';
import * as status from '../../../../src/entry/cli/status.js';
import { HOUR_MS } from '../../../../src/model/time.js';
import { commitToRemote, messagesOf, refsOf, testBranches } from '../../../support/git.js';
import { certificate, order, status as statusOf } from '../../../support/state.js';
import { failure } from '../../keys/support.js';
import { openShop, type Shop } from '../shop.js';

const APPLY = { wait: '0s', yes: true };
const ASK = { reason: 'CA incident 42', deadline: '24h', yes: true };
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };

const manifests = (names: readonly string[], more = '') =>
  Object.fromEntries(
    names.map((name) => [`certificates/${name}.yaml`, `domain: ${name}.example.com\n${more}`]),
  );

/** Five certificates, really bought and issued. */
async function bought(): Promise<Shop> {
  const shop = await openShop({ files: { 'certificates/shop.yaml': null, ...manifests(NAMES) } });
  await shop.call(apply, APPLY, []);
  await issueAll(shop);
  return shop;
}

async function issueAll(shop: Shop): Promise<void> {
  await shop.control.issue();
  await shop.advance(HOUR_MS);
  await shop.call(apply, APPLY, []);
}

const serials = async (shop: Shop) =>
  Object.fromEntries(
    await Promise.all(
      NAMES.map(async (name) => [name, (await shop.status(name)).current?.serial ?? ''] as const),
    ),
  );

describe('replace', () => {
  test('by a list of serials: shown, recorded, carried out once, and never again', {
    timeout: 120_000,
  }, async () => {
    const shop = await bought();
    const before = await serials(shop);
    const list = join(shop.clone, '..', 'serials.csv');
    const decimal = BigInt(`0x${before.b}`).toString();
    const colons = (before.a ?? '').toUpperCase().replace(/..(?=.)/g, '$&:');
    await writeFile(list, `name,serial\na,${colons}\nb,${decimal}\nz,00ff00ff\n`);
    const options = { ...ASK, serials: list };

    const asked = await shop.call(replace, options, []);
    expect(asked.code).toBe(0);
    expect(asked.out).toMatch(
      /^2 certificates to be replaced by 2026-11-23T13:00:00Z, in 24 hours: CA incident 42\n/,
    );
    expect(asked.out).toMatch(/ 2 {2}replaced by the next runs, for nothing\n/);
    expect(asked.out).toMatch(/warning: 1 serial of the list that no certificate here has: 00ff00ff\./);
    expect(asked.out).toMatch(/\nRecorded: 2 to be replaced by 2026-11-23T13:00:00Z, as /);
    expect((await shop.status('a')).requests).toMatchObject([
      { action: 'reissue', serial: before.a, deadline: '2026-11-23T13:00:00Z', reason: 'CA incident 42' },
    ]);
    expect((await shop.status('c')).requests).toEqual([]);

    const again = await shop.call(replace, options, []);
    expect(again.out).toMatch(/note: 2 certificates asked for already/);
    expect(again.out).toMatch(/Nothing was recorded\.\n$/);
    const progress = await shop.call(replace, { status: true }, []);
    expect(progress.out).toMatch(/0 of 2 replaced, 2 left, by .* \(in 24 hours\): none is replaced yet/);

    await shop.call(apply, APPLY, []);
    await issueAll(shop);
    const after = await serials(shop);
    expect(NAMES.filter((name) => after[name] !== before[name])).toEqual(['a', 'b']);
    expect(await shop.control.purchases()).toBe(5);
    expect((await shop.status('a')).requests).toEqual([]);

    const refs = await refsOf(shop.remote);
    const third = await shop.call(replace, options, []);
    expect(third.out).toMatch(/note: replaced already: a, b\./);
    expect(third.out).toMatch(/Nothing was recorded\./);
    expect((await shop.call(replace, { status: true }, [])).out).toMatch(
      /2 of 2 replaced, 0 left, .*: done\n/s,
    );
    expect(await refsOf(shop.remote)).toEqual(refs);
  });

  test('most of all is no unsafe plan; it goes out by deadline', { timeout: 120_000 }, async () => {
    const shop = await bought();
    const before = await serials(shop);
    await shop.call(replace, { ...ASK, deadline: '5d' }, ['a', 'b', 'c']);
    await shop.call(replace, { ...ASK, deadline: '6h' }, ['d', 'c']);
    await shop.call(apply, APPLY, []);
    const messages = (await messagesOf(shop.remote, testBranches.state)).join('\n');
    const announced = [...messages.matchAll(/^\W*reissue (\w+) at paid.*ReissueRequested/gm)].map(
      ([, name]) => name,
    );
    expect(announced).toEqual(['c', 'd', 'a', 'b']);
    await issueAll(shop);
    const after = await serials(shop);
    expect(NAMES.filter((name) => after[name] !== before[name])).toEqual(['a', 'b', 'c', 'd']);
    expect((await shop.status('c')).requests).toEqual([]);
  });

  test('what is left of a wrong one is withdrawn', async () => {
    const shop = await openShop({
      statuses: [statusOf('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
    });
    const { out } = await shop.call(replace, ASK, ['shop'], true);
    expect((await shop.status('shop')).requests).toHaveLength(1);
    const id = JSON.parse(out).replacement;
    const taken = await shop.call(replace, { withdraw: id, yes: true }, []);
    expect(taken.out).toMatch(/^Withdrawn: 1 request of /);
    expect((await shop.status('shop')).requests).toEqual([]);
    expect(JSON.parse((await shop.call(replace, { status: true }, [], true)).out).replacements).toEqual([]);
  });

  test('a deadline that is missed is attention everywhere', async () => {
    const shop = await openShop({
      statuses: [statusOf('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
    });
    await shop.call(replace, ASK, ['shop']);
    expect((await shop.call(status, {}, [])).code).toBe(0);
    await shop.advance(25 * HOUR_MS);
    const { code, out } = await shop.call(status, {}, []);
    expect(code).toBe(4);
    expect(out).toMatch(/not replaced by its deadline/);
    const late = await shop.call(replace, { status: true }, [], true);
    expect(late.code).toBe(4);
    expect(JSON.parse(late.out)).toMatchObject({
      replacements: [{ count: 1, done: 0, left: 1, verdict: 'missed' }],
    });
  });

  test('says what needs a person, and why', async () => {
    const shop = await openShop({
      files: {
        ...manifests(['external'], 'key: external\n'),
        ...manifests(['quiet'], 'suspend: true\n'),
        'certificates/broken.yaml': 'domain: broken.example.com\ncolour: red\n',
      },
      statuses: ['external', 'quiet', 'broken', 'gone'].map((name) =>
        statusOf(name, {
          orders: [order(`o-${name}`, { ...atPaid, names: [`${name}.example.com`] })],
          current: certificate(`o-${name}`, { names: [`${name}.example.com`] }),
        }),
      ),
    });
    const { out } = await shop.call(replace, { ...ASK, dryRun: true }, ['**'], true);
    const rows = JSON.parse(out).certificates.map(({ name, need, why }: Record<string, string>) => [
      name,
      need,
      why,
    ]);
    expect(rows).toEqual([
      ['broken', 'person', expect.stringMatching(/its manifest has errors/)],
      ['external', 'person', expect.stringMatching(/the key is external/)],
      ['gone', 'person', expect.stringMatching(/no manifest declares it/)],
      ['quiet', 'person', expect.stringMatching(/suspend: true/)],
    ]);
    expect((await shop.status('external')).requests).toEqual([]);
  });

  test('what a policy lets nobody do without approval needs a person', async () => {
    const shop = await openShop({
      statuses: [statusOf('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
    });
    const text = await shop.configuration();
    await commitToRemote(shop.remote, testBranches.approval, {
      'certwright.yaml': text.replace('free: auto', 'free: pull-request'),
    });
    const { out } = await shop.call(replace, { ...ASK, dryRun: true }, ['shop'], true);
    expect(JSON.parse(out).certificates).toMatchObject([
      { need: 'person', why: expect.stringMatching(/approval/) },
    ]);
  });

  test.each<[string, Record<string, unknown>, readonly string[], RegExp]>([
    ['nothing chosen', {}, [], /nothing says which certificates/],
    ['no deadline', { deadline: undefined }, ['shop'], /--deadline is not given/],
    ['a deadline behind', { deadline: '2020-01-01T00:00:00Z' }, ['shop'], /is no time ahead/],
    ['no reason', { reason: ' ' }, ['shop'], /--reason is empty/],
    ['a name nobody has', {}, ['nobody'], /no certificate is called "nobody"/],
    ['a file that is not there', { serials: 'none.txt' }, [], /--serials none\.txt cannot be read/],
    ['a date that is none', { issuedBefore: 'soon' }, [], /--issued-before "soon" is no date/],
    ['an empty issuer', { issuer: ' , ' }, [], /--issuer is empty/],
    ['--status beside others', { status: true }, ['shop'], /--status and --withdraw stand alone/],
    [
      'no such replacement',
      { withdraw: 'nope', reason: undefined, deadline: undefined },
      [],
      /there is no replacement "nope"/,
    ],
    ['nobody to ask', { yes: false }, ['shop'], /nobody can answer here: Ask for a new certificate by/],
  ])('%s is refused, and nothing is written', async (_title, options, names, words) => {
    const shop = await openShop({
      statuses: [statusOf('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
    });
    const refs = await refsOf(shop.remote);
    const error = await failure(shop.call(replace, { ...ASK, ...options }, names), 'usage');
    expect(error.message).toMatch(words);
    expect(await refsOf(shop.remote)).toEqual(refs);
  });
});
