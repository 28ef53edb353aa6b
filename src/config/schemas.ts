import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, AnySchemaObject, ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonObject } from '../model/json.js';

/** At the root of the package: two folders up, from `src/config` as from `dist/config`. */
const FOLDER = new URL('../../schemas/', import.meta.url);
const FILES = [
  'manifest',
  'defaults',
  'certwright',
  'approval',
  'status',
  'header',
  'cache',
  'plan',
  'report',
  'notification',
  'overview',
] as const;

/** A schema file, or a part of one. */
export type SchemaName = `${(typeof FILES)[number]}.schema.json${'' | `#/$defs/${string}`}`;

const readSchema = (name: string): AnySchemaObject =>
  JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), 'utf8'));

/** How schemas are understood. @public for tools/precompile.mjs */
export const AJV_OPTIONS: Options = {
  strict: true,
  // One value may be a text or an object (`key: ecdsa-p256`, `key: { … }`); `if` tells them apart.
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
};

/** What editors show instead of "does not match the pattern"; here it becomes the suggestion. @public as above */
export const addOwnWords = (ajv: Ajv2020): Ajv2020 => ajv.addVocabulary(['errorMessage']);

/** Keys that the schema of a provider's or solver's options does not name are unknown. @public as above */
export const closed = (schema: JsonObject): AnySchemaObject => ({ additionalProperties: false, ...schema });

/** What a schema of options is found by among the validators of the build: its content. */
export const optionsKey = (schema: JsonObject): string => `options-${hash('sha256', JSON.stringify(schema))}`;

const require = createRequire(import.meta.url);

type IsValid = (value: unknown) => boolean;

let built: ReadonlyMap<string, IsValid> | undefined;

/** Validators that `tools/precompile.mjs` made beside this file; none when the source itself runs, as in tests. */
function builtValidators(): ReadonlyMap<string, IsValid> {
  try {
    built ??= (require('./validators.cjs') as { readonly byKey: ReadonlyMap<string, IsValid> }).byKey;
  } catch {
    built = new Map();
  }
  return built;
}

/** Loading Ajv and compiling takes longer than reading a thousand manifests: only what is wrong is worth it. */
function newAjv(): Ajv2020 {
  const ajv = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  return addOwnWords(new ajv.Ajv2020({ ...AJV_OPTIONS, allErrors: true, verbose: true }));
}

let shared: Ajv2020 | undefined;

function ajvWithSchemas(): Ajv2020 {
  shared ??= FILES.reduce((ajv, name) => ajv.addSchema(readSchema(name)), newAjv());
  return shared;
}

/** What a value breaks of one of the files in `schemas/`; [] when it is fine. */
export function schemaErrors(name: SchemaName, value: unknown): readonly ErrorObject[] {
  if (builtValidators().get(name)?.(value)) return [];
  const validate = ajvWithSchemas().getSchema(name);
  if (validate === undefined) throw new RangeError(`no schema ${name}`);
  return validate(value) ? [] : (validate.errors ?? []);
}

/** Whether a value keeps to a schema, without a word on what it breaks: for what strangers may have written. */
export const fitsSchema = (name: SchemaName, value: unknown): boolean =>
  builtValidators().get(name)?.(value) ?? schemaErrors(name, value).length === 0;

const keys = new WeakMap<JsonObject, string>();
const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** The same for a schema that a provider's definition carries; keys it does not name are unknown. */
export function optionErrors(schema: JsonObject, value: unknown): readonly ErrorObject[] {
  const key = keys.get(schema) ?? optionsKey(schema);
  keys.set(schema, key);
  if (builtValidators().get(key)?.(value)) return [];
  const validate = compiled.get(schema) ?? newAjv().compile(closed(schema));
  compiled.set(schema, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}
