import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../../src/model/secret.js';
import { createMailer, type MailServer as Server } from '../../../src/notifiers/mail.js';
import { mailServer, readMail } from '../../support/mail-server.js';
import { type Issued, issue } from '../../support/tls-server.js';

const PASSWORD = 'canary-mail-41d2';
const LOGIN = { user: 'certwright', password: PASSWORD };
const MAIL = {
  id: '0123456789abcdef',
  from: 'certwright@example.com',
  to: ['ops@example.com', 'ann@example.com'],
  subject: '[certwright] 1 alarm: café',
  text: 'a line\n.\nFrom here on: café €\n',
};

let authority: Issued;
let server: Issued;
beforeAll(async () => {
  authority = await issue({ subject: 'CN=Mail CA', ca: true });
  server = await issue({ subject: 'CN=127.0.0.1', issuer: authority, names: ['localhost'] });
});

const mailer = (port: number, parts: Partial<Server> = {}) =>
  createMailer({
    host: 'localhost',
    port,
    tls: 'starttls',
    login: { user: LOGIN.user, password: new Secret(PASSWORD) },
    ca: [authority.pem],
    ...parts,
  });

const identity = () => ({ key: server.keyPem, cert: server.pem });

/** Somebody between client and server, who changes what the server says. */
async function onTheWay(port: number, change: (text: string) => string) {
  let heard = '';
  let altered = false;
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    client.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      const changed = change(text);
      altered ||= changed !== text;
      client.write(changed, 'latin1');
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const listening = proxy.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onTestFinished(() => void proxy.close());
  return {
    port: (listening.address() as AddressInfo).port,
    heard: () => heard,
    altered: () => altered,
  };
}

describe('a mail', () => {
  it.each(['starttls', 'tls'] as const)('is sent over %s, after a login, as it was written', async (tls) => {
    const smtp = await mailServer({ ...identity(), secure: tls === 'tls', login: LOGIN });
    expect(await mailer(smtp.port, { tls }).send(MAIL)).toEqual([]);
    const [taken] = smtp.mails;
    expect(taken).toMatchObject({ to: MAIL.to, from: MAIL.from, user: LOGIN.user, secure: true });
    const { header, text } = readMail(taken ?? { raw: '', to: [], from: '', secure: false });
    expect(text.trimEnd()).toBe(MAIL.text.trimEnd());
    expect(header).toMatch(/^Message-ID: <0123456789abcdef@certwright>$/m);
    expect(header).toMatch(/^Auto-Submitted: auto-generated$/m);
  });

  it('is not sent where the server has no TLS, and neither is the password', async () => {
    const smtp = await mailServer({ plain: true, login: LOGIN });
    await expect(mailer(smtp.port).send(MAIL)).rejects.toMatchObject({ code: 'notification.failed' });
    expect(smtp.mails).toEqual([]);
  });

  it.each([
    ['takes the offer of STARTTLS out', (text: string) => text.replace(/STARTTLS(?=\r\n)/, 'HELP'), 1],
    ['refuses STARTTLS', (text: string) => text.replace(/^220 Ready.*/, '454 not now'), 0],
    [
      'does both',
      (text: string) => text.replace(/STARTTLS(?=\r\n)/, 'HELP').replace(/^220 Ready.*/, '454 not now'),
      0,
    ],
  ])('tells nothing in clear to somebody on the way who %s', async (_title, change, sent) => {
    const smtp = await mailServer({ ...identity(), login: LOGIN, allowInsecureAuth: true });
    const way = await onTheWay(smtp.port, change);
    await mailer(way.port)
      .send(MAIL)
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'notification.failed' }));
    expect(way.altered()).toBe(true);
    expect(way.heard()).toMatch(/^EHLO /);
    expect(way.heard()).not.toMatch(/AUTH|MAIL FROM/i);
    expect(smtp.mails.map(({ secure }) => secure)).toEqual(Array(sent).fill(true));
  });

  it('goes through a relay without TLS where that is said', async () => {
    const smtp = await mailServer({ plain: true });
    const relay = createMailer({ host: 'localhost', port: smtp.port, tls: 'none' });
    expect(await relay.send(MAIL)).toEqual([]);
    expect(smtp.mails).toMatchObject([{ to: MAIL.to, secure: false }]);
  });

  it('is not sent to a server that cannot show who it is', async () => {
    const smtp = await mailServer({ ...identity(), secure: true, login: LOGIN });
    const { ca: _ca, ...system } = { ca: 0 };
    const stranger = createMailer({ host: 'localhost', port: smtp.port, tls: 'tls', ...system });
    await expect(stranger.send(MAIL)).rejects.toMatchObject({
      message: expect.stringMatching(/^mail through localhost: .*certificate/),
    });
  });

  it('that is refused tells why, without the password', async () => {
    const smtp = await mailServer({ ...identity(), login: { ...LOGIN, password: 'another' } });
    const error = await mailer(smtp.port)
      .send(MAIL)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/not you, certwright/);
    expect(String(error)).not.toContain(PASSWORD);
  });

  it('goes to those the server takes; the others are told', async () => {
    const smtp = await mailServer({ ...identity(), login: LOGIN, refuses: ['ann@example.com'] });
    expect(await mailer(smtp.port).send(MAIL)).toEqual(['ann@example.com']);
    expect(smtp.mails.map(({ to }) => to)).toEqual([['ops@example.com']]);
    await expect(mailer(smtp.port).send({ ...MAIL, to: ['ann@example.com'] })).rejects.toThrow(
      /no such mailbox/,
    );
  });

  it('takes no further header from a subject or an address', async () => {
    const smtp = await mailServer({ ...identity(), login: LOGIN });
    await mailer(smtp.port).send({ ...MAIL, subject: 'x\r\nBcc: mallory@example.com' });
    const [taken] = smtp.mails;
    expect(taken?.to).toEqual(MAIL.to);
    expect(readMail(taken ?? { raw: '', to: [], from: '', secure: false }).header).not.toMatch(/^Bcc:/im);
  });
});
