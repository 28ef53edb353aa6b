import { describe, expect, it } from 'vitest';
import { CertError } from '../../../src/model/errors.js';
import { filesOf, messagesOf, refsOf } from '../../support/git.js';
import { forgeOf } from '../../support/github/forge.js';
import { fakeGitHub } from '../../support/github/server.js';

async function failure(work: Promise<unknown>): Promise<CertError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CertError)) throw new Error(`no CertError: ${String(error)}`);
  return error;
}

const FILES = { 'certificates/shop.yaml': 'domain: shop.example.com\n' };

async function withPull() {
  const github = await fakeGitHub({ files: FILES });
  await github.push('wiki', { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' });
  const pull = await github.openPull({ head: 'wiki' });
  return { github, pull, forge: forgeOf(github) };
}

describe('comments', () => {
  it('creates one, finds it by its marker on a later page, and edits it in place', async () => {
    const { github, pull, forge } = await withPull();
    for (let i = 0; i < 105; i += 1) github.comment(pull.number, { login: 'ann', type: 'User' }, `nr ${i}`);
    expect(await forge.comments.find(pull.number, 'plan')).toBeUndefined();
    const made = await forge.comments.create(pull.number, 'plan', 'first');
    expect(await forge.comments.find(pull.number, 'plan')).toMatchObject({ id: made.id, body: 'first' });
    expect(await forge.comments.update(made.id, 'plan', 'second')).toBe(true);
    expect(github.comments.at(-1)?.body).toBe('<!-- certwright:plan -->\nsecond');
    expect(github.unknown).toEqual([]);
  });

  it('takes no comment for ours because somebody wrote our marker into it', async () => {
    const { github, pull, forge } = await withPull();
    github.comment(pull.number, { login: 'mallory', type: 'User' }, '<!-- certwright:plan -->\nall is well');
    expect(await forge.comments.find(pull.number, 'plan')).toBeUndefined();
    const ann = forgeOf(github, { login: 'ann' });
    await forge.comments.create(pull.number, 'plan', 'by the bot');
    expect(await ann.comments.find(pull.number, 'plan')).toBeUndefined();
  });

  it('tells that a comment was deleted meanwhile', async () => {
    const { github, pull, forge } = await withPull();
    const made = await forge.comments.create(pull.number, 'plan', 'first');
    github.deleteComment(made.id);
    expect(await forge.comments.update(made.id, 'plan', 'second')).toBe(false);
    await forge.comments.delete(made.id);
  });
});

describe('checks', () => {
  it('sends annotations in batches of 50', async () => {
    const { github, pull, forge } = await withPull();
    const annotations = Array.from({ length: 120 }, (_, i) => ({
      path: 'certificates/wiki.yaml',
      line: i + 1,
      level: 'failure' as const,
      title: 'error',
      message: `nr ${i}`,
    }));
    const headOid = pull.pull?.headOid ?? '';
    await forge.checks.create({
      name: 'certwright plan',
      headOid,
      conclusion: 'failure',
      title: '120 errors',
      summary: 'text',
      annotations,
    });
    expect(github.checks).toHaveLength(1);
    expect(github.checks[0]?.annotations.map(({ message }) => message)).toEqual(
      annotations.map(({ message }) => message),
    );
  });
});

describe('pull requests', () => {
  it('tells open, merged and closed ones and who ended them', async () => {
    const { github, pull, forge } = await withPull();
    expect(await forge.pulls.get(pull.number)).toMatchObject({
      state: 'open',
      isFork: false,
      head: { branch: 'wiki' },
      base: { branch: 'main' },
    });
    expect(await forge.pulls.files(pull.number)).toEqual([
      { path: 'certificates/wiki.yaml', status: 'added' },
    ]);
    const oid = await github.merge(pull.number, 'squash', 'bob');
    expect(await forge.pulls.get(pull.number)).toMatchObject({
      state: 'merged',
      mergedBy: { login: 'bob', isBot: false },
      mergeOid: oid,
    });
    const fork = await github.fork();
    await github.push('evil', { 'certificates/evil.yaml': 'domain: evil.example.com\n' }, fork);
    const foreign = await github.openPull({ head: 'evil', by: 'eve', fork });
    github.close(foreign.number, 'carol');
    expect(await forge.pulls.get(foreign.number)).toMatchObject({
      state: 'closed',
      isFork: true,
      author: { login: 'eve' },
      closedBy: { login: 'carol' },
    });
  });

  it('advances a branch only from where it was read', async () => {
    const { github, forge } = await withPull();
    const base = (await forge.branches.tip('wiki')) ?? '';
    const note = (text: string) => ({ base, files: { 'notes.md': text }, message: 'Note' });
    expect(await forge.branches.advance('wiki', note('ours\n'))).toEqual({
      oid: await forge.branches.tip('wiki'),
    });
    await github.push('wiki', { 'notes.md': 'theirs\n' });
    expect(await forge.branches.advance('wiki', note('again\n'))).toBe('moved');
    expect((await filesOf(github.remote, 'wiki'))['notes.md']).toBe('theirs\n');
    await forge.branches.delete('wiki');
    expect(await forge.branches.advance('wiki', note('again\n'))).toBe('moved');
    expect(await forge.branches.tip('wiki')).toBeUndefined();
  });

  it('opens, finds by branch, updates and closes one of its own, and leaves forks of the same branch name out', async () => {
    const { github, forge } = await withPull();
    const tip = (await refsOf(github.remote))['refs/heads/main'] ?? '';
    const branch = 'certwright-approval/shop-renew';
    const files = { 'approvals/shop-renew.yaml': 'certificate: shop\n' };
    const made = await forge.branches.create(branch, { base: tip, files, message: 'Approve shop' });
    expect(made).toMatchObject({ oid: (await refsOf(github.remote))[`refs/heads/${branch}`] });
    expect(await forge.branches.create(branch, { base: tip, files, message: 'Again' })).toBe('exists');
    expect(await filesOf(github.remote, branch)).toMatchObject({ ...FILES, ...files });
    expect((await messagesOf(github.remote, branch))[0]).toBe('Approve shop');
    const opened = await forge.pulls.open({
      title: 'Approve',
      body: 'text',
      head: branch,
      base: 'main',
      labels: ['certwright'],
    });
    const fork = await github.fork();
    await github.openPull({ head: branch, by: 'eve', fork });
    const list = await forge.pulls.list({ headPrefix: 'certwright-approval/', state: 'open' });
    expect(list.map(({ number }) => number)).toEqual([opened.number]);
    await forge.pulls.update(opened.number, { title: 'Approve shop', body: 'new' });
    await forge.pulls.close(opened.number);
    expect(await forge.pulls.list({ headPrefix: 'certwright-approval/', state: 'open' })).toEqual([]);
    expect(await forge.pulls.ofBranch(branch)).toMatchObject([{ title: 'Approve shop', state: 'closed' }]);
    await forge.branches.replace(branch, {
      base: tip,
      files: { 'certificates/shop.yaml': null },
      message: 'x',
    });
    expect(await filesOf(github.remote, branch)).toEqual({});
    expect([...(await forge.branches.list('certwright-approval/')).keys()]).toEqual([branch]);
    await forge.branches.delete(branch);
    await forge.branches.delete(branch);
    expect(await forge.branches.tip(branch)).toBeUndefined();
    expect(await forge.branches.file('certificates/shop.yaml', 'main')).toContain('shop.example.com');
    expect(await forge.branches.file('certificates/none.yaml', 'main')).toBeUndefined();
    expect(github.unknown).toEqual([]);
  });
});

describe('issues', () => {
  it('keeps one by marker and label, and tells who edited it', async () => {
    const github = await fakeGitHub({ files: FILES });
    const forge = forgeOf(github);
    const made = await forge.issues.create('dashboard', {
      title: 'certwright',
      body: 'a',
      labels: ['certwright'],
    });
    expect(await forge.issues.find('dashboard', 'certwright')).toMatchObject({
      number: made.number,
      body: 'a',
    });
    expect(await forge.issues.find('dashboard', 'other')).toBeUndefined();
    github.edit(made.number, { login: 'ann', type: 'User' }, '<!-- certwright:dashboard -->\n- [x] retry');
    expect(await forge.issues.find('dashboard', 'certwright')).toMatchObject({ body: '- [x] retry' });
    expect(await forge.issues.edits(made.number)).toMatchObject([{ by: { login: 'ann', isBot: false } }]);
    await forge.issues.update(made.number, 'dashboard', { state: 'closed' });
    expect(await forge.issues.find('dashboard', 'certwright')).toMatchObject({ state: 'closed' });
  });
});

describe('surroundings', () => {
  it('tells roles, workflows and protection, and starts other workflows', async () => {
    const github = await fakeGitHub({ files: FILES });
    const forge = forgeOf(github, {
      login: 'ann',
      permissions: { actions: 'write', contents: 'write', administration: 'read' },
    });
    github.role('ann', 'admin');
    github.workflow('certwright.yml', {
      state: 'disabled_inactivity',
      lastScheduledAt: '2026-11-01T04:17:00Z',
    });
    github.protect('main', {
      rules: [{ type: 'non_fast_forward' }],
      classic: {
        required_pull_request_reviews: {
          required_approving_review_count: 1,
          require_code_owner_reviews: true,
          dismiss_stale_reviews: false,
        },
        allow_force_pushes: { enabled: false },
        allow_deletions: { enabled: true },
      },
    });
    expect(await forge.people.role('ann')).toBe('admin');
    expect(await forge.people.role('stranger')).toBe('none');
    expect(await forge.workflows.get('certwright.yml')).toEqual({
      path: '.github/workflows/certwright.yml',
      state: 'stopped-by-inactivity',
      lastScheduledAt: '2026-11-01T04:17:00Z',
    });
    await forge.workflows.keepAlive('certwright.yml');
    expect(await forge.workflows.get('certwright.yml')).toMatchObject({ state: 'active' });
    github.workflow('certwright.yml', { state: 'disabled_manually' });
    await forge.workflows.keepAlive('certwright.yml');
    expect(await forge.workflows.get('certwright.yml')).toMatchObject({ state: 'stopped' });
    expect(await forge.workflows.get('none.yml')).toBeUndefined();
    expect(await forge.facts.protection('main')).toEqual({
      exists: true,
      requiresPullRequest: 'yes',
      requiredReviews: 1,
      requiresCodeOwners: 'yes',
      requiresChecks: 'no',
      forbidsForcePush: 'yes',
      forbidsDeletion: 'no',
    });
    expect(await forge.facts.protection('none')).toMatchObject({ exists: false });
    expect(await forge.facts.repository()).toEqual({
      isPrivate: true,
      isArchived: false,
      pushedAt: '2026-11-22T00:00:00Z',
      defaultBranch: 'main',
      role: 'admin',
    });
    expect(await forge.facts.workflowsMayOpenPulls()).toBe('yes');
    await forge.events.dispatch('certwright-issued', { names: ['shop'] });
    expect(github.dispatches).toEqual([
      { event_type: 'certwright-issued', client_payload: { names: ['shop'] } },
    ]);
    const blind = forgeOf(github, { permissions: { contents: 'read' } });
    expect(await blind.facts.workflowsMayOpenPulls()).toBe('unknown');
    expect(await blind.facts.protection('main')).toMatchObject({
      forbidsForcePush: 'yes',
      requiresPullRequest: 'unknown',
    });
  });
});

describe('what goes wrong', () => {
  it('names every permission that is missing', async () => {
    const { github, pull } = await withPull();
    const forge = forgeOf(github, {
      permissions: { contents: 'read', 'pull-requests': 'read', issues: 'read' },
    });
    const tip = pull.pull?.headOid ?? '';
    const check = { name: 'x', headOid: tip, conclusion: 'success' as const, title: '', summary: '' };
    const commit = { base: tip, files: { a: 'b' }, message: 'm' };
    const tried: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['pull-requests: write', () => forge.comments.create(pull.number, 'plan', 'x')],
      ['checks: write', () => forge.checks.create({ ...check, annotations: [] })],
      ['pull-requests: write', () => forge.pulls.open({ title: 'x', body: '', head: 'wiki', base: 'main' })],
      ['contents: write', () => forge.branches.create('b', commit)],
      ['issues: write', () => forge.issues.create('dashboard', { title: 'x', body: '', labels: [] })],
      ['contents: write', () => forge.events.dispatch('x', {})],
      ['actions: read', () => forge.workflows.get('x.yml')],
      ['actions: write', () => forge.workflows.keepAlive('x.yml')],
    ];
    for (const [permission, work] of tried) {
      const error = await failure(work());
      expect(error.code).toBe('forge.permission');
      expect(error.message).toContain(`"${permission}"`);
      expect(error.remedy).toContain('permissions:');
      expect(error.effect).toBe('none');
    }
  });

  it('asks once where the answer is final', async () => {
    const { github, pull } = await withPull();
    const forge = forgeOf(github, { permissions: {} });
    await failure(forge.pulls.get(pull.number));
    expect(await forge.branches.tip('none')).toBeUndefined();
    expect(github.calls).toEqual([
      'GET /repos/acme/certificates/pulls/1 403',
      'GET /repos/acme/certificates/git/ref/heads%2Fnone 404',
    ]);
  });

  it('tells the setting that keeps workflows from opening pull requests', async () => {
    const { github, forge } = await withPull();
    github.allowWorkflowsToOpenPulls(false);
    await github.push('more', { a: 'b' });
    const error = await failure(forge.pulls.open({ title: 'x', body: '', head: 'more', base: 'main' }));
    expect(error.code).toBe('forge.permission');
    expect(error.remedy).toContain('Allow GitHub Actions to create and approve pull requests');
  });

  it('does not accept a wrong token, and shows none', async () => {
    const { github, pull } = await withPull();
    const error = await failure(forgeOf(github, { text: 'ghp_wrong_token_text' }).pulls.get(pull.number));
    expect(error.code).toBe('forge.credentials');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('ghp_wrong_token_text');
    expect(String(error.cause instanceof Error ? error.cause.stack : '')).not.toContain('ghp_wrong');
  });

  it('waits for a short rate limit, and gives up a long one with the time to come back', async () => {
    const { github, pull, forge } = await withPull();
    const match = /^POST .*comments$/;
    const message = 'You have exceeded a secondary rate limit. Please wait.';
    github.fault({ match, status: 403, message, headers: { 'retry-after': '30' }, times: 1 });
    await forge.comments.create(pull.number, 'plan', 'after a pause');
    github.fault({ match, status: 429, message, headers: { 'retry-after': '3000' } });
    const error = await failure(forge.comments.create(pull.number, 'plan', 'never'));
    expect(error).toMatchObject({ code: 'forge.rate-limited', effect: 'none' });
    expect(error.retryAtMs).toBe(Date.UTC(2026, 10, 22, 12) + 3000 * 1000);
    expect(github.comments).toHaveLength(1);
  });

  it('repeats what may be repeated, and sends the rest once', async () => {
    const { github, pull, forge } = await withPull();
    github.fault({ match: /^GET /, status: 502, times: 2 });
    expect(await forge.pulls.get(pull.number)).toMatchObject({ state: 'open' });
    expect(github.calls.filter((call) => call.startsWith('GET '))).toHaveLength(3);
    github.fault({ match: /^POST /, status: 502, after: true, times: 1 });
    const error = await failure(forge.comments.create(pull.number, 'plan', 'once'));
    expect(error).toMatchObject({ code: 'forge.unavailable', effect: 'unknown' });
    expect(github.comments).toHaveLength(1);
  });

  it('refuses a text that is too long, in GitHub’s words', async () => {
    const { pull, forge } = await withPull();
    const error = await failure(forge.comments.create(pull.number, 'plan', 'x'.repeat(65_536)));
    expect(error).toMatchObject({ code: 'forge.refused' });
    expect(error.providerText).toContain('too long');
  });

  it('ends at once when the run is stopped', async () => {
    const { github, pull } = await withPull();
    const stop = new AbortController();
    const forge = forgeOf(github, {}, stop.signal);
    github.fault({
      match: /^GET /,
      status: 403,
      message: 'secondary rate limit',
      headers: { 'retry-after': '59' },
    });
    const work = failure(forge.pulls.get(pull.number));
    stop.abort();
    expect((await work).code).toBe('interrupted');
  });
});
