import { configure } from 'safe-stable-stringify';

/** Strict: what JSON cannot carry (cycles, NaN, bigint, functions) throws instead of being written as something else. */
const stringify = configure({ strict: true, deterministic: true });

/** A JSON file that only changes when its facts do: sorted keys, two spaces, a newline at the end. */
export const stableJson = (value: object): string => `${stringify(value, null, 2)}\n`;

/** One line with sorted keys: what digests are taken over. */
export const canonicalJson = (value: object | string | number | boolean | null): string => stringify(value);
