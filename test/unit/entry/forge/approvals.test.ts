import { describe, expect, it } from 'vitest';
import { DAY_MS, toMs } from '../../../../src/model/time.js';
import { refsOf } from '../../../support/git.js';
import { forgeOf } from '../../../support/github/forge.js';
import { lineOf, linesOf, unsafeApproval } from '../../../support/planner.js';
import { asking, held, priced } from './asking.js';

const BRANCH = 'certwright-approval/shop-renew';
const PATH = 'approvals/shop-renew.yaml';

describe('a renewal that waits for an approval', () => {
  it('gets one pull request; merging it lets it through', async () => {
    const { github, ask, planOf, pulls, files } = await asking();
    const scene = held('shop');
    expect(linesOf(await planOf(scene))).toEqual(['shop purchase renew PaidTermEnding !approval-missing']);
    const main = (await refsOf(github.remote))['refs/heads/main'];
    const told = await ask(scene);
    expect(told).toMatchObject({ opened: [{ number: 1 }], problems: [], queued: [] });
    // The approval branch may be protected as strictly as people like.
    expect((await refsOf(github.remote))['refs/heads/main']).toBe(main);
    expect(pulls('open')).toMatchObject([
      { title: 'Approve: renew shop (10.00 USD)', labels: ['certwright'] },
    ]);
    expect(Object.keys(await files(BRANCH))).toEqual(['README.md', PATH]);
    // Nothing more until somebody decides.
    expect(await ask(scene)).toMatchObject({ opened: [], changed: [], closed: [] });
    await github.merge(1, 'squash');
    const plan = await planOf(scene);
    expect(plan.items.map(lineOf)).toEqual(['shop purchase renew PaidTermEnding']);
    expect(plan.items[0]?.approval?.kind).toBe('file');
    // The branch is tidied away, nothing is asked twice.
    await ask(scene);
    expect(pulls()).toHaveLength(1);
    expect((await refsOf(github.remote))[`refs/heads/${BRANCH}`]).toBeUndefined();
    expect(github.unknown).toEqual([]);
  });

  it('is brought up to date where the price rises, with a word why', async () => {
    const { github, ask, files, pulls } = await asking();
    await ask(held('shop'));
    expect(await ask(priced(held('shop'), '12'))).toMatchObject({ opened: [], changed: [1] });
    expect((await files(BRANCH))[PATH]).toContain('ceiling: 12.00 USD');
    expect(pulls()[0]?.title).toBe('Approve: renew shop (12.00 USD)');
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual([
      '- `shop renew` was written anew, because its ceiling is 10.00 USD, the price 12.00 USD.',
    ]);
    expect(await ask(priced(held('shop'), '12'))).toMatchObject({ changed: [] });
  });

  it('is closed where the price rises above what the manifest allows', async () => {
    const { github, ask, pulls } = await asking();
    await ask(held('shop'));
    expect(await ask(priced(held('shop'), '60'))).toMatchObject({ closed: [1], opened: [] });
    expect(pulls('open')).toEqual([]);
    expect(github.comments[0]?.body).toContain('it would cost 60.00 USD now');
    // That was no person's no: back below the ceiling, it is asked for at once.
    expect(await ask(held('shop'))).toMatchObject({ opened: [{ number: 2 + github.comments.length - 1 }] });
  });

  it('is closed when nothing asks for it any more', async () => {
    const { github, ask, pulls } = await asking();
    await ask(held('shop'));
    expect(await ask(held())).toMatchObject({ closed: [1] });
    await ask(held());
    expect(pulls('open')).toEqual([]);
    expect((await refsOf(github.remote))[`refs/heads/${BRANCH}`]).toBeUndefined();
  });

  it('keeps what a person changed on its branch', async () => {
    const { github, ask, files } = await asking();
    await ask(held('shop'));
    const mine = (await files(BRANCH))[PATH]?.replace('10.00 USD', '11.00 USD') ?? '';
    await github.push(BRANCH, { [PATH]: mine, 'notes.md': 'by hand\n' });
    await github.refresh(1);
    expect(await ask(priced(held('shop'), '11'))).toMatchObject({ changed: [], closed: [] });
    expect(github.comments).toEqual([]);
    await ask(priced(held('shop'), '12'));
    await ask(priced(held('shop'), '12'));
    expect(await files(BRANCH)).toMatchObject({ [PATH]: mine, 'notes.md': 'by hand\n' });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('Somebody changed this branch');
  });

  it('keeps a commit of a person beside its file when the file is written anew', async () => {
    const { github, ask, files } = await asking();
    await ask(held('shop'));
    await github.push(BRANCH, { 'notes.md': 'by hand\n' });
    await github.refresh(1);
    expect(await ask(priced(held('shop'), '12'))).toMatchObject({ changed: [1] });
    const now = await files(BRANCH);
    expect(now['notes.md']).toBe('by hand\n');
    expect(now[PATH]).toContain('ceiling: 12.00 USD');
  });

  it('is left alone where somebody wrote its text anew', async () => {
    const { github, ask, clock, files } = await asking();
    await ask(held('shop'));
    const before = await files(BRANCH);
    github.edit(1, { login: 'ann', type: 'User' }, 'please look at this');
    expect(await ask(held('shop'))).toMatchObject({ opened: [], changed: [], closed: [] });
    await ask(priced(held('shop'), '12'));
    expect(await files(BRANCH)).toEqual(before);
    expect(github.comments[0]?.body).toContain('Somebody changed this branch');
    github.close(1);
    expect(await ask(held('shop'))).toMatchObject({ opened: [], declined: [{}] });
    clock.advance(3 * DAY_MS);
    expect((await ask(held('shop'))).opened).toHaveLength(1);
  });

  it('declined is asked again on its next day, on the same branch', async () => {
    const { github, ask, clock, pulls } = await asking();
    await ask(held('shop'));
    github.close(1);
    for (let hours = 0; hours < 47; hours += 6) {
      expect(await ask(held('shop'))).toMatchObject({
        opened: [],
        declined: [{ againMs: toMs('2027-10-25T10:00:00Z') }],
      });
      clock.advance(6 * 3_600_000);
    }
    expect((await ask(held('shop'))).opened).toHaveLength(1);
    expect(pulls().map(({ state, pull }) => [state, pull?.headBranch])).toEqual([
      ['closed', BRANCH],
      ['open', BRANCH],
    ]);
  });

  it('counts as declined where its branch was deleted', async () => {
    const { github, ask, clock, forge, pulls } = await asking();
    await ask(held('shop'));
    await forge.branches.delete(BRANCH);
    await github.refresh(1);
    expect(await ask(held('shop'))).toMatchObject({ opened: [], declined: [{}] });
    clock.advance(3 * DAY_MS);
    expect((await ask(held('shop'))).opened).toHaveLength(1);
    expect(pulls('open')).toHaveLength(1);
  });

  it('does not take over a branch that somebody left behind with commits of their own', async () => {
    const { github, ask, clock, files, pulls } = await asking();
    await ask(held('shop'));
    github.close(1);
    await github.push(BRANCH, { 'notes.md': 'by hand\n' });
    await github.refresh(1);
    clock.advance(3 * DAY_MS);
    await ask(held('shop'));
    expect(pulls('open')[0]?.pull?.headBranch).toBe(`${BRANCH}-2`);
    expect((await files(BRANCH))['notes.md']).toBe('by hand\n');
  });

  it('replaces an approval that was merged and does not suffice any more', async () => {
    const { github, ask, files } = await asking();
    await ask(held('shop'));
    await github.merge(1);
    expect((await ask(priced(held('shop'), '12'))).opened).toHaveLength(1);
    expect((await files(BRANCH))[PATH]).toContain('ceiling: 12.00 USD');
  });
});

