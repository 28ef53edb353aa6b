import { describe, expect, test } from 'vitest';
import { loadApprovals } from '../../../src/config/load.js';
import { run } from '../../../src/entry/cli/show.js';
import { run as runStatus } from '../../../src/entry/cli/status.js';
import type { Status } from '../../../src/model/status.js';
import { testContext } from '../../support/context.js';
import { commitToRemote } from '../../support/git.js';
import { manualClock } from '../../support/manual-clock.js';
import { CONFIGURATION, certificate, order, ready, status, worldOf } from '../../support/state.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const GATED = CONFIGURATION.replace('order: merge, renew: auto', 'order: pull-request, renew: pull-request');

async function show(clone: string, name: string, json = false) {
  const context = testContext({ cwd: clone, clock: manualClock(NOW) });
  const code = await run(context, { json, identity: [] }, {}, [name]);
  return { code, out: context.out(), err: context.err() };
}

const SHOP = { 'certificates/shop.yaml': 'domain: shop.example.com\nautoRenew: true\n' };

describe('everything about one certificate', () => {
  test('tells its state, both dates, what comes next, owner, manifest and files', async () => {
    const { clone } = await worldOf({ files: SHOP, statuses: [ready('shop')] });
    const { out, code } = await show(clone, 'shop');
    expect(code).toBe(0);
    expect(out).toMatch(/state +Ready: |state +Ready$/m);
    expect(out).toMatch(/end date +2027-05-18 23:59 UTC, in 177 days/);
    expect(out).toMatch(/paid till +2027-11-01/);
    // 30 days before the end at the latest; 30 days before the paid term ends, since days carry over.
    const [, reissueAt = ''] = /reissue from (\S+),/.exec(out) ?? [];
    expect(reissueAt > '2026-11-22' && reissueAt <= '2027-04-19').toBe(true);
    expect(out).toContain('renewal from 2027-10-02');
    expect(out).toMatch(/owner +platform-team/);
    expect(out).toMatch(/manifest +certificates\/shop\.yaml:1/);
    expect(out).toMatch(/issued\/shop\/key\.pem\.age\n {2}issued\/shop\/status\.json/);
  });

  test('says nothing of a paid term where nothing is paid', async () => {
    const { paidTill: _till, paidFrom: _from, ...free } = order('o-shop');
    const { clone } = await worldOf({ files: SHOP, statuses: [ready('shop', { orders: [free] })] });
    const { out } = await show(clone, 'shop');
    expect(out).toMatch(/end date +2027-05-18/);
    expect(out).not.toContain('paid till');
  });

  test('lists no files of a certificate whose name only begins the same', async () => {
    const { clone } = await worldOf({ files: SHOP, statuses: [ready('shop'), ready('shop-2')] });
    expect(JSON.parse((await show(clone, 'shop', true)).out).files).toEqual([
      'issued/shop/key.pem.age',
      'issued/shop/status.json',
    ]);
  });

  const due: readonly [
    title: string,
    manifest: string,
    parts: Partial<Status>,
    expected: readonly string[],
  ][] = [
    ['a reissue and a renewal', 'autoRenew: true\n', {}, ['reissueAt', 'renewAt']],
    ['no renewal without autoRenew', '', {}, ['reissueAt']],
    ['nothing while suspended', 'autoRenew: true\nsuspend: true\n', {}, []],
    ['no reissue for a key that is elsewhere', 'key: external\nautoRenew: true\n', {}, ['renewAt']],
    [
      'no reissue where the certificate lasts as long as the payment',
      'autoRenew: true\n',
      { orders: [order('o-shop', { paidTill: '2027-05-19T00:00:00Z' })] },
      ['renewAt'],
    ],
    ['nothing before there is an order', 'autoRenew: true\n', { orders: [] }, []],
  ];
  test('falls due as manifest and dates say', async () => {
    const named = due.map((one, i) => ({ name: `d${i}`, one }));
    const { clone } = await worldOf({
      files: Object.fromEntries(
        named.map(({ name, one: [, text] }) => [
          `certificates/${name}.yaml`,
          `domain: shop.example.com\ndistinct: ${name}\n${text}`,
        ]),
      ),
      statuses: named.map(({ name, one: [, , parts] }) =>
        parts.orders?.length === 0
          ? status(name)
          : ready(name, {
              ...parts,
              current: certificate(parts.orders?.[0]?.id ?? `o-${name}`),
            }),
      ),
    });
    const found = await Promise.all(
      named.map(async ({ name, one: [title] }) => [
        title,
        Object.keys(JSON.parse((await show(clone, name, true)).out).due).sort(),
      ]),
    );
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(due.map(([title, , , expected]) => [title, [...expected].sort()])),
    );
  });

  test('tells when what failed is tried again, unless the manifest changed since', async () => {
    const failures = {
      free: { count: 2, lastAt: '2026-11-22T11:30:00Z', code: 'provider.timeout', message: 'no answer' },
    };
    const { remote, clone } = await worldOf({ statuses: [ready('gone', { failures })] });
    expect((await show(clone, 'gone')).out).toMatch(/next try +2026-11-22 12:30 UTC, in 30 min/);
    await commitToRemote(remote, 'main', { 'certificates/gone.yaml': 'domain: shop.example.com\n' });
    const { out } = await show(clone, 'gone');
    expect(out).toContain('Failing: issuing');
    expect(out).not.toMatch(/^ {2}next try/m);
  });

  test.each([
    ['declared', { 'certificates/a.yaml': 'domain: a.example.com\n' }, [], 'New: declared, not ordered yet'],
    [
      'declared with errors',
      { 'certificates/a.yaml': 'domain: a.example.com\nx: 1\n' },
      [],
      'New: its manifest has errors',
    ],
    ['suspended', { 'certificates/a.yaml': 'domain: a.example.com\nsuspend: true\n' }, [], 'New: suspended'],
    ['without manifest', {}, [ready('a')], 'Ready: no manifest declares it'],
  ])('says in a sentence that it is %s', async (_, files, statuses, expected) => {
    const { clone } = await worldOf({ files, statuses });
    expect((await show(clone, 'a')).out).toContain(expected);
  });

  test('exits with 4 when it needs attention', async () => {
    const breaker = { trippedAt: '2026-11-22T10:00:00Z', why: 'three in a day' };
    const { clone } = await worldOf({ files: SHOP, statuses: [ready('shop', { breaker })] });
    const { out, code } = await show(clone, 'shop');
    expect(out).toContain('state       Attention: three in a day');
    expect(code).toBe(4);
  });

  test('as JSON holds status, conditions and dates', async () => {
    const { clone } = await worldOf({ files: SHOP, statuses: [ready('shop')] });
    expect(JSON.parse((await show(clone, 'shop', true)).out)).toMatchObject({
      status: { name: 'shop', orders: [{ id: 'o-shop' }] },
      conditions: [{ type: 'Ready' }],
      due: { renewAt: '2027-10-02T10:00:00Z' },
      state: { word: 'Ready' },
      approvals: [],
    });
  });

  test('of a name nobody knows asks whether another was meant', async () => {
    const { clone } = await worldOf({ files: SHOP });
    await expect(show(clone, 'shoop')).rejects.toMatchObject({
      message: 'no certificate is called "shoop"',
      remedy: 'did you mean `certwright show shop`?',
    });
    await expect(show(clone, 'something/else')).rejects.toMatchObject({
      remedy: expect.stringContaining('status -o name'),
    });
  });
});

