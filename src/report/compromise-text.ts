import { terminalText } from './escape.js';
import { hang, type RenderOptions } from './layout.js';
import { count } from './words.js';

/** What a compromised key means, before anything is recorded. */
export interface CompromiseSurvey {
  readonly keys: readonly {
    readonly keyHash: string;
    /** Reported before. */
    readonly since?: string;
  }[];
  readonly certificates: readonly CompromisedCertificate[];
  /** Orders under way that were placed with it. */
  readonly orders: readonly { readonly name: string; readonly provider: string; readonly orderId?: string }[];
  /** Manifests that bring a CSR for it. */
  readonly csrs: readonly { readonly name: string; readonly path: string; readonly at: string }[];
}

export interface CompromisedCertificate {
  readonly name: string;
  readonly owner?: string;
  readonly serial: string;
  readonly keyHash: string;
  readonly notAfter: string;
  readonly provider: string;
  readonly order: string;
  readonly isCurrent: boolean;
  /** Absent: another certificate serves already. */
  readonly reissue?: Outlook;
  readonly revoke: Outlook;
}

/** What will become of something, in words. */
export interface Outlook {
  /** `person`: certwright cannot, and the words say who has to. */
  readonly how: 'apply' | 'later' | 'person';
  readonly text: string;
}

export function compromiseText(survey: CompromiseSurvey, options: RenderOptions): string {
  const { keys, certificates, orders, csrs } = survey;
  const line = (first: string, text: string) => hang(first, terminalText(text), options.width);
  const unused = certificates.length + orders.length + csrs.length === 0;
  const lines = [
    ...keys.flatMap(({ keyHash, since }) =>
      line(
        `Key ${keyHash.slice(0, 16)}…  `,
        since === undefined
          ? 'blocked for ever: nothing is asked for or published with it again'
          : `blocked since ${since}`,
      ),
    ),
    ...certificates.flatMap((one) => [
      '',
      `${terminalText(one.name)}${one.owner === undefined ? '' : `  (owner: ${terminalText(one.owner)})`}`,
      ...line(
        '  ',
        `${one.isCurrent ? 'current' : 'earlier'} certificate, serial ${one.serial}, ends ${one.notAfter.slice(0, 10)}, order ${one.order} at ${one.provider}`,
      ),
      ...(one.reissue === undefined ? [] : line(bullet(one.reissue), one.reissue.text)),
      ...line(bullet(one.revoke), one.revoke.text),
    ]),
    ...orders.flatMap(({ name, provider, orderId }) => [
      '',
      terminalText(name),
      ...line(
        '  - ',
        `order${orderId === undefined ? '' : ` ${orderId}`} at ${provider} is under way with this key: what it delivers is kept aside, and the order is reissued with another key`,
      ),
    ]),
    ...csrs.flatMap(({ name, path, at }) => [
      '',
      terminalText(name),
      ...line(
        '  ! ',
        `${at} names ${path}, a CSR for this key: make a new key and a new CSR, and merge that`,
      ),
    ]),
    ...(unused ? ['', 'Nothing uses it now.'] : []),
  ];
  return lines.join('\n');
}

/** What a person has to do stands out. */
const bullet = ({ how }: Outlook): string => (how === 'person' ? '  ! ' : '  - ');

export const peopleNeeded = ({ certificates, csrs }: CompromiseSurvey): string | undefined => {
  const some =
    csrs.length +
    certificates.filter(({ reissue, revoke }) => reissue?.how === 'person' || revoke.how === 'person').length;
  return some === 0
    ? undefined
    : `${count(some, 'line')} marked with ! ${some === 1 ? 'needs' : 'need'} a person.`;
};
