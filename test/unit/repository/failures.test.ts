import { describe, expect, it } from 'vitest';
import { judgePush, remoteFailure } from '../../../src/repository/failures.js';

const rejected = (reason: string, stderr = '') => ({
  code: 1,
  stdout: `To somewhere\n!\tabc:refs/heads/certwright/state\t${reason}\nDone\n`,
  stderr: `${stderr}error: failed to push some refs to 'somewhere'\n`,
});
const failed = (stderr: string) => ({ code: 128, stdout: '', stderr });

describe('what became of a push', () => {
  it.each([
    ['a stale lease', rejected('[rejected] (stale info)')],
    ['a tip we have not seen', rejected('[rejected] (fetch first)')],
    ['a tip that is no ancestor', rejected('[rejected] (non-fast-forward)')],
    ['a lost race at the server', rejected('[remote rejected] (failed to update ref)')],
    ['a lock at the server', rejected("[remote rejected] (cannot lock ref 'refs/heads/x': is at y)")],
    ['a newer server', rejected('[remote rejected] (incorrect old value provided)')],
    [
      'one of two refs',
      {
        code: 1,
        stdout: '!\ta:b\t[rejected] (stale info)\n!\ta:c\t[rejected] (atomic push failed)\nDone\n',
        stderr: '',
      },
    ],
  ])('%s: somebody was first, and nothing changed', (_, output) => {
    expect(judgePush(output)).toMatchObject({ kind: 'moved', certain: true });
  });

  it.each([
    ['no connection', failed("fatal: unable to access 'x': Could not resolve host: git.example\n")],
    ['a server fault', failed("fatal: unable to access 'x': The requested URL returned error: 502\n")],
    ['a dropped line', failed('error: RPC failed; curl 52 Empty reply from server\nEverything up-to-date\n')],
    ['a report that never came', rejected('[remote failure] (remote failed to report status)')],
  ])('%s: nothing is certain', (_, output) => {
    expect(judgePush(output)).toMatchObject({ kind: 'moved', certain: false });
  });

  it.each([
    [
      'a hook',
      rejected('[remote rejected] (pre-receive hook declined)', 'remote: no cannot lock ref here\n'),
    ],
    ['a protected branch', rejected('[remote rejected] (protected branch hook declined)', 'remote: GH006\n')],
    ['a ruleset', rejected('[remote rejected] (push declined due to repository rule violations)')],
    ['a full or read-only server', rejected('[remote rejected] (unpacker error)')],
    [
      'a branch where we need a folder',
      rejected(
        '[remote rejected] (failed to update ref)',
        "remote: error: cannot lock ref 'refs/heads/certwright/seen': 'refs/heads/certwright' exists; cannot create 'refs/heads/certwright/seen'\n",
      ),
    ],
    [
      'a token that may only read',
      failed("fatal: unable to access 'x': The requested URL returned error: 403\n"),
    ],
    ['a wrong password', failed("fatal: Authentication failed for 'https://host/x/'\n")],
    [
      'a key without write access',
      failed('ERROR: Permission to a/b.git denied to c.\nfatal: Could not read\n'),
    ],
    ['a missing repository', failed("fatal: repository 'https://host/x/' not found\n")],
  ])('%s: trying again does not help', (_, output) => {
    expect(judgePush(output)).toMatchObject({ kind: 'refused' });
  });

  it('knows a remote without atomic pushes', () => {
    expect(judgePush(failed('fatal: the receiving end does not support --atomic push\n')).kind).toBe(
      'not-atomic',
    );
  });

  it('keeps the server’s words and drops git’s advice', () => {
    const verdict = judgePush(
      rejected(
        '[remote rejected] (pre-receive hook declined)',
        'remote: ask the platform team\nhint: read more\n',
      ),
    );
    expect(verdict).toMatchObject({
      text: '[remote rejected] (pre-receive hook declined)\nremote: ask the platform team',
    });
  });
});

describe('why a remote cannot be read', () => {
  it.each([
    ["fatal: Authentication failed for 'https://h/x/'", /does not accept the credentials/],
    [
      "fatal: could not read Username for 'https://h': terminal prompts disabled",
      /does not accept the credentials/,
    ],
    ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', /credentials/],
    ["fatal: '/x' does not appear to be a git repository", /there is no repository at h\/x/],
    ["fatal: detected dubious ownership in repository at '/x'", /another user owns it/],
    [
      "fatal: unable to access 'x': Could not resolve host: h",
      /cannot be reached: unable to access 'x': Could not/,
    ],
    ['error: file write error: No space left on device\nfatal: index-pack failed', /the disk is full/],
  ])('%s', (stderr, message) => {
    const error = remoteFailure('h/x', stderr);
    expect(error.code).toBe('repository.unavailable');
    expect(error.message).toMatch(message);
    expect(error.remedy).toBeDefined();
  });
});
