import { CertError } from '../../model/errors.js';
import type { EmailConfig, NotificationConfig } from '../../model/notification.js';
import type { Secret, SecretSource } from '../../model/secret.js';
import { letterSubject, letterText } from '../../report/letter.js';
import { letterChat } from '../../report/letter-chat.js';
import { letterJson } from '../../report/letter-json.js';
import type { Context } from '../context.js';
import { resolveSecret } from '../secrets.js';
import type { Envelope } from './letters.js';

/** Whatever sends letters; issues are kept, not sent. */
export type LetterConfig = Exclude<NotificationConfig, { readonly type: 'github-issue' }>;

/**
 * Sends one letter through its channel. Adapters are loaded here: most runs tell nobody anything.
 * @returns addresses that were refused while others were taken
 * @throws CertError `config.missing-variable`, `config.invalid`, `notification.failed`
 */
export async function sendLetter(
  context: Context,
  channel: LetterConfig,
  { letter, to }: Pick<Envelope, 'letter' | 'to'>,
): Promise<readonly string[]> {
  const secret = (source: SecretSource, key: string): Secret =>
    resolveSecret(source, context.env, `${key} of the channel ${channel.name}`);
  const nowMs = context.clock.now();
  if (channel.type === 'email') return sendMail(channel, { letter, to }, secret);
  const { postJson } = await import('../../notifiers/post.js');
  const url = secret(channel.url, 'url');
  if (channel.type === 'slack') {
    const body = JSON.stringify({ text: letterChat(letter), unfurl_links: false, unfurl_media: false });
    await postJson({ url, body, nowMs });
    return [];
  }
  const { signatureHeaders } = await import('../../notifiers/signature.js');
  const body = JSON.stringify(letterJson(letter));
  const key = channel.secret && secret(channel.secret, 'secret');
  await postJson({ url, body, headers: signatureHeaders(letter.id, body, nowMs, key), nowMs });
  return [];
}

async function sendMail(
  { host, port, tls, user, password, from }: EmailConfig,
  { letter, to }: Pick<Envelope, 'letter' | 'to'>,
  secret: (source: SecretSource, key: string) => Secret,
): Promise<readonly string[]> {
  if (to.length === 0) throw new CertError('config.invalid', 'there is no address to send to');
  const { createMailer } = await import('../../notifiers/mail.js');
  const login =
    user === undefined || password === undefined
      ? {}
      : {
          login: {
            user: typeof user === 'string' ? user : secret(user, 'user'),
            password: secret(password, 'password'),
          },
        };
  const mailer = createMailer({ host, port, tls, ...login });
  try {
    return await mailer.send({
      id: letter.id,
      from,
      to,
      subject: letterSubject(letter),
      text: letterText(letter),
    });
  } finally {
    mailer.close();
  }
}
