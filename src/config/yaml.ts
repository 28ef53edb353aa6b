import { LineCounter, type YAMLError } from 'yaml';
import type { Json } from '../model/json.js';
import type { Finding, Position } from '../model/manifest.js';
import { readPlain } from './plain-yaml.js';
import { parseDocuments } from './positions.js';
import { type Note, readDocumentValue } from './yaml-values.js';

/** A text of the user's repository and its path from the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One document of a file. Holds no syntax tree: positions are found by parsing again, which only findings need. */
export interface YamlDocument {
  readonly file: SourceFile;
  readonly index: number;
  readonly position: Position;
  readonly value: Json;
  /** It has findings: what it says may be looked at, but not acted on. */
  readonly flawed: boolean;
}

export interface YamlFile {
  readonly documents: readonly YamlDocument[];
  readonly findings: readonly Finding[];
  /** How many documents there are, those that cannot be read included. */
  readonly count: number;
  /** What some document is about cannot be told: it is no YAML, or its name is not readable. */
  readonly broken: boolean;
}

/** Larger files are refused. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** The library's own texts quote the file, which may hold a secret: these never do. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: 'The indentation does not fit what stands above.',
  BAD_SCALAR_START: 'A value cannot start with this character unless it stands in quotes.',
  BLOCK_AS_IMPLICIT_KEY: 'There is a second ": " on this line; put quotes round the value.',
  MISSING_CHAR: 'A closing quote, bracket or colon is missing.',
  TAB_AS_INDENT: 'A tab is used for indentation; use spaces.',
  NON_STRING_KEY: 'A key must be plain text.',
  RESOURCE_EXHAUSTION: 'The file is nested too deeply.',
};

/** Parses every document of a file; what is wrong with its YAML comes as findings, never as an exception. */
export function parseYaml(file: SourceFile): YamlFile {
  const refused = refusal(file);
  if (refused !== undefined) {
    return {
      documents: [],
      findings: [finding(file.path, { line: 1, col: 1 }, refused)],
      count: 1,
      broken: true,
    };
  }
  const plain = readPlain(file.text);
  if (plain !== undefined) {
    const position = { file: file.path, line: plain.line, column: 1 };
    const document = { file, index: 0, position, value: plain.value, flawed: false };
    return { documents: [document], findings: [], count: 1, broken: false };
  }
  return parseAnyYaml(file);
}

/** The same for every text, by the library alone. */
export function parseAnyYaml(file: SourceFile): YamlFile {
  const lines = new LineCounter();
  const findings: Finding[] = [];
  const documents: YamlDocument[] = [];
  let broken = false;
  let count = 0;
  for (const [index, document] of parseDocuments(file.text, lines).entries()) {
    const note = (offset: number, it: Note): void => {
      findings.push(finding(file.path, lines.linePos(offset), it));
    };
    const [error] = document.errors;
    if (error !== undefined) {
      note(error.pos[0], syntaxNote(error));
      broken = true;
      count += 1;
      continue;
    }
    const { value, flawed, nameless } = readDocumentValue(document, note);
    broken ||= nameless;
    // Nothing but comments between two separators.
    if (value === null && !flawed) continue;
    count += 1;
    const at = lines.linePos(document.contents?.range[0] ?? 0);
    documents.push({
      file,
      index,
      position: { file: file.path, line: at.line, column: at.col },
      value,
      flawed,
    });
  }
  return { documents, findings, count, broken };
}

function refusal({ text }: SourceFile): Note | undefined {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    return {
      code: 'yaml.too-large',
      message: 'The file is larger than 1 MiB.',
      suggestion: 'Split it into several files.',
    };
  if (text.includes('\0'))
    return {
      code: 'yaml.not-text',
      message: 'The file holds NUL bytes.',
      suggestion: 'Save it as text in UTF-8.',
    };
  if (text.includes('\ufffd'))
    return {
      code: 'yaml.not-text',
      message: 'The file is not valid UTF-8.',
      suggestion: 'Save it as text in UTF-8.',
    };
  return undefined;
}

const finding = (file: string, at: { line: number; col: number }, note: Note): Finding => ({
  severity: 'error',
  ...note,
  position: { file, line: Math.max(1, at.line), column: Math.max(1, at.col) },
});

const syntaxNote = ({ code }: YAMLError): Note => ({
  code: code === 'RESOURCE_EXHAUSTION' ? 'yaml.too-deep' : 'yaml.syntax',
  message: SYNTAX[code] ?? 'This is no valid YAML.',
});
