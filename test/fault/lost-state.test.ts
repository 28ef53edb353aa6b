/**
 * State and seen are gone. What git, the accounts and this machine still tell becomes the state again; what they cannot tell is
 * never bought a second time.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as apply from '../../src/entry/cli/apply.js';
import * as importing from '../../src/entry/cli/import.js';
import * as plan from '../../src/entry/cli/plan.js';
import type { Options } from '../../src/entry/cli/program.js';
import * as resolve from '../../src/entry/cli/resolve.js';
import { DAY_MS, HOUR_MS, toInstant } from '../../src/model/time.js';
import { namesDigest } from '../../src/policy/approvals.js';
import { legalStatus } from '../../src/policy/legal.js';
import { cloneOf, commitToRemote, filesOf, git, refsOf, setRef, tempFolder } from '../support/git.js';
import type { SellerSettings } from '../support/paid-provider/wire.js';
import { type Command, openShop, type Ran, type Shop } from '../unit/entry/shop.js';
import { failure } from '../unit/keys/support.js';

const APPLY = { wait: '0s', yes: true };
const STATE = 'refs/heads/certwright/state';
const SEEN = 'refs/heads/certwright/seen';

type Call = (command: Command, options?: Options, args?: readonly string[], json?: boolean) => Promise<Ran>;

/** A machine that never saw the state: its clone is made when the refs are gone, its home is empty. */
async function newMachine(shop: Shop): Promise<Call> {
  const cwd = await cloneOf(shop.remote);
  const home = await tempFolder();
  const { env } = shop.context();
  const own = {
    ...env,
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CONFIG_HOME: join(home, 'config'),
    CERTWRIGHT_IDENTITY: shop.identity.reveal(),
  };
  return async (command, options = {}, args = ['shop'], json = false) => {
    const context = shop.context({ cwd, env: own });
    const code = await command.run(context, { json, identity: [] }, options, args);
    return { code, out: context.out(), err: context.err() };
  };
}

async function lose(shop: Shop, refs: readonly string[] = [STATE, SEEN]): Promise<void> {
  for (const ref of refs) await setRef(shop.remote, ref, null);
}

const shopOf = (settings: Partial<SellerSettings>, files: Readonly<Record<string, string>> = {}) =>
  openShop({ files }, { settings: { search: 'unique', pollsUntilIssued: 0, ...settings } });

async function statuses(shop: Shop) {
  const files = await filesOf(shop.remote, 'certwright/state');
  const found = Object.entries(files).filter(([path]) => path.endsWith('/status.json'));
  const all = found.map(([, text]) => JSON.parse(text ?? ''));
  for (const status of all) expect(legalStatus(status)).toEqual([]);
  return new Map(all.map((status) => [status.name, status]));
}

const approvalOf = (shop: Shop): string =>
  [
    'certificate: shop',
    'action: order',
    'provider: paid',
    'environment: rehearsal',
    'product: paid-multi',
    'term: 1y',
    `namesDigest: ${namesDigest(['shop.example.com'])}`,
    'ceiling: 25.00 USD',
    `validUntil: ${toInstant(shop.clock.now() + 90 * DAY_MS)}`,
    'id: r4nd0m-1',
    '',
  ].join('\n');

const rebuild = (call: Call, options: Options = {}) =>
  call(importing, { rebuild: true, yes: true, ...options });

interface Told {
  readonly created: boolean;
  readonly settledAt: string;
  readonly certificates: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly orders: readonly string[];
  }[];
  readonly left: readonly { readonly order: string; readonly why: string; readonly certificate?: string }[];
  readonly blind: readonly string[];
  readonly approvalsTakenAsUsed: number;
}

const told = async (call: Call, options: Options = {}): Promise<Told> =>
  JSON.parse((await call(importing, { rebuild: true, ...options }, [], true)).out);

/** Runs at once, and when everything that may still show has shown. */
async function runs(shop: Shop, call: Call): Promise<void> {
  for (const days of [2, 30]) {
    await call(apply, APPLY, []);
    await shop.advance(days * DAY_MS);
  }
}

