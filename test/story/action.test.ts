import { describe, expect, it, vi } from 'vitest';
import { type FakeGitHub, fakeGitHub } from '../support/github/server.js';
import { runAction, startAction } from './runner.js';
import { LONG_MS, type Team, type TeamOptions, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const PAID = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD } } }
policy:
  spending: { perOrder: 50 USD, perDay: 100 USD, perMonth: 500 USD }
`;
const LINE = 'owner: web\nmaxPrice: 20 USD\nterm: 1y\n';
const SHOP = { 'certificates/shop.yaml': `domain: shop.example.com\n${LINE}` };
const WIKI = { 'certificates/wiki.yaml': `domain: wiki.example.com\n${LINE}` };

async function setUp(options: TeamOptions = {}): Promise<{ team: Team; github: FakeGitHub }> {
  const team = await teamOf({ providers: PAID, files: SHOP, ...options });
  return { team, github: await fakeGitHub({ remote: team.remote }) };
}

describe('a pull request', () => {
  it('is planned in one comment and a check, and carried out when it is merged', async () => {
    const { team, github } = await setUp();
    await github.push('wiki', WIKI);
    const pull = await github.openPull({ head: 'wiki' });
    const token = github.token();

    const first = await runAction(team, github, { event: 'pull_request', pull }, { token });
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.outputs).toMatchObject({ mode: 'plan', cost: '10.00 USD', changes: '1', held: '0' });
    expect(github.comments).toHaveLength(1);
    const [comment] = github.comments;
    expect(comment?.body).toContain('1 to order (10.00 USD)');
    expect(comment?.body).toContain('`wiki`');
    expect(comment?.body).not.toContain('`shop`');
    expect(comment?.body).toContain('perMonth: 490.00 USD of 500.00 USD left');
    expect(first.summary).toContain('1 to order (10.00 USD)');
    expect(github.checks).toMatchObject([{ name: 'certwright plan', conclusion: 'success' }]);

    const before = github.calls.length;
    await runAction(team, github, { event: 'pull_request', pull }, { token });
    expect(github.calls.slice(before).filter((call) => /^(PATCH|POST) .*comments/.test(call))).toEqual([]);

    await github.push('wiki', { 'certificates/wiki.yaml': null, 'README.md': 'x' });
    await github.refresh(pull.number);
    const none = await runAction(team, github, { event: 'pull_request', pull }, { token });
    expect(none).toMatchObject({ code: 0 });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('changes nothing');

    await github.push('wiki', WIKI);
    await github.merge(pull.number, 'squash');
    const applied = await runAction(team, github, { event: 'push' }, { token });
    expect(applied).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(applied.outputs.issued ?? '')).toEqual(['shop', 'wiki']);
    expect(JSON.parse(applied.outputs['changed-paths'] ?? '')).toContain('issued/wiki/certificate.pem');
    expect(applied.summary).toContain('wiki');
    expect(await team.orders()).toHaveLength(2);

    const quiet = await runAction(team, github, { event: 'schedule' }, { token });
    expect(quiet).toMatchObject({ code: 0, err: '' });
    expect(quiet.outputs).toMatchObject({ issued: '[]', changes: '0' });
    expect(await team.orders()).toHaveLength(2);
    expect(github.unknown).toEqual([]);
  });
});

describe('the approval branch', () => {
  it('is carried out once by two runs at once, listed on a schedule, and gone on with after a cancelled run', async () => {
    const { team, github } = await setUp();
    const token = github.token();
    const stopped = await startAction(team, github, { event: 'push' }, { token });
    stopped.child.stdout?.once('data', () => stopped.child.kill('SIGINT'));
    const end = await stopped.ended;
    expect(end.code).toBe(130);
    expect(end.commands.at(-1)).toContain('certwright%3A stopped');

    const both = await Promise.all([
      runAction(team, github, { event: 'workflow_dispatch' }, { token }),
      runAction(team, github, { event: 'push' }, { token }),
    ]);
    expect(both.map(({ code, err }) => ({ code, err }))).toEqual([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ]);
    expect(await team.orders()).toHaveLength(1);
    const issued = both.flatMap(({ outputs }) => JSON.parse(outputs.issued ?? '[]'));
    expect(new Set(issued)).toEqual(new Set(['shop']));

    const scheduled = await runAction(team, github, { event: 'schedule' }, { token });
    expect(scheduled).toMatchObject({ code: 0, err: '' });
    expect(scheduled.out).toContain('internal');
    expect(await team.orders()).toHaveLength(1);

    await team.merge({ 'certificates/shop.yaml': 'domian: shop.example.com\n' });
    const wrong = await runAction(team, github, { event: 'push' }, { token });
    expect(wrong.code).toBe(1);
    expect(wrong.commands.some((line) => line.startsWith('::error file=certificates/shop.yaml,line=1'))).toBe(
      true,
    );
    expect(wrong.commands.at(-1)).toContain('something is wrong');
  });
});
