import { describe, expect, test } from 'vitest';
import * as apply from '../../../src/entry/cli/apply.js';
import * as reissue from '../../../src/entry/cli/reissue.js';
import * as revoke from '../../../src/entry/cli/revoke.js';
import type { Status } from '../../../src/model/status.js';
import { HOUR_MS } from '../../../src/model/time.js';
import { cloneOf, commitToRemote, messagesOf, refsOf, testBranches } from '../../support/git.js';
import { certificate, order, status } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop } from './shop.js';

const REASON = { reason: 'key  leaked\nin a log' };
const APPLY = { wait: '0s', yes: true };
const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };
const SERIAL = certificate('o-1').serial;

const issued = (name = 'shop', parts: Partial<Status> = {}): Status =>
  status(name, { orders: [order('o-1', atPaid)], current: certificate('o-1'), ...parts });

const manifest = (more: string) => ({ 'certificates/shop.yaml': `domain: shop.example.com\n${more}` });

/** A certificate that was really bought and issued. */
async function bought(shop: Shop): Promise<string> {
  await shop.call(apply, APPLY, []);
  await shop.control.issue();
  await shop.advance(HOUR_MS);
  await shop.call(apply, APPLY, []);
  const { current } = await shop.status('shop');
  expect(current).toBeDefined();
  return current?.serial ?? '';
}

