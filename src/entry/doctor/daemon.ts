import { CertError, messageOf } from '../../model/errors.js';
import { SECOND_MS } from '../../model/time.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { line } from './line.js';

const LIMIT_MS = 5 * SECOND_MS;
/** Long enough for the reason of the daemon itself; another server may send a page. */
const TEXT_LENGTH = 300;

/**
 * Whether a daemon runs, and its runs end.
 * @param address  where it listens, as `--host` and `--port` have it
 * @throws CertError `usage`, `interrupted`
 */
export async function examineDaemon(address: string, signal: AbortSignal): Promise<Diagnosis> {
  const base = URL.canParse(address) ? new URL(address) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new CertError('usage', `--daemon ${JSON.stringify(address)} is no address`, {
      remedy: 'write http://127.0.0.1:8470',
    });
  }
  const at = base.origin;
  try {
    const response = await fetch(`${at}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      redirect: 'error',
    });
    const text = (await response.text()).trim().slice(0, TEXT_LENGTH);
    if (response.status === 200) return line('daemon', 'ok', `${at} is ready`);
    const remedy =
      response.status === 503 ? 'its log tells more' : 'does a daemon of certwright listen there?';
    return line('daemon', 'problem', `${at} is not ready (${response.status}): ${text}`, remedy);
  } catch (error) {
    if (signal.aborted) throw new CertError('interrupted', 'stopped', { cause: error });
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return line(
      'daemon',
      'problem',
      `${at} does not answer: ${messageOf(why)}`,
      'is it running? `certwright daemon`',
    );
  }
}
