import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { schemaErrors } from '../../../src/config/schemas.js';
import { run } from '../../../src/entry/cli/report.js';
import { CertError } from '../../../src/model/errors.js';
import { money } from '../../../src/model/money.js';
import type { Status } from '../../../src/model/status.js';
import type { Overview, OverviewCertificate } from '../../../src/report/overview/types.js';
import { testContext } from '../../support/context.js';
import { commitToRemote, refsOf, setRef, tempFolder } from '../../support/git.js';
import { manualClock } from '../../support/manual-clock.js';
import {
  CONFIGURATION,
  certificate,
  order,
  placed,
  ready,
  stateFiles,
  status,
  unknown,
  worldOf,
} from '../../support/state.js';

const NOW = Date.UTC(2026, 10, 22, 12);

async function reportIn(
  clone: string,
  options: Readonly<Record<string, unknown>> = {},
  names: readonly string[] = [],
  json = false,
) {
  const context = testContext({ cwd: clone, clock: manualClock(NOW) });
  const code = await run(context, { json, identity: [] }, options, names);
  return { code, out: context.out() };
}

const viewOf = async (clone: string, options = {}, names: readonly string[] = []): Promise<Overview> => {
  const { out } = await reportIn(clone, options, names, true);
  const view: Overview = JSON.parse(out);
  expect(schemaErrors('overview.schema.json', JSON.parse(out))).toEqual([]);
  return view;
};

const manifest = (name: string, more = ''): Record<string, string> => ({
  [`certificates/${name}.yaml`]: `domain: ${name}.example.com\n${more}`,
});
const mine = (name: string) => ({ names: [`${name}.example.com`] });
const own = (name: string, parts: Partial<Status> = {}): Status =>
  ready(name, {
    orders: [order(`o-${name}`, mine(name))],
    current: certificate(`o-${name}`, mine(name)),
    ...parts,
  });

const byName = ({ certificates }: Overview): Readonly<Record<string, OverviewCertificate>> =>
  Object.fromEntries(certificates.map((one) => [one.name, one]));

describe('where certificates stand', () => {
  const ending = (name: string, notAfter: string) => ({
    current: certificate(`o-${name}`, { ...mine(name), notAfter }),
  });
  const waits = (name: string, waitingFor: 'ca' | 'approver-mail' | 'dcv'): Status =>
    status(name, {
      orders: [order(`o-${name}`, { ...mine(name), state: 'pending', waitingFor })],
      intents: [placed('order', `o-${name}`, mine(name))],
    });

  test('each counts once, the gravest stand first, and every list says whom it is about', async () => {
    const { clone } = await worldOf({
      files: {
        ...manifest('fine'),
        ...manifest('mailed'),
        ...manifest('atca'),
        ...manifest('lost'),
        ...manifest('over'),
        ...manifest('soon', 'autoRenew: true\nowner: shop\n'),
      },
      statuses: [
        own('fine'),
        waits('mailed', 'approver-mail'),
        waits('atca', 'ca'),
        status('lost', { intents: [unknown('order', mine('lost'))] }),
        own('over', ending('over', '2026-11-20T23:59:59Z')),
        own('soon', {
          orders: [order('o-soon', { ...mine('soon'), paidTill: '2026-12-10T10:00:00Z' })],
          ...ending('soon', '2026-12-10T09:59:59Z'),
        }),
      ],
    });
    const view = await viewOf(clone);
    expect(view.counts).toEqual({ expired: 1, attention: 1, waiting: 1, due: 2, healthy: 1, archived: 0 });
    expect(view.certificates.map(({ name, standing }) => `${standing} ${name}`)).toEqual([
      'expired over',
      'attention lost',
      'waiting mailed',
      'due soon',
      'due atca',
      'healthy fine',
    ]);
    expect(view.trouble.map(({ name, level, owner }) => [name, level, owner])).toEqual([
      ['lost', 'attention', 'platform-team'],
      ['over', 'attention', 'platform-team'],
    ]);
    expect(view.waiting.map(({ name, whom }) => `${name} for ${whom}`)).toEqual([
      'atca for the CA',
      'mailed for the approver to answer the mail',
      'lost for a decision',
    ]);
    expect(view.due.map(({ day, action, name, atMost }) => [day, action, name, atMost])).toEqual([
      ['2026-11-10', 'renew', 'soon', money('25', 'USD')],
      ['2026-11-15', 'reissue', 'over', undefined],
    ]);
    expect(view.timeline.before.ends).toBe(1);
  });

  test('details are the facts of the state branch, with the chain of orders', async () => {
    const charged = money('12.50', 'USD');
    const chain = [
      order('o-1', {
        ...mine('fine'),
        placedAt: '2025-11-01T10:00:00Z',
        paidFrom: '2025-11-01T10:00:00Z',
        paidTill: '2026-11-01T10:00:00Z',
        charges: [],
      }),
      order('o-2', {
        ...mine('fine'),
        predecessor: 'o-1',
        charges: [{ at: '2026-11-01T10:00:00Z', action: 'renew', quoted: money('12', 'USD'), charged }],
      }),
    ];
    const current = certificate('o-2', mine('fine'));
    const { clone } = await worldOf({
      files: manifest('fine'),
      statuses: [own('fine', { orders: chain, current })],
    });
    const { fine } = byName(await viewOf(clone));
    expect(fine).toMatchObject({
      serial: current.serial,
      sha256: current.sha256,
      notAfter: '2027-05-18T23:59:59Z',
      paidTill: '2027-11-01T10:00:00Z',
      manifest: 'certificates/fine.yaml:1',
      autoRenew: false,
      orders: [{ id: 'o-1' }, { id: 'o-2', predecessor: 'o-1', charges: [{ action: 'renew', charged }] }],
    });
    expect(fine?.reissueAt).toMatch(/^2027-0[2-4]-/);
  });
});

