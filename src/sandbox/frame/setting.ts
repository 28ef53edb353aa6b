import type { Json, JsonObject } from '../../model/json.js';
import type { Setting } from './definition.js';

/** Settings by the form of their values; the value given is the default. */

/** An amount as `12.00`: a JSON schema, for settings that hold several. */
export const AMOUNT: JsonObject = { type: 'string', pattern: '^\\d{1,9}\\.\\d{2}$' };

export const setting = (description: string, value: Json, schema: JsonObject): Setting => ({
  description,
  default: value,
  schema,
});
export const flag = (description: string, value: boolean): Setting =>
  setting(description, value, { type: 'boolean' });
export const text = (description: string, value: string): Setting =>
  setting(description, value, { type: 'string' });
export const amount = (description: string, value: string): Setting => setting(description, value, AMOUNT);
export const count = (description: string, value: number): Setting =>
  setting(description, value, { type: 'integer', minimum: 0 });
export const code = (description: string, value: number): Setting =>
  setting(description, value, { type: 'integer', maximum: 0 });
export const choice = (description: string, [first = '', ...others]: readonly string[]): Setting =>
  setting(description, first, { type: 'string', enum: [first, ...others] });
export const texts = (description: string, value: readonly string[]): Setting =>
  setting(description, value, { type: 'array', items: { type: 'string' } });
export const servers = (description: string): Setting =>
  setting(
    description,
    {},
    { type: 'object', additionalProperties: { type: 'string', pattern: '^.+:\\d{1,5}$' } },
  );
