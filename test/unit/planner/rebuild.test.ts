import { expect, test } from 'vitest';
import { toMs } from '../../../src/model/time.js';
import { explainOrders, type SeenOrder } from '../../../src/planner/rebuild.js';
import { NOW, spec } from '../../support/planner.js';
import { order, status } from '../../support/state.js';

const SOLD: SeenOrder = {
  provider: 'shop',
  environment: 'live',
  order: {
    id: '903@nc:8812',
    ids: ['903', '903@nc:8812'],
    product: 'dv',
    names: ['shop.example.com'],
    state: 'issued',
    validation: [],
  },
};
/** Its certificate has a key of ours, as it is the very certificate that the shop sold. */
const DELIVERED: SeenOrder = {
  provider: 'nc',
  environment: 'live',
  order: { ...SOLD.order, id: '8812', ids: ['8812'], product: 'standard-ssl' },
  evidence: { name: 'shop', by: 'key' },
};

const explain = (seen: readonly SeenOrder[], ids: readonly string[], deliverers: readonly string[] = []) =>
  explainOrders(seen, {
    repositoryId: 'k3v9x2',
    specs: [spec('shop')],
    statuses: new Map(
      ids.length === 0 ? [] : [['shop', status('shop', { orders: [order(ids.at(-1) ?? '', { ids })] })]],
    ),
    formerNames: [],
    deliverers: new Set(deliverers),
    productAt: () => undefined,
    nowMs: toMs(NOW),
  });

test.each([
  ['the record tells so', ['903', '903@nc:8812']],
  ['the shop tells so', []],
])('what delivers an order is no second order: %s', (_how, ids) => {
  const explained = explain([DELIVERED, SOLD], ids);
  expect(explained.map(({ provider }) => provider)).toEqual(['shop']);
});

const OTHER = { ...DELIVERED, order: { ...DELIVERED.order, id: '8813', ids: ['8813'] } };

test.each([
  [['nc'], { kind: 'foreign' }],
  [[], { kind: 'ours', name: 'shop', by: 'key' }],
])(
  'a key tells whose an order is, but not at an account that delivers for another (%j)',
  (deliverers, told) => {
    const [other] = explain([OTHER, SOLD], [], deliverers);
    expect(other).toMatchObject({ order: { id: '8813' }, explanation: told });
  },
);
