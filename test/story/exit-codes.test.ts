import { writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { changesIn, git, installHook, refsOf, setRef } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { LONG_MS, laterBy, start, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const SHOP = { 'certificates/shop.yaml': 'domain: shop.example.com\n' };

const PAID = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD } } }
policy:
  spending: { perOrder: 50 USD, perDay: 15 USD }
`;

const SLOW = `providers:
  internal: { type: local-ca, environment: live, issueAfter: 1h }
`;

describe('apply --digest', () => {
  it('carries out the plan that was reviewed, and refuses any other', async () => {
    const team = await teamOf({ files: SHOP });
    const planned = JSON.parse((await team.certwright(['plan', '--json'])).out);
    const before = await team.refs();

    const wrong = await team.certwright(['apply', '--digest', '0'.repeat(64)]);
    expect(wrong.code).toBe(3);
    expect(wrong.err).toContain('certwright plan');
    expect(await team.refs()).toEqual(before);

    await team.merge({ 'certificates/blog.yaml': 'domain: blog.example.com\n' });
    const moved = await team.refs();
    const stale = await team.certwright(['apply', '--digest', planned.digest]);
    expect(stale.code).toBe(3);
    expect(stale.err).toContain(planned.digest);
    expect(await team.refs()).toEqual(moved);

    const now = JSON.parse((await team.certwright(['plan', '--json'])).out);
    expect(now.digest).not.toBe(planned.digest);
    expect(await team.certwright(['apply', '--digest', now.digest])).toMatchObject({ code: 0, err: '' });
    expect(await team.orders()).toHaveLength(2);
  });

  it('takes an empty variable or a few letters for no digest at all', async () => {
    const team = await teamOf({ files: SHOP });
    const { digest } = JSON.parse((await team.certwright(['plan', '--json'])).out);
    const before = await team.refs();
    for (const given of ['', digest.slice(0, 8)]) {
      const refused = await team.certwright(['apply', '--digest', given]);
      expect(refused.code, given).toBe(1);
      expect(refused.err, given).toContain('certwright plan');
    }
    expect(await team.refs()).toEqual(before);
  });
});

describe('plan', () => {
  it('writes nothing: not to the remote, not to the clone', async () => {
    const team = await teamOf({ files: SHOP });
    const look = async () => ({
      remote: await team.refs(),
      clone: await refsOf({ path: team.clone }),
      tree: await changesIn(team.clone),
      objects: await git(team.clone, 'count-objects', '-v'),
    });
    const before = await look();
    for (const form of [['--json'], ['-o', 'markdown'], ['--remote-files', '--detailed-exitcode']]) {
      expect((await team.certwright(['plan', ...form])).err).toBe('');
    }
    expect(await look()).toEqual(before);
  });
});

describe('the exit code', () => {
  it('is 3 when money is refused, and tells which limit', async () => {
    const team = await teamOf({
      providers: PAID,
      files: {
        'certificates/_defaults.yaml': 'term: 1y\nmaxPrice: 10 USD\n',
        ...SHOP,
        'certificates/dear.yaml': 'domain: dear.example.com\nmaxPrice: 9.99 USD\n',
        'certificates/late.yaml': 'domain: late.example.com\n',
      },
    });
    const applied = await team.certwright(['apply']);
    expect(applied.code).toBe(3);
    expect(applied.out).toContain('9.99 USD');
    expect(applied.out).toContain('perDay');
    expect(await team.orders()).toHaveLength(1);
    expect((await team.certwright(['plan', '--detailed-exitcode'])).code).toBe(3);
  });

  it('is 3 for an empty manifest folder with living certificates, until the lines are approved', async () => {
    const team = await teamOf({ files: SHOP });
    expect((await team.certwright(['apply'])).code).toBe(0);
    await team.merge({ 'certificates/shop.yaml': null });
    const before = await team.refs();
    const refused = await team.certwright(['apply']);
    expect(refused.code).toBe(3);
    expect(refused.out).toContain('no manifest is left');
    expect(await team.refs()).toEqual(before);

    await team.merge({
      'approvals/empty.yaml': 'lines: [shop archive]\n',
    });
    const approved = await team.certwright(['apply']);
    expect(approved, approved.said).toMatchObject({ code: 0 });
    expect((await team.status('shop')).archived).toBeDefined();
  });

  it('is 4 when the state was taken back, and nothing is bought on what is left', async () => {
    const team = await teamOf({ files: SHOP });
    const { 'refs/heads/certwright/state': empty = '' } = await team.refs();
    expect((await team.certwright(['apply'])).code).toBe(0);
    await setRef(team.remote, 'refs/heads/certwright/state', empty);
    const before = await team.refs();
    for (const command of ['apply', 'plan', 'status']) {
      const told = await team.certwright([command]);
      expect(told.code, command).toBe(4);
      expect(told.said, command).toContain('docs/recovery.md');
    }
    expect(await team.refs()).toEqual(before);
  });
});

/** Sends the signal to the whole group, as a terminal does, when the remote takes the n-th push. */
const HOOK = (group: string, nth: number) => `n=$(cat '${group}.count' 2>/dev/null || echo 0)
n=$((n + 1)); echo $n > '${group}.count'
[ $n -eq ${nth} ] && kill -INT -$(cat '${group}')
exit 0`;

interface Moment {
  readonly hook: 'pre-receive' | 'post-receive';
  readonly push: number;
}

/** An apply that is interrupted while the remote takes a push. */
async function interrupted({ hook, push }: Moment): Promise<Team> {
  const team = await teamOf({ providers: SLOW, files: SHOP });
  const group = `${team.home}/group`;
  await installHook(team.remote, hook, HOOK(group, push));
  const { child, ended } = start(['apply', '--wait', '40s'], { cwd: team.clone, env: team.env, group: true });
  await writeFile(group, String(child.pid));
  const stopped = await ended;
  expect(stopped.code, stopped.said).toBe(130);
  expect(stopped.err).toContain('run it again');
  await installHook(team.remote, hook, 'exit 0');
  return team;
}

async function hasOneOpenOrder(team: Team): Promise<void> {
  expect(await team.orders()).toHaveLength(1);
  const { orders, intents } = await team.status('shop');
  expect(orders).toHaveLength(1);
  expect(intents.filter(({ phase }) => phase !== 'closed').map(({ phase }) => phase)).toEqual(['placed']);
}

describe('Ctrl-C ends an apply with 130, and the next one goes on with one order', () => {
  it.each<[string, Moment]>([
    ['when the order is in the books', { hook: 'post-receive', push: 2 }],
    ['when the outcome is recorded', { hook: 'post-receive', push: 3 }],
  ])('%s', async (_title, moment) => {
    const team = await interrupted(moment);
    const next = await team.certwright(['apply', '--wait', '0s']);
    expect(next, next.said).toMatchObject({ code: 0, err: '' });
    await hasOneOpenOrder(team);
  });
});

describeWith(['faketime'], 'Ctrl-C while the call may be under way', () => {
  it.each<[string, Moment]>([
    ['when the intent is announced', { hook: 'post-receive', push: 1 }],
    ['while the order lands in the books', { hook: 'pre-receive', push: 2 }],
  ])('%s: nothing is sent again until it is sure that nothing was', async (_title, moment) => {
    const team = await interrupted(moment);
    const soon = await team.certwright(['apply', '--wait', '0s']);
    expect(soon, soon.said).toMatchObject({ code: 0, err: '' });
    expect(soon.out).toContain('looking, not ');
    expect(await team.orders()).toEqual([]);
    const later = await team.certwright(['apply', '--wait', '0s'], { program: laterBy('+10m') });
    expect(later, later.said).toMatchObject({ code: 0, err: '' });
    await hasOneOpenOrder(team);
  });
});