describe('many and several', () => {
  it('300 held renewals are a few pull requests, and the rest is told', async () => {
    const { github, ask, pulls } = await asking();
    const all = held(...Array.from({ length: 300 }, (_, i) => `c${String(i).padStart(3, '0')}`));
    const requests = { group: 'each', perRun: 4, open: 6 } as const;
    const scene = { ...all, policy: { ...all.policy, requests } };
    const first = await ask(scene);
    expect([first.opened.length, first.queued.length]).toEqual([4, 296]);
    await ask(scene);
    const before = github.calls.length;
    const third = await ask(scene);
    expect([third.opened.length, third.queued.length]).toEqual([0, 294]);
    expect(pulls('open')).toHaveLength(6);
    // What nobody touched costs no call of its own.
    expect(github.calls.length - before).toBeLessThanOrEqual(4);
  });

  it('share a pull request where the policy says so, and one may be taken out of it', async () => {
    const { github, ask, files, planOf, pulls } = await asking();
    const scene = held('a', 'b', 'c');
    const grouped = {
      ...scene,
      policy: { ...scene.policy, requests: { group: 'owner', perRun: 5, open: 5 } as const },
    };
    await ask(grouped);
    const [pull] = pulls();
    expect(pull?.title).toBe('Approve 3 actions: 30.00 USD');
    const branch = pull?.pull?.headBranch ?? '';
    expect(Object.keys(await files(branch)).filter((path) => path.startsWith('approvals/'))).toHaveLength(3);
    await github.push(branch, { 'approvals/b-renew.yaml': null });
    await github.refresh(1);
    expect(await ask(grouped)).toMatchObject({ opened: [], changed: [] });
    await github.merge(1, 'squash');
    expect(linesOf(await planOf(grouped))).toEqual([
      'a purchase renew PaidTermEnding',
      'b purchase renew PaidTermEnding !approval-missing',
      'c purchase renew PaidTermEnding',
    ]);
    // Taking it out was a no.
    expect(await ask(grouped)).toMatchObject({ opened: [], declined: [{ wish: { key: 'b renew' } }] });
  });

  it('a plan that is held as unsafe is asked for with its lines', async () => {
    const { github, ask, planOf } = await asking();
    const names = ['a', 'b', 'c', 'd', 'e'];
    const scene = { ...held(...names), specs: [] };
    expect((await planOf(scene)).unsafe?.lines).toHaveLength(5);
    expect(await ask(scene)).toMatchObject({
      opened: [{ title: 'Approve a plan that changes 5 certificates' }],
    });
    await github.merge(1);
    const plan = await planOf(scene);
    expect(plan.unsafe).toBeUndefined();
    expect(plan.items.map(({ action }) => action)).toEqual(names.map(() => 'archive'));
    expect(unsafeApproval(['a archive']).unsafeLines).toEqual(['a archive']);
  });
});

