import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import { SECOND_MS } from '../../model/time.js';
import type { AccountLook } from './snapshot.js';

const HEAD = '# Written by certwright; replaced as a whole after every run.';
const RUN_BEGINS = '# Of the last run:';

/** What the last run left in a file of metrics. */
export interface MetricsFile {
  /** Everything of the last look, as text. */
  readonly snapshot: string;
  /** When that look was taken, epoch ms. */
  readonly snapshotMs: number;
  readonly looks: readonly AccountLook[];
  /** End of the last run that succeeded, epoch ms. */
  readonly successMs?: number;
}

export const fileText = (snapshot: string, run: string): string =>
  `${HEAD}\n${snapshot}${RUN_BEGINS}\n${run}`;

/**
 * Undefined where there is no such file yet, or an empty one.
 * @throws CertError `usage` for a file that is none of ours: it is not overwritten
 */
export function readMetricsFile(path: string): MetricsFile | undefined {
  const text = textOf(path);
  if (text === undefined || text === '') return undefined;
  const begins = text.indexOf(`${RUN_BEGINS}\n`);
  if (!text.startsWith(`${HEAD}\n`) || begins < 0) {
    throw new CertError('usage', `${path} is no file of metrics of certwright, so it is left alone`, {
      remedy: 'give another --metrics-file, or delete that file',
    });
  }
  const snapshot = text.slice(HEAD.length + 1, begins);
  const [snapshotS] = valuesOf(snapshot, 'certwright_snapshot_timestamp_seconds');
  const [successS] = valuesOf(text.slice(begins), 'certwright_last_successful_run_timestamp_seconds');
  return {
    snapshot,
    snapshotMs: Number(snapshotS?.text ?? 0) * SECOND_MS,
    looks: looksIn(snapshot),
    ...(successS === undefined ? {} : { successMs: Number(successS.text) * SECOND_MS }),
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw new CertError('usage', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

interface Value {
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** Of our own text, in which the labels that are read here hold nothing that is escaped. */
const valuesOf = (text: string, name: string): readonly Value[] =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))].map(
    ([, labels = '', value = '']) => ({
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key, of])),
      text: value,
    }),
  );

function looksIn(snapshot: string): readonly AccountLook[] {
  const of = (name: string) =>
    new Map(valuesOf(snapshot, name).map((value) => [value.labels.account, value]));
  const balances = of('certwright_account_balance');
  const checked = of('certwright_account_checked_timestamp_seconds');
  return [...of('certwright_account_up')].flatMap(([id, { text }]): readonly AccountLook[] => {
    const at = checked.get(id)?.text;
    if (id === undefined || at === undefined) return [];
    const balance = balances.get(id);
    const currency = balance?.labels.currency;
    return [
      {
        id,
        up: text === '1',
        atMs: Number(at) * SECOND_MS,
        ...(balance === undefined || currency === undefined
          ? {}
          : { balance: { amount: balance.text, currency } }),
      },
    ];
  });
}

const isErrno = (error: unknown): error is NodeJS.ErrnoException & { code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/** Whoever reads it sees the old file or the new one; the draft's name ends with nothing a collector reads. @throws CertError `usage` */
export function writeMetricsFile(path: string, text: string): void {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    writeFileSync(draft, text, { flag: 'wx' });
    // The collector is another user, whatever the umask is here; nothing in it is secret.
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const why = isErrno(error) ? error.code : messageOf(error);
    throw new CertError(
      'usage',
      `${path} cannot be written (${why}): its folder has to be there, and writable by the user certwright runs as`,
      { cause: error },
    );
  }
}
