import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { definitions, line } from './support.js';

const load = (channels: string) =>
  loadConfiguration(
    {
      path: 'certwright.yaml',
      text: `version: 1
id: k3v9x2
keys: { recipients: [age1jk8gsa038thkuvmkx8gyjv360k2yed6nlue5y3yz70ecuxuln3jqephyk4] }
providers: { free: { type: free } }
notifications:
${channels
  .split('\n')
  .map((one) => `  - ${one}`)
  .join('\n')}
`,
    },
    definitions,
    solverDefinitions,
  );

const findings = (channels: string) =>
  load(channels).findings.map((one) => line(one).replace(/^certwright\.yaml:/, ''));

describe('channels', () => {
  it('can say everything', () => {
    const { configuration, findings: wrong } = load(
      [
        `{ type: slack, url: "\${CHAT}", on: [attention, changed], match: ["team-a/**"], owner: [team-a] }`,
        `{ type: webhook, name: pager, url: "\${file:/run/pager}", secret: "\${KEY}", on: [attention] }`,
        `{ type: email, host: smtp.example.com, user: bot, password: "\${MAIL}", from: a@example.com, to: [b@example.com], owners: { team-a: a@example.com, team-b: [c@example.com, d@example.com] }, on: [digest], digest: daily }`,
        `{ type: email, name: local, host: localhost, tls: none, user: "\${USER}", password: "\${MAIL}", from: a@example.com, to: [b@example.com], on: [waiting] }`,
        '{ type: email, name: relay, host: relay.example.com, tls: none, from: a@example.com, to: [b@example.com], on: [waiting] }',
        '{ type: github-issue, on: [attention, waiting], labels: [ops] }',
      ].join('\n'),
    );
    expect(wrong).toEqual([]);
    const common = { match: [], owner: [], digest: 'weekly' };
    const mail = { kind: 'variable', name: 'MAIL' };
    expect(configuration?.notifications).toEqual([
      {
        type: 'slack',
        name: 'slack',
        on: ['attention', 'changed'],
        match: ['team-a/**'],
        owner: ['team-a'],
        digest: 'weekly',
        url: { kind: 'variable', name: 'CHAT' },
      },
      {
        ...common,
        type: 'webhook',
        name: 'pager',
        on: ['attention'],
        url: { kind: 'file', path: '/run/pager' },
        secret: { kind: 'variable', name: 'KEY' },
      },
      {
        ...common,
        type: 'email',
        name: 'email',
        on: ['digest'],
        digest: 'daily',
        host: 'smtp.example.com',
        port: 587,
        tls: 'starttls',
        user: 'bot',
        password: mail,
        from: 'a@example.com',
        to: ['b@example.com'],
        owners: { 'team-a': ['a@example.com'], 'team-b': ['c@example.com', 'd@example.com'] },
      },
      {
        ...common,
        type: 'email',
        name: 'local',
        on: ['waiting'],
        host: 'localhost',
        port: 25,
        tls: 'none',
        user: { kind: 'variable', name: 'USER' },
        password: mail,
        from: 'a@example.com',
        to: ['b@example.com'],
        owners: {},
      },
      {
        ...common,
        type: 'email',
        name: 'relay',
        on: ['waiting'],
        host: 'relay.example.com',
        port: 25,
        tls: 'none',
        from: 'a@example.com',
        to: ['b@example.com'],
        owners: {},
      },
      {
        ...common,
        type: 'github-issue',
        name: 'github-issue',
        on: ['attention', 'waiting'],
        labels: ['ops'],
      },
    ]);
  });

  const MAIL = 'type: email, from: a@example.com, to: [b@example.com], on: [attention]';
  it.each<[string, string, ...string[]]>([
    [
      'a type there is not',
      `{ type: slak, url: "\${A}", on: [attention] }`,
      '6:13 schema.value "type" is none of the values there are. → Did you mean "slack"?',
    ],
    [
      'no address',
      '{ type: slack, on: [attention] }',
      '6:5 schema.missing-key "url" is missing in "notifications[0]". → Add url: …',
    ],
    [
      'a mail without what it needs',
      '{ type: email, on: [attention] }',
      '6:5 schema.missing-key "from" is missing in "notifications[0]". → Add from: …',
      '6:5 schema.missing-key "host" is missing in "notifications[0]". → Add host: …',
      '6:5 schema.missing-key "to" is missing in "notifications[0]". → Add to: …',
    ],
    [
      'secrets in clear',
      '{ type: webhook, url: "https://hooks.example.com/hunter2", secret: hunter2, on: [attention] }',
      `6:27 credential.literal "url" must name where the secret is, not hold it. → Write "\${URL}" or "\${file:/path}", and replace the secret if it was real.`,
      `6:72 credential.literal "secret" must name where the secret is, not hold it. → Write "\${SECRET}" or "\${file:/path}", and replace the secret if it was real.`,
    ],
    [
      'keys of another type, and of none',
      `{ type: slack, url: "\${A}", host: x, colour: red, on: [attention] }`,
      '6:33 notification.key "host" is no key of type slack. → Write url.',
      '6:42 schema.unknown-key "colour" is no key that is known here. → Remove it, or see the schema for the keys there are.',
    ],
    [
      'a level there is not',
      `{ type: slack, url: "\${A}", on: [attenton] }`,
      '6:38 schema.value "on[0]" is none of the values there are. → Did you mean "attention"?',
    ],
    [
      'issues that nothing would close',
      '{ type: github-issue, on: [attention, changed] }',
      '6:43 notification.on There are no issues for "changed": nothing would ever close them. → Write attention or waiting, and use another type for it.',
    ],
    [
      'two of one name',
      `{ type: slack, url: "\${A}", on: [attention] }\n{ type: slack, url: "\${B}", on: [waiting] }`,
      '7:5 notification.name Two channels are called "slack". → Give each of them a name: of its own.',
    ],
    [
      'a glob that is none',
      `{ type: slack, url: "\${A}", on: [attention], match: ["../x"] }`,
      '6:58 notification.glob "match" is no glob over certificate names. → Write for example team-a/** for everything of one folder.',
    ],
    [
      'a digest that nobody gets',
      `{ type: slack, url: "\${A}", on: [attention], digest: daily }`,
      '6:58 warning notification.digest This channel gets no digest. → Add digest to on:, or remove this.',
    ],
    [
      'a login in clear to another machine',
      `{ ${MAIL}, host: smtp.example.com, tls: none, user: bot, password: "\${SMTP}" }`,
      '6:108 notification.tls A login goes in clear to this machine alone. → Write starttls (port 587) or tls (port 465), or take user: and password: out.',
    ],
    [
      'a user without a password',
      `{ ${MAIL}, host: smtp.example.com, user: bot }`,
      `6:109 notification.login "user" needs "password" beside it. → Add password: "\${SMTP_PASSWORD}".`,
    ],
    [
      'a misspelt key whose value is a variable',
      `{ type: slack, urll: "\${CHAT}", on: [attention] }`,
      '6:5 schema.missing-key "url" is missing in "notifications[0]". → Add url: …',
      '6:20 schema.unknown-key "urll" is no key that is known here. → Did you mean "url"?',
    ],
    [
      'an address that is none, and one from a variable',
      `{ type: email, host: smtp.example.com, from: "Ops <a@example.com>", to: ["\${TO}"], on: [attention] }`,
      '6:50 schema.form "from" is not in the form it needs. → Write an e-mail address, such as ops@example.com.',
      '6:77 variable.place "to" of a channel cannot come from a variable. → Write the value itself.',
      '6:78 schema.form "to[0]" is not in the form it needs. → Write an e-mail address, such as ops@example.com.',
    ],
  ])('with %s are refused, or said to be odd', (_title, channels, ...expected) => {
    expect(findings(channels)).toEqual(expected);
  });

  it('never repeat a secret that stands in the wrong place', () => {
    const wrong = findings('{ type: webhook, url: hunter2, secret: hunter2, name: Hunter2, on: [hunter2] }');
    expect(wrong.length).toBeGreaterThan(3);
    expect(wrong.join('\n')).not.toMatch(/hunter2/i);
  });
});
