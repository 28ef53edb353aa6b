import { CertError } from '../../model/errors.js';

/** A port as somebody wrote it. @throws CertError `usage` */
export function portOf(value: unknown): number {
  const port = Number(value);
  if (value !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CertError('usage', `--port ${String(value)} is no port; give a number up to 65535.`);
}
