import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../support/git.js';
import type { FakeGitHub } from '../../../support/github/server.js';
import type { Topic } from '../../../support/github/state.js';
import type { Shop } from '../shop.js';
import { act, hosted, proposed } from './act.js';

const WIKI = { 'certificates/wiki.yaml': 'domain: wiki.example.com\n' };
/** What a run of a fork gets. */
const READS = { permissions: { contents: 'read', 'pull-requests': 'read' } } as const;
/** What `certwright-comment.yml` gives. */
const COMMENTS = { permissions: { actions: 'read', 'pull-requests': 'write' } } as const;

/** A pull request from a fork, and the report its run left. */
async function fromFork(): Promise<{ shop: Shop; github: FakeGitHub; pull: Topic; report: string }> {
  const { shop, github } = await hosted();
  const fork = await github.fork();
  await github.push('wiki', WIKI, fork);
  const pull = await github.openPull({ head: 'wiki', by: 'eve', fork });
  const run = await act(
    shop,
    github,
    { event: 'pull_request', pull },
    { token: github.token(READS), context: { env: { PAID_TOKEN: '' } } },
  );
  expect(run.code).toBe(0);
  expect(github.comments).toEqual([]);
  return { shop, github, pull, report: run.outputs.report ?? '' };
}

async function comment(shop: Shop, github: FakeGitHub, pull: Topic, report: string, after?: string) {
  const trigger = { event: 'workflow_run', pull, ...(after === undefined ? {} : { after }) } as const;
  const inputs = { mode: 'comment', report };
  const run = await act(shop, github, trigger, { token: github.token(COMMENTS), inputs });
  return { code: run.code, said: run.commands.filter((line) => /^::(notice|warning|error)/.test(line)) };
}

const changed = async (report: string, change: (value: Record<string, unknown>) => unknown) => {
  const file = join(await tempFolder(), 'report.json');
  const value = JSON.parse(await readFile(report, 'utf8'));
  await writeFile(file, JSON.stringify({ ...value, ...(change(value) as object) }));
  return file;
};

