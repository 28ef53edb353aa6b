import type { JsonObject } from './json.js';

/** JSON schemas of options that several providers take. */

export const optionText = (description: string, maxLength: number): JsonObject => ({
  type: 'string',
  minLength: 1,
  maxLength,
  description,
});

/** Where an organisation was incorporated: its EV certificate says it (EV Guidelines, jurisdiction of incorporation). */
export const INCORPORATION: JsonObject = {
  joiLocalityName: optionText('EV: town of incorporation.', 128),
  joiStateOrProvinceName: optionText('EV: state or province of incorporation.', 128),
  joiCountryName: { type: 'string', pattern: '^[A-Z]{2}$', description: 'EV: country of incorporation.' },
};
