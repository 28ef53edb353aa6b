import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeDelivery } from '../../../../src/entry/daemon/webhook.js';
import { Secret } from '../../../../src/model/secret.js';

const SECRET = "It's a Secret to Everybody";
const PUSH = JSON.stringify({ ref: 'refs/heads/main' });

const signed = (body: string, secret = SECRET): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

const github = (body: string, event = 'push', signature = signed(body)) => ({
  'content-type': 'application/json',
  'x-github-event': event,
  'x-hub-signature-256': signature,
});

const judge = (
  headers: Readonly<Record<string, string>>,
  body: string,
  branch: string | undefined = 'main',
): string => {
  const delivery = judgeDelivery(headers, Buffer.from(body), new Secret(SECRET), branch);
  return delivery.kind === 'refused' ? String(delivery.status) : delivery.kind;
};

describe('a webhook', () => {
  it("knows the signature of GitHub's documentation", () => {
    // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(judge(github('', 'ping', signature), 'Hello, World!')).toBe('ignored');
  });

  it.each([
    ['a push to the branch', github(PUSH), PUSH, 'push'],
    ['a push in UTF-8', github('{"ref":"refs/heads/main","é":1}'), '{"ref":"refs/heads/main","é":1}', 'push'],
    ['no signature', { 'content-type': 'application/json', 'x-github-event': 'push' }, PUSH, '401'],
    ['an empty one', github(PUSH, 'push', ''), PUSH, '401'],
    ['one by another secret', github(PUSH, 'push', signed(PUSH, 'x')), PUSH, '401'],
    ['one of another body', github(PUSH, 'push', signed('{}')), PUSH, '401'],
    [
      'the old SHA-1 alone',
      { ...github(PUSH, 'push', 'sha1=00'), 'x-hub-signature': 'sha1=00' },
      PUSH,
      '401',
    ],
    ['one in capitals', github(PUSH, 'push', signed(PUSH).toUpperCase()), PUSH, '401'],
    ['another event', github('{}', 'issues'), '{}', 'ignored'],
    ['a form', { ...github(PUSH), 'content-type': 'application/x-www-form-urlencoded' }, PUSH, '415'],
    ['a push without a ref', github('{}'), '{}', '400'],
    ['no JSON', github('ref'), 'ref', '400'],
    ['an array', github('["refs/heads/main"]'), '["refs/heads/main"]', '400'],
    [
      'our own push to the state branch',
      github('{"ref":"refs/heads/certwright/state"}'),
      '{"ref":"refs/heads/certwright/state"}',
      'ignored',
    ],
    ['a tag of that name', github('{"ref":"refs/tags/main"}'), '{"ref":"refs/tags/main"}', 'ignored'],
    [
      'Gitea',
      { 'content-type': 'application/json', 'x-gitea-event': 'push', 'x-hub-signature-256': signed(PUSH) },
      PUSH,
      'push',
    ],
    [
      'GitLab',
      { 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET },
      PUSH,
      'push',
    ],
    [
      'GitLab with another token',
      { 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': `${SECRET}x` },
      PUSH,
      '401',
    ],
  ])('%s', (_title, headers, body, expected) => {
    expect(judge(headers, body)).toBe(expected);
  });

  it('counts every branch while it does not know which', () => {
    const body = '{"ref":"refs/heads/trunk"}';
    expect([
      judge(github(body), body, 'main'),
      judgeDelivery(github(body), Buffer.from(body), new Secret(SECRET), undefined).kind,
    ]).toEqual(['ignored', 'push']);
  });
});
