/** Both branches are deleted by hand, and nobody has a copy: what a person types then, and what it costs. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { git } from '../support/git.js';
import { LONG_MS, STATE, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const PROVIDERS = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10.00 USD, names: 5 } } }
policy:
  approval: { order: merge, renew: auto, free: auto }
  spending: { perOrder: 20 USD, perMonth: 100 USD }
`;
const MANIFEST = 'domain: shop.example.com\nterm: 1y\nmaxPrice: 15 USD\nowner: team\n';

it('a state that is gone is made anew, and nothing is bought twice', async () => {
  const team = await teamOf({ providers: PROVIDERS, files: { 'certificates/shop.yaml': MANIFEST } });
  expect((await team.certwright(['apply', '--yes'])).out).toContain('order shop: published');
  const before = await team.status('shop');
  const [bought] = await team.orders();
  for (const ref of [STATE, 'certwright/seen']) await git(team.clone, 'push', '--quiet', 'origin', `:${ref}`);
  await rm(join(team.home, 'cache'), { recursive: true });

  const stopped = await team.certwright(['apply', '--yes']);
  expect(stopped.code).toBe(1);
  expect(stopped.err).toContain('certwright import --rebuild');

  const looked = await team.certwright(['import', '--rebuild', '--dry-run']);
  expect(looked.code).toBe(0);
  expect(looked.out).toContain('No earlier state survives');
  expect(looked.out).toMatch(/^shop +key not found: reissue +lca-[0-9a-f]+ +\d{4}-\d\d-\d\d$/m);
  expect(looked.out).toContain('Spent this month: 10.00 USD.');
  expect(Object.keys(await team.refs())).not.toContain(`refs/heads/${STATE}`);
  expect((await team.certwright(['import', '--rebuild'])).err).toContain('run it again with --yes');

  const written = await team.certwright(['import', '--rebuild', '--yes', '--json']);
  expect(JSON.parse(written.out)).toMatchObject({
    created: true,
    base: null,
    certificates: [{ name: 'shop', outcome: 'no-key' }],
  });
  const rebuilt = await team.status('shop');
  expect(rebuilt.current?.serial).toBe(before.current?.serial);
  expect(rebuilt.orders).toMatchObject([{ id: before.orders[0]?.id, paidTill: before.orders[0]?.paidTill }]);

  expect((await team.certwright(['apply', '--yes'])).out).toContain('reissue shop: published');
  expect((await team.certwright(['plan'])).out).toMatch(/^No changes\./);
  expect(await team.orders()).toEqual([bought]);
  expect(Object.keys(await team.state())).toContain('issued/shop/key.pem.age');
});