describe('an approval that is awaited', () => {
  const SERIAL = ready('team/shop').current?.serial ?? '';
  const waiting: readonly [title: string, manifest: string, facts: readonly Status[], expected: object][] = [
    ['a first order', '', [], { action: 'order', ceiling: '25.00 USD', term: '1y' }],
    [
      'a renewal',
      'autoRenew: true\n',
      [
        ready('team/shop', {
          orders: [order('912345678', { paidTill: '2026-12-01T10:00:00Z' })],
          current: certificate('912345678', { notAfter: '2026-12-01T09:59:59Z' }),
        }),
      ],
      { action: 'renew', predecessor: '912345678', ceiling: '25.00 USD' },
    ],
    [
      'another order after one that died',
      '',
      [status('team/shop', { orders: [order('7', { ids: ['5', '7'], state: 'rejected' })] })],
      { action: 'order', predecessor: '5' },
    ],
    [
      'a revocation',
      '',
      [
        ready('team/shop', {
          requests: [
            {
              id: 'r1',
              action: 'revoke',
              requestedAt: '2026-11-22T10:00:00Z',
              reason: 'leak',
              serial: SERIAL,
            },
          ],
        }),
      ],
      { action: 'revoke', predecessor: SERIAL },
    ],
  ];

  test.each(waiting)(
    '%s comes with a file that lets it through once merged',
    async (_, text, statuses, subject) => {
      const { remote, clone } = await worldOf({
        files: {
          'certwright.yaml': GATED,
          'certificates/team/shop.yaml': `domain: shop.example.com\n${text}`,
        },
        statuses,
      });
      const awaited = JSON.parse((await show(clone, 'team/shop', true)).out).approvals;
      expect(awaited).toEqual([expect.objectContaining({ action: Reflect.get(subject, 'action') })]);
      const [{ file, content }] = awaited;
      expect(file).toBe(`approvals/team%2Fshop-${Reflect.get(subject, 'action')}.yaml`);

      const { approvals, findings } = loadApprovals([{ path: file, text: content }]);
      expect(findings).toEqual([]);
      const { ceiling, ...others } = { ceiling: undefined, ...subject };
      expect(approvals[0]?.subjects).toEqual([
        expect.objectContaining({
          certificate: 'team/shop',
          provider: 'shop',
          environment: 'live',
          validUntil: '2026-12-06T12:00:00Z',
          ...others,
          ...(ceiling === undefined ? {} : { ceiling: { amount: '25.00', currency: 'USD' } }),
        }),
      ]);

      await commitToRemote(remote, 'main', { [file]: content });
      expect(JSON.parse((await show(clone, 'team/shop', true)).out).approvals).toEqual([]);
    },
  );

  test('is printed ready to be copied, with the branch it belongs on', async () => {
    const { clone } = await worldOf({ files: { 'certwright.yaml': GATED, ...SHOP } });
    const { out } = await show(clone, 'shop');
    expect(out).toMatch(
      /Approval needed\n {2}order +merge an approval file for this order\n {2}file +approvals\/shop-order\.yaml\n/,
    );
    expect(out).toContain(
      '\nTo approve it, merge this into main as approvals/shop-order.yaml:\n\n# order of shop',
    );
    const [, text = ''] = out.split('.yaml:\n\n');
    const { approvals, findings } = loadApprovals([{ path: 'approvals/shop-order.yaml', text }]);
    expect(findings).toEqual([]);
    expect(approvals[0]?.subjects).toHaveLength(1);
  });

  test('has another id each time it is drafted', async () => {
    const { clone } = await worldOf({ files: { 'certwright.yaml': GATED, ...SHOP } });
    const id = async () => /^id: (.*)$/m.exec((await show(clone, 'shop')).out)?.[1];
    const first = await id();
    expect(first).toBeDefined();
    expect(await id()).not.toBe(first);
  });

  test('with a lower ceiling than the manifest is enough while nobody knows the price', async () => {
    const { remote, clone } = await worldOf({ files: { 'certwright.yaml': GATED, ...SHOP } });
    const [{ file, content }] = JSON.parse((await show(clone, 'shop', true)).out).approvals;
    await commitToRemote(remote, 'main', { [file]: content.replace('25.00 USD', '12.00 USD') });
    const context = testContext({ cwd: clone, clock: manualClock(NOW) });
    await runStatus(context, { json: false, identity: [] }, {}, []);
    expect(context.out()).toMatch(/^shop +New/m);
  });
});
