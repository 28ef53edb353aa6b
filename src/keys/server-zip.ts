import { X509Certificate } from 'node:crypto';
import type { ZippableFile } from 'fflate';
import type { ExportedFile } from './export.js';

export type WebServer = 'nginx' | 'apache' | 'iis';

const UNIX = 3;
/** A regular file, as `st_mode` has it, in the upper half of the external attributes. */
const attributes = (secret: boolean): number => ((secret ? 0o100600 : 0o100644) << 16) >>> 0;

/**
 * One zip archive. The same files give the same bytes wherever it is made: sorted, and dated by the day of the certificate
 * (zip keeps local time without a zone; noon exists in all of them).
 */
export async function zipped(
  name: string,
  files: readonly ExportedFile[],
  certificatePem: string,
): Promise<ExportedFile> {
  const { zipSync } = await import('fflate');
  const day = new Date(new X509Certificate(certificatePem).validFrom);
  const mtime = new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), 12);
  const entries = files
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((file): [string, ZippableFile] => [
      file.name,
      [
        typeof file.content === 'string' ? Buffer.from(file.content, 'utf8') : file.content,
        { os: UNIX, attrs: attributes(file.secret), level: 9 },
      ],
    ]);
  return {
    name,
    content: Buffer.from(zipSync(Object.fromEntries(entries), { mtime })),
    secret: files.some(({ secret }) => secret),
  };
}