describe('a purchase right before the loss, of which nothing but the provider knows', () => {
  test.each(['unique', 'findable', 'none'] as const)('is not made a second time (%s)', async (search) => {
    const shop = await shopOf({ search });
    await shop.control.loseNextReply();
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(1);
    await lose(shop);
    const call = await newMachine(shop);

    expect((await rebuild(call)).code).toBe(0);
    await runs(shop, call);

    expect(await shop.control.purchases()).toBe(1);
  });

  test.each(['unique', 'none'] as const)('nor where it shows only later (%s)', async (search) => {
    const shop = await shopOf({ search, visibilityLagMs: 20 * HOUR_MS });
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(1);
    await lose(shop);
    const call = await newMachine(shop);

    const before = await told(call, { dryRun: true });
    expect(before).toMatchObject({ created: false, blind: ['paid'] });
    expect(before.certificates).toMatchObject([{ name: 'shop', outcome: 'nothing', orders: [] }]);
    expect(await refsOf(shop.remote)).not.toHaveProperty(STATE);
    await rebuild(call);
    await call(apply, APPLY, []);
    expect((await call(plan, {}, [])).out).toContain('cannot show for certain that this was');
    await runs(shop, call);

    expect(await shop.control.purchases()).toBe(1);
    if (search === 'none') return;
    expect((await statuses(shop)).get('shop')).toMatchObject({ orders: [{ adopted: true }] });
  });

  test('nobody but a person lets it be bought where an account cannot be searched', async () => {
    const shop = await shopOf({ search: 'none' });
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call);
    await runs(shop, call);
    expect(await shop.control.purchases()).toBe(0);
    expect((await call(plan, {}, [])).out).toContain('resolve shop --not-placed');

    const { out } = await call(resolve, { notPlaced: true, yes: true });
    expect(out).toContain('no purchase of shop is missing');
    await runs(shop, call);

    expect(await shop.control.purchases()).toBe(1);
    expect((await statuses(shop)).get('shop')).toMatchObject({ current: { ownKey: true } });
  });

  test('a person is not believed while it may still show, nor when it does', async () => {
    const shop = await shopOf({ search: 'unique' });
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call);
    await failure(call(resolve, { notPlaced: true, yes: true }), 'order.ambiguous');
    await shop.advance(DAY_MS);
    await shop.control.seed([{ id: '777', names: ['shop.example.com'] }]);

    const error = await failure(call(resolve, { notPlaced: true, yes: true }), 'order.ambiguous');
    expect(error.message).toContain('paid shows order 777 for shop');

    const { out } = await call(resolve, { orderId: '777' });
    expect(out).toContain('order 777 belongs to shop');
    await runs(shop, call);
    expect((await statuses(shop)).get('shop')).toMatchObject({
      orders: [{ id: '777' }],
      current: { order: '777' },
    });
    expect(await shop.control.purchases()).toBe(0);
  });

  test('a renewal that nothing shows is not made twice because the manifest wants it later now', async () => {
    const manifest = (renewBefore: string) =>
      `domain: shop.example.com\nautoRenew: true\nrenewBefore: ${renewBefore}\n`;
    const shop = await shopOf({ search: 'none' }, { 'certificates/shop.yaml': manifest('60d') });
    await shop.call(apply, APPLY, []);
    const mirror = join(await tempFolder(), 'old.git');
    await git(await tempFolder(), 'clone', '--quiet', '--mirror', shop.remote.path, mirror);
    await shop.advance(310 * DAY_MS);
    await shop.control.loseNextReply('^/slots$');
    await shop.call(apply, APPLY, []);
    expect(await shop.control.purchases()).toBe(2);
    await commitToRemote(shop.remote, 'main', { 'certificates/shop.yaml': manifest('20d') });
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call, { from: [mirror] });

    await runs(shop, call);
    await shop.advance(10 * DAY_MS);
    await call(apply, APPLY, []);

    expect(await shop.control.purchases()).toBe(2);
    expect((await call(plan, {}, [])).out).toContain('resolve shop --not-placed');
  });

  test.each([
    ['the older first', [0, 1]],
    ['the newer first', [1, 0]],
  ])('an order that a person finds tells nothing of the one that renewed it (%s)', async (_title, turns) => {
    const renewing = 'domain: shop.example.com\nautoRenew: true\n';
    const shop = await shopOf({ search: 'findable' }, { 'certificates/shop.yaml': renewing });
    await shop.call(apply, APPLY, []);
    await shop.advance(357 * DAY_MS);
    await shop.call(apply, APPLY, []);
    await shop.call(apply, APPLY, []);
    const ids = (await statuses(shop)).get('shop').orders.map(({ id }: { id: string }) => id);
    expect(ids).toHaveLength(2);
    await shop.control.set({ hidden: ['*'] });
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call);
    await shop.advance(DAY_MS);

    for (const turn of turns) {
      const { out } = await call(resolve, { orderId: ids[turn] });
      expect(out).toContain(`order ${ids[turn]} belongs to shop`);
      for (const _ of ids) await call(apply, APPLY, []);
      expect(await shop.control.purchases()).toBe(2);
    }

    expect((await statuses(shop)).get('shop')).toMatchObject({
      orders: ids.map((id: string) => ({ id })),
      current: { order: ids[1] },
    });
    const again = await call(resolve, { orderId: ids[0] });
    expect(again.out).toContain('recorded for shop already');
    await call(resolve, { notPlaced: true, yes: true });
    await runs(shop, call);
    expect(await shop.control.purchases()).toBe(2);
  });

  test('an order of somebody else for the same names is not taken over, and is not bought beside', async () => {
    const shop = await shopOf({});
    await shop.call(apply, APPLY, []);
    await shop.control.seed([{ id: '777', names: ['two.example.com'] }]);
    await commitToRemote(shop.remote, 'main', { 'certificates/two.yaml': 'domain: two.example.com\n' });
    await lose(shop);
    const call = await newMachine(shop);

    const { left } = await told(call, { yes: true });
    expect(left).toMatchObject([{ order: '777', why: 'rival', certificate: 'two' }]);
    await shop.advance(2 * DAY_MS);
    await runs(shop, call);

    expect(await shop.control.purchases()).toBe(1);
    expect((await call(plan, {}, [])).out).toContain('adopt: { order: "777" }');
  });
});

