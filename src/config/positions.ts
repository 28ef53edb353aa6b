import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import type { Position } from '../model/manifest.js';
import type { YamlDocument } from './yaml.js';

export type Path = readonly (string | number)[];
/** Position of what stands at a path: its value, or the key in front of it. The nearest parent where nothing does. */
export type Locate = (path: Path, at?: 'key' | 'value') => Position;

const PARSE = {
  schema: 'core',
  // The library compares every key with every other; `readMap` does it in one pass.
  uniqueKeys: false,
  stringKeys: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Every document of a text, also those that are empty or wrong. */
export function parseDocuments(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { ...PARSE, lineCounter });
  return 'empty' in documents ? [] : documents;
}

/** Positions inside one document; the file is parsed again at the first question. */
export function locator(document: YamlDocument): Locate {
  let tree: { readonly document: Document.Parsed | undefined; readonly lines: LineCounter } | undefined;
  return (path, at = 'value') => {
    if (tree === undefined) {
      const lines = new LineCounter();
      tree = { document: parseDocuments(document.file.text, lines)[document.index], lines };
    }
    const offset = tree.document && offsetOf(tree.document, path, at);
    if (offset === undefined) return document.position;
    const { line, col } = tree.lines.linePos(offset);
    return { file: document.file.path, line, column: col };
  };
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number | undefined {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0];
  for (const [depth, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    const step: Step | undefined = stepInto(node, segment);
    if (step === undefined) return offset;
    const wanted =
      at === 'key' && depth === path.length - 1 ? step.key : (step.value?.range?.[0] ?? step.key);
    offset = wanted ?? offset;
    node = step.value;
  }
  return offset;
}

interface Step {
  readonly key: number | undefined;
  readonly value: Node | null;
}

/** By key, the first where one stands twice; kept, because a mapping with thousands of mistakes is asked thousands of times. */
const indexed = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(node: YAMLMap): ReadonlyMap<string, Pair> {
  const known = indexed.get(node);
  if (known !== undefined) return known;
  const pairs = new Map(
    node.items.map((it) => [isScalar(it.key) ? String(it.key.value) : '', it] as const).reverse(),
  );
  indexed.set(node, pairs);
  return pairs;
}

function stepInto(node: Node | null, segment: string | number): Step | undefined {
  if (isMap(node)) {
    const pair = pairsOf(node).get(String(segment));
    return pair && { key: (pair.key as Node).range?.[0], value: pair.value as Node | null };
  }
  if (isSeq(node)) {
    const item = node.items[Number(segment)] as Node | undefined;
    return item && { key: item.range?.[0], value: item };
  }
  return undefined;
}
