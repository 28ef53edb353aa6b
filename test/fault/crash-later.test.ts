import { describe, expect, it } from 'vitest';
import type { RequestRecord, Status } from '../../src/model/status.js';
import { DAY_MS } from '../../src/model/time.js';
import { land, observeState } from '../../src/reconcile/land.js';
import { statusFile } from '../../src/reconcile/run.js';
import { approvalText } from '../support/approval.js';
import { sweepCrashes } from '../support/crash-sweep.js';
import {
  applyOnce,
  type Kind,
  manifest,
  openPlace,
  openRunner,
  PAID,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';

const SWEEP = { timeout: 120_000 };
const ALL: readonly Kind[] = ['local-ca', ...PAID];

async function issued(options: PlaceOptions) {
  const place = await openPlace(options);
  await runUntilQuiet(place, await openRunner(place));
  return place;
}

describe('what follows on an order, stopped around every writing call', () => {
  it.each(ALL)('a reissue happens once and costs nothing (%s)', SWEEP, async (kind) => {
    const ended = (status: Status) => expect(status.reissueText).toBe('new key');
    const place = await issued({ kind });
    await place.advance(DAY_MS);
    await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
    expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ended })).toEqual([]);
  });

  it.each(PAID)('a renewal is bought once (%s)', SWEEP, async (kind) => {
    const ended = (status: Status) => expect(status.orders).toHaveLength(2);
    const text = 'domains: [shop.example.com]\nterm: 90d\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const place = await issued({ kind, manifests: { shop: text } });
    await place.advance(82 * DAY_MS);
    const unknown = await sweepCrashes(place, { purchases: 2, name: 'shop', extraPushes: 4, ended });
    expect(unknown.every(({ at }) => kind === 'none' && /git\.commit|buy\.run|spool\.write/.test(at))).toBe(
      true,
    );
    expect(unknown.length).toBe(kind === 'none' ? 6 : 0);
  });

  it('an order under an approval file is bought once, and the file is used up', SWEEP, async () => {
    const ended = (status: Status) => expect(status.consumedApprovals).toHaveLength(1);
    const place = await openPlace({ kind: 'unique', policy: 'order: pull-request, free: auto' });
    await place.merge({ 'approvals/shop-order.yaml': approvalText(place, { action: 'order' }) });
    expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ended })).toEqual([]);
  });

  it('a renewal under an approval file is bought once, and the file is used up', SWEEP, async () => {
    const ended = (status: Status) =>
      expect([status.orders.length, status.consumedApprovals.length]).toEqual([2, 1]);
    const text = 'domains: [shop.example.com]\nterm: 90d\nmaxPrice: 25.00 USD\nautoRenew: true\n';
    const policy = 'order: merge, renew: pull-request, free: auto';
    const place = await issued({ kind: 'unique', policy, manifests: { shop: text } });
    await place.advance(82 * DAY_MS);
    const predecessor = (await place.status('shop')).orders[0]?.id;
    await place.merge({
      'approvals/shop-renew.yaml': approvalText(place, { action: 'renew', predecessor, term: '90d' }),
    });
    expect(await sweepCrashes(place, { purchases: 2, name: 'shop', extraPushes: 4, ended })).toEqual([]);
  });

  it.each(PAID)('an order is taken over, nothing is bought (%s)', SWEEP, async (kind) => {
    const ended = (status: Status) =>
      expect(status.current).toMatchObject({ reason: 'KeyLost', ownKey: true });
    const place = await openPlace({ kind });
    const [before] = [await place.store.refs()];
    await runUntilQuiet(place, await openRunner(place));
    const order = (await place.status('shop')).orders[0]?.id ?? '';
    for (const ref of ['refs/heads/certwright/state', 'refs/heads/certwright/seen']) {
      await place.store.setRef(ref, before?.[ref] ?? null);
    }
    await place.merge({ 'certificates/shop.yaml': manifest('shop', `adopt: { order: "${order}" }\n`) });
    expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ended })).toEqual([]);
  });

  it.each(ALL)('a renamed manifest keeps its order (%s)', SWEEP, async (kind) => {
    const ended = (status: Status) => expect(status).toMatchObject({ name: 'store', previous: [] });
    const place = await issued({ kind });
    await place.merge({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest('shop') });
    expect(await sweepCrashes(place, { purchases: 1, name: 'store', extraPushes: 2, ended })).toEqual([]);
  });

  it.each(ALL)('a revocation happens once (%s)', SWEEP, async (kind) => {
    const ended = (status: Status) => expect(status.current?.revoked?.reason).toBe('cessationOfOperation');
    const place = await issued({ kind });
    const status = await place.status('shop');
    await request(place, {
      id: 'r1',
      action: 'revoke',
      requestedAt: '2026-11-22T12:00:00Z',
      reason: 'out of use',
      revocationReason: 'cessationOfOperation',
      ...(status.current ? { serial: status.current.serial } : {}),
    });
    expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ended })).toEqual([]);
  });

  const waiting = { pollsUntilIssued: null } as const;
  it.each([
    { kind: 'unique', call: 'cancelled' },
    { kind: 'findable', call: 'cancelled' },
    { kind: 'none', call: 'cancelled' },
    { kind: 'unique', call: 'pending' },
  ] as const)(
    'an order is given up once, and none is bought in its place ($kind, $call there)',
    SWEEP,
    async ({ kind, call }) => {
      const account = call === 'pending' ? { account: 'cancel: false' } : {};
      const place = await openPlace({ kind, seller: waiting, ...account });
      await applyOnce(place, await openRunner(place));
      const order = (await place.status('shop')).orders[0]?.id ?? '';
      await request(place, {
        id: 'r1',
        action: 'abandon',
        requestedAt: '2026-11-22T12:00:00Z',
        reason: 'wrong names',
        order,
      });
      const ended = (status: Status) =>
        expect(status).toMatchObject({
          requests: [],
          orders: [{ state: call, abandoned: { reason: 'wrong names' } }],
        });
      expect(await sweepCrashes(place, { purchases: 1, name: 'shop', extraPushes: 4, ended })).toEqual([]);
      const cancelled = (await place.seller?.control.ledger())?.filter(({ path }) =>
        path.endsWith('/cancel'),
      );
      expect(cancelled?.filter(({ status }) => status === 200)).toHaveLength(call === 'pending' ? 0 : 1);
    },
  );
});

async function request(place: Place, asked: RequestRecord): Promise<void> {
  const { deps } = await openRunner(place);
  await land({ deps }, await observeState(deps), (view) => {
    const status = view.statuses.get('shop');
    if (!status) throw new Error('nothing is recorded for shop');
    return { files: [statusFile({ ...status, requests: [asked] })], message: `ask for ${asked.action}\n` };
  });
}
