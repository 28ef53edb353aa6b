import { expect, test } from 'vitest';
import { selectOrders } from '../../../src/entry/import/select.js';
import { toMs } from '../../../src/model/time.js';
import { snapshot } from '../../support/planner.js';

const known = {
  adopted: new Map(),
  recorded: new Map(),
  needs: new Map(),
  licences: new Set(['sitelock-basic']),
};
const filters = { domains: [], products: [], states: ['issued' as const] };
const nowMs = toMs('2026-11-22T12:00:00Z');

test('an order whose term has ended is left out, also where its account still calls it issued', () => {
  const orders = [
    snapshot('ended', { names: ['a.example.com'], paidTill: '2026-10-18T12:00:00Z' }),
    snapshot('living', { names: ['b.example.com'], paidTill: '2027-10-18T12:00:00Z' }),
  ];
  const [ended, living] = selectOrders(orders, known, filters, nowMs);
  expect(ended).toMatchObject({ kind: 'skipped', reason: 'its term has ended', detail: '2026-10-18' });
  expect(living).toHaveProperty('candidate');
});

test('website protection is no certificate, and says what to write instead', () => {
  const order = snapshot('1', { product: 'sitelock-basic', names: ['a.example.com'] });
  expect(selectOrders([order], known, filters, nowMs)).toMatchObject([
    { kind: 'impossible', reason: expect.stringContaining('kind: sitelock') },
  ]);
});
