/** From an account with a past to a merged pull request: nothing is bought, and nothing is changed at the provider. */
import { describe, expect, it, vi } from 'vitest';
import { changesIn, git } from '../support/git.js';
import { PAID_COMMAND, type PaidShop, paidShop } from './paid.js';
import { LONG_MS, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

/** Enough for a folded plan; CERTWRIGHT_IMPORTS=3000 is the size this is made for. */
const MANY = Number(process.env.CERTWRIGHT_IMPORTS ?? '60');

async function teamWith(orders: number): Promise<{ readonly team: Team; readonly shop: PaidShop }> {
  const shop = await paidShop({ settings: { pageSize: 200 } });
  const team = await teamOf({ providers: shop.providers, env: shop.env, program: PAID_COMMAND });
  await shop.control.seed(
    Array.from({ length: orders }, (_, n) => ({
      id: String(912_000_000 + n),
      names: n % 10 === 0 ? [`s${n}.example.com`, `www.s${n}.example.com`] : [`s${n}.example.com`],
    })),
  );
  return { team, shop };
}

const changing = async ({ control }: PaidShop): Promise<number> =>
  (await control.ledger()).filter(({ method }) => method !== 'GET').length;

async function merge(team: Team): Promise<void> {
  await git(team.clone, 'add', '-A');
  await git(team.clone, 'commit', '--quiet', '-m', 'Take over the account');
  await git(team.clone, 'push', '--quiet', 'origin', 'HEAD:main');
}

describe('taking over an account', () => {
  it('imports, plans, applies and is done', { timeout: 3_600_000 }, async () => {
    const { team, shop } = await teamWith(MANY);
    expect((await team.certwright(['check'])).code).toBe(0);

    const dry = await team.certwright(['import', '--dry-run']);
    expect(dry.out).toContain(`${MANY} manifests would be written for ${MANY} orders of internal.`);
    expect(await changesIn(team.clone)).toBe('');

    const imported = await team.certwright(['import', '--owner-rule', 's1*=team one']);
    expect(imported.code).toBe(0);
    expect(imported.out).toContain(`${MANY} manifests written for ${MANY} orders of internal.`);
    expect((await team.certwright(['validate'])).out).toContain(`${MANY} manifests are fine.`);

    const plan = await team.certwright(['plan']);
    expect(plan.code).toBe(0);
    expect(plan.out).toContain(`= adopt ${MANY} certificates\n`);
    expect(plan.out).toContain(`Plan: ${MANY} to adopt.`);
    await merge(team);

    const before = Number(await git(team.remote.path, 'rev-list', '--count', 'certwright/state'));
    const applied = await team.certwright(['apply', '--yes']);
    expect(applied.code).toBe(0);
    expect(applied.out).toContain(`collect: ${MANY} certificates published`);
    const after = Number(await git(team.remote.path, 'rev-list', '--count', 'certwright/state'));
    expect(after - before).toBe(1 + Math.ceil(MANY / 500));
    expect(await changing(shop)).toBe(0);
    expect(await shop.control.purchases()).toBe(0);

    const refs = await team.refs();
    const again = await team.certwright(['plan']);
    expect(again.out).toMatch(/^No changes\./);
    expect((await team.certwright(['apply', '--yes'])).code).toBe(0);
    expect(await team.refs()).toEqual(refs);
    const more = await team.certwright(['import', '--json']);
    expect(JSON.parse(more.out).counts).toEqual({ written: 0, skipped: MANY, impossible: 0 });
    expect(await changesIn(team.clone)).toBe('');
  });
});
