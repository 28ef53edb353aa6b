import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parseHeader } from '../../../src/config/state.js';
import * as apply from '../../../src/entry/cli/apply.js';
import * as compromise from '../../../src/entry/cli/compromise.js';
import * as reissue from '../../../src/entry/cli/reissue.js';
import { keyHashOf } from '../../../src/keys/algorithm.js';
import { HOUR_MS } from '../../../src/model/time.js';
import { HEADER_PATH } from '../../../src/repository/layout.js';
import { commitToRemote, filesOf, refsOf, tempFolder, testBranches } from '../../support/git.js';
import { certificate, order, status } from '../../support/state.js';
import { failure } from '../keys/support.js';
import { openShop, type Shop } from './shop.js';

const LEAKED = { reason: 'found in a log', yes: true };
const APPLY = { wait: '0s', yes: true };
const atPaid = { provider: 'paid', environment: 'rehearsal' as const, product: 'paid-multi' };

async function carryOn(shop: Shop): Promise<void> {
  await shop.call(apply, APPLY, []);
  await shop.control.issue();
  await shop.advance(HOUR_MS);
  await shop.call(apply, APPLY, []);
}

const blockedIn = async (shop: Shop) =>
  parseHeader((await filesOf(shop.remote, testBranches.state))[HEADER_PATH] ?? '', HEADER_PATH)
    .compromisedKeys;

vi.setConfig({ testTimeout: 120_000 });

