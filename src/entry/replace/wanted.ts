import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import type { CertificateRecord } from '../../model/status.js';
import { parseDuration } from '../../model/term.js';
import { type Instant, parseInstant, toInstant, toMs } from '../../model/time.js';
import { matches } from '../cli/selectors.js';
import { comparable, type ListedSerial, serialsIn } from './serials.js';

/** Which certificates have to go; everything given must fit. */
export interface Wanted {
  readonly names: readonly string[];
  readonly serials?: readonly ListedSerial[];
  /** As on the command line. */
  readonly issuer?: string;
  readonly issuedAfterMs?: number;
  readonly issuedBeforeMs?: number;
}

type Options = Readonly<Record<string, unknown>>;

const DAY = /^\d{4}-\d\d-\d\d$/;

/** @throws CertError `usage` where nothing says which */
export function wantedOf(options: Options, names: readonly string[], cwd: string): Wanted {
  const issuedAfterMs = momentOf(options, 'issuedAfter', '--issued-after');
  const issuedBeforeMs = momentOf(options, 'issuedBefore', '--issued-before');
  const wanted: Wanted = {
    names,
    ...(typeof options.serials === 'string' ? { serials: serialsOf(options.serials, cwd) } : {}),
    ...(typeof options.issuer === 'string' ? { issuer: issuerOf(options.issuer) } : {}),
    ...(issuedAfterMs === undefined ? {} : { issuedAfterMs }),
    ...(issuedBeforeMs === undefined ? {} : { issuedBeforeMs }),
  };
  if (names.length > 0 || Object.keys(wanted).length > 1) return wanted;
  throw new CertError('usage', 'nothing says which certificates have to be replaced', {
    remedy:
      "give names or globs, --serials FILE, --issuer, --issued-after or --issued-before; '**' is every one",
  });
}

function issuerOf(text: string): string {
  if (partsOf(text).length > 0) return text;
  throw new CertError('usage', '--issuer is empty', {
    remedy: 'write it as `certwright show` prints it: "CN=…, O=…"',
  });
}

function serialsOf(path: string, cwd: string): readonly ListedSerial[] {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    throw new CertError('usage', `--serials ${path} cannot be read: ${messageOf(error)}`);
  }
  return serialsIn(text, path);
}

function momentOf(options: Options, key: string, flag: string): number | undefined {
  const text = options[key];
  if (typeof text !== 'string') return undefined;
  const ms = parseInstant(DAY.test(text) ? `${text}T00:00:00Z` : text);
  if (ms !== undefined) return ms;
  throw new CertError('usage', `${flag} ${JSON.stringify(text)} is no date`, {
    remedy: 'write 2026-11-22 (its beginning, UTC) or 2026-11-22T14:00:00Z',
  });
}

const LONGEST_MS = 366 * 24 * 3_600_000;

/** `24h`, or an instant ahead. @throws CertError `usage` */
export function deadlineOf({ deadline }: Options, nowMs: number): Instant {
  const text = typeof deadline === 'string' ? deadline : '';
  const lastsMs = parseDuration(text);
  const ms = lastsMs === undefined ? parseInstant(text) : nowMs + lastsMs;
  if (ms !== undefined && ms > nowMs && ms - nowMs <= LONGEST_MS) return toInstant(ms);
  const why = text === '' ? 'is not given' : `${JSON.stringify(text)} is no time ahead`;
  throw new CertError('usage', `--deadline ${why}`, { remedy: 'write 24h, 5d or 2026-12-01T12:00:00Z' });
}

/** Parts of a distinguished name, in any order: `CN=Example CA`, lower case. */
const partsOf = (name: string): readonly string[] =>
  name
    .split(/(?<!\\),|\n/)
    .map((part) =>
      part
        .trim()
        .toLowerCase()
        .replace(/\s*=\s*/, '='),
    )
    .filter((part) => part !== '');

/** Every part of what is wanted is part of the issuer. */
export function isIssuedBy(issuer: string, wanted: string): boolean {
  const parts = new Set(partsOf(issuer));
  return partsOf(wanted).every((part) => parts.has(part));
}

/** Does everything fit but the serial? */
export function fitsBeside(
  { names, issuer, issuedAfterMs, issuedBeforeMs }: Wanted,
  name: string,
  certificate: CertificateRecord,
): boolean {
  const fromMs = toMs(certificate.notBefore);
  return (
    matches({ names }, { name }) &&
    (issuer === undefined || isIssuedBy(certificate.issuer, issuer)) &&
    (issuedAfterMs === undefined || fromMs >= issuedAfterMs) &&
    (issuedBeforeMs === undefined || fromMs < issuedBeforeMs)
  );
}

/** Which listed serials a certificate has: looked up, since both lists may be long. */
export function serialIndex(serials: readonly ListedSerial[]): (serial: string) => readonly ListedSerial[] {
  const byReading = new Map<string, ListedSerial[]>();
  for (const listed of serials) {
    for (const reading of listed.readings)
      byReading.set(reading, [...(byReading.get(reading) ?? []), listed]);
  }
  return (serial) => byReading.get(comparable(serial)) ?? [];
}