describe('reissue', () => {
  test('is recorded, and the next apply carries it out without buying', async () => {
    const shop = await openShop();
    const first = await bought(shop);

    const { code, out } = await shop.call(reissue, REASON);

    expect(code).toBe(0);
    expect(out).toBe('Recorded: shop is to be reissued.\nNext: `certwright apply` carries it out.\n');
    expect((await shop.status('shop')).requests).toMatchObject([
      { action: 'reissue', reason: 'key leaked in a log', requestedAt: '2026-11-22T13:00:00Z' },
    ]);
    expect((await messagesOf(shop.remote, testBranches.state))[0]).toBe(
      'ask for reissue shop: key leaked in a log\n\nCertwright-Run: test',
    );
    await shop.call(apply, APPLY, []);
    await shop.control.issue();
    await shop.advance(HOUR_MS);
    await shop.call(apply, APPLY, []);
    const after = await shop.status('shop');
    expect(after.requests).toEqual([]);
    expect(after.previous.map(({ serial }) => serial)).toEqual([first]);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('asked for twice, also by two people at once, is one request', async () => {
    const shop = await openShop({ statuses: [issued()] });
    const second = await cloneOf(shop.remote);
    const both = [shop.context(), shop.context({ cwd: second })];
    await Promise.all(
      both.map((context) => reissue.run(context, { json: false, identity: [] }, REASON, ['shop'])),
    );
    expect((await shop.status('shop')).requests).toHaveLength(1);
    const { out } = await shop.call(reissue, REASON, ['shop'], true);
    expect(JSON.parse(out)).toMatchObject({ changed: false, name: 'shop', action: 'reissue' });
    expect((await shop.status('shop')).requests).toHaveLength(1);
  });

  interface Case {
    readonly manifest?: Record<string, string | null>;
    readonly status: Status;
    readonly why: string;
  }
  const ended = { paidTill: '2026-11-20T10:00:00Z' };
  const impossible: Readonly<Record<string, Case>> = {
    'there is no certificate yet': { status: status('shop'), why: 'it has no certificate yet' },
    'its key lives elsewhere': {
      manifest: manifest('key: external\n'),
      status: issued(),
      why: 'its key lives elsewhere',
    },
    'it is archived': {
      manifest: { 'certificates/shop.yaml': null },
      status: issued('shop', { archived: { at: '2026-11-22T10:00:00Z' } }),
      why: 'it is archived',
    },
    'no manifest declares it': {
      manifest: { 'certificates/shop.yaml': null },
      status: issued(),
      why: 'no manifest declares it any more',
    },
    'its manifest has errors': {
      manifest: manifest('colour: red\n'),
      status: issued(),
      why: 'its manifest has errors',
    },
    'the paid term has ended': {
      status: issued('shop', { orders: [order('o-1', { ...atPaid, ...ended })] }),
      why: 'the paid term of order o-1 has ended',
    },
    'its provider is gone from the configuration': {
      status: issued('shop', { orders: [order('o-1', { provider: 'gone' })] }),
      why: 'the configuration has no provider "gone"',
    },
    'it was revoked for good': {
      status: issued('shop', {
        current: certificate('o-1', {
          revoked: { at: '2026-11-20T10:00:00Z', reason: 'cessationOfOperation' },
        }),
      }),
      why: 'it was revoked for cessationOfOperation, after which nothing follows',
    },
  };
  test.each(Object.entries(impossible))('is refused when %s', async (_title, given) => {
    const files = given.manifest ?? {};
    const shop = await openShop({ statuses: [given.status], files });
    for (const [path, content] of Object.entries(files)) {
      if (content === null) await commitToRemote(shop.remote, 'main', { [path]: null });
    }
    const before = await refsOf(shop.remote);
    const error = await failure(shop.call(reissue, REASON), 'usage');
    expect(error.message).toBe(`nothing can be asked for shop: ${given.why}`);
    expect(await refsOf(shop.remote)).toEqual(before);
  });

  test.each([
    ['suspended', 'suspend: true\n', issued(), 'Held for now: the manifest says `suspend: true`.'],
    [
      'stopped by its breaker',
      '',
      issued('shop', { breaker: { trippedAt: '2026-11-22T10:00:00Z', why: 'too many' } }),
      'certwright resolve shop --reset-breaker',
    ],
    [
      'kept on one key',
      'key: { algorithm: ecdsa-p256, rotate: never }\n',
      issued(),
      'the key stays the same',
    ],
  ])('of a certificate that is %s is recorded, and says so', async (_title, more, given, says) => {
    const shop = await openShop({ statuses: [given], files: manifest(more) });
    expect((await shop.call(reissue, REASON)).out).toContain(says);
    expect((await shop.status('shop')).requests).toHaveLength(1);
  });

  test('needs a reason', async () => {
    const shop = await openShop({ statuses: [issued()] });
    await failure(shop.call(reissue, { reason: ' \n' }), 'usage');
  });
});

describe('revoke', () => {
  const REVOKE = { ...REASON, code: 'superseded', yes: true };

  test('waits for an approval file, prints it, and with it the apply revokes', async () => {
    const shop = await openShop();
    const serial = await bought(shop);

    const { out, err } = await shop.call(revoke, REVOKE);

    expect(err).toContain('it is the current certificate; after the revocation a new one is asked for');
    expect(out).toContain('The policy wants an approval for this revoke.');
    const request = { action: 'revoke', serial, revocationReason: 'superseded' };
    expect((await shop.status('shop')).requests).toMatchObject([request]);
    await shop.call(apply, APPLY, []);
    expect((await shop.control.orders())[0]?.status).toBe('ISSUED');

    const text = out.slice(out.indexOf('# revoke of shop'));
    await commitToRemote(shop.remote, 'main', { 'approvals/shop-revoke.yaml': text });
    await shop.call(apply, APPLY, []);
    expect((await shop.control.orders())[0]?.status).toBe('REVOKED');
    const after = await shop.status('shop');
    expect(after.requests.filter(({ action }) => action === 'revoke')).toEqual([]);
  });

  test('takes an earlier serial as openssl prints it, and refuses one that is nobody’s', async () => {
    const older = { ...certificate('o-1', { serial: '0abc', sha256: 'f'.repeat(64) }) };
    const { ownKey: _own, ...previous } = older;
    const shop = await openShop({ statuses: [issued('shop', { previous: [previous] })] });
    const { out } = await shop.call(revoke, { ...REVOKE, serial: '00:0A:BC' }, ['shop'], true);
    expect(JSON.parse(out)).toMatchObject({
      changed: true,
      serial: '0abc',
      code: 'superseded',
      approval: {
        file: 'approvals/shop-revoke.yaml',
        text: expect.stringContaining('predecessor: 0abc'),
      },
    });
    const error = await failure(shop.call(revoke, { ...REVOKE, serial: 'beef' }), 'usage');
    expect(error.remedy).toContain(SERIAL);
  });

  test('of a leaked key names the command that has it replaced first, for everyone who uses it', async () => {
    const twin = status('twin', {
      orders: [order('o-2', atPaid)],
      current: certificate('o-2', { keyHash: certificate('o-1').keyHash }),
    });
    const shop = await openShop({ statuses: [issued(), twin] });
    const { err } = await shop.call(revoke, { ...REVOKE, code: 'keyCompromise' });
    expect(err).toContain('the key is still in use for shop, twin; this has it replaced first');
    expect(err).toContain('certwright compromise shop twin --reason TEXT');
  });

  test('asks on a terminal, and nothing is recorded without a yes', async () => {
    const shop = await openShop({ statuses: [issued()] });
    const questions: string[] = [];
    const context = shop.context({
      interactive: true,
      ask: async (question) => {
        questions.push(question);
        return 'no';
      },
    });
    await revoke.run(context, { json: false, identity: [] }, { ...REVOKE, yes: false }, ['shop']);
    expect(questions).toEqual([expect.stringContaining(`Revoke the current certificate ${SERIAL} of shop`)]);
    expect(context.err()).toContain('nothing was done');
    await failure(shop.call(revoke, { ...REVOKE, yes: false }), 'usage');
    expect((await shop.status('shop')).requests).toEqual([]);
  });

  test('asked for twice is one request', async () => {
    const shop = await openShop({ statuses: [issued()] });
    await shop.call(revoke, REVOKE);
    const { out } = await shop.call(revoke, { ...REVOKE, yes: false });
    expect(out).toContain('this revocation was asked for at 2026-11-22T12:00:00Z already');
    expect((await shop.status('shop')).requests).toHaveLength(1);
  });

  test('a certificate of an earlier order is revoked at that order', async () => {
    const { ownKey: _own, ...ofOldOrder } = certificate('o-0', { publishedAt: '2026-10-01T10:00:00Z' });
    const oldOrder = order('o-0', { ...atPaid, placedAt: '2026-10-01T10:00:00Z' });
    const parts = { orders: [oldOrder, order('o-1', atPaid)], previous: [ofOldOrder] };
    const shop = await openShop({ statuses: [issued('shop', parts)] });
    await shop.call(revoke, { ...REVOKE, serial: ofOldOrder.serial });
    expect((await shop.status('shop')).requests).toMatchObject([{ serial: ofOldOrder.serial }]);
  });

  const revoked = { at: '2026-11-20T10:00:00Z', reason: 'superseded' as const };
  test.each([
    ['it is revoked already', { current: certificate('o-1', { revoked }) }, {}, 'was revoked at'],
    [
      'it has expired',
      { current: certificate('o-1', { notAfter: '2026-11-20T00:00:00Z' }) },
      {},
      'expired at',
    ],
  ])('is refused when %s', async (_title, parts, options, says) => {
    const shop = await openShop({ statuses: [issued('shop', parts)] });
    const error = await failure(shop.call(revoke, { ...REVOKE, ...options }), 'usage');
    expect(error.message).toContain(says);
  });
});
