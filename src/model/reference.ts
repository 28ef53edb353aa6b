import { createHash } from 'node:crypto';
import type { Environment } from './configuration.js';
import { CertError } from './errors.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const MAX_LENGTH = 24;
const LETTER = 1;

/** Letters and digits of a SHA-256 over the parts, unambiguous between parts. */
function hashText(parts: readonly string[], length: number): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return [...digest.subarray(0, length)].map((byte) => ALPHABET[byte & 31]).join('');
}

export interface ReferenceSubject {
  readonly repositoryId: string;
  readonly name: string;
  readonly environment: Environment;
  /** Provider order id of the predecessor; absent for a first order. */
  readonly predecessorOrderId?: string;
}

/** What the references of a repository begin with. */
export const referenceHead = (repositoryId: string): string => `cw${repositoryId}-`;

/** A reference without its letter: the same for whoever buys this need, whatever was bought for others. */
export function referenceStem(subject: ReferenceSubject): string {
  const head = referenceHead(subject.repositoryId);
  const parts =
    subject.predecessorOrderId === undefined
      ? ['first', subject.repositoryId, subject.name, subject.environment]
      : ['after', subject.repositoryId, subject.environment, subject.predecessorOrderId];
  return `${head}${hashText(parts, MAX_LENGTH - head.length - LETTER)}`;
}

export const stemOfReference = (reference: string): string => reference.slice(0, -LETTER);

/**
 * The order reference `cw<id>-<hash><letter>`: lower case `[a-z0-9-]`, at most 24 characters, the same for everyone who
 * computes it from the same state. Computed once and then stored; never recomputed for an existing intent. A dead order's id is
 * the predecessor of the next one; the letter moves where a certificate bought under it and went on under another name.
 * @param isTaken  was it given to another certificate?
 */
export function orderReference(subject: ReferenceSubject, isTaken: (reference: string) => boolean): string {
  const stem = referenceStem(subject);
  const free = [...ALPHABET].map((letter) => `${stem}${letter}`).find((reference) => !isTaken(reference));
  if (free === undefined)
    throw new CertError('internal', `every order reference of ${subject.name} is used up`);
  return free;
}
