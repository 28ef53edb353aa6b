import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { emptyRemote, type GitRemote, git } from '../support/git.js';
import { LONG_MS, type Team, teamAt, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const MANIFEST = 'domain: shop.example.com\n';

/** A CA that takes money: what a copy must not spend. */
const PAID = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD } } }
policy:
  spending: { perOrder: 100 USD, perDay: 500 USD }
`;

/** Every ref of a team's remote at another place: what a fork, a mirror or a restored backup is. */
async function mirrorOf(team: Team): Promise<GitRemote> {
  const copy = await emptyRemote();
  await git(copy.path, 'fetch', '--quiet', team.remote.path, '+refs/*:refs/*');
  return copy;
}

/** The same people, at the copy. */
async function peopleAt(copy: GitRemote, original: Team): Promise<Team> {
  return teamAt(copy, { env: { XDG_CONFIG_HOME: join(original.home, 'config') } });
}

async function issued(): Promise<Team> {
  const team = await teamOf({
    providers: PAID,
    files: {
      'certificates/_defaults.yaml': 'term: 1y\nmaxPrice: 10 USD\n',
      'certificates/shop.yaml': MANIFEST,
    },
  });
  expect(await team.certwright(['apply'])).toMatchObject({ code: 0 });
  return team;
}

describe('a repository that was copied', () => {
  it('buys nothing at the new place, says so with 3, and goes on after claim --moved', async () => {
    const team = await issued();
    const there = await peopleAt(await mirrorOf(team), team);
    await there.merge({ 'certificates/new.yaml': 'domain: new.example.com\n' });
    const before = await there.refs();
    const held = await there.certwright(['apply']);
    expect(held.code).toBe(3);
    expect(held.said).toContain('claim --moved');
    expect(held.said).toContain('--copy');
    expect(await there.refs()).toEqual(before);
    expect((await there.certwright(['plan'])).code).toBe(3);

    const unanswered = await there.certwright(['claim', '--moved']);
    expect(unanswered.code).toBe(1);
    expect(unanswered.err).toContain('--yes');
    expect(await there.refs()).toEqual(before);

    expect(await there.certwright(['claim', '--moved', '--yes'])).toMatchObject({ code: 0, err: '' });
    expect(await there.certwright(['apply'])).toMatchObject({ code: 0, err: '' });
    expect(await there.orders()).toHaveLength(2);
    expect(await team.orders()).toHaveLength(1);
  });

  it('begins anew after claim --copy, and takes over what it finds only when a manifest says so', async () => {
    const team = await issued();
    const { current } = await team.status('shop');
    const there = await peopleAt(await mirrorOf(team), team);
    const configuration = join(there.clone, 'certwright.yaml');
    const { id: oldId } = JSON.parse(
      (await team.state())['issued/_certwright.json']?.replace('repositoryId', 'id') ?? '',
    );
    const identity = join(team.home, 'config/certwright', oldId, 'identity.txt');
    const claimed = await there.certwright(['claim', '--copy', '--yes']);
    expect(claimed).toMatchObject({ code: 0, err: '' });
    expect(Object.keys(await there.state())).toEqual(['issued/_certwright.json']);
    expect(await readFile(configuration, 'utf8')).not.toContain(`id: ${oldId}`);

    await there.merge({}, 'A copy');
    expect((await there.certwright(['keys', 'prove', '--identity', identity])).code).toBe(0);
    const before = await there.refs();
    const foreign = await there.certwright(['apply', '--identity', identity]);
    expect(foreign.said).toContain('adopt:');
    expect(await there.refs()).toEqual(before);

    await there.merge({
      'certificates/shop.yaml': `${MANIFEST}key: external\nadopt: { order: "${current?.order}" }\n`,
    });
    const adopted = await there.certwright(['apply', '--identity', identity]);
    expect(adopted.code).toBe(0);
    expect(await there.orders()).toHaveLength(1);
    const status = await there.status('shop');
    expect(status.current?.serial).toBe(current?.serial);
    expect(Object.keys(await there.state())).not.toContain('issued/shop/key.pem.age');
    expect((await there.certwright(['status'])).out).toMatch(/shop\s+Ready/);
  });
});
