import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseIdentities } from '../keys/age.js';
import { readIdentityFile } from '../keys/identity-file.js';
import type { Secret } from '../model/secret.js';
import { type Context, identityFolder } from './context.js';

/** The person's identity, and the one a runner opens its own things with. */
const IDENTITY_FILES = ['identity.txt', 'runner.txt'] as const;

/**
 * Identities from `--identity FILE`, else `CERTWRIGHT_IDENTITY` (a file, or the key itself as CI secrets hold it), else
 * the files `init` wrote for this repository on this machine. None is fine until something has to be opened.
 * @throws CertError `key.no-identity`, `key.unreadable`
 */
export async function loadIdentities(
  context: Context,
  files: readonly string[],
  repositoryId: string | undefined,
): Promise<readonly Secret[]> {
  const fromEnvironment = context.env.CERTWRIGHT_IDENTITY;
  if (files.length === 0 && fromEnvironment?.includes('AGE-SECRET-KEY-')) {
    return parseIdentities(fromEnvironment);
  }
  const named =
    files.length > 0 ? files : fromEnvironment ? [fromEnvironment] : defaultFiles(context, repositoryId);
  const read = await Promise.all(named.map((file) => readIdentityFile(file)));
  for (const finding of read.flatMap((one) => one.findings)) context.say(`warning: ${finding.message}`);
  return read.flatMap((one) => one.identities);
}

function defaultFiles(context: Context, repositoryId: string | undefined): readonly string[] {
  if (repositoryId === undefined) return [];
  const folder = identityFolder(context.env, repositoryId);
  return IDENTITY_FILES.map((file) => join(folder, file)).filter((file) => existsSync(file));
}