describe('what the accounts alone tell', () => {
  test('orders, certificates and chains come back; a certificate without its key is reissued for free', async () => {
    const shop = await shopOf({});
    await shop.call(apply, APPLY, []);
    const before = (await statuses(shop)).get('shop');
    await lose(shop);
    const call = await newMachine(shop);

    const { certificates, blind } = await told(call, { yes: true });
    expect(certificates).toMatchObject([{ name: 'shop', outcome: 'no-key', orders: [before.orders[0].id] }]);
    expect(blind).toEqual([]);
    const rebuilt = (await statuses(shop)).get('shop');
    expect(rebuilt.current).toMatchObject({ serial: before.current.serial, ownKey: false });
    expect(rebuilt.orders[0]).toMatchObject({
      reference: before.orders[0].reference,
      paidTill: before.orders[0].paidTill,
      charges: [{ action: 'order', charged: before.orders[0].charges[0].charged }],
    });

    await runs(shop, call);
    const after = (await statuses(shop)).get('shop');
    expect(after.current.serial).not.toBe(before.current.serial);
    expect(after.current).toMatchObject({ ownKey: true, order: before.orders[0].id });
    expect(await shop.control.purchases()).toBe(1);
  });

  test('a renewal follows on the order it renewed', async () => {
    const renewing = 'domain: shop.example.com\nautoRenew: true\n';
    const shop = await shopOf({}, { 'certificates/shop.yaml': renewing });
    await shop.call(apply, APPLY, []);
    await shop.advance(357 * DAY_MS);
    await shop.call(apply, APPLY, []);
    await shop.call(apply, APPLY, []);
    const before = (await statuses(shop)).get('shop');
    expect(before.orders).toHaveLength(2);
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call);

    const { orders } = (await statuses(shop)).get('shop');
    expect(orders).toMatchObject([
      { id: before.orders[0].id },
      { id: before.orders[1].id, predecessor: before.orders[0].id },
    ]);
    await runs(shop, call);
    expect(await shop.control.purchases()).toBe(2);
  });

  test('what was spent this month counts for its limits', async () => {
    const shop = await shopOf({});
    const configuration = (await shop.configuration()).replace('perDay: 5000 USD', 'perMonth: 45 USD');
    await commitToRemote(shop.remote, 'main', {
      'certwright.yaml': configuration,
      'certificates/two.yaml': 'domain: two.example.com\n',
    });
    await shop.call(apply, APPLY, []);
    await commitToRemote(shop.remote, 'main', {
      'certificates/three.yaml': 'domain: three.example.com\n',
      'certificates/four.yaml': 'domain: four.example.com\n',
      'certificates/five.yaml': 'domain: five.example.com\n',
    });
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call);
    await shop.advance(DAY_MS);

    const { items } = JSON.parse((await call(plan, {}, [], true)).out);
    const held = items.filter((item: { hold?: { code: string } }) => item.hold?.code === 'limit-month');
    expect(held).toHaveLength(1);
  });

  test('an order whose manifest is gone waits in the archive, and is moved when that comes back', async () => {
    const shop = await shopOf({});
    await shop.call(apply, APPLY, []);
    await commitToRemote(shop.remote, 'main', { 'certificates/shop.yaml': null });
    await lose(shop);
    const call = await newMachine(shop);
    expect((await told(call, { yes: true })).certificates).toMatchObject([
      { name: 'shop', outcome: 'archived' },
    ]);
    await call(apply, APPLY, []);

    await commitToRemote(shop.remote, 'main', { 'certificates/store.yaml': 'domain: shop.example.com\n' });
    await shop.advance(2 * DAY_MS);
    await runs(shop, call);

    expect((await statuses(shop)).get('store')).toMatchObject({ orders: [{}], current: { ownKey: true } });
    expect(await shop.control.purchases()).toBe(1);
  });

  test('so does one that was archived before, under its own name, with its certificate', async () => {
    const shop = await shopOf({}, { 'certificates/two.yaml': 'domain: two.example.com\n' });
    await shop.call(apply, APPLY, []);
    const { current } = (await statuses(shop)).get('shop');
    await commitToRemote(shop.remote, 'main', { 'certificates/shop.yaml': null });
    await shop.call(apply, APPLY, []);
    expect((await statuses(shop)).get('shop')).toHaveProperty('archived');

    await commitToRemote(shop.remote, 'main', { 'certificates/shop.yaml': 'domain: shop.example.com\n' });
    await shop.call(apply, APPLY, []);

    const restored = (await statuses(shop)).get('shop');
    expect(restored).not.toHaveProperty('archived');
    expect(restored.current).toEqual(current);
    expect(await shop.control.purchases()).toBe(2);
  });

  test('an approval that was never used lets nothing through', async () => {
    const shop = await shopOf({});
    const configuration = (await shop.configuration()).replace('order: merge', 'order: pull-request');
    await commitToRemote(shop.remote, 'main', { 'certwright.yaml': configuration });
    await commitToRemote(shop.remote, 'main', { 'approvals/shop.yaml': approvalOf(shop) });
    expect(JSON.parse((await shop.call(plan, {}, [], true)).out).items[0].hold).toBeUndefined();
    await lose(shop);
    const call = await newMachine(shop);
    expect((await told(call, { yes: true })).approvalsTakenAsUsed).toBe(1);
    await shop.advance(DAY_MS);
    await call(resolve, { notPlaced: true, yes: true });
    await runs(shop, call);
    expect(await shop.control.purchases()).toBe(0);
  });
});

