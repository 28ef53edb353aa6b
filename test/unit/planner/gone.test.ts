import { describe, expect, test } from 'vitest';
import {
  LAST_CERTIFICATE,
  linesOf,
  NOW,
  planOf,
  prices,
  provider,
  RENEWAL_TIME,
  type Scene,
  spec,
} from '../../support/planner.js';
import { certificate, intended, order, placed, ready, status } from '../../support/state.js';

const archived = { archived: { at: '2026-11-10T00:00:00Z' } } as const;

const OTHER_NAMES = {
  names: ['api.example.com', 'shop.example.com'],
  commonName: 'shop.example.com',
} as const;

interface Row extends Scene {
  readonly plans: readonly string[];
  readonly says?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'a renamed manifest keeps its order': {
    specs: [spec('new')],
    statuses: [ready('old')],
    plans: ['new purchase move NeedMoved'],
    says: /old holds the order for these names; it becomes new/,
  },
  'a manifest that comes back elsewhere takes its order out of the archive': {
    specs: [spec('new')],
    statuses: [ready('old', archived)],
    plans: ['new purchase move NeedMoved'],
  },
  'an order under way moves along': {
    specs: [spec('new')],
    statuses: [
      status('old', { orders: [order('o1', { state: 'pending' })], intents: [placed('order', 'o1')] }),
    ],
    plans: ['new purchase move NeedMoved'],
  },
  'what is being sent does not change its name meanwhile': {
    specs: [spec('new')],
    statuses: [status('old', { intents: [intended('order')] })],
    plans: ['new purchase wait NeedMoved', 'old purchase resolve OpenIntent'],
  },
  'one order moves to one manifest': {
    specs: [spec('new', { distinct: 'a' }), spec('newer', { distinct: 'b' })],
    statuses: [ready('old')],
    plans: ['new purchase move NeedMoved', 'newer purchase order NoOrder'],
  },
  'two orders move to two manifests': {
    specs: [spec('new', { distinct: 'a' }), spec('newer', { distinct: 'b' })],
    statuses: [ready('old'), ready('older')],
    plans: ['new purchase move NeedMoved', 'newer purchase move NeedMoved'],
  },
  'a rename after a change of names keeps its order': {
    specs: [spec('new', { names: ['shop.example.com', 'www.shop.example.com'] })],
    statuses: [
      status('old', {
        orders: [order('o1')],
        current: certificate('o1', { names: ['shop.example.com', 'www.shop.example.com'] }),
      }),
    ],
    plans: ['new purchase move NeedMoved'],
  },
  'a rename keeps its order while the names are being changed': {
    specs: [spec('new', { names: ['shop.example.com', 'www.shop.example.com'] })],
    statuses: [
      ready('old', {
        intents: [placed('reissue', 'o-old', { names: ['shop.example.com', 'www.shop.example.com'] })],
      }),
    ],
    plans: ['new purchase move NeedMoved'],
  },
  'another product is another need': {
    specs: [spec('new', { product: 'wildcard-server' })],
    statuses: [ready('old')],
    facts: { new: { prices: prices({ 'shop order': '10' }, 'wildcard-server') } },
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone'],
  },
  'other names are another need': {
    specs: [spec('new', { names: ['a.example.com'] })],
    statuses: [ready('old')],
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone'],
  },
  'a rename together with other names keeps its order': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [ready('old')],
    plans: ['new purchase move NeedMoved'],
    says: /old holds an order .* it becomes new, and the names now declared follow/,
  },
  'what comes back elsewhere with other names takes its order out of the archive': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [ready('old', archived)],
    plans: ['new purchase move NeedMoved'],
  },
  'what is being sent does not change name and names meanwhile': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [status('old', { intents: [intended('order')] })],
    plans: ['new purchase wait NeedMoved', 'old purchase resolve OpenIntent'],
  },
  'a rename keeps the order that lives where its renewal came to nothing': {
    specs: [spec('new')],
    statuses: [withDeadRenewal()],
    plans: ['new purchase move NeedMoved'],
  },
  'so does a rename together with other names': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [withDeadRenewal(archived)],
    plans: ['new purchase move NeedMoved'],
  },
  'a rename keeps an order that came to nothing: buying again stays for a person': {
    specs: [spec('new')],
    statuses: [status('old', { orders: [order('o1', { state: 'cancelled' })] })],
    plans: ['new purchase move NeedMoved'],
  },
  'so does one that comes back from the archive': {
    specs: [spec('new')],
    statuses: [status('old', { orders: [order('o1', { state: 'rejected' })], ...archived })],
    plans: ['new purchase move NeedMoved'],
  },
  'a living order comes first': {
    specs: [spec('new')],
    statuses: [status('a-dead', { orders: [order('o1', { state: 'cancelled' })] }), ready('old')],
    plans: ['a-dead free archive ManifestGone', 'new purchase move NeedMoved'],
  },
  'one whose term would be over counts no more': {
    specs: [spec('new')],
    statuses: [
      status('old', { orders: [order('o1', { state: 'cancelled', paidTill: '2026-11-20T00:00:00Z' })] }),
    ],
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone'],
  },
  'nor one that cost nothing': {
    specs: [spec('new')],
    statuses: [status('old', { orders: [order('o1', { state: 'rejected', charges: [] })] })],
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone'],
  },
  'of two orders for a common name none is guessed at': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [ready('old'), ready('older')],
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone', 'older free archive ManifestGone'],
  },
  'of two manifests for parts of one order none is guessed at': {
    specs: [spec('shop'), spec('api', { names: ['api.example.com'] })],
    statuses: [
      ready('old', {
        orders: [order('o-old', { names: ['api.example.com', 'shop.example.com', 'www.example.com'] })],
        current: certificate('o-old', { names: ['api.example.com', 'shop.example.com', 'www.example.com'] }),
      }),
    ],
    plans: ['api purchase order NoOrder', 'old free archive ManifestGone', 'shop purchase order NoOrder'],
  },
  'the same names come before a common name': {
    specs: [spec('new'), spec('newer', OTHER_NAMES)],
    statuses: [ready('old')],
    plans: ['new purchase move NeedMoved', 'newer purchase order NoOrder'],
  },
  'an order to be ignored does not move for a common name': {
    specs: [spec('new', { ...OTHER_NAMES, adopt: { kind: 'ignore', orders: ['o-old'] } })],
    statuses: [ready('old')],
    plans: ['new purchase order NoOrder', 'old free archive ManifestGone'],
  },
  'the order of a manifest with errors is not bought again for other names': {
    specs: [spec('new', OTHER_NAMES)],
    statuses: [ready('old')],
    desired: { invalidNames: ['old'] },
    plans: ['new purchase hold NeedMoved !manifest-invalid'],
  },
  'an order that has ended moves nowhere': {
    specs: [spec('new')],
    statuses: [ready('old', archived)],
    now: '2028-01-01T00:00:00Z',
    plans: ['new purchase order NoOrder'],
  },
  'what was rehearsed does not move to a live manifest': {
    specs: [spec('new')],
    statuses: [
      status('old', {
        orders: [order('o1', { environment: 'rehearsal' })],
        current: certificate('o1'),
        ...archived,
      }),
    ],
    plans: ['new purchase order NoOrder'],
  },
  'a certificate with orders of its own takes no other': {
    specs: [spec('new')],
    statuses: [ready('old', archived), status('new', { orders: [order('dead', { state: 'rejected' })] })],
    plans: ['new purchase order OrderDied !approval-missing'],
  },
  'an order of unknown fate is never written over by a move': {
    specs: [spec('new')],
    statuses: [ready('old', archived), status('new', { intents: [intended('order')] })],
    plans: ['new purchase resolve OpenIntent'],
  },
  'with a file that cannot be read nothing moves, nothing is archived, and nothing is bought again': {
    specs: [spec('new')],
    statuses: [ready('old')],
    desired: { hasUnreadable: true },
    plans: ['new purchase hold NeedMoved !manifest-invalid'],
    says: /may still declare old; mend what `certwright validate` shows/,
  },
  'the order of a manifest with errors is not bought again under another name': {
    specs: [spec('new')],
    statuses: [ready('old')],
    desired: { invalidNames: ['old'] },
    plans: ['new purchase hold NeedMoved !manifest-invalid'],
  },
  'a manifest that is gone is archived, never revoked': {
    statuses: [ready('old'), ready('other')],
    specs: [spec('other')],
    plans: ['old free archive ManifestGone'],
    says: /no manifest declares it; files stay, shown until it ends 2027-05-18/,
  },
  'what is archived stays archived': { statuses: [ready('old', archived)], plans: [] },
  'what is archived still finishes what is paid': {
    statuses: [ready('old', { ...archived, intents: [placed('reissue', 'o-old')] })],
    plans: ['old free collect AwaitingIssuance'],
  },
  'what is paid is finished before anything is archived': {
    statuses: [
      status('old', {
        orders: [order('o1', { state: 'pending' })],
        intents: [placed('order', 'o1')],
      }),
    ],
    plans: ['old purchase collect AwaitingIssuance'],
  },
  'with a file that cannot be read nothing is archived': {
    statuses: [ready('old')],
    desired: { hasUnreadable: true },
    plans: [],
  },
  'manifests of another history archive nothing': {
    statuses: [ready('old')],
    state: { manifestsDescend: false },
    plans: [],
  },
  'a manifest with errors archives nothing and sends nothing new': {
    specs: [],
    statuses: [ready('old')],
    desired: { invalidNames: ['old'] },
    now: RENEWAL_TIME,
    plans: [],
  },
  'a manifest with errors finishes what is open': {
    specs: [],
    statuses: [status('old', { intents: [intended('order')] })],
    desired: { invalidNames: ['old'] },
    plans: ['old purchase resolve OpenIntent'],
  },
  'a provider is told not to renew before anything is archived': {
    specs: [spec('other')],
    statuses: [renewedByProvider(), ready('other')],
    plans: ['old free set-auto-renew AutoRenewDiffers'],
  },
  'a provider that was told before and refused is told again in its turn': {
    specs: [spec('other')],
    statuses: [
      { ...renewedByProvider(), failures: { free: { count: 1, lastAt: NOW, code: 'x', message: 'no' } } },
      ready('other'),
    ],
    plans: ['old free wait Failing'],
  },
  'where a provider cannot be told, the portal step stands beside the archive': {
    specs: [spec('other')],
    providers: [provider('shop', { capabilities: { autoRenewFlag: 'read' } })],
    statuses: [renewedByProvider(), ready('other')],
    plans: ['old free hold AutoRenewDiffers !unsupported', 'old free archive ManifestGone'],
    says: /portal of shop/,
  },
  'declared again, a certificate comes out of the archive': {
    specs: [spec('old')],
    statuses: [ready('old', archived)],
    plans: ['old free move NeedMoved'],
    says: /a manifest declares it again/,
  },
  'declared again, what is due is done at once': {
    specs: [spec('old')],
    statuses: [
      status('old', { orders: [order('o1')], current: certificate('o1', LAST_CERTIFICATE), ...archived }),
    ],
    now: RENEWAL_TIME,
    plans: ['old free move NeedMoved', 'old purchase renew PaidTermEnding'],
  },
};

