import { createHash } from 'node:crypto';
import type { Plan } from '../model/plan.js';
import type { SecretSource } from '../model/secret.js';
import { HOUR_MS } from '../model/time.js';
import { configurationIn } from './configuration-file.js';
import { type QuietRecord, type QuietSubject, textDigest } from './quiet-record.js';
import { version } from './version.js';

/**
 * A quiet record on the remote (`refs/certwright/quiet`), so that a run on a machine that keeps nothing can end as early
 * as one on a machine that does. Anybody who may push can write it: it is read as somebody else's text, and no more
 * follows from it than "not now".
 */
interface Note extends Omit<QuietRecord, 'root' | 'plan'> {
  readonly format: typeof FORMAT;
  readonly version: string;
  readonly counts: Plan['counts'];
  readonly digest: string;
}

const FORMAT = 1;

/** Below this, reading everything takes less time than one more question to a remote. */
export const LARGE = 500;

export function noteText({ root: _, plan, ...rest }: QuietRecord): string {
  const note: Note = { format: FORMAT, version, ...rest, counts: plan.counts, digest: plan.digest };
  return `${JSON.stringify(note)}\n`;
}

/**
 * What a note of this version says to a checkout with the very configuration it was written for; undefined for
 * everything else.
 * @param root  top of the checkout
 */
export function recordOf(text: string, root: string): QuietRecord | undefined {
  const note = parsed(text);
  const configuration = configurationIn(root);
  if (note === undefined || configuration === undefined || textDigest(configuration) !== note.checkout)
    return undefined;
  // Files are opened by what is named here, so only what people named themselves is.
  if (!note.credentials.every((source) => configuration.includes(reference(source)))) return undefined;
  const { counts, digest, checkout, branches, subject, fromMs, untilMs, listedMs, credentials } = note;
  const plan: Plan = {
    version: 1,
    manifestCommit: subject.approval,
    stateCommit: subject.state,
    items: [],
    warnings: [],
    totals: [],
    counts,
    digest,
  };
  return { root, checkout, branches, subject, fromMs, untilMs, listedMs, plan, credentials };
}

const reference = (source: SecretSource): string =>
  source.kind === 'file' ? `\${file:${source.path}}` : `\${${source.name}}`;

/** Divides 24, and is about half the margin, in days, of the shortest certificates that are sold. */
const ONE_OF_HOURS = 8;

/**
 * In one of eight hours, its own for every remote and another one every day, everything is read whatever a note says: one that is
 * wrong, or was put there to keep alarms away, silences a schedule for eight days at most, even one that runs once a day.
 */
export function isHourOfReading(remote: string, nowMs: number): boolean {
  const first = createHash('sha256').update(remote).digest().readUInt16BE();
  const hours = Math.floor(nowMs / HOUR_MS);
  return hours % ONE_OF_HOURS === (first + Math.floor(hours / 24)) % ONE_OF_HOURS;
}

function parsed(text: string): Note | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isNote(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isIdOrNull = (value: unknown): boolean => value === null || isText(value);

function isNote(value: unknown): value is Note {
  if (!isFields(value) || value.format !== FORMAT || value.version !== version) return false;
  const { branches, subject, counts, credentials, ...own } = value;
  return (
    isFields(branches) &&
    [branches.approval, branches.state].every(isText) &&
    isFields(counts) &&
    [own.fromMs, own.untilMs, own.listedMs, counts.certificates, counts.unchanged].every(Number.isFinite) &&
    [own.checkout, own.digest].every(isText) &&
    isSubject(subject) &&
    Array.isArray(credentials) &&
    credentials.every(isSource)
  );
}

const isSubject = (value: unknown): value is QuietSubject =>
  isFields(value) &&
  [value.remote, value.approval].every(isText) &&
  [value.state, value.seen, value.cache].every(isIdOrNull);

const isSource = (value: unknown): value is SecretSource =>
  isFields(value) && (value.kind === 'file' ? isText(value.path) : isText(value.name));
