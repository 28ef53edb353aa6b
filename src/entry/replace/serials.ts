import { CertError } from '../../model/errors.js';

/** A serial as a list has it; one of digits alone may be meant as a decimal or as a hexadecimal number. */
export interface ListedSerial {
  readonly text: string;
  /** Lower-case hex without leading zeros. */
  readonly readings: readonly string[];
}

const COLUMN = /^"?(?:certificate[ _-]?)?serial(?:[ _-]?(?:number|no|hex))?"?$/i;
const HEX = /^[0-9a-f]+$/;
const DECIMAL = /^\d+$/;
/** RFC 5280 §4.1.2.2: at most 20 octets. */
const LONGEST_HEX = 40;
const LONGEST_DECIMAL = 49;

const withoutZeros = (hex: string): string => hex.replace(/^0+(?=.)/, '');

/** As state and lists are compared: lower-case hex without leading zeros. */
export const comparable = (serial: string): string => withoutZeros(serial.toLowerCase());

/** `0A:1B:…`, `0x0a1b`, `0a1b` or a decimal number. Undefined for what is none. */
function readingsOf(text: string): readonly string[] | undefined {
  const hex = text
    .toLowerCase()
    .replace(/^0x/, '')
    .replace(/[:\s-]/g, '');
  const readings = [
    ...(HEX.test(hex) && hex.length <= LONGEST_HEX ? [withoutZeros(hex)] : []),
    ...(DECIMAL.test(text) && text.length <= LONGEST_DECIMAL ? [BigInt(text).toString(16)] : []),
  ];
  return readings.length === 0 ? undefined : [...new Set(readings)];
}

/**
 * Serials of a file: one for each line, a CSV or TSV with a column named `serial` or `serial number`, or JSON (texts, or objects with
 * `serial_number` or `serial`, as crt.sh gives them). Empty lines and those that begin with `#` are passed over.
 * @param path  for messages
 * @throws CertError `usage`, naming file and line
 */
export function serialsIn(text: string, path: string): readonly ListedSerial[] {
  const plain = text.replace(/^\uFEFF/, '');
  const found = /^\s*[[{]/.test(plain) ? inJson(plain, path) : inLines(plain);
  const serials = found.map(({ value, where }) => {
    const readings = readingsOf(value);
    if (readings !== undefined) return { text: value, readings };
    throw new CertError(
      'usage',
      `${path}${where}: ${JSON.stringify(value.slice(0, 60))} is no serial number`,
      {
        remedy:
          'write one for each line, hexadecimal (with or without colons) or decimal; or a CSV with a column "serial"',
      },
    );
  });
  if (serials.length > 0) return serials;
  throw new CertError('usage', `${path} names no serial number`, {
    remedy: 'write one for each line; nothing is replaced for an empty list',
  });
}

interface Found {
  readonly value: string;
  /** `:3`, or ` (entry 3)`. */
  readonly where: string;
}

function inLines(text: string): readonly Found[] {
  const lines = text
    .split(/\r?\n/)
    .map((line, i) => ({ line: line.trim(), where: `:${i + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const column = cellsOf(lines[0]?.line ?? '').findIndex((cell) => COLUMN.test(cell));
  if (column < 0) return lines.map(({ line, where }) => ({ value: line, where }));
  return lines.slice(1).map(({ line, where }) => ({ value: cellsOf(line)[column] ?? '', where }));
}

/** Cells of one line, quotes taken off (RFC 4180 §2); a cell that goes on in the next line is none that holds a serial. */
const cellsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:^|[,;\t])\s*(?:"((?:[^"]|"")*)"|([^,;\t]*))/g)].map(([, quoted, bare]) =>
    (quoted?.replaceAll('""', '"') ?? bare ?? '').trim(),
  );

function inJson(text: string, path: string): readonly Found[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CertError('usage', `${path} begins like JSON and is none`, { cause });
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((entry, i) => ({ value: serialOf(entry), where: ` (entry ${i + 1})` }));
}

function serialOf(entry: unknown): string {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return '';
  const key = Object.keys(entry).find((one) => COLUMN.test(one));
  const value: unknown = key === undefined ? undefined : Reflect.get(entry, key);
  return typeof value === 'string' ? value : '';
}