describe('the workflow that comments after the run of a fork', () => {
  it('writes one comment from the report, and edits it', async () => {
    const { shop, github, pull, report } = await fromFork();
    const token = await comment(shop, github, pull, report);
    expect(token).toEqual({ code: 0, said: [] });
    expect(github.comments).toMatchObject([{ number: pull.number, user: { type: 'Bot' } }]);
    expect(github.comments[0]?.body).toMatch(/1 to order[\s\S]*`wiki`[\s\S]*could have changed/);
    await comment(shop, github, pull, report);
    expect(github.comments).toHaveLength(1);
    const silent = await changed(report, () => ({
      plan: undefined,
      notes: [],
      findings: [],
      conflict: true,
    }));
    await comment(shop, github, pull, silent);
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('conflicts');
    const empty = await changed(report, ({ plan }) => ({ plan: { ...(plan as object), items: [] } }));
    await comment(shop, github, pull, empty);
    expect(github.comments[0]?.body).toMatch(/changes nothing[\s\S]*could have changed/);
    expect(github.unknown).toEqual([]);
  });

  it('takes the number of the pull request from GitHub, not from the report', async () => {
    const { shop, github, pull, report } = await fromFork();
    const victim = await proposed(github, { 'README.md': 'x' }, 'victim');
    const forged = await changed(report, () => ({ pull: victim.number }));
    expect((await comment(shop, github, pull, forged)).code).toBe(0);
    expect(github.comments.map(({ number }) => number)).toEqual([pull.number]);

    github.deleteComment(github.comments[0]?.id ?? 0);
    const other = await changed(report, () => ({ head: victim.pull?.headOid }));
    expect((await comment(shop, github, pull, other)).said[0]).toContain('no open pull request');
    github.close(pull.number);
    expect((await comment(shop, github, pull, report)).said[0]).toContain('no open pull request');
    expect(github.comments).toEqual([]);
  });

  it('is silent on pull requests whose own runs may comment, and after other runs', async () => {
    const { shop, github } = await hosted();
    const pull = await proposed(github, WIKI);
    const { outputs } = await act(shop, github, { event: 'pull_request', pull });
    const before = github.comments.map(({ body }) => body);
    expect((await comment(shop, github, pull, outputs.report ?? '')).said[0]).toContain('comments by itself');
    expect(github.comments.map(({ body }) => body)).toEqual(before);
    expect((await comment(shop, github, pull, outputs.report ?? '', 'push')).said[0]).toContain('no run of');
  });

  it('makes no markup, mention or link of what a stranger wrote into the report', async () => {
    const { shop, github, pull, report } = await fromFork();
    const evil = '@ann ![x](https://evil.example/x.png) <img src=x> | #1\n\n# big\n<!-- certwright:plan -->';
    const forged = await changed(report, (value) => {
      const plan = value.plan as { readonly items: readonly object[] };
      const items = plan.items.map((item) => ({ ...item, message: evil, owner: evil, name: evil }));
      return {
        plan: { ...plan, items },
        notes: [{ message: evil, needsReview: true }],
        unasked: [evil],
        budgets: [{ title: evil, limit: money('1.00'), left: money('1.00') }],
        findings: [
          { severity: 'error', code: 'x', message: evil, position: { file: evil, line: 1, column: 1 } },
        ],
      };
    });
    expect((await comment(shop, github, pull, forged)).code).toBe(0);
    const body = (github.comments[0]?.body ?? '').replace('<!-- certwright:plan -->', '');
    expect(body).toContain('evil');
    expect(body).not.toMatch(/@ann|<img|!\[x\]|https:\/\/evil|<!--|^# big/m);
  });

  it('reads nothing that is no report: other fields, too much, links, no JSON', async () => {
    const { shop, github, pull, report } = await fromFork();
    const folder = await tempFolder();
    const big = join(folder, 'big.json');
    await writeFile(big, `${await readFile(report, 'utf8')}${' '.repeat(9 * 1024 * 1024)}`);
    const link = join(folder, 'link.json');
    await symlink(report, link);
    const text = join(folder, 'text.json');
    await writeFile(text, '{"version": 1,');
    const bad = [
      join(folder, 'none.json'),
      folder,
      big,
      link,
      text,
      await changed(report, () => ({ html: '<b>' })),
      await changed(report, () => ({ head: '../../x' })),
      await changed(report, () => ({ notes: [{ message: 1, needsReview: true }] })),
      await changed(report, () => ({ notes: Array(1001).fill({ message: 'x', needsReview: true }) })),
      await changed(report, () => ({ budgets: [{ title: 'x', limit: money('<b>'), left: money('1.00') }] })),
    ];
    for (const file of bad) {
      const { code, said } = await comment(shop, github, pull, file);
      expect([code, said], file).toEqual([0, [expect.stringContaining('no report')]]);
    }
    // Amounts of the plan may be as long as they like: the comment that would be too long is not written.
    const long = await changed(report, (value) => {
      const plan = value.plan as { readonly items: readonly object[] };
      const price = { kind: 'known', amount: money(`${'9'.repeat(70_000)}.00`), source: 'me' };
      return { plan: { ...plan, items: plan.items.map((item) => ({ ...item, price })) } };
    });
    expect((await comment(shop, github, pull, long)).said[0]).toContain('no report');
    expect(github.comments).toEqual([]);
  });
});

const money = (amount: string) => ({ amount, currency: 'USD' });

describe('a run by schedule', () => {
  it('keeps the schedule of its workflow alive where it may, and is none the worse where it may not', async () => {
    const { shop, github } = await hosted();
    github.workflow('certwright.yml', { state: 'active' });
    const enabled = () => github.calls.filter((call) => call.startsWith('PUT ') && call.includes('enable'));
    const token = github.token({ permissions: { contents: 'write', actions: 'write' } });
    expect((await act(shop, github, { event: 'push' }, { token })).code).toBe(0);
    expect(enabled()).toEqual([]);
    const scheduled = await act(shop, github, { event: 'schedule' }, { token });
    expect(scheduled.code).toBe(0);
    expect(enabled()).toEqual([expect.stringMatching(/certwright\.yml\/enable 204$/)]);

    github.workflow('certwright.yml', { state: 'disabled_manually' });
    await act(shop, github, { event: 'schedule' }, { token });
    expect(enabled()).toHaveLength(1);

    const less = github.token({ permissions: { contents: 'write' } });
    const quiet = await act(shop, github, { event: 'schedule' }, { token: less });
    expect(quiet.code).toBe(0);
    expect(quiet.commands.filter((line) => /^::(warning|error)/.test(line))).toEqual([]);
  });
});