describe('what git still has', () => {
  const whole = async () => {
    const shop = await shopOf({ search: 'none' });
    await shop.call(apply, APPLY, []);
    await shop.call(apply, APPLY, []);
    return { shop, before: await statuses(shop), files: await filesOf(shop.remote, 'certwright/state') };
  };

  test("this machine's own clone brings all of it back, and nothing is due", async () => {
    const { shop, before, files } = await whole();
    await lose(shop);
    const call: Call = (command, options = {}, args = ['shop'], json = false) =>
      shop.call(command, options, args, json);
    expect((await told(call, { yes: true })).certificates).toMatchObject([{ outcome: 'whole' }]);
    expect(await statuses(shop)).toEqual(before);
    const after = await filesOf(shop.remote, 'certwright/state');
    expect(after['issued/shop/key.pem.age']).toBe(files['issued/shop/key.pem.age']);
    expect((await call(plan, {}, [])).out).toMatch(/^No changes\./);
    expect(Number(await git(shop.remote.path, 'rev-list', '--count', STATE))).toBeGreaterThan(2);
  });

  test('an old clone, a bundle, or a reflog alone bring orders and keys back', async () => {
    const { shop, before } = await whole();
    const folder = await tempFolder();
    const mirror = join(folder, 'old.git');
    await git(folder, 'clone', '--quiet', '--mirror', shop.remote.path, mirror);
    await git(mirror, 'bundle', 'create', '--quiet', join(folder, 'backup.bundle'), '--all');
    const reflog = join(folder, 'reflog.git');
    await git(folder, 'clone', '--quiet', '--mirror', mirror, reflog);
    const [state, main] = ['certwright/state', 'main'].map((branch) => `refs/heads/${branch}`);
    await git(reflog, 'update-ref', '--create-reflog', 'refs/heads/kept', state ?? '');
    await git(reflog, 'update-ref', 'refs/heads/kept', main ?? '');
    await git(reflog, 'branch', '-D', 'certwright/state', 'certwright/seen');
    await lose(shop);
    for (const from of ['backup.bundle', 'reflog.git']) {
      const looked = await told(await newMachine(shop), { dryRun: true, from: [join(folder, from)] });
      expect(looked.certificates).toMatchObject([{ outcome: 'whole' }]);
    }
    const call = await newMachine(shop);
    await rebuild(call, { from: [mirror] });
    expect((await statuses(shop)).get('shop')).toEqual(before.get('shop'));
    expect((await call(plan, {}, [])).out).toMatch(/^No changes\./);
    await failure(rebuild(call, { from: ['nowhere'] }), 'usage');
  });

  test('what an old clone lacks is fetched by nobody: how to is a program of its own', async () => {
    const { shop } = await whole();
    const folder = await tempFolder();
    const [mirror, planted] = [join(folder, 'old.git'), join(folder, 'planted')];
    await git(folder, 'clone', '--quiet', '--mirror', shop.remote.path, mirror);
    const blob = (await git(mirror, 'rev-parse', 'certwright/state:issued/_certwright.json')).trim();
    for (const [key, value] of [
      ['core.repositoryFormatVersion', '1'],
      ['extensions.partialClone', 'evil'],
      ['remote.evil.promisor', 'true'],
      ['remote.evil.url', shop.remote.path],
      ['remote.evil.uploadPack', `touch ${planted}; git-upload-pack`],
    ] as const)
      await git(mirror, 'config', key, value);
    await rm(join(mirror, 'objects', blob.slice(0, 2), blob.slice(2)));
    await lose(shop);
    const call = await newMachine(shop);
    const { out } = await call(importing, { rebuild: true, dryRun: true, from: [mirror] }, []);
    expect(existsSync(planted)).toBe(false);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('old.git lacks a part of its history');
  });

  test.each([
    ['the state branch', [STATE]],
    ['the branch that remembers it', [SEEN]],
  ])('only %s is gone: the other one counts', async (_title, refs) => {
    const { shop, before } = await whole();
    await lose(shop, refs);
    const call = await newMachine(shop);
    await rebuild(call);
    expect((await statuses(shop)).get('shop')).toEqual(before.get('shop'));
    expect((await call(plan, {}, [])).out).toMatch(/^No changes\./);
  });

  test('a key of an older state serves the certificate that the account shows', async () => {
    const shop = await shopOf({});
    const mirror = join(await tempFolder(), 'old.git');
    await shop.control.set({ pollsUntilIssued: null });
    await shop.call(apply, APPLY, []);
    await git(await tempFolder(), 'clone', '--quiet', '--mirror', shop.remote.path, mirror);
    await shop.control.issue();
    await shop.advance(DAY_MS);
    await shop.call(apply, APPLY, []);
    await lose(shop);
    const call = await newMachine(shop);
    await rebuild(call, { from: [mirror] });
    await runs(shop, call);
    const { current } = (await statuses(shop)).get('shop');
    expect(current).toMatchObject({ ownKey: true });
    expect(Object.keys(await filesOf(shop.remote, 'certwright/state'))).toContain('issued/shop/key.pem.age');
    expect(await shop.control.purchases()).toBe(1);
  });

  test('nothing is rebuilt while nothing is lost, unasked, or over somebody who was faster', async () => {
    const { shop } = await whole();
    const call: Call = (command, options = {}, args = [], json = false) =>
      shop.call(command, options, args, json);
    const refs = await refsOf(shop.remote);
    const error = await failure(rebuild(call), 'usage');
    expect(error.message).toContain('nothing was lost');
    expect(await refsOf(shop.remote)).toEqual(refs);
    await lose(shop);
    await failure(shop.call(importing, { rebuild: true }), 'usage');
    await failure(shop.call(importing, { from: ['x'] }), 'usage');
    expect(await refsOf(shop.remote)).not.toHaveProperty(STATE);
    const context = shop.context({
      interactive: true,
      ask: async () => {
        for (const ref of [STATE, SEEN]) await setRef(shop.remote, ref, refs[ref] ?? null);
        return 'yes';
      },
    });
    const late = importing.run(context, { json: false, identity: [] }, { rebuild: true });
    await failure(late, 'repository.moved');
    expect(await refsOf(shop.remote)).toEqual(refs);
  });
});
