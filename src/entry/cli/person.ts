import { CertError } from '../../model/errors.js';
import type { Json } from '../../model/json.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import type { Context } from '../context.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** What a command did and what happens next: facts for JSON, sentences for people. */
export interface Told {
  /** false: it was so already. */
  readonly changed: boolean;
  readonly facts: Readonly<Record<string, Json>>;
  readonly sentences: readonly string[];
}

export function printTold(context: Context, globals: Globals, { changed, facts, sentences }: Told): void {
  context.progress.clear();
  context.print(globals.json ? jsonText({ changed, ...facts }) : sentences.map(terminalText).join('\n'));
}

/** Options of which exactly one has to be given, each with what it says. */
export type Choices<K extends string> = Readonly<Record<K, { readonly flag: string; readonly says: string }>>;

/** @throws CertError `usage`, explaining each */
export function exactlyOne<K extends string>(options: Options, choices: Choices<K>): K {
  const keys = Object.keys(choices) as K[];
  const given = keys.filter((key) => options[key] !== undefined && options[key] !== false);
  const [one] = given;
  if (one !== undefined && given.length === 1) return one;
  const flags = (some: readonly K[], word: string) => some.map((key) => choices[key].flag).join(word);
  throw new CertError(
    'usage',
    given.length === 0 ? `give one of ${flags(keys, ', ')}` : `${flags(given, ' and ')} exclude each other`,
    { remedy: keys.map((key) => `${choices[key].flag}: ${choices[key].says}`).join('; ') },
  );
}

/**
 * Asks before something that is hard to take back. Only `yes` is one; where nobody can answer, `--yes` has to be given.
 * @throws CertError `usage`
 */
export async function agreed(context: Context, options: Options, question: string): Promise<boolean> {
  if (options.yes === true) return true;
  const answer = context.interactive ? await context.ask(`${question} Only "yes" does. `) : undefined;
  if (answer === undefined) {
    throw new CertError('usage', `nobody can answer here: ${question}`, {
      remedy: 'if it is meant, run it again with --yes',
    });
  }
  if (answer.trim().toLowerCase() === 'yes') return true;
  context.say('nothing was done');
  return false;
}

const LONGEST_REASON = 500;

/** What a person gives for the history: one line. @throws CertError `usage` */
export function reasonOf(options: Options): string {
  const text = String(options.reason ?? '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (text === '') throw new CertError('usage', '--reason is empty: say why, for the history');
  if (text.length > LONGEST_REASON) {
    throw new CertError('usage', `--reason has more than ${LONGEST_REASON} characters: say it shorter`);
  }
  return text;
}
