import { createHash } from 'node:crypto';
import type { Configuration, KeystoreConfig } from '../model/configuration.js';

/**
 * Whom a sealed file is for, readable without an identity. age hides recipients; certwright writes them beside, as stanzas
 * that other readers of age files pass over (https://age-encryption.org/v1, "recipient stanza"), under the header's MAC:
 *
 *   -> certwright/for MARK …        everybody it is sealed to
 *   -> certwright/formerly MARK …   who could open this very key before it was sealed anew, and no longer can
 */
export const FOR = 'certwright/for';
export const FORMERLY = 'certwright/formerly';

export interface Marks {
  readonly recipients: readonly string[];
  readonly formerly: readonly string[];
}

/** 20 characters after `age1` are 100 bits: enough to tell recipients apart, and short enough to read. */
const SHOWN = 24;

/** What stands for a recipient: its beginning. The mark of a keystore stands for itself. */
export const markOf = (opener: string): string =>
  opener.startsWith('age1') ? opener.slice(0, SHOWN) : opener;

/** What stands for a keystore: another program, or other arguments, is another one. */
export const keystoreMark = ({ run }: Pick<KeystoreConfig, 'run'>): string =>
  `keystore:${createHash('sha256').update(JSON.stringify(run)).digest('hex').slice(0, 16)}`;

/** Everybody who opens what is sealed under this configuration, as recorded once proven. */
export const openersOf = ({
  recipients,
  keystore,
}: Pick<Configuration['keys'], 'recipients' | 'keystore'>): readonly string[] => [
  ...recipients,
  ...(keystore ? [keystoreMark(keystore)] : []),
];

const STANZA = /^-> (certwright\/(?:for|formerly))((?: [!-~]+)*)$/;
const HEADER_END = '\n---';

/** undefined for what is no sealed file, or one of a version that wrote no marks. */
export function readMarks(sealed: string): Marks | undefined {
  const body = /-----BEGIN AGE ENCRYPTED FILE-----([A-Za-z0-9+/=\s]+)-----END/.exec(sealed)?.[1];
  if (body === undefined) return undefined;
  const text = Buffer.from(body, 'base64').toString('latin1');
  const end = text.indexOf(HEADER_END);
  let recipients: readonly string[] | undefined;
  let formerly: readonly string[] = [];
  for (const line of end < 0 ? [] : text.slice(0, end).split('\n')) {
    const [, type, args = ''] = STANZA.exec(line) ?? [];
    const marks = args.split(' ').filter((mark) => mark !== '');
    if (type === FOR) recipients = marks;
    if (type === FORMERLY) formerly = marks;
  }
  return recipients && { recipients, formerly };
}
