import type { Json, JsonObject } from '../model/json.js';

/**
 * The small part of YAML that nearly every manifest is written in: one mapping of plain or quoted one-line values,
 * lists of such values, and mappings inside it, in printable ASCII. Twenty times faster than the library, which
 * everything else is left to. A test compares the two on texts made to tell them apart.
 */
export interface PlainDocument {
  readonly value: JsonObject;
  /** Line of the first key, from 1; its column is 1. */
  readonly line: number;
}

/** Tabs, carriage returns and whatever is not ASCII have rules of their own. */
const OTHER_CHARACTERS = /[^\n\x20-\x7e]/;
const SKIPPED = /^ *(?:#.*)?$/;
const ENTRY = /^( *)([A-Za-z][A-Za-z0-9._-]*):(?: +(\S.*))?$/;
const ITEM = /^( *)- +(\S.*)$/;
/** Keys that mean something to YAML, to `yaml-values.ts` or to JavaScript objects. */
const OTHER_KEYS = /^(?:true|false|null|constructor|prototype)$/i;
const COMMENT = /^ +#/;
const DOUBLE_QUOTED = /^"([^"\\]*)"/;
const SINGLE_QUOTED = /^'([^']*)'/;
/** No character that could start or end anything else, in a list or outside one. */
const BARE = /^[A-Za-z0-9](?:[A-Za-z0-9 ._@+/-]*[A-Za-z0-9._@+/-])?/;
/** As the core schema of YAML 1.2 has them; `yes` and `tRUE` are texts. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);
const STARTS_WITH_LETTER = /^[A-Za-z]/;
/** Exactly the same number in every notation. */
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;
/** Has what no notation of a number has: a space, or a letter that is neither an exponent nor part of 0x… and 0o…. */
const NO_NUMBER = /^(?!0[xo])[^\n]*[A-DF-Za-df-z /@_]/;
const DEEPEST = 8;

interface Line {
  readonly indent: number;
  /** Absent: an item of a list. */
  readonly key?: string;
  /** What stands behind the key or the dash, comment included. */
  readonly rest: string | undefined;
}

/** Thrown where a text needs the library; never leaves this file. */
const OTHER = Symbol('more than plain YAML');

interface Cursor {
  readonly lines: readonly Line[];
  at: number;
}

/** What a text says, if it keeps to the small part; undefined for every other text, right or wrong. */
export function readPlain(text: string): PlainDocument | undefined {
  if (OTHER_CHARACTERS.test(text)) return undefined;
  const lines: Line[] = [];
  let first = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (SKIPPED.test(line)) continue;
    const parsed = readLine(line);
    if (parsed === undefined) return undefined;
    if (lines.length === 0) first = index + 1;
    lines.push(parsed);
  }
  if (lines[0]?.indent !== 0 || lines[0].key === undefined) return undefined;
  const cursor = { lines, at: 0 };
  try {
    const value = readMapping(cursor, 0, 1);
    return cursor.at === lines.length ? { value, line: first } : undefined;
  } catch (error) {
    if (error === OTHER) return undefined;
    throw error;
  }
}

function readLine(line: string): Line | undefined {
  const entry = ENTRY.exec(line);
  if (entry !== null) {
    const [, indent = '', key = '', rest] = entry;
    if (OTHER_KEYS.test(key)) return undefined;
    return { indent: indent.length, key, rest: rest?.startsWith('#') ? undefined : rest };
  }
  const item = ITEM.exec(line);
  return item === null ? undefined : { indent: item[1]?.length ?? 0, rest: item[2] };
}

function readMapping(cursor: Cursor, indent: number, depth: number): JsonObject {
  if (depth > DEEPEST) throw OTHER;
  const entries = new Map<string, Json>();
  for (let line = cursor.lines[cursor.at]; line !== undefined; line = cursor.lines[cursor.at]) {
    if (line.indent < indent) break;
    // Deeper than its neighbours: the text above goes on, or it is a mistake.
    if (line.indent > indent || line.key === undefined || entries.has(line.key)) throw OTHER;
    cursor.at += 1;
    entries.set(line.key, line.rest === undefined ? readBelow(cursor, indent, depth) : readValue(line.rest));
  }
  return Object.fromEntries(entries);
}

/** What stands in the lines below a key that has nothing behind it. */
function readBelow(cursor: Cursor, indent: number, depth: number): Json {
  const next = cursor.lines[cursor.at];
  if (next === undefined) throw OTHER;
  if (next.key === undefined && next.indent >= indent) return readList(cursor, next.indent);
  if (next.indent <= indent) throw OTHER;
  return readMapping(cursor, next.indent, depth + 1);
}

function readList(cursor: Cursor, indent: number): Json {
  const items: Json[] = [];
  for (let line = cursor.lines[cursor.at]; line !== undefined; line = cursor.lines[cursor.at]) {
    if (line.indent < indent || (line.indent === indent && line.key !== undefined)) break;
    if (line.indent > indent || line.rest === undefined) throw OTHER;
    cursor.at += 1;
    items.push(readValue(line.rest));
  }
  return items;
}

/** One value and nothing but a comment behind it. */
function readValue(text: string): Json {
  const { value, rest } = text.startsWith('[') ? readFlow(text) : readScalar(text);
  if (rest !== '' && !COMMENT.test(rest) && !/^ +$/.test(rest)) throw OTHER;
  return value;
}

interface Taken {
  readonly value: Json;
  readonly rest: string;
}

function readFlow(text: string): Taken {
  const items: Json[] = [];
  let rest = text.slice(1).trimStart();
  while (!rest.startsWith(']')) {
    const item = readScalar(rest);
    items.push(item.value);
    rest = item.rest.trimStart();
    if (rest.startsWith(',')) rest = rest.slice(1).trimStart();
    else if (!rest.startsWith(']')) throw OTHER;
  }
  return { value: items, rest: rest.slice(1) };
}

function readScalar(text: string): Taken {
  const quoted = DOUBLE_QUOTED.exec(text) ?? SINGLE_QUOTED.exec(text);
  if (quoted !== null) return { value: quoted[1] ?? '', rest: text.slice(quoted[0].length) };
  const [word] = BARE.exec(text) ?? [];
  if (word === undefined) throw OTHER;
  return { value: meaningOf(word), rest: text.slice(word.length) };
}

function meaningOf(word: string): Json {
  if (STARTS_WITH_LETTER.test(word)) {
    const meant = WORDS.get(word);
    return meant === undefined ? word : meant;
  }
  if (NUMBER.test(word)) return Number(word);
  if (NO_NUMBER.test(word)) return word;
  throw OTHER;
}
