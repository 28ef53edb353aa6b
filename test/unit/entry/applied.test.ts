import { expect, test } from 'vitest';
import { appliedText } from '../../../src/entry/cli/applied-text.js';
import * as apply from '../../../src/entry/cli/apply.js';
import { commitToRemote } from '../../support/git.js';
import { openShop } from './shop.js';

const APPLY = { wait: '0s', yes: true };

test('what only changes facts is told and counted: a renamed manifest, one that is gone, one that is back', async () => {
  const shop = await openShop({}, { settings: { pollsUntilIssued: 0 } });
  await shop.call(apply, APPLY, []);
  const after = async (files: Readonly<Record<string, string | null>>) => {
    await commitToRemote(shop.remote, 'main', files);
    return (await shop.call(apply, APPLY, [])).out;
  };
  const manifest = 'domain: shop.example.com\n';

  const moved = await after({ 'certificates/shop.yaml': null, 'certificates/store.yaml': manifest });
  expect(moved).toContain('✓ move store: its order goes along from shop, nothing is bought\n');
  expect(moved).toContain('Applied: 1 done.');
  expect(
    await after({ 'certificates/store.yaml': null, 'certificates/other.yaml': 'domain: o.example.com\n' }),
  ).toContain('✓ archive store: no manifest declares it any more; its files stay\n');
  expect(await after({ 'certificates/store.yaml': manifest })).toContain(
    '✓ move store: back from the archive with its order, nothing is bought\n',
  );
});

test('a folder that was renamed is one line', () => {
  const events = Array.from({ length: 20 }, (_, i) => ({
    name: `new/c${i}`,
    action: 'move',
    outcome: 'done' as const,
    message: `its order goes along from old/c${i}, nothing is bought`,
  }));
  const one = { name: 'x', action: 'archive', outcome: 'done' as const, message: 'no manifest' };
  const options = { width: 100, color: false, nowMs: 0 };
  expect(appliedText({ events: [...events, one] }, new Map(), options)).toBe(
    [
      '✓ move: 20 certificates kept their orders: new/c0, new/c1, new/c2, new/c3, new/c4 and 15 more',
      '✓ archive x: no manifest',
      'Applied: 21 done.',
    ].join('\n'),
  );
});
