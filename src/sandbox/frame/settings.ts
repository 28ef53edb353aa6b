import { Ajv2020 } from 'ajv/dist/2020.js';
import { CertError } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { SettingTable } from './definition.js';
import { suggestion } from './suggest.js';

/** JSON schema of a sandbox's settings, defaults and descriptions included. */
export const settingsSchema = (table: SettingTable): JsonObject => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(table).map(([name, { schema, description, default: value }]) => [
      name,
      { ...schema, description, default: value },
    ]),
  ),
});

export const defaultSettings = (table: SettingTable): JsonObject =>
  Object.fromEntries(Object.entries(table).map(([name, setting]) => [name, setting.default]));

/** @throws CertError naming the first setting that is unknown or wrong */
export function checkSettings(table: SettingTable, values: JsonObject): void {
  for (const [name, value] of Object.entries(values)) {
    const setting = Object.hasOwn(table, name) ? table[name] : undefined;
    if (setting === undefined) {
      throw new CertError('usage', `There is no setting "${name}"${suggestion(name, Object.keys(table))}.`, {
        remedy: 'certwright sandbox --list shows every setting.',
      });
    }
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    const validate = ajv.compile({ ...setting.schema });
    if (validate(value)) continue;
    const [problem] = validate.errors ?? [];
    const where = problem?.instancePath ? ` at ${problem.instancePath}` : '';
    const allowed: unknown = problem?.params.allowedValues;
    const choices = Array.isArray(allowed) ? `: ${allowed.join(', ')}` : '';
    throw new CertError(
      'usage',
      `The setting "${name}"${where} ${problem?.message ?? 'is wrong'}${choices}.`,
    );
  }
}

/** `key=value`; a value that is no JSON is taken as text. @throws CertError when there is no `=` */
export function parseAssignment(text: string): readonly [name: string, value: Json] {
  const at = text.indexOf('=');
  if (at < 1) throw new CertError('usage', `"${text}" is no setting; write key=value.`);
  const raw = text.slice(at + 1);
  return [text.slice(0, at), jsonOr(raw)];
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