describe('compromise', () => {
  test('a tripped breaker does not keep a leaked key in use; anything else still waits for a person', async () => {
    const shop = await openShop();
    await carryOn(shop);
    for (const reason of ['one', 'two']) {
      await shop.call(reissue, { reason });
      await carryOn(shop);
    }
    const { breaker, current: old } = await shop.status('shop');
    expect(breaker).toBeDefined();
    const shown = await shop.call(compromise, { ...LEAKED, dryRun: true });
    expect(shown.out).toContain('reissued with a new key by the next apply, at paid');
    await shop.call(compromise, LEAKED);
    await carryOn(shop);

    const after = await shop.status('shop');
    expect(after.current?.keyHash).not.toBe(old?.keyHash);
    expect(after.breaker).toEqual(breaker);
    await shop.call(reissue, { reason: 'three' });
    await carryOn(shop);
    expect((await shop.status('shop')).current).toEqual(after.current);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('reissues, publishes, then revokes once it is approved; nothing is bought, and twice is once', async () => {
    const shop = await openShop();
    await carryOn(shop);
    const { current: old } = await shop.status('shop');
    expect(old).toBeDefined();
    const before = await refsOf(shop.remote);
    const shown = await shop.call(compromise, { ...LEAKED, dryRun: true });
    expect(shown.out).toContain('reissued with a new key by the next apply, at paid');
    expect(shown.out).toContain('revoked (keyCompromise) after the new one is published');
    expect(await refsOf(shop.remote)).toEqual(before);

    const { out } = await shop.call(compromise, LEAKED, ['shop'], true);
    const told = JSON.parse(out);
    expect(told).toMatchObject({
      changed: true,
      blocked: [old?.keyHash],
      revocations: [`shop ${old?.serial}`],
    });
    const again = JSON.parse((await shop.call(compromise, LEAKED, ['shop'], true)).out);
    expect(again).toMatchObject({ changed: false, blocked: [], revocations: [] });

    await carryOn(shop);
    const replaced = await shop.status('shop');
    expect(replaced.current?.keyHash).not.toBe(old?.keyHash);
    expect(replaced.requests).toMatchObject([{ action: 'revoke', serial: old?.serial }]);
    expect(replaced.previous[0]?.revoked).toBeUndefined();

    const [approval] = told.approvals;
    await commitToRemote(shop.remote, 'main', { [approval.file]: approval.text });
    await shop.call(apply, APPLY, []);
    const after = await shop.status('shop');
    expect(after.previous[0]).toMatchObject({ serial: old?.serial, revoked: { reason: 'keyCompromise' } });
    expect(after.current).toEqual(replaced.current);
    expect(after.requests).toEqual([]);
    expect(await blockedIn(shop)).toMatchObject([{ keyHash: old?.keyHash, reason: 'found in a log' }]);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('an order under way with the key is never published, and reissued instead of bought again', async () => {
    const shop = await openShop();
    await shop.call(apply, APPLY, []);
    const [pending] = (await shop.status('shop')).intents;
    const { out } = await shop.call(compromise, LEAKED);
    expect(out).toContain('is under way with this key');
    await carryOn(shop);
    // What it delivered for the leaked key lies aside; what serves is the certificate of the reissue.
    await carryOn(shop);
    const files = Object.keys(await filesOf(shop.remote, testBranches.state));
    expect(files.filter((path) => path.startsWith('issued/shop/rejected/'))).toHaveLength(1);
    expect(files.filter((path) => path.startsWith('issued/shop/keys/'))).toEqual([]);
    const { current, intents } = await shop.status('shop');
    expect(current?.keyHash).toBeDefined();
    expect(current?.keyHash).not.toBe(pending?.keyHash);
    expect(intents.map(({ phase }) => phase)).toEqual(intents.map(() => 'closed'));
    expect(await shop.control.purchases()).toBe(1);
  });

  test('a purchase that never arrived is not sent again with the key: another one is made for it', async () => {
    const shop = await openShop({}, { settings: { search: 'unique' } });
    await shop.control.fault({ method: 'POST', path: '^/slots$', fault: { kind: 'drop-call' } });
    await shop.call(apply, APPLY, []);
    await shop.call(compromise, LEAKED);
    await shop.advance(HOUR_MS);
    await carryOn(shop);
    const { current, intents } = await shop.status('shop');
    expect(intents[0]).toMatchObject({ phase: 'closed', outcome: 'not-placed' });
    expect((await blockedIn(shop))?.map(({ keyHash }) => keyHash)).toEqual([intents[0]?.keyHash]);
    expect(current?.keyHash).not.toBe(intents[0]?.keyHash);
    expect(await shop.control.purchases()).toBe(1);
  });

  test('finds a key by the file that leaked, wherever it is used, and says what only a person can do', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyHash = keyHashOf(publicKey);
    const shop = await openShop({
      statuses: [
        status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1', { keyHash }) }),
        status('gone', {
          orders: [order('o-2', { ...atPaid, reference: 'cwk3v9x2-gone' })],
          current: certificate('o-2', { keyHash }),
          archived: { at: '2026-11-20T10:00:00Z' },
        }),
      ],
    });
    const file = join(await tempFolder(), 'leaked.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { out } = await shop.call(compromise, { ...LEAKED, file }, []);
    expect(out).toMatch(
      /gone\n(?:.*\n)*? {2}! no manifest declares it, so certwright does not revoke it: have paid/,
    );
    expect(out).toContain('1 key blocked, 1 revocation asked for');
    const body = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n')[1] ?? '';
    expect(out).not.toContain(body);
    expect((await shop.status('gone')).requests).toEqual([]);
  });

  test('a key that nothing uses is blocked all the same; what is no key is refused', async () => {
    const shop = await openShop();
    const hash = 'ab'.repeat(32);
    const colons = hash.toUpperCase().replace(/..(?=.)/g, '$&:');
    const { out } = await shop.call(compromise, { ...LEAKED, key: [colons] }, []);
    expect(out).toContain('Nothing uses it now.');
    expect(await blockedIn(shop)).toMatchObject([{ keyHash: hash }]);
    const pin = `sha256/${Buffer.from(hash, 'hex').toString('base64')}`;
    expect(JSON.parse((await shop.call(compromise, { ...LEAKED, key: [pin] }, [], true)).out)).toMatchObject({
      changed: false,
    });
    await failure(shop.call(compromise, { ...LEAKED, key: ['nonsense'] }, []), 'usage');
    await failure(shop.call(compromise, LEAKED, []), 'usage');
    const file = join(await tempFolder(), 'list.txt');
    await writeFile(file, `# ours\n${hash}\nnot a hash\n`);
    expect((await failure(shop.call(compromise, { ...LEAKED, file }, []), 'usage')).message).toContain(
      'line 3',
    );
  });

  test('--revoke-now does not wait, also where it was asked to wait before', async () => {
    const { serial } = certificate('o-1');
    const shop = await openShop({
      statuses: [status('shop', { orders: [order('o-1', atPaid)], current: certificate('o-1') })],
    });
    await shop.call(compromise, LEAKED);
    const { out } = await shop.call(compromise, { ...LEAKED, revokeNow: true }, ['shop'], true);
    expect(JSON.parse(out)).toMatchObject({ changed: true, revocations: [`shop ${serial}`] });
    const { requests } = await shop.status('shop');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.afterReissue).toBeUndefined();
    // Asked again the usual way, it goes on not waiting.
    await shop.call(compromise, LEAKED);
    expect((await shop.status('shop')).requests).toEqual(requests);
  });
});
