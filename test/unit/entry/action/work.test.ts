import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../../../src/entry/action/event.js';
import { readInputs } from '../../../../src/entry/action/inputs.js';
import { createRunner } from '../../../../src/entry/action/runner.js';
import { workOf } from '../../../../src/entry/action/work.js';
import { tempFolder } from '../../../support/git.js';
import { commandsOf } from '../../../support/github/trigger.js';

const event = (name: string, ref = 'refs/heads/main') => ({ name, ref, repository: 'acme/certificates' });
const pull = { number: 7, baseBranch: 'main', isForeign: false, isClosed: false };

describe('what an event asks for', () => {
  it.each([
    ['a push to the approval branch', event('push'), 'apply'],
    ['a push elsewhere', event('push', 'refs/heads/feature'), 'nothing'],
    ['a tag of the same name', event('push', 'refs/tags/main'), 'nothing'],
    ['a schedule', event('schedule'), 'apply'],
    ['somebody at the button', event('workflow_dispatch'), 'apply'],
    ['another workflow', event('repository_dispatch'), 'apply'],
    ['a pull request', { ...event('pull_request'), pull }, 'plan-pull'],
    ['one that was closed', { ...event('pull_request'), pull: { ...pull, isClosed: true } }, 'nothing'],
    ['a release', event('release'), 'nothing'],
    ['a merge queue', event('merge_group', 'refs/heads/gh-readonly-queue/main/pr-7-abc'), 'nothing'],
    ['a box on the dashboard', { ...event('issues'), isDashboardEdit: true }, 'apply'],
    ['another issue', { ...event('issues'), isDashboardEdit: false }, 'nothing'],
  ] as const)('%s', (_, given, kind) => {
    expect(workOf('auto', given, 'main').kind).toBe(kind);
  });

  it('never carries out a pull request, whatever the mode', () => {
    expect(workOf('apply', { ...event('pull_request'), pull }, 'main').kind).toBe('nothing');
    expect(workOf('sync', { ...event('pull_request'), pull }, 'main').kind).toBe('nothing');
    expect(workOf('sync', event('schedule'), 'main').kind).toBe('sync');
    expect(() => workOf('apply', event('pull_request_target'), 'main')).toThrow('pull_request_target');
  });

  it('pays nothing for what waits in a merge queue, and asks no account', () => {
    const queued = event('merge_group', 'refs/heads/gh-readonly-queue/main/pr-7-abc');
    expect(() => workOf('apply', queued, 'main')).toThrow('certwright buys nothing on merge_group');
    expect(workOf('sync', queued, 'main').kind).toBe('nothing');
    expect(workOf('plan', queued, 'main').kind).toBe('nothing');
    expect(workOf('validate', queued, 'main').kind).toBe('validate');
  });

  it.each(['apply', 'sync', 'plan'] as const)('%s follows no run of what is not merged', (mode) => {
    const following = (given: string) => {
      const finished = { event: given, headOid: 'a', headBranch: 'b', headOwner: 'eve' };
      return workOf(mode, { ...event('workflow_run'), finished }, 'main').kind;
    };
    expect(
      ['pull_request', 'pull_request_target', 'pull_request_review', 'merge_group'].map(following),
    ).toEqual(Array(4).fill('nothing'));
    expect([following('push'), following('schedule')]).toEqual([mode, mode]);
    expect(workOf(mode, event('workflow_run'), 'main').kind).toBe('nothing');
  });

  it('comments after the run of a pull request, and on nothing else', () => {
    const finished = { event: 'pull_request', headOid: 'a', headBranch: 'b', headOwner: 'eve' };
    const ended = { ...event('workflow_run'), finished };
    expect(workOf('comment', ended, '')).toEqual({ kind: 'comment', run: finished });
    expect(workOf('auto', ended, 'main').kind).toBe('nothing');
    const scheduled = { ...ended, finished: { ...finished, event: 'schedule' } };
    expect(workOf('comment', scheduled, '').kind).toBe('nothing');
    expect(workOf('comment', event('workflow_run'), '').kind).toBe('nothing');
    expect(() => workOf('comment', event('push'), 'main')).toThrow('workflow_run');
  });

  it('lists the accounts before on a schedule only', () => {
    expect(workOf('auto', event('schedule'), 'main')).toMatchObject({ isScheduled: true });
    expect(workOf('auto', event('push'), 'main')).toMatchObject({ isScheduled: false });
  });
});

describe('an edit of an issue', () => {
  const label = { name: 'certwright-dashboard' };
  it.each([
    [
      'of the dashboard by a person',
      { action: 'edited', issue: { labels: [label] }, sender: { type: 'User' } },
      true,
    ],
    ['by a bot', { action: 'edited', issue: { labels: [label] }, sender: { type: 'Bot' } }, false],
    ['of another issue', { action: 'edited', issue: { labels: [] }, sender: { type: 'User' } }, false],
    ['that is none', { action: 'opened', issue: { labels: [label] }, sender: { type: 'User' } }, false],
    ['without any sense', { action: 'edited', issue: null, sender: null }, false],
  ])('%s', async (_, payload, isOurs) => {
    const file = join(await tempFolder(), 'event.json');
    await writeFile(file, JSON.stringify(payload));
    const env = {
      GITHUB_EVENT_NAME: 'issues',
      GITHUB_EVENT_PATH: file,
      GITHUB_REPOSITORY: 'acme/certificates',
    };
    expect(readEvent(env).isDashboardEdit).toBe(isOurs);
  });
});

describe('inputs', () => {
  it.each([
    [{ INPUT_MODE: 'aply' }, 'auto, plan, apply, sync, validate, comment'],
    [{ INPUT_WAIT: 'soon' }, '2m'],
    [{ INPUT_COMMENT: 'yes' }, 'true or false'],
    [{ INPUT_SYNC: 'true' }, 'auto, always, never'],
  ])('%o is refused with what would do', (env, remedy) => {
    let thrown: unknown;
    try {
      readInputs(env);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'usage', remedy: expect.stringContaining(remedy) });
  });

  it('keep the token secret', () => {
    expect(JSON.stringify(readInputs({ INPUT_TOKEN: 'ghs_secret' }))).not.toContain('ghs_secret');
  });
});

describe('the log of a run', () => {
  it('takes no line of anybody for a command, and shows ours', () => {
    let log = '';
    const runner = createRunner({
      env: {},
      random: { hex: (bytes) => 'ab'.repeat(bytes) },
      write: (text) => {
        log += text;
      },
    });
    runner.log('::set-output name=issued::["evil"]\n##[error]x\n::certwright-00::');
    runner.error('a, b: c', '100% wrong\n::error::second');
    runner.log('::add-mask::a');
    expect(commandsOf(log)).toEqual(['::error title=a%2C b%3A c::100%25 wrong\\n::error::second']);
  });
});