describe('spending', () => {
  test('is what was charged, and what renews by itself at the price that is configured', async () => {
    const { clone } = await worldOf({
      files: { ...manifest('auto', 'autoRenew: true\n'), ...manifest('once', 'owner: shop\n') },
      statuses: [own('auto'), own('once')],
    });
    const { spending } = await viewOf(clone);
    const usd = (amount: string) => [{ amount, currency: 'USD', environment: 'live' }];
    expect(spending?.owners).toEqual([
      { of: 'platform-team', spent: usd('10.00'), expected: usd('10.00'), unknown: 0 },
      { of: 'shop', spent: usd('10.00'), expected: [], unknown: 0 },
    ]);
    const busy = spending?.months.filter(({ spent, expected }) => spent.length + expected.length > 0);
    expect(busy).toEqual([
      { month: '2026-11', spent: usd('20.00'), refunded: [], expected: [], unknown: 0 },
      { month: '2027-10', spent: [], refunded: [], expected: usd('10.00'), unknown: 0 },
    ]);
    expect(spending?.basis).toEqual({ listed: 1, charged: 0, unknown: 0 });
  });

  test('expects what the last term was charged where no price is known, tax once', async () => {
    const unpriced = CONFIGURATION.replace(
      /type: local-ca\n.*\n {4}prices: .*\n/,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as a configuration names a variable
      'type: sectigo\n    environment: live\n    credentials: { loginName: "${A}", loginPassword: "${B}" }\n    tax: 20%\n',
    );
    const sold = 'product: positivessl\nautoRenew: true\n';
    const product = 'positivessl';
    const charge = { at: '2026-11-01T10:00:00Z', action: 'order', quoted: money('10', 'USD') };
    const { clone } = await worldOf({
      files: {
        'certwright.yaml': unpriced,
        ...manifest('told', sold),
        ...manifest('quoted', sold),
      },
      statuses: [
        own('told', {
          orders: [
            order('o-told', {
              ...mine('told'),
              product,
              charges: [{ ...charge, charged: money('11', 'USD') }],
            }),
          ],
        }),
        own('quoted', { orders: [order('o-quoted', { ...mine('quoted'), product, charges: [charge] })] }),
      ],
    });
    const { spending } = await viewOf(clone);
    expect(spending?.basis).toEqual({ listed: 0, charged: 2, unknown: 0 });
    expect(spending?.providers).toMatchObject([
      { of: 'shop', expected: [{ amount: '23.00' }], spent: [{ amount: '23.00' }] },
    ]);
  });

  test('counts archived certificates too, and money that came back', async () => {
    const refunded = money('4', 'USD');
    const { clone } = await worldOf({
      statuses: [
        own('gone', {
          archived: { at: '2026-11-10T10:00:00Z' },
          owner: 'shop',
          orders: [
            order('o-gone', {
              ...mine('gone'),
              state: 'cancelled',
              paidTill: '2026-11-12T00:00:00Z',
              charges: [
                {
                  at: '2026-11-01T10:00:00Z',
                  action: 'order',
                  quoted: null,
                  charged: money('9', 'USD'),
                  refunded,
                },
              ],
            }),
          ],
          current: certificate('o-gone', { ...mine('gone'), notAfter: '2026-11-12T00:00:00Z' }),
        }),
      ],
    });
    const view = await viewOf(clone);
    expect(view.certificates).toEqual([]);
    expect(view.spending?.owners).toMatchObject([{ of: 'shop', spent: [{ amount: '9.00' }] }]);
    expect(view.spending?.months.flatMap((month) => month.refunded)).toMatchObject([{ amount: '4.00' }]);
  });
});

