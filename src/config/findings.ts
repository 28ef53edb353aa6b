import type { ErrorObject } from 'ajv/dist/2020.js';
import { distance } from 'fastest-levenshtein';
import type { Finding } from '../model/manifest.js';
import type { Locate, Path } from './positions.js';

/** What is wrong, as a check says it; where it stands is told beside it. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
  readonly severity?: 'error' | 'warning';
}

/** A complaint about what stands at `path`. */
export type Report = (path: Path, complaint: Complaint, at?: 'key' | 'value') => void;

/** The one of `known` a person most likely meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: { readonly word: string; readonly far: number } | undefined;
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    // Letters in another order are one slip of the fingers, not two.
    const far =
      letters(other) === letters(wanted) ? Math.min(1, distance(wanted, other)) : distance(wanted, other);
    if (far <= limit && (best === undefined || far < best.far)) best = { word: candidate, far };
  }
  return best?.word;
}

const letters = (word: string): string => [...word].sort().join('');

/** `Did you mean "x"?`, or the list to choose from while it is short. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const meant = nearest(word, known);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  if (known.length === 0 || known.length > 12) return undefined;
  return `Write ${oneOf(known)}.`;
}

export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

export const withSuggestion = (suggestion: string | undefined): { readonly suggestion?: string } =>
  suggestion === undefined ? {} : { suggestion };

export const toFinding = (
  locate: Locate,
  path: Path,
  complaint: Complaint,
  at?: 'key' | 'value',
): Finding => ({
  severity: 'error',
  ...complaint,
  position: locate(path, at),
});

/** About one document: a person mends the first ones and looks again. */
const MAX_COMPLAINTS = 100;

/** Keywords that only join others; what they join says what is wrong. */
const JOINTS: ReadonlySet<string> = new Set(['if', 'allOf', 'anyOf', 'oneOf', '$ref', 'dependentSchemas']);
/** What is not even of the right type needs no second remark about its form. */
const OF_A_TYPE: ReadonlySet<string> = new Set(['enum', 'const', 'pattern', 'not', 'required']);

export interface SchemaComplaint {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly complaint: Complaint;
  /** The key that is missing at `path`. */
  readonly missing?: string;
}

/**
 * One complaint per cause. Never quotes a value: it might be a secret in the wrong place.
 * @param prefix  where the checked value stands in its document
 * @param alsoKnown  keys that are right beside those of the schema
 */
export function schemaComplaints(
  errors: readonly ErrorObject[],
  prefix: Path = [],
  alsoKnown: readonly string[] = [],
): readonly SchemaComplaint[] {
  const mistyped = new Set(errors.filter((it) => it.keyword === 'type').map((it) => it.instancePath));
  return errors
    .filter(
      (it) => !JOINTS.has(it.keyword) && !(it.propertyName !== undefined && it.keyword !== 'propertyNames'),
    )
    .filter((it) => !(OF_A_TYPE.has(it.keyword) && mistyped.has(it.instancePath)))
    .slice(0, MAX_COMPLAINTS)
    .map((error) => {
      const path = [...prefix, ...pointerPath(error.instancePath)];
      return explain(error, path, alsoKnown);
    });
}

const pointerPath = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The key people see: `term`, `domains[1]`. */
function label(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'The document';
  return /^\d+$/.test(String(last)) && path.length > 1 ? `"${path.at(-2)}[${last}]"` : `"${last}"`;
}

const hintOf = (schema: unknown): string | undefined => {
  if (typeof schema !== 'object' || schema === null || !('errorMessage' in schema)) return undefined;
  return typeof schema.errorMessage === 'string' ? schema.errorMessage : undefined;
};

const keysOf = (schema: unknown): readonly string[] =>
  typeof schema === 'object' && schema !== null && 'properties' in schema
    ? Object.keys(schema.properties ?? {})
    : [];

