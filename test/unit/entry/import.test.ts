import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as importing from '../../../src/entry/cli/import.js';
import * as plan from '../../../src/entry/cli/plan.js';
import * as validate from '../../../src/entry/cli/validate.js';
import { wishesOf } from '../../../src/entry/import/wishes.js';
import { systemRandom } from '../../../src/entry/system/clock.js';
import type { ProviderDefinition } from '../../../src/ports/provider.js';
import { cloneOf, commitAndPush, tempFolder } from '../../support/git.js';
import type { SeededOrder } from '../../support/paid-provider/wire.js';
import { order, status } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop } from './shop.js';

const AT = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };

const VARIABLE = `\${${'PAID_TOKEN'}}`;

async function account(
  orders: readonly SeededOrder[],
  world: Parameters<typeof openShop>[0] = {},
): Promise<Shop> {
  const shop = await openShop(world, { settings: { pageSize: 50, search: 'unique' } });
  await shop.control.seed(orders);
  return shop;
}

const imported = (shop: Shop, options: object = {}, json = false) =>
  shop.call(importing, { ...options }, [], json);

/** Every file below `certificates/`, by path. */
async function manifests(shop: Shop): Promise<Readonly<Record<string, string>>> {
  const folder = join(shop.clone, 'certificates');
  const paths = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = paths.filter((entry) => entry.isFile());
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const;
      }),
    ),
  );
}

interface Told {
  readonly counts: Readonly<Record<string, number>>;
  readonly orders: readonly {
    readonly order: string;
    readonly outcome: string;
    readonly file?: string;
    readonly reason?: string;
    readonly detail?: string;
  }[];
}

async function told(shop: Shop, options: object = {}): Promise<Told> {
  return JSON.parse((await imported(shop, options, true)).out);
}

const byOrder = ({ orders }: Told) =>
  Object.fromEntries(
    orders.map(({ order, outcome, file, reason, detail }) => [
      order,
      file ?? [outcome, reason, detail].filter(Boolean).join(': '),
    ]),
  );

const changing = async (shop: Shop): Promise<number> =>
  (await shop.control.ledger()).filter(({ method }) => method !== 'GET').length;