describe('a part of the report', () => {
  const world = () =>
    worldOf({
      files: {
        ...manifest('a', 'owner: alice\n'),
        ...manifest('b', 'owner: bob\n'),
        ...manifest('broken', 'provder: x\n'),
      },
      statuses: [own('a'), own('b', { intents: [] }), own('broken')],
    });

  test('says nothing of the others, not even that there are any', async () => {
    const { clone } = await world();
    const { out } = await reportIn(clone, { owner: 'alice' }, [], true);
    expect(JSON.parse(out)).toMatchObject({
      selection: { owner: 'alice' },
      trouble: [],
      counts: { healthy: 1 },
    });
    expect(out).not.toMatch(/bob|broken|o-b/);
    for (const format of ['html', 'markdown', 'ics']) {
      const part = await reportIn(clone, { owner: 'alice', out: '-', format });
      expect(part.out).toContain('a.example.com');
      expect(part.out).not.toMatch(/\bbob\b|broken\.example|o-b\b/);
    }
  });

  test('is chosen by glob, provider and state as well; a name that fits nothing is a mistake', async () => {
    const { clone } = await world();
    const names = async (options: object, globs: readonly string[] = []) =>
      (await viewOf(clone, options, globs)).certificates.map(({ name }) => name);
    expect(await names({}, ['b*'])).toEqual(['b', 'broken']);
    expect(await names({ provider: 'internal' })).toEqual([]);
    expect(await names({ state: 'ready' })).toEqual(['a', 'b', 'broken']);
    await expect(names({}, ['nobody'])).rejects.toThrow('no certificate is called "nobody"');
  });
});

describe('the file', () => {
  test('is what its name says, in a folder that is made for it', async () => {
    const { clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    const folder = join(await tempFolder(), 'deep');
    const beginnings = {
      'report.html': '<!doctype html>',
      'report.HTM': '<!doctype html>',
      'report.md': '# Certificates of ',
      'report.json': '{\n  "certificates"',
      'report.ics': 'BEGIN:VCALENDAR\r\n',
    };
    for (const [name, beginning] of Object.entries(beginnings)) {
      const out = join(folder, name);
      const { code, out: said } = await reportIn(clone, { out });
      expect([code, said]).toEqual([0, `${out}: Everything is in order. Nobody has to do anything.\n`]);
      expect((await readFile(out, 'utf8')).slice(0, beginning.length)).toBe(beginning);
    }
  });

  test('replaces the one before in one step, and leaves nothing beside it', async () => {
    const { clone } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    const folder = await tempFolder();
    const out = join(folder, 'report.html');
    await writeFile(out, 'old');
    const { out: json } = await reportIn(clone, { out }, [], true);
    expect(JSON.parse(json)).toMatchObject({
      file: out,
      format: 'html',
      certificates: 1,
      counts: { healthy: 1 },
    });
    expect(await readFile(out, 'utf8')).toMatch(/<\/html>\n$/);
    expect(await readdir(folder)).toEqual(['report.html']);
  });

  test('fails with a remedy where it cannot be written, or is none', async () => {
    const { clone } = await worldOf();
    const folder = await tempFolder();
    await mkdir(join(folder, 'is.html'));
    await writeFile(join(folder, 'file'), '');
    const problem = async (options: Readonly<Record<string, unknown>>) => {
      const error = await reportIn(clone, options).catch((thrown: unknown) => thrown);
      return error instanceof CertError ? [error.code, error.message, error.remedy] : error;
    };
    expect(await problem({})).toEqual([
      'usage',
      'where the report goes is not said',
      expect.stringContaining('--out report.html'),
    ]);
    const contains = (text: string) => expect.stringContaining(text);
    expect(await problem({ out: 'report.xlsx' })).toEqual([
      'usage',
      contains('report.xlsx'),
      contains('.ics'),
    ]);
    const special = ['usage', contains(' is no file'), contains('--out -')];
    expect(await problem({ out: join(folder, 'is.html') })).toEqual(special);
    expect(await problem({ out: '/dev/null', format: 'html' })).toEqual(special);
    const refused = ['usage', contains('cannot be written (ENOTDIR): choose another by --out'), undefined];
    expect(await problem({ out: join(folder, 'file', 'a.html') })).toEqual(refused);
    expect(await problem({ out: join(folder, 'file', 'b', 'a.html') })).toEqual(refused);
    expect((await readdir(folder)).sort()).toEqual(['file', 'is.html']);
  });

  test('writes nothing to the remote', async () => {
    const { clone, remote } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
    const before = await refsOf(remote);
    await reportIn(clone, { out: '-' });
    expect(await refsOf(remote)).toEqual(before);
  });
});

test('a configuration that cannot be used still gives the facts, without money', async () => {
  const { clone, remote } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
  await commitToRemote(
    remote,
    'main',
    { 'certwright.yaml': 'version: 1\nid: k3v9x2\nproviders: 3\n' },
    'Break it',
  );
  const view = await viewOf(clone);
  expect(view.spending).toBeUndefined();
  expect(view.certificates).toMatchObject([{ name: 'a', notAfter: '2027-05-18T23:59:59Z' }]);
  expect(view.trouble.map(({ message }) => message)).toEqual([
    expect.stringContaining('the merged files have errors'),
  ]);
});

test('lost state is told in every part of it', async () => {
  const { clone, remote } = await worldOf({ files: manifest('a'), statuses: [own('a')] });
  const rewound = await commitToRemote(remote, 'rewound', stateFiles(remote, {}), 'Rewound');
  await setRef(remote, 'refs/heads/certwright/state', rewound);
  for (const names of [[], ['a']]) {
    const [first] = (await viewOf(clone, {}, names)).trouble;
    expect(first).toMatchObject({
      level: 'attention',
      message: expect.stringContaining('rewound or lost'),
    });
  }
});
