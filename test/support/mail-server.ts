/** A mail server on loopback that keeps what it takes. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface TakenMail {
  readonly to: readonly string[];
  readonly from: string;
  /** Header and body as they came. */
  readonly raw: string;
  /** Of whoever logged in. */
  readonly user?: string;
  readonly secure: boolean;
}

export interface MailServer {
  readonly port: number;
  readonly mails: TakenMail[];
}

export interface MailServerOptions
  extends Pick<SMTPServerOptions, 'secure' | 'key' | 'cert' | 'allowInsecureAuth'> {
  readonly login?: { readonly user: string; readonly password: string };
  /** Addresses that are refused. */
  readonly refuses?: readonly string[];
  /** No STARTTLS is offered. */
  readonly plain?: true;
}

export async function mailServer({
  login,
  refuses = [],
  plain,
  ...options
}: MailServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const server = new SMTPServer({
    ...options,
    logger: false,
    disabledCommands: [...(plain ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    authOptional: login === undefined,
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) done(null, { user: username });
      else done(new Error(`535 not you, ${username} with ${password}`));
    },
    onRcptTo({ address }, _session, done) {
      if (refuses.includes(address)) done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
      else done();
    },
    onData(stream, session, done) {
      let raw = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        raw += text;
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          raw,
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          ...(typeof session.user === 'string' ? { user: session.user } : {}),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise<void>((done) => listening.once('listening', () => done()));
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())));
  return { port: (listening.address() as AddressInfo).port, mails };
}

/** Subject and text of a mail as people read them: quoted-printable and encoded words undone. */
export function readMail({ raw }: TakenMail): {
  readonly subject: string;
  readonly text: string;
  readonly header: string;
} {
  const at = raw.indexOf('\r\n\r\n');
  const header = raw.slice(0, at).replaceAll(/\r\n[ \t]+/g, ' ');
  const encoded = raw.slice(at + 4);
  const text = /^content-transfer-encoding: quoted-printable/im.test(header)
    ? unquoted(encoded.replaceAll(/=\r\n/g, ''))
    : /^content-transfer-encoding: base64/im.test(header)
      ? Buffer.from(encoded, 'base64').toString('utf8')
      : encoded;
  const subject = /^subject: (.*)$/im.exec(header)?.[1] ?? '';
  return { header, subject: subject.trim(), text: text.replaceAll('\r\n', '\n') };
}

const unquoted = (text: string): string =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