function explain(error: ErrorObject, path: Path, alsoKnown: readonly string[]): SchemaComplaint {
  const hint = hintOf(error.parentSchema);
  const named = label(path);
  const wrong = (code: string, message: string, suggestion = hint): SchemaComplaint => ({
    path,
    at: 'value',
    complaint: { code: `schema.${code}`, message, ...withSuggestion(suggestion) },
  });
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = [...keysOf(error.parentSchema), ...alsoKnown];
      const suggestion = didYouMean(key, known) ?? 'Remove it, or see the schema for the keys there are.';
      return {
        path: [...path, key],
        at: 'key',
        complaint: {
          code: 'schema.unknown-key',
          message: `"${key}" is no key that is known here.`,
          suggestion,
        },
      };
    }
    case 'propertyNames': {
      const key = String(error.params.propertyName);
      const rule: unknown = error.schema;
      const allowed = typeof rule === 'object' && rule !== null && 'enum' in rule ? rule.enum : undefined;
      const suggestion = Array.isArray(allowed) ? didYouMean(key, allowed.map(String)) : hintOf(rule);
      const message = `"${key}" cannot be used as a name here.`;
      return {
        path: [...path, key],
        at: 'key',
        complaint: { code: 'schema.key', message, ...withSuggestion(suggestion) },
      };
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      const where = path.length === 0 ? '' : ` in ${named}`;
      return {
        path,
        missing: key,
        at: path.length === 0 ? 'value' : 'key',
        complaint: {
          code: 'schema.missing-key',
          message: `"${key}" is missing${where}.`,
          suggestion: `Add ${key}: …`,
        },
      };
    }
    case 'type':
      return wrong('type', `${named} must be ${typeWords(error.params.type)}.`, typeHint(error));
    case 'enum': {
      const allowed = (error.params.allowedValues as readonly unknown[]).map(String);
      const suggestion =
        typeof error.data === 'string' ? didYouMean(error.data, allowed) : `Write ${oneOf(allowed)}.`;
      return wrong('value', `${named} is none of the values there are.`, suggestion);
    }
    case 'const':
      return wrong('value', `${named} must be ${String(error.params.allowedValue)}.`);
    case 'pattern':
      return wrong('form', `${named} is not in the form it needs.`);
    case 'not':
      return { ...wrong('together', `${named} cannot stand here.`), at: 'key' };
    case 'uniqueItems':
      return {
        ...wrong('repeated', `${named} holds the same value twice.`),
        path: [...path, error.params.i],
      };
    case 'minItems':
    case 'minLength':
    case 'minProperties':
      return wrong('empty', `${named} is empty.`);
    default:
      return wrong('value', `${named} ${error.message ?? 'is not allowed'}.`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a mapping (key: value)',
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
};

const typeWords = (type: unknown): string =>
  oneOf((Array.isArray(type) ? type : [type]).map((it) => WORDS[String(it)] ?? String(it)));

function typeHint(error: ErrorObject): string | undefined {
  const wanted: unknown = error.params.type;
  const texts = wanted === 'string' || (Array.isArray(wanted) && wanted.includes('string'));
  if (texts && ['number', 'boolean'].includes(typeof error.data)) return 'Put quotes round it.';
  if (wanted === 'array' && typeof error.data === 'string') return 'Write it as a list: [a, b].';
  return hintOf(error.parentSchema);
}

const spot = ({ position: { file, line, column } }: Finding): string => `${file}\n${line}:${column}`;

/** In file order, each cause once: about one value, what YAML or a check of ours says explains more than its schema. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  const refused = new Set(findings.filter((it) => REPLACES.test(it.code)).map(spot));
  const causes = findings.filter((it) => !(REPLACED.has(it.code) && refused.has(spot(it))));
  const once = new Map(
    causes.map((it) => {
      return [[spot(it), it.code, it.message].join('\n'), it] as const;
    }),
  );
  return [...once.values()].sort(
    (a, b) =>
      compare(a.position.file, b.position.file) ||
      a.position.line - b.position.line ||
      a.position.column - b.position.column ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

const REPLACES = /^(yaml|recipient|name|approval)\./;
const REPLACED: ReadonlySet<string> = new Set(['schema.type', 'schema.form', 'schema.value']);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
