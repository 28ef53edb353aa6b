import { load } from 'js-yaml';
import type { Json, JsonObject } from '../model/json.js';
import { isObject } from './json.js';

/**
 * The small part of YAML that nearly every manifest is written in: mappings, lists and one-line values, in printable
 * ASCII. js-yaml reads it seven times faster than the library that knows positions, which everything else is left to,
 * right or wrong. A test compares the two on texts made to tell them apart.
 */
export interface PlainDocument {
  readonly value: JsonObject;
  /** Line of the first key, from 1; its column is 1. */
  readonly line: number;
}

/** Tabs, carriage returns and whatever is not ASCII have rules of their own. */
const OTHER_CHARACTERS = /[^\n\x20-\x7e]/;
/** Longer lines are nobody's, and would be looked at more than once. */
const LONGEST_LINE = 500;
/** No character that could start or end anything else, in a list or outside one. */
const INNER = '[A-Za-z0-9 ._@+/-]*';
const END = '[A-Za-z0-9._@+/-]';
const TEXT = `[A-Za-z](?:${INNER}${END})?`;
/** Written the one way that every reader takes for the same number. */
const NUMBER = '(?:0|[1-9][0-9]{0,14})';
/** Has what no notation of a number has: a letter that is neither an exponent nor part of 0x… and 0o…. */
const NO_NUMBER = `(?!0[xo])[0-9]${INNER}[A-DF-Za-df-z/@_](?:${INNER}${END})?`;
const BARE = `(?:${TEXT}|${NO_NUMBER}|${NUMBER})`;
const SCALAR = `(?:"[^"\\\\]*"|'[^']*'|${BARE})`;
const VALUE = `(?:${SCALAR}|\\[ *(?:${SCALAR} *, *)*(?:${SCALAR} *)?\\])`;
const COMMENT = '(?: +#.*| *)';
/** Keys that mean something to YAML, to `yaml-values.ts` or to JavaScript objects are left out. */
const KEY = '(?!(?:true|false|null|constructor|prototype):)[A-Za-z][A-Za-z0-9._-]*';
const SKIPPED = /^ *(?:#.*)?$/;
/** Deeper ones are looked at by `yaml-values.ts`, which has a limit. */
const INDENT = ' {0,30}';
const LINE = new RegExp(`^${INDENT}(?:${KEY}:(?: +${VALUE})?|- +${VALUE})${COMMENT}$`, 'i');

/** What a text says, if it keeps to the small part; undefined for every other text, right or wrong. */
export function readPlain(text: string): PlainDocument | undefined {
  const line = firstPlainLine(text);
  if (line === undefined) return undefined;
  try {
    const value = load(text) as Json;
    return isObject(value) ? { value, line } : undefined;
  } catch {
    // What is wrong with it, and where, is for the other library to say.
    return undefined;
  }
}

/** The first line with a key, from 1; undefined where some line is more than plain. */
function firstPlainLine(text: string): number | undefined {
  if (OTHER_CHARACTERS.test(text)) return undefined;
  let first: number | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (SKIPPED.test(line)) continue;
    if (line.length > LONGEST_LINE || !LINE.test(line)) return undefined;
    if (first === undefined && line.startsWith(' ')) return undefined;
    first ??= index + 1;
  }
  return first;
}