describe('import', () => {
  test('reads no account whose environment was changed in place', async () => {
    const shop = await account([{ id: '912345678', names: ['a.example.com'] }], {
      statuses: [status('old', { orders: [order('1', { ...AT, environment: 'test' })] })],
    });
    const { code, err } = await imported(shop);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^certwright\.yaml:6:\d+: error: "paid" cannot become rehearsal: order 1 of old is recorded there as test\.$/m,
    );
    expect(await shop.control.ledger()).toEqual([]);
  });

  test('writes a manifest that takes the order over, and nothing else', async () => {
    const shop = await account([
      { id: '912345678', names: ['a.example.com'] },
      { id: 'S-2', names: ['*.b.example.com', 'b.example.com'], product: 'paid-wildcard', term: '2y' },
    ]);
    const { code, out, err } = await imported(shop);
    expect(code).toBe(0);
    expect(await manifests(shop)).toEqual({
      'shop.yaml': 'domain: shop.example.com\n',
      'platform-team/a.example.com.yaml': `# yaml-language-server: $schema=../../.certwright/schemas/manifest.schema.json

domain: a.example.com
provider: paid
product: paid-multi
term: 1y
owner: platform-team
key: external # its key is not here: dates and alarms, until a key or a CSR is named
adopt:
  order: "912345678"
`,
      'platform-team/b.example.com.yaml': expect.stringContaining(
        'domains:\n  - b.example.com\n  - "*.b.example.com"\n',
      ),
    });
    expect(out).toMatch(/^912345678 +paid-multi +certificates\/platform-team\/a\.example\.com\.yaml$/m);
    expect(out).toContain('2 manifests written for 2 orders of paid.');
    expect(err).toContain('Next: look at `certwright plan`');
    expect((await shop.call(validate, {}, [])).code).toBe(0);
    expect(await changing(shop)).toBe(0);
  });

  test('again writes nothing, and says why', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    await imported(shop);
    const before = await manifests(shop);
    expect(byOrder(await told(shop))).toEqual({
      'S-1': 'skipped: declared already: platform-team/a.example.com',
    });
    expect(await manifests(shop)).toEqual(before);
  });

  test('its plan takes over and costs nothing', async () => {
    const shop = await account([1, 2, 3].map((n) => ({ id: `S-${n}`, names: [`s${n}.example.com`] })));
    await imported(shop);
    const { out } = await shop.call(plan, {}, ['platform-team/**'], true);
    const { items } = JSON.parse(out);
    expect(items.map(({ action, hold, price }: Record<string, unknown>) => [action, hold, price])).toEqual(
      [1, 2, 3].map(() => ['adopt', undefined, { kind: 'free' }]),
    );
  });

  test('leaves alone what is declared, managed, ended or a twin', async () => {
    const shop = await account(
      [
        { id: 'S-1', names: ['shop.example.com'] },
        { id: 'S-2', names: ['managed.example.com'] },
        { id: 'S-3', names: ['gone.example.com'] },
        { id: 'S-4', names: ['old.example.com'], ageDays: 400 },
        { id: 'S-5', names: ['dead.example.com'], status: 'CANCELLED' },
        { id: 'S-6', names: ['twin.example.com'], ageDays: 300 },
        { id: 'S-7', names: ['twin.example.com'], ageDays: 3 },
        { id: 'S-8', names: [], status: 'UNCLAIMED' },
      ],
      {
        files: { 'certificates/m.yaml': 'domain: managed.example.com\nproduct: paid-wildcard\n' },
        statuses: [
          status('m', { orders: [order('S-2', AT)] }),
          status('old/gone', {
            orders: [order('S-3', AT)],
            archived: { at: '2026-11-01T00:00:00Z' },
          }),
        ],
      },
    );
    expect(byOrder(await told(shop, { out: 'certificates/{domain}.yaml' }))).toEqual({
      'S-1': 'skipped: a manifest declares the same names and product: shop',
      'S-2': 'skipped: managed already: m',
      'S-3': 'skipped: recorded for an archived certificate; put its manifest back: old/gone',
      'S-4': 'skipped: order is expired',
      'S-5': 'skipped: order is cancelled',
      'S-6': 'skipped: another order for the same names and product lasts longer: S-7',
      'S-7': 'certificates/twin.example.com.yaml',
      'S-8': 'impossible: it has no names yet: it waits to be configured',
    });
  });

  test('what is merged but not in this checkout is declared as well', async () => {
    const shop = await account([{ id: 'S-1', names: ['late.example.com'] }]);
    const other = await cloneOf(shop.remote);
    await commitAndPush(other, {
      'certificates/late.yaml': 'domain: late.example.com\nadopt: { order: "S-1" }\n',
    });
    expect(byOrder(await told(shop))).toEqual({ 'S-1': 'skipped: declared already: late' });
  });

  test('names collide, hide and climb in vain', async () => {
    const shop = await account(
      [
        { id: 'S-1', names: ['same.example.com'] },
        { id: 'S-2', names: ['same.example.com'], product: 'paid-wildcard' },
        { id: '../../../etc/cron.d/x', names: ['climb.example.com'] },
        { id: 'S: [1]\n# "x"', names: ['yaml.example.com'] },
        { id: VARIABLE, names: ['variable.example.com'] },
        { id: 'S-6', names: ['../../.git/hooks/pre-commit'] },
        { id: 'S-7', names: ['\u001b[31mred.example.com'] },
      ],
      { files: { 'certificates/taken/same.example.com/inner.yaml': 'domain: inner.example.com\n' } },
    );
    const result = byOrder(await told(shop, { out: 'certificates/taken/{domain}.yaml' }));
    expect(result).toEqual({
      // The plain name is the folder of another certificate.
      'S-1': 'certificates/taken/same.example.com-s-1.yaml',
      'S-2': 'certificates/taken/same.example.com-s-2.yaml',
      '../../../etc/cron.d/x': 'certificates/taken/climb.example.com.yaml',
      'S: [1]\n# "x"': 'certificates/taken/yaml.example.com.yaml',
      [VARIABLE]: expect.stringMatching(/^impossible: /),
      'S-6': expect.stringMatching(/^impossible: a name of it is no host name/),
      'S-7': expect.stringMatching(/^impossible: a name of it is no host name/),
    });
    expect((await shop.call(validate, {}, [])).code).toBe(0);
    const files = await manifests(shop);
    expect(files['taken/yaml.example.com.yaml']).toContain(String.raw`order: "S: [1]\n# \"x\""`);
    const byId = byOrder(
      await told(await account([{ id: '../../x', names: ['y.example.com'] }]), {
        out: 'certificates/{order}.yaml',
      }),
    );
    expect(byId).toEqual({ '../../x': 'certificates/x.yaml' });
  });

  test('texts of the provider move no cursor', async () => {
    const shop = await account([
      { id: 'S-\u001b[2J', names: ['a.example.com'] },
      { id: 'S-2', names: ['\u202ebad'] },
    ]);
    const { out } = await imported(shop, { dryRun: true });
    expect(out).toContain(String.raw`S-\x1b[2J`);
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('\u202e');
  });

  test('takes owners, filters and a place for the files', async () => {
    const shop = await account([
      { id: 'S-1', names: ['a.shop.example.com'] },
      { id: 'S-2', names: ['b.example.com'] },
      { id: 'S-3', names: ['c.example.net'] },
      { id: 'S-4', names: ['d.example.com'], product: 'paid-wildcard' },
      { id: 'S-5', names: ['e.example.com'], status: 'PENDING' },
    ]);
    const options = {
      domain: ['*.example.com'],
      product: 'paid-multi',
      state: ['issued'],
      owner: 'Everyone Else',
      ownerRule: ['*.shop.example.com=Shop Team'],
      out: 'certificates/{provider}/{owner}/{product}/{domain}.yml',
      dryRun: true,
    };
    const result = await told(shop, options);
    expect(byOrder(result)).toEqual({
      'S-1': 'certificates/paid/shop-team/paid-multi/a.shop.example.com.yml',
      'S-2': 'certificates/paid/everyone-else/paid-multi/b.example.com.yml',
      'S-3': 'skipped: left out by --domain',
      'S-4': 'skipped: left out by --product: paid-wildcard',
      'S-5': 'skipped: order is pending',
    });
    expect(result.counts).toEqual({ written: 2, skipped: 3, impossible: 0 });
    expect(Object.keys(await manifests(shop))).toEqual(['shop.yaml']);
    const none = await told(shop, { expiresBefore: '2026-12-01', dryRun: true });
    expect(none.counts).toEqual({ written: 0, skipped: 5, impossible: 0 });
  });

  test('a product that is not sold is told, and the others are written', async () => {
    const shop = await account([
      { id: 'S-1', names: ['a.example.com'], product: 'old-ssl' },
      { id: 'S-2', names: ['b.example.com'] },
      { id: 'S-3', names: ['c.example.com'], term: '3y' },
    ]);
    const { out } = await imported(shop);
    expect(out).toMatch(/1 not importable: "paid" does not sell "old-ssl"\..*\n +S-1 \(a\.example\.com\)/);
    expect(out).toContain('2 manifests written for 3 orders of paid.');
    const text = (await manifests(shop))['platform-team/c.example.com.yaml'] ?? '';
    expect(text).toContain('term: 2y\n');
    expect(text).toContain('# The order was placed for 3y, which is not sold any more.');
  });

  test("the provider's own renewal is written beside the order it concerns", async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'], autoRenew: true }]);
    await imported(shop);
    expect((await manifests(shop))['platform-team/a.example.com.yaml']).toContain(
      '# The provider renews this order by itself, outside every limit. certwright switches that off',
    );
  });

  test('an account without orders is fine', async () => {
    const { code, out } = await imported(await account([]));
    expect(out).toBe('0 manifests written for 0 orders of paid.\n');
    expect(code).toBe(0);
  });

  test('nothing that exists is written over, not even what git ignores', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    await writeFile(join(shop.clone, '.git/info/exclude'), 'certificates/platform-team/\n');
    await mkdir(join(shop.clone, 'certificates/platform-team'));
    await writeFile(join(shop.clone, 'certificates/platform-team/a.example.com.yaml'), 'mine\n');
    expect(byOrder(await told(shop))).toEqual({
      'S-1': 'skipped: a file is there already: certificates/platform-team/a.example.com.yaml',
    });
    expect((await manifests(shop))['platform-team/a.example.com.yaml']).toBe('mine\n');
  });

  test('a folder that is a link is not followed', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    const elsewhere = await tempFolder();
    await symlink(elsewhere, join(shop.clone, 'certificates/platform-team'));
    const error = await failure(imported(shop), 'usage');
    expect(error.message).toBe('certificates/platform-team is a link, so nothing is written there');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('a folder that cannot be written is named', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    await writeFile(join(shop.clone, 'certificates/platform-team'), 'a file where a folder has to be\n');
    const error = await failure(imported(shop), 'usage');
    expect(error.message).toContain('certificates/platform-team/a.example.com.yaml cannot be written');
    expect(error.remedy).toBe('0 manifests are written; make the folder writable and run it again');
  });

  test('Ctrl-C leaves whole files, and the next run writes the rest', async () => {
    const orders = [1, 2, 3, 4].map((n) => ({ id: `S-${n}`, names: [`s${n}.example.com`] }));
    const shop = await account(orders);
    const stop = new AbortController();
    let files = 0;
    // Pressed while the second file is written.
    const hex = (bytes: number): string => {
      files += 1;
      if (files === 2) stop.abort();
      return systemRandom.hex(bytes);
    };
    const context = shop.context({ signal: stop.signal, random: { ...systemRandom, hex } });
    const error = await failure(importing.run(context, { json: false, identity: [] }, {}), 'interrupted');
    expect(error.message).toBe('stopped after 2 manifests, each of them whole');
    expect(Object.keys(await manifests(shop))).toHaveLength(3);
    expect((await told(shop)).counts).toEqual({ written: 2, skipped: 2, impossible: 0 });
    expect((await shop.call(validate, {}, [])).code).toBe(0);
  });

  const WRONG: Readonly<Record<string, readonly [object, string]>> = {
    'a path outside certificates/': [{ out: 'issued/{domain}.yaml' }, 'is no YAML file below certificates/'],
    'a path that climbs': [{ out: 'certificates/../{domain}.yaml' }, 'cannot be a name'],
    'an unknown placeholder': [{ out: 'certificates/{name}.yaml' }, 'has {name}, which is not known'],
    'a rule without owner': [{ ownerRule: ['*.example.com'] }, 'is no rule'],
    'a date that is none': [{ expiresBefore: 'tomorrow' }, 'is no date'],
    'a day that does not exist': [{ expiresBefore: '2027-02-30' }, 'is no date'],
    'a state nothing is left of': [{ state: ['expired'] }, 'cannot be taken over'],
  };
  test.each(Object.entries(WRONG))('refuses %s', (_, [options, message]) => {
    expect(() => wishesOf({ ...options })).toThrow(message);
  });

  test('refuses an account that is not configured', async () => {
    const error = await failure(imported(await account([]), { provider: 'payd' }), 'usage');
    expect(error.message).toBe('certwright.yaml has no provider "payd"');
  });

  test('a manifest with errors stops it: it may declare any of the orders', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    await writeFile(join(shop.clone, 'certificates/shop.yaml'), 'domain: [\n');
    await failure(imported(shop), 'manifest.invalid');
    expect(Object.keys(await manifests(shop))).toEqual(['shop.yaml']);
  });

  test('an id means an order only in its own account', async () => {
    const shop = await account([{ id: 'S-1', names: ['a.example.com'] }]);
    const text = await readFile(join(shop.clone, 'certwright.yaml'), 'utf8');
    await commitAndPush(shop.clone, {
      'certwright.yaml': text.replace(
        'policy:\n',
        '  other: { type: local-ca, environment: test }\npolicy:\n',
      ),
      'certificates/other.yaml': 'domain: other.example.com\nprovider: other\nadopt: { order: "S-1" }\n',
    });
    expect((await failure(imported(shop), 'usage')).message).toBe('say which account: --provider ID');
    expect(byOrder(await told(shop, { provider: 'paid' }))).toEqual({
      'S-1': 'certificates/platform-team/a.example.com.yaml',
    });
  });

  test('an account that cannot list says so with its reason', async () => {
    const shop = await account([]);
    const without = (definition: ProviderDefinition): ProviderDefinition => ({
      ...definition,
      async create(deps) {
        const { list: _list, ...provider } = await definition.create(deps);
        return {
          ...provider,
          capabilities: {
            ...provider.capabilities,
            list: false,
            notes: { list: 'lists are for gold partners' },
          },
        };
      },
    });
    const context = shop.context({ definitions: shop.context().definitions.map(without) });
    const error = await failure(
      importing.run(context, { json: false, identity: [] }, {}),
      'provider.unsupported',
    );
    expect(error.message).toBe('the orders of paid cannot be listed: lists are for gold partners');
  });

  test('without credentials nothing is asked, and check is named', async () => {
    const shop = await account([]);
    const context = shop.context({ env: { ...shop.context().env, PAID_TOKEN: '' } });
    const error = await failure(
      importing.run(context, { json: false, identity: [] }, {}),
      'provider.credentials',
    );
    expect(error.message).toBe('paid cannot be asked: not set: PAID_TOKEN');
  });

  test('a line that breaks in the middle of the list writes nothing', async () => {
    const shop = await account(
      Array.from({ length: 120 }, (_, n) => ({ id: `S-${n}`, names: [`s${n}.example.com`] })),
    );
    await shop.control.fault({
      fault: { kind: 'status', status: 500, acts: false },
      method: 'GET',
      path: '/orders',
      times: 1000,
    });
    await expect(imported(shop)).rejects.toThrow('500');
    expect(Object.keys(await manifests(shop))).toEqual(['shop.yaml']);
  });
});
