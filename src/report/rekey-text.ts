import { terminalText } from './escape.js';
import { hang, type RenderOptions } from './layout.js';
import { count } from './words.js';

/** What a change of `keys:` leaves to do, before anything is done. */
export interface RekeySurvey {
  /** Recipients of the configuration, and the mark of its keystore. */
  readonly openers: readonly string[];
  /** Of these, whoever does not open everything yet, and how many files that is. */
  readonly added: readonly { readonly opener: string; readonly files: number }[];
  /** Beginnings of recipients that are configured no more and could open something. */
  readonly removed: readonly string[];
  readonly keys: readonly {
    readonly name: string;
    readonly isPending: boolean;
    readonly isDue: boolean;
  }[];
  readonly accounts: readonly {
    readonly account: string;
    readonly files: readonly {
      readonly file: string;
      readonly isDue: boolean;
      readonly formerly: readonly string[];
    }[];
  }[];
  readonly exposed: readonly ExposedKey[];
  /** Certificates whose key was sealed by a version that did not write down for whom. */
  readonly unknown: readonly string[];
}

/** A certificate in use whose key somebody could open who may no longer. */
export interface ExposedKey {
  readonly name: string;
  readonly formerly: readonly string[];
}

const SHOWN = 20;

/** The plan of a rekey. */
export function surveyText(survey: RekeySurvey, options: RenderOptions): string {
  const { openers, added, removed, keys, accounts } = survey;
  const due = keys.filter(({ isDue }) => isDue);
  const dueAccounts = accounts.filter(({ files }) => files.some(({ isDue }) => isDue));
  const lines = [
    `${count(keys.length, 'sealed key')}, for ${count(openers.length, 'recipient')} of certwright.yaml`,
    ...added.map(
      ({ opener, files }) => `  + ${terminalText(opener)}  does not open ${count(files, 'file')} yet`,
    ),
    ...removed.map((mark) => `  - ${shown(mark)}  is a recipient no more`),
    '',
    ...(due.length === 0 && dueAccounts.length === 0
      ? ['Every file is sealed for exactly these.']
      : [
          `To be sealed anew: ${count(due.length, 'key')}${dueAccounts.length === 0 ? '' : ` and the keys of ${count(dueAccounts.length, 'account')}`}`,
          ...some(
            due.map(({ name, isPending }) => `${name}${isPending ? ' (of an order under way)' : ''}`),
            options,
          ),
          ...dueAccounts.map(
            ({ account, files }) =>
              `  account ${account}: ${files.flatMap(({ file, isDue }) => (isDue ? [file] : [])).join(', ')}`,
          ),
        ]),
  ];
  return [...lines, ...warningText(survey, options)].join('\n');
}

/** What sealing anew does not mend, said loudly. */
function warningText(survey: RekeySurvey, options: RenderOptions): readonly string[] {
  const { exposed, unknown, accounts } = survey;
  const known = accounts.flatMap(({ account, files }) => {
    const who = [...new Set(files.flatMap(({ formerly }) => formerly))];
    return who.length === 0 ? [] : [`account ${account}: known to ${names(who)}`];
  });
  if (exposed.length === 0 && unknown.length === 0 && known.length === 0) return [];
  const paragraph = (text: string) => hang('', text, options.width);
  return [
    '',
    ...paragraph(
      'WARNING: sealing anew takes nothing back. Git history keeps the old files, and whoever could open them still can. Only a new key helps:',
    ),
    ...some(
      exposed.map(({ name, formerly }) => `${name}: known to ${names(formerly)}`),
      options,
    ),
    ...some(
      unknown.map((name) => `${name}: for whom it was sealed was not written down`),
      options,
    ),
    ...some(known, options),
  ];
}

const names = (marks: readonly string[]): string =>
  marks.map((mark) => (mark === 'unknown' ? 'nobody knows whom' : shown(mark))).join(', ');

/** Recipients are written down by their beginning. */
const shown = (mark: string): string => `${terminalText(mark)}${mark.startsWith('age1') ? '…' : ''}`;

function some(lines: readonly string[], { width }: RenderOptions): readonly string[] {
  const shown = lines.slice(0, SHOWN).flatMap((line) => hang('  ', terminalText(line), width));
  return lines.length <= SHOWN ? shown : [...shown, `  and ${lines.length - SHOWN} more`];
}
