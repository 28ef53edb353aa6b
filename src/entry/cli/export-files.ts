import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExportedFile } from '../../keys/export.js';
import { isInside } from '../../keys/identity-file.js';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import { makeFolder } from '../../repository/folder.js';
import type { Context } from '../context.js';

const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const PASSWORD_VARIABLE = 'CERTWRIGHT_EXPORT_PASSWORD';

/** @throws CertError `usage`: what lies in a work tree is committed sooner or later */
export async function refuseInside(
  files: readonly ExportedFile[],
  out: string,
  cwd: string,
  workTree: string,
): Promise<void> {
  const secret = files.find((file) => file.secret);
  const folder = resolve(cwd, out);
  if (!secret || !(await isInside(join(folder, secret.name), workTree))) return;
  throw new CertError(
    'usage',
    `${secret.name} holds the private key and must not lie inside the repository, where it would be committed`,
    { remedy: 'choose a folder outside by --out, leave the key out by --no-key, or insist by --force' },
  );
}

/**
 * Writes all files or, where one cannot be written, none: a server never finds half of a pair that was just begun.
 * Files that are there are replaced.
 * @throws CertError `usage`
 */
export async function writeExported(
  files: readonly ExportedFile[],
  out: string,
  cwd: string,
): Promise<readonly { readonly path: string; readonly secret: boolean }[]> {
  const folder = resolve(cwd, out);
  const mark = randomBytes(4).toString('hex');
  const drafts = files.map(({ name, content, secret }) => ({
    content,
    secret,
    path: join(folder, name),
    draft: join(folder, `.${name}.${mark}`),
  }));
  try {
    makeFolder(folder);
    for (const { draft, content, secret } of drafts) {
      await writeFile(draft, content, { mode: secret ? SECRET_MODE : PUBLIC_MODE, flag: 'wx' });
    }
    for (const { draft, path } of drafts) await rename(draft, path);
  } catch (cause) {
    // What stands in the way may stand in the way of this, too; the first failure is the one to tell.
    await Promise.allSettled(drafts.map(({ draft }) => rm(draft, { force: true })));
    throw new CertError('usage', `${folder} cannot be written (${codeOf(cause)}): choose another by --out`, {
      cause,
    });
  }
  return drafts.map(({ path, secret }) => ({ path, secret }));
}

/** From a file, else from the environment; never from an argument, which others can see. */
export async function exportPassword(context: Context, file: unknown): Promise<Secret | undefined> {
  if (typeof file !== 'string') {
    const value = context.env[PASSWORD_VARIABLE];
    if (value !== undefined && value !== '') return new Secret(value);
    throw new CertError('usage', 'a PKCS#12 file needs a password', {
      remedy: `give it by --password-file FILE or ${PASSWORD_VARIABLE}`,
    });
  }
  const path = resolve(context.cwd, file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CertError('usage', `the password file ${path} cannot be read (${codeOf(cause)})`, { cause });
  });
  return new Secret(text.replace(/\r?\n$/, ''));
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason';
