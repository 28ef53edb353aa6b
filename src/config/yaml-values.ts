import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Json, JsonObject } from '../model/json.js';

const MAX_DEPTH = 64;
/** Values that aliases may add to a document: enough for people, far from a bomb. */
const MAX_ALIASED_VALUES = 10_000;
/** Keys that mean something to JavaScript objects. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const STANDARD_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;
/** Controls, and the marks that reorder text on a screen; line breaks and tabs are fine. */
const UNPRINTABLE = /(?![\n\r\t])[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Does a text hold characters that are not for people? */
export const isUnprintable = (text: string): boolean => UNPRINTABLE.test(text);

export interface Note {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
}

interface Reading {
  readonly document: Document.Parsed;
  readonly open: Set<Node>;
  aliased: number;
  inAlias: number;
  /** The name of the manifest cannot be told. */
  nameless: boolean;
  notes: number;
  note(offset: number, note: Note): void;
}

export interface YamlValue {
  readonly value: Json;
  /** Something was refused: the value may be looked at, but not acted on. */
  readonly flawed: boolean;
  /** The name of the manifest, or all of it, cannot be told. */
  readonly nameless: boolean;
}

/** What a document says; what YAML has and a configuration needs not is noted with its offset. */
export function readDocumentValue(
  document: Document.Parsed,
  note: (offset: number, note: Note) => void,
): YamlValue {
  const reading: Reading = {
    document,
    open: new Set(),
    aliased: 0,
    inAlias: 0,
    nameless: false,
    notes: 0,
    note,
  };
  const value = read(document.contents, reading, 0);
  const flawed = reading.notes > 0;
  return { value, flawed, nameless: reading.nameless || (value === null && flawed) };
}

const startOf = (node: Node | null): number => node?.range?.[0] ?? 0;

/** Node → plain data, with everything refused that YAML has and a configuration needs not. */
function read(node: Node | null, reading: Reading, depth: number): Json {
  if (node === null) return null;
  if (depth > MAX_DEPTH) {
    return refuse(reading, startOf(node), {
      code: 'yaml.too-deep',
      message: 'The file is nested too deeply.',
    });
  }
  if (isAlias(node)) return readAlias(node, reading, depth);
  if (reading.inAlias > 0 && ++reading.aliased > MAX_ALIASED_VALUES) {
    if (reading.aliased > MAX_ALIASED_VALUES + 1) return null;
    return refuse(reading, startOf(node), {
      code: 'yaml.alias-bomb',
      message: 'Aliases blow this document up to too many values.',
      suggestion: 'Write the values out, or put them into _defaults.yaml.',
    });
  }
  if ('tag' in node && typeof node.tag === 'string' && !STANDARD_TAG.test(node.tag)) {
    return refuse(reading, startOf(node), {
      code: 'yaml.tag',
      message: 'Tags have no meaning here.',
      suggestion: 'Remove the word that starts with "!", or put quotes round the value.',
    });
  }
  if (isMap(node)) return readMap(node, reading, depth);
  if (isSeq(node)) {
    return guarded(node, reading, () => node.items.map((item) => read(item as Node, reading, depth + 1)));
  }
  return isScalar(node) ? readScalar(node.value, startOf(node), reading) : null;
}

function complain(reading: Reading, offset: number, note: Note): void {
  reading.notes += 1;
  reading.note(offset, note);
}

function refuse(reading: Reading, offset: number, note: Note): null {
  complain(reading, offset, note);
  return null;
}

/** A node cannot contain itself: an alias may point at what it stands in. */
function guarded<T>(node: Node, reading: Reading, inner: () => T): T | null {
  if (reading.open.has(node)) return null;
  reading.open.add(node);
  const value = inner();
  reading.open.delete(node);
  return value;
}

function readAlias(node: Node & { source: string }, reading: Reading, depth: number): Json {
  const target = isAlias(node) ? node.resolve(reading.document) : undefined;
  if (target === undefined) {
    return refuse(reading, startOf(node), {
      code: 'yaml.alias',
      message: 'An unquoted "*" starts a YAML alias, and there is no anchor of that name.',
      suggestion: 'Put quotes round it: "*.example.com".',
    });
  }
  if (reading.open.has(target)) {
    return refuse(reading, startOf(node), {
      code: 'yaml.alias',
      message: 'This alias stands inside the value it points at.',
      suggestion: 'Write the value out.',
    });
  }
  reading.inAlias += 1;
  const value = read(target, reading, depth + 1);
  reading.inAlias -= 1;
  return value;
}

function readMap(
  node: Node & { items: readonly unknown[] },
  reading: Reading,
  depth: number,
): JsonObject | null {
  return guarded(node, reading, () => {
    const entries = new Map<string, Json>();
    for (const pair of isMap(node) ? node.items : []) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const before = reading.notes;
      const problem = keyProblem(key, entries);
      const value = read(pair.value as Node | null, reading, depth + 1);
      if (problem === undefined) entries.set(key, value);
      else complain(reading, startOf(pair.key as Node | null), problem);
      // Which of two names is meant cannot be told, so neither may count as gone.
      if (depth === 0 && key === 'name' && reading.notes > before) reading.nameless = true;
    }
    return Object.fromEntries(entries);
  });
}

function keyProblem(key: string, entries: ReadonlyMap<string, Json>): Note | undefined {
  if (RESERVED_KEYS.has(key))
    return {
      code: 'yaml.reserved-key',
      message: `"${key}" cannot be used as a key.`,
      suggestion: 'Rename it.',
    };
  if (key === '<<')
    return {
      code: 'yaml.merge-key',
      message: 'Merge keys ("<<") are not supported.',
      suggestion: 'Put what several manifests share into _defaults.yaml.',
    };
  if (isUnprintable(key))
    return {
      code: 'yaml.unprintable',
      message: 'This key holds characters that cannot be seen.',
      suggestion: 'Type it again.',
    };
  if (entries.has(key))
    return {
      code: 'yaml.duplicate-key',
      message: 'This key stands twice in the same mapping.',
      suggestion: 'Remove one of the two.',
    };
  return undefined;
}

function readScalar(value: unknown, offset: number, reading: Reading): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (isUnprintable(value))
      complain(reading, offset, {
        code: 'yaml.unprintable',
        message: 'This value holds characters that cannot be seen.',
        suggestion: 'Type it again.',
      });
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  complain(reading, offset, {
    code: 'yaml.number',
    message: 'This is no number JSON can carry.',
    suggestion: 'Put quotes round it if it is a text.',
  });
  return null;
}
