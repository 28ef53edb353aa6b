import { describe, expect, it } from 'vitest';
import { keepIssues, NOTICE_LABEL } from '../../../../src/entry/forge/notice-issues.js';
import type { Notice } from '../../../../src/model/notice.js';
import type { Telling } from '../../../../src/policy/telling.js';
import { forgeOf } from '../../../support/github/forge.js';
import { type FakeGitHub, fakeGitHub } from '../../../support/github/server.js';

const notice = (key: string, parts: Partial<Notice> = {}): Notice => ({
  key,
  level: 'attention',
  reason: 'Overdue',
  certificate: key,
  message: 'the certificate ends 2026-12-24 @ann',
  ...parts,
});

const telling = (
  one: Notice,
  reminder = false,
): Telling & { item: { notice: Notice; reminder: boolean } } => ({
  notice: one,
  step: reminder ? 1 : 0,
  reminder,
  item: { notice: one, reminder },
});

async function place(channel = 'issues') {
  const github = await fakeGitHub({ files: { x: 'x' } });
  const forge = forgeOf(github);
  const keep = (
    tellings: readonly ReturnType<typeof telling>[],
    standing?: readonly Notice[],
    name = channel,
    ended: readonly string[] = [],
  ) =>
    keepIssues(forge, { channel: name, labels: ['ops'], tellings, ended, ...(standing ? { standing } : {}) });
  const issues = () =>
    github.topics.map(({ title, state, labels }) => [title.split(':')[0], state, [...labels].sort()]);
  return { github, keep, issues };
}

/** By a person. */
function close({ topics }: FakeGitHub): void {
  for (const topic of topics) topic.state = 'closed';
}

const LABELS = [NOTICE_LABEL, 'ops'];

describe('issues about alarms', () => {
  it('are opened once, brought up again, and closed once it is over', async () => {
    const { github, keep, issues } = await place();
    const shop = notice('shop');
    expect((await keep([telling(shop)], [shop])).told).toHaveLength(1);
    // As after a lost memory.
    await keep([telling(shop)], [shop]);
    expect(issues()).toEqual([['shop', 'open', LABELS]]);
    expect(github.comments).toEqual([]);
    await keep([telling(notice('shop', { message: 'in 3 days' }), true)], [shop]);
    expect(github.topics[0]).toMatchObject({ title: 'shop: in 3 days' });
    expect(github.comments.map(({ body }) => body.split('\n')[1])).toEqual(['Still so: in 3 days']);
    expect(await keep([], [])).toMatchObject({ closed: true });
    expect(issues()).toEqual([['shop', 'closed', LABELS]]);
    expect(github.comments.at(-1)?.body).toContain('This is so no longer.');
    expect(github.unknown).toEqual([]);
  });

  it('are left alone by a run that did not look at everything, and by other channels', async () => {
    const { keep, issues } = await place();
    const shop = notice('shop');
    await keep([telling(shop)], [shop]);
    expect(await keep([], undefined)).toMatchObject({ closed: true });
    await keep([], [], 'other');
    expect(issues()).toEqual([['shop', 'open', LABELS]]);
    await keep([], undefined, undefined, ['shop']);
    expect(issues()).toEqual([['shop', 'closed', LABELS]]);
  });

  it('that a person closed stay closed until the next reminder', async () => {
    const { github, keep, issues } = await place();
    const shop = notice('shop');
    await keep([telling(shop)], [shop]);
    close(github);
    await keep([], [shop]);
    expect(issues()).toEqual([['shop', 'closed', LABELS]]);
    await keep([telling(shop, true)], [shop]);
    expect(issues()).toEqual([['shop', 'open', LABELS]]);
  });

  it('are opened a few at a time, and the rest later', async () => {
    const { keep, issues } = await place();
    const all = Array.from({ length: 12 }, (_, i) => notice(`c-${i}`));
    const { told } = await keep(
      all.map((one) => telling(one)),
      all,
    );
    expect(told).toHaveLength(10);
    await keep(
      all.slice(10).map((one) => telling(one)),
      all,
    );
    expect(issues()).toHaveLength(12);
  });

  it('that GitHub refuses are a problem of this channel, and what went out is known', async () => {
    const { github, keep } = await place();
    const all = [notice('a'), notice('b')];
    github.fault({
      match: /^POST .*\/issues$/,
      status: 403,
      message: 'Resource not accessible by integration',
    });
    const { told, problem } = await keep(
      all.map((one) => telling(one)),
      all,
    );
    expect([told, problem?.code]).toEqual([[], 'forge.permission']);
  });

  it('with our marker by somebody else are none of ours', async () => {
    const { github, keep, issues } = await place();
    const shop = notice('shop');
    await keep([telling(shop)], [shop]);
    // The same text from a person's account.
    const mallory = forgeOf(github, { login: 'mallory' });
    const [ours] = github.topics;
    const marker = /certwright:(\S+) -->/.exec(ours?.body ?? '')?.[1] ?? '';
    close(github);
    await mallory.issues.create(marker, { title: 'mine', body: 'x', labels: [NOTICE_LABEL] });
    await keep([telling(shop)], [shop]);
    expect(issues().map(([title, state]) => [title, state])).toEqual([
      ['shop', 'closed'],
      ['mine', 'open'],
      ['shop', 'open'],
    ]);
  });
});
