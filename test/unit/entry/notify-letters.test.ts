import { expect, it } from 'vitest';
import { sendLetter } from '../../../src/entry/notify/channel.js';
import { digestEnvelope, type Place } from '../../../src/entry/notify/letters.js';
import { redactor } from '../../../src/http/redact.js';
import type { NotificationConfig } from '../../../src/model/notification.js';
import { Secret } from '../../../src/model/secret.js';
import { letterText } from '../../../src/report/letter.js';
import { testContext } from '../../support/context.js';
import { mailServer } from '../../support/mail-server.js';

const CHANNEL = {
  name: 'slack',
  type: 'slack',
  on: ['digest'],
  match: [],
  owner: [],
  digest: 'weekly',
  url: { kind: 'variable', name: 'HOOK' },
} as const satisfies NotificationConfig;

const placeOf = (env = {}): Place => ({
  context: testContext({ env }),
  remote: 'git.example.com/acme/certificates',
  branch: 'main',
  specs: new Map(),
  redact: redactor([new Secret('canary-login-8c1e')]),
});

it('no credential that got into a text stands in a digest', () => {
  const lines = [{ name: 'shop', text: 'refused: login canary-login-8c1e is unknown' }];
  const { letter } = digestEnvelope(placeOf(), CHANNEL, 0, [{ title: 'Alarms', lines, left: 0 }]);
  expect(letterText(letter)).toContain('* shop: refused: login [redacted] is unknown');
});

it('a user that is named, not written, is not told when it is refused', async () => {
  const smtp = await mailServer({
    plain: true,
    allowInsecureAuth: true,
    login: { user: 'certwright', password: 'another' },
  });
  const place = placeOf({ SMTP_KEY: 'canary-user-7d10' });
  const key = { kind: 'variable', name: 'SMTP_KEY' } as const;
  const { url: _url, ...audience } = CHANNEL;
  const channel = {
    ...audience,
    type: 'email',
    host: '127.0.0.1',
    port: smtp.port,
    tls: 'none',
    user: key,
    password: key,
    from: 'certwright@example.com',
    to: ['ops@example.com'],
    owners: {},
  } as const;
  const error = await sendLetter(place.context, channel, digestEnvelope(place, channel, 0, [])).catch(String);
  expect(error).toMatch(/not you, \[redacted\] with \[redacted\]/);
});
