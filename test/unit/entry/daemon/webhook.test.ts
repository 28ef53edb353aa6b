import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeDelivery } from '../../../../src/entry/daemon/webhook.js';
import { Secret } from '../../../../src/model/secret.js';
import { MINUTE_MS } from '../../../../src/model/time.js';

const SECRET = "It's a Secret to Everybody";
const PUSH = JSON.stringify({ ref: 'refs/heads/main' });
const NOW_MS = Date.UTC(2026, 10, 22, 12);

type Headers = Readonly<Record<string, string>>;

const digest = (body: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(body).digest('hex');
const signed = (body: string, secret = SECRET): string => `sha256=${digest(body, secret)}`;

const JSON_BODY = { 'content-type': 'application/json' };
const github = (body: string, event = 'push', signature = signed(body)) => ({
  ...JSON_BODY,
  'x-github-event': event,
  'x-hub-signature-256': signature,
});

interface Rules {
  readonly branch?: string;
  readonly secrets?: readonly string[];
  readonly nowMs?: number;
}

const delivery = (
  headers: Headers,
  body: string,
  { branch = 'main', secrets = [SECRET], nowMs = NOW_MS }: Rules = {},
) =>
  judgeDelivery(headers, Buffer.from(body), {
    secrets: secrets.map((text) => new Secret(text)),
    branch,
    nowMs,
  });

const judge = (headers: Headers, body: string, rules: Rules = {}): string => {
  const judged = delivery(headers, body, rules);
  return judged.kind === 'refused' ? String(judged.status) : judged.kind;
};

describe('a webhook', () => {
  it("knows the signature of GitHub's documentation", () => {
    // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(judge(github('', 'ping', signature), 'Hello, World!')).toBe('ignored');
  });

  const gitea = (name: string, signature: string): Headers => ({
    ...JSON_BODY,
    [`x-${name}-event`]: 'push',
    [`x-${name}-signature`]: signature,
  });
  const gitlab = (token: string): Headers => ({
    ...JSON_BODY,
    'x-gitlab-event': 'Push Hook',
    'x-gitlab-token': token,
  });

  it.each<readonly [string, Headers, string, string]>([
    ['a push to the branch', github(PUSH), PUSH, 'push'],
    ['a push in UTF-8', github('{"ref":"refs/heads/main","é":1}'), '{"ref":"refs/heads/main","é":1}', 'push'],
    ['no signature', { ...JSON_BODY, 'x-github-event': 'push' }, PUSH, '401'],
    ['an empty one', github(PUSH, 'push', ''), PUSH, '401'],
    ['one by another secret', github(PUSH, 'push', signed(PUSH, 'x')), PUSH, '401'],
    ['one of another body', github(PUSH, 'push', signed('{}')), PUSH, '401'],
    ['one without its kind', github(PUSH, 'push', digest(PUSH)), PUSH, '401'],
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
    ['Gitea', gitea('gitea', digest(PUSH)), PUSH, 'push'],
    ['Gitea by another secret', gitea('gitea', digest(PUSH, 'x')), PUSH, '401'],
    ['Forgejo', gitea('forgejo', digest(PUSH)), PUSH, 'push'],
    ['Forgejo with a body that was changed', gitea('forgejo', digest('{}')), PUSH, '401'],
    [
      "Gitea, as it signs in GitHub's way",
      { ...gitea('gitea', digest(PUSH)), 'x-hub-signature-256': signed(PUSH) },
      PUSH,
      'push',
    ],
    [
      'a wrong signature beside a right one',
      { ...gitea('gitea', digest(PUSH)), 'x-hub-signature-256': signed('{}') },
      PUSH,
      '401',
    ],
    ['GitLab', gitlab(SECRET), PUSH, 'push'],
    ['GitLab with another token', gitlab(`${SECRET}x`), PUSH, '401'],
    [
      'a wrong signature beside a right token',
      { ...gitlab(SECRET), ...gitea('gitea', digest('{}')) },
      PUSH,
      '401',
    ],
  ])('%s', (_title, headers, body, expected) => {
    expect(judge(headers, body)).toBe(expected);
  });

  it('counts every branch while it does not know which', () => {
    const body = '{"ref":"refs/heads/trunk"}';
    const rules = { secrets: [new Secret(SECRET)], nowMs: NOW_MS };
    expect([judge(github(body), body), judgeDelivery(github(body), Buffer.from(body), rules).kind]).toEqual([
      'ignored',
      'push',
    ]);
  });

  it('takes any of its secrets, so that they can be exchanged', () => {
    const secrets = ['the one that was before', SECRET];
    expect(judge(github(PUSH), PUSH, { secrets })).toBe('push');
    expect(judge(github(PUSH, 'push', signed(PUSH, secrets[0])), PUSH, { secrets })).toBe('push');
    expect(judge(gitlab('the one that was before'), PUSH, { secrets })).toBe('push');
    expect(judge(github(PUSH), PUSH, { secrets: [] })).toBe('401');
  });

  describe('signed with a signing token of GitLab, as Standard Webhooks has it', () => {
    const TOKEN = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const sign = (body: string, atMs: number, id = 'msg_1', by = key): Headers => {
      const timestamp = String(Math.floor(atMs / 1000));
      const signature = createHmac('sha256', by).update(`${id}.${timestamp}.${body}`).digest('base64');
      return {
        ...JSON_BODY,
        'x-gitlab-event': 'Push Hook',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
    };
    const secrets = [TOKEN];

    it('knows the example that libraries for it are tested with', () => {
      const headers = {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      };
      const body = '{"test": 2432232314}';
      expect(judge(headers, body, { secrets, nowMs: 1614265330_000 })).toBe('ignored');
      expect(judge(headers, body, { secrets, nowMs: 1614265330_000 + 6 * MINUTE_MS })).toBe('401');
    });

    it.each<readonly [string, Headers, Rules, string]>([
      ['in time', sign(PUSH, NOW_MS), {}, 'push'],
      ['a little old', sign(PUSH, NOW_MS - 4 * MINUTE_MS), {}, 'push'],
      ['too old', sign(PUSH, NOW_MS - 6 * MINUTE_MS), {}, '401'],
      ['of a clock that is far ahead', sign(PUSH, NOW_MS + 6 * MINUTE_MS), {}, '401'],
      ['of another body', sign('{}', NOW_MS), {}, '401'],
      ['by another key', sign(PUSH, NOW_MS, 'msg_1', Buffer.from('x')), {}, '401'],
      ['with another id', { ...sign(PUSH, NOW_MS), 'webhook-id': 'msg_2' }, {}, '401'],
      ['with another time', { ...sign(PUSH, NOW_MS), 'webhook-timestamp': '1' }, {}, '401'],
      ['without a time', { ...sign(PUSH, NOW_MS), 'webhook-timestamp': 'now' }, {}, '401'],
      ['of another version', { ...sign(PUSH, NOW_MS), 'webhook-signature': 'v2,AAAA' }, {}, '401'],
      [
        'among several, as long as keys are exchanged',
        { ...sign(PUSH, NOW_MS), 'webhook-signature': `v1,AAAA ${sign(PUSH, NOW_MS)['webhook-signature']}` },
        {},
        'push',
      ],
      [
        'wrong, with the secret token beside it',
        { ...sign('{}', NOW_MS), 'x-gitlab-token': SECRET },
        { secrets: [TOKEN, SECRET] },
        '401',
      ],
      [
        'where only the secret token was given to us',
        { ...sign(PUSH, NOW_MS), 'x-gitlab-token': SECRET },
        { secrets: [SECRET] },
        'push',
      ],
    ])('%s', (_title, headers, rules, expected) => {
      expect(judge(headers, PUSH, { secrets, ...rules })).toBe(expected);
    });

    it('tells the same delivery from the next one', () => {
      const once = (headers: Headers): unknown => Reflect.get(delivery(headers, PUSH, { secrets }), 'once');
      const first = once(sign(PUSH, NOW_MS));
      expect(typeof first).toBe('string');
      expect(once(sign(PUSH, NOW_MS - MINUTE_MS))).toBe(first);
      expect(once(sign(PUSH, NOW_MS, 'msg_2'))).not.toBe(first);
    });
  });
});
