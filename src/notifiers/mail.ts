import { createTransport } from 'nodemailer';
import { redactor } from '../http/redact.js';
import { CertError, messageOf } from '../model/errors.js';
import { Secret } from '../model/secret.js';
import { SECOND_MS } from '../model/time.js';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `starttls` fails where the server has none. `none`: in clear. */
  readonly tls: 'starttls' | 'tls' | 'none';
  /** Some services take one key for both. */
  readonly login?: { readonly user: string | Secret; readonly password: Secret };
  /** PEM roots that replace the system's. */
  readonly ca?: readonly string[];
}

export interface Mail {
  /** The same where the same is sent again. */
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  /** One line. */
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

export interface Mailer {
  /**
   * @returns addresses the server refused while it took others: the mail is out, and is not sent again for them
   * @throws CertError `notification.failed`: nobody gets it
   */
  send(mail: Mail): Promise<readonly string[]>;
  close(): void;
}

const CONNECT_MS = 5 * SECOND_MS;
const SILENT_MS = 10 * SECOND_MS;

/** Contacts nobody until it is used. */
export function createMailer({ host, port, tls, login, ca }: MailServer): Mailer {
  const user = login?.user;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED must not switch it off.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: [...ca] }) },
    ...(login === undefined
      ? {}
      : { auth: { user: user instanceof Secret ? user.reveal() : user, pass: login.password.reveal() } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const redact = redactor(Object.values(login ?? {}).filter((part) => part instanceof Secret));
  return {
    async send({ id, from, to, subject, text }) {
      try {
        const { rejected } = await transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          messageId: `<${id}@certwright>`,
          // RFC 3834 §5: nobody's absence is answered to it.
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return rejected.map(String);
      } catch (error) {
        throw new CertError('notification.failed', redact(`mail through ${host}: ${messageOf(error)}`));
      }
    },
    close: () => transport.close(),
  };
}
