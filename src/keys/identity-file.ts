import { open, realpath, unlink } from 'node:fs/promises';
import path from 'node:path';
import { CertError, type ErrorCode } from '../model/errors.js';
import type { Finding } from '../model/manifest.js';
import type { Secret } from '../model/secret.js';
import { makeFolder } from '../repository/folder.js';
import { type IdentityPair, parseIdentities } from './age.js';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const GROUP_AND_WORLD = 0o077;

/**
 * Writes a new identity file (mode 0600; directories that are missing are made with 0700), durable when it resolves.
 * @param repositoryDirectory  work tree the file must stay out of: what lies there is committed sooner or later
 * @throws CertError `usage` when the file exists already or would lie inside the repository
 */
export async function writeIdentityFile(
  file: string,
  pair: IdentityPair,
  repositoryDirectory?: string,
): Promise<void> {
  const target = path.resolve(file);
  if (repositoryDirectory !== undefined && (await isInside(target, repositoryDirectory)))
    throw new CertError(
      'usage',
      `The identity must not lie inside the repository, where it would be committed: choose another place than ${target}.`,
    );
  try {
    makeFolder(path.dirname(target), OWNER_ONLY_DIRECTORY);
    await writeNew(target, pair);
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw new CertError(
        'usage',
        `${target} exists already and is not overwritten: it may be the only key to what was sealed, so choose another file.`,
      );
    throw fileError('usage', `The identity file ${target} cannot be written`, error);
  }
}

/** Whole or not at all: half an identity would also be in the way of the next try. */
async function writeNew(target: string, pair: IdentityPair): Promise<void> {
  const handle = await open(target, 'wx', OWNER_ONLY_FILE);
  try {
    await handle.writeFile(`# public key: ${pair.recipient}\n${pair.identity.reveal()}\n`);
    await handle.sync();
  } catch (error) {
    await unlink(target);
    throw error;
  } finally {
    await handle.close();
  }
}

export interface IdentityFile {
  readonly identities: readonly Secret[];
  /** A warning when others on this machine can read the file. */
  readonly findings: readonly Finding[];
}

/** @throws CertError `key.no-identity` when there is no such file, `key.unreadable`, `usage` for an identity as the path */
export async function readIdentityFile(file: string): Promise<IdentityFile> {
  // The most natural mistake, and every message below would repeat it.
  if (file.includes('AGE-SECRET-KEY-'))
    throw new CertError(
      'usage',
      'An identity was given where its file belongs: put it into a file for `--identity FILE` and, as others may have seen it on the command line, make a new one.',
    );
  const { text, mode } = await readWithMode(file);
  const identities = parseIdentities(text);
  const open = mode !== undefined && (mode & GROUP_AND_WORLD) !== 0;
  return { identities, findings: open ? [readableByOthers(file)] : [] };
}

/** Mode is that of the very file read; undefined for a pipe (`--identity <(…)`) and where modes mean nothing. */
async function readWithMode(file: string): Promise<{ text: string; mode: number | undefined }> {
  try {
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      const text = await handle.readFile('utf8');
      const hasMode = stat.isFile() && process.platform !== 'win32';
      return { text, mode: hasMode ? stat.mode : undefined };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new CertError(
        'key.no-identity',
        `There is no identity file ${file}: give another one by \`--identity FILE\` or CERTWRIGHT_IDENTITY.`,
      );
    throw fileError('key.unreadable', `The identity file ${file} cannot be read`, error);
  }
}

const readableByOthers = (file: string): Finding => ({
  severity: 'warning',
  code: 'key.identity-permissions',
  message: `Others on this machine can read the identity file ${file}`,
  suggestion: `chmod 600 ${file}`,
  position: { file, line: 1, column: 1 },
});

/** Judged on real paths, so that a symbolic link cannot lead into the repository. */
export async function isInside(target: string, directory: string): Promise<boolean> {
  const relative = path.relative(await realParent(path.resolve(directory)), await realParent(target));
  return relative === '' || !(relative.split(path.sep)[0] === '..' || path.isAbsolute(relative));
}

/** The path with its existing part made real; what does not exist yet cannot be a link. */
async function realParent(target: string): Promise<string> {
  try {
    return await realpath(target);
  } catch (error) {
    const parent = path.dirname(target);
    if (systemCode(error) !== 'ENOENT' || parent === target) return target;
    return path.join(await realParent(parent), path.basename(target));
  }
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const fileError = (code: ErrorCode, what: string, error: unknown): CertError =>
  new CertError(
    code,
    `${what} (${systemCode(error) ?? 'unknown reason'}): check the path and its permissions.`,
    {
      cause: error,
    },
  );