function withDeadRenewal(parts: Parameters<typeof status>[1] = {}) {
  return status('old', {
    orders: [order('o1'), order('o2', { state: 'cancelled', predecessor: 'o1' })],
    current: certificate('o1'),
    ...parts,
  });
}

function renewedByProvider() {
  return status('old', { orders: [order('o1', { autoRenew: true })], current: certificate('o1') });
}

describe('manifests that come and go', () => {
  test.each(Object.entries(rows))('%s', (_sentence, { plans, says, ...scene }) => {
    const plan = planOf(scene);
    expect([...linesOf(plan)].sort()).toEqual([...plans].sort());
    const texts = plan.items.flatMap((item) => [item.message, item.hold?.message ?? '']);
    if (says) expect(texts.join('\n')).toMatch(says);
  });

  test('a move counts as one certificate', () => {
    const plan = planOf({ specs: [spec('new')], statuses: [ready('old')] });
    expect(plan.counts).toEqual({ certificates: 1, unchanged: 0 });
  });

  test('website protection is declared, and said not to be sold', () => {
    const plan = planOf({
      specs: [
        {
          kind: 'sitelock',
          name: 'site',
          position: { file: 'certificates/site.yaml', line: 1, column: 1 },
          digest: 'd',
          domain: 'example.com',
          providers: ['shop'],
          product: 'sitelock-basic',
          addOns: [],
          autoRenew: false,
          renewedBy: 'certwright',
          suspend: false,
        },
      ],
    });
    expect(linesOf(plan)).toEqual(['site purchase hold NoOrder !not-served']);
    expect(plan.totals).toEqual([]);
  });

  test('many renames at once are one look each', () => {
    const names = Array.from({ length: 2000 }, (_, i) => [`site-${i}.example.com`]);
    const plan = planOf({
      specs: names.map((all, i) => spec(`new-${i}`, { names: all })),
      statuses: names.map((all, i) =>
        ready(`old-${i}`, {
          orders: [order(`o${i}`, { names: all })],
          current: certificate(`o${i}`, { names: all }),
        }),
      ),
    });
    expect(plan.items.filter((item) => item.action === 'move')).toHaveLength(2000);
    expect(plan.unsafe).toBeUndefined();
  });
});
