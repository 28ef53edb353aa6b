import { parseEndpoint } from '../../model/endpoint.js';
import { CertError } from '../../model/errors.js';
import type { SolvableRecord } from '../../model/order.js';
import type { RecordOutcome, RecordSight, Solver, SolverDeps } from '../../ports/solver.js';
import { type Listener, listenerAt } from '../http/listener.js';
import { sightsOf } from '../http/look.js';
import { type FileRecord, HTTP_PORT, notAFile, proofPath } from '../http/proof.js';

/**
 * Serves proofs from this very process, for as long as it lives: another run has to serve them again. So what this
 * process does not hold is not visible, and is published anew.
 * @throws CertError `config.invalid`
 */
export function createHttpServer({ config, signal }: SolverDeps): Solver {
  const { options } = config;
  const listener = listenerAt({
    port: typeof options.port === 'number' ? options.port : HTTP_PORT,
    ...(typeof options.address === 'string' ? { address: options.address } : {}),
  });
  const visibleAt =
    options.visibleAt === undefined ? undefined : parseEndpoint(String(options.visibleAt), HTTP_PORT);

  const each = async (
    records: readonly SolvableRecord[],
    task: Listener['put'],
  ): Promise<readonly RecordOutcome[]> => {
    const outcomes: RecordOutcome[] = [];
    for (const record of records) {
      try {
        if (record.type !== 'file') throw notAFile(config.id);
        const { host, path } = placeOf(record);
        await task(host, path, record.content);
        outcomes.push({ record });
      } catch (error) {
        if (!(error instanceof CertError)) throw error;
        outcomes.push({ record, error });
      }
    }
    return outcomes;
  };

  return {
    config,
    publish: (records) => each(records, listener.put),
    cleanUp: (records) => each(records, listener.take),
    async visible(records) {
      const held = records.filter((record) => isHeld(listener, record));
      const sights = new Map((await sightsOf(held, visibleAt, signal)).map((sight) => [sight.record, sight]));
      return records.map(
        (record): RecordSight =>
          sights.get(record) ?? {
            record,
            seen: record.type === 'file' ? 'no' : 'cannot-tell',
            why: record.type === 'file' ? 'it is served while a run lasts, and none does' : 'it is no file',
          },
      );
    },
  };
}

/** @throws CertError `solver.blocked` */
function placeOf({ url }: FileRecord): { readonly host: string; readonly path: string } {
  proofPath(url);
  const { hostname, pathname, protocol } = new URL(url);
  if (protocol === 'http:') return { host: hostname.toLowerCase(), path: pathname };
  throw new CertError('solver.blocked', `${url} is asked for over TLS, which is not served here`, {
    remedy: 'let the web server of that name serve it: type: http-file with its folder',
  });
}

function isHeld(listener: Listener, record: SolvableRecord): boolean {
  if (record.type !== 'file') return false;
  try {
    const { host, path } = placeOf(record);
    return listener.has(host, path, record.content);
  } catch {
    return false;
  }
}