describe('when something is in the way', () => {
  it.each([
    ['pull-requests', { contents: 'write', 'pull-requests': 'read' }],
    ['contents', { contents: 'read', 'pull-requests': 'write' }],
  ] as const)('a missing %s: write is named, and nothing is left behind', async (permission, permissions) => {
    const { github, ask } = await asking({}, { permissions });
    const told = await ask(held('a', 'b'));
    expect(told.opened).toEqual([]);
    expect(told.problems).toEqual([expect.stringContaining(`"${permission}: write"`)]);
    expect(told.queued).toHaveLength(2);
    expect(Object.keys(await refsOf(github.remote)).filter((ref) => ref.includes('approval'))).toEqual([]);
  });

  it('a setting that forbids workflows to open pull requests is named', async () => {
    const { github, ask } = await asking();
    github.allowWorkflowsToOpenPulls(false);
    expect((await ask(held('a'))).problems).toEqual([expect.stringContaining('may not open pull requests')]);
  });

  it('a rate limit costs nothing but time', async () => {
    const { github, ask } = await asking();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' };
    github.fault({ match: /./, status: 403, headers, message: 'API rate limit exceeded' });
    const told = await ask(held('a', 'b'));
    expect(told).toMatchObject({ opened: [], queued: [{}, {}] });
    expect(told.problems).toEqual([expect.stringContaining('fewer calls')]);
  });

  it('a lost reply to opening one makes no second one', async () => {
    const { github, ask, pulls } = await asking();
    github.fault({ match: /POST .*\/pulls$/, status: 502, times: 1, after: true });
    expect((await ask(held('shop'))).opened).toHaveLength(1);
    await ask(held('shop'));
    expect(pulls()).toHaveLength(1);
  });

  it('a run that was stopped between branch and pull request is finished by the next', async () => {
    const { github, ask, pulls, planOf } = await asking();
    github.fault({ match: /POST .*\/pulls$/, status: 503, times: 1 });
    github.fault({ match: /DELETE .*\/git\/refs/, status: 503, times: 9 });
    expect((await ask(held('shop'))).opened).toEqual([]);
    expect(Object.keys(await refsOf(github.remote))).toContain(`refs/heads/${BRANCH}`);
    expect((await ask(held('shop'))).opened).toHaveLength(1);
    expect(pulls('open')).toHaveLength(1);
    await github.merge(pulls()[0]?.number ?? 0);
    expect((await planOf(held('shop'))).items[0]?.hold).toBeUndefined();
  });

  it('two runs at once ask once', async () => {
    const { github, ask, pulls } = await asking();
    const [one, two] = [forgeOf(github), forgeOf(github)];
    await Promise.all([ask(held('a', 'b'), one), ask(held('a', 'b'), two)]);
    expect(
      pulls()
        .map(({ pull }) => pull?.headBranch)
        .toSorted(),
    ).toEqual(['certwright-approval/a-renew', 'certwright-approval/b-renew']);
  });
});
