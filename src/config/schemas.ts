import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonObject } from '../model/json.js';

/** At the root of the package: two folders up, from `src/config` as from `dist/config`. */
const FOLDER = new URL('../../schemas/', import.meta.url);
const FILES = ['manifest', 'defaults', 'certwright', 'approval', 'status', 'header', 'cache'] as const;

/** A schema file, or a part of one. */
export type SchemaName = `${(typeof FILES)[number]}.schema.json${'' | `#/$defs/${string}`}`;

const readSchema = (name: string): AnySchemaObject =>
  JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), 'utf8'));

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    // One value may be a text or an object (`key: ecdsa-p256`, `key: { … }`); `if` tells them apart.
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  });
  // What editors show instead of "does not match the pattern"; here it becomes the suggestion.
  ajv.addVocabulary(['errorMessage']);
  return ajv;
}

let shared: Ajv2020 | undefined;

function ajvWithSchemas(): Ajv2020 {
  shared ??= FILES.reduce((ajv, name) => ajv.addSchema(readSchema(name)), newAjv());
  return shared;
}

/** What a value breaks of one of the files in `schemas/`; [] when it is fine. */
export function schemaErrors(name: SchemaName, value: unknown): readonly ErrorObject[] {
  const validate = ajvWithSchemas().getSchema(name);
  if (validate === undefined) throw new RangeError(`no schema ${name}`);
  return validate(value) ? [] : (validate.errors ?? []);
}

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** The same for a schema that a provider's definition carries; keys it does not name are unknown. */
export function optionErrors(schema: JsonObject, value: unknown): readonly ErrorObject[] {
  const validate = compiled.get(schema) ?? newAjv().compile({ additionalProperties: false, ...schema });
  compiled.set(schema, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}
