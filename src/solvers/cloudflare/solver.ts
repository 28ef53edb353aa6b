import { httpClientOnDemand } from '../../http/on-demand.js';
import { CertError } from '../../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { Solver, SolverDeps } from '../../ports/solver.js';
import { createHosted, textOf, ttlOf } from '../hosted/solver.js';
import { cloudflareService } from './service.js';

const API = 'https://api.cloudflare.com/client/v4';
const TTL_S = 60;
const TIMEOUTS = { connectMs: 10 * SECOND_MS, callMs: 30 * SECOND_MS, totalMs: 2 * MINUTE_MS };
const MAX_REPLY_BYTES = 8_000_000;
/** Of a user, in five minutes; some are left to others. https://developers.cloudflare.com/fundamentals/api/reference/limits/ */
const PACE = { calls: 1_000, perMs: 5 * MINUTE_MS };

export function createCloudflare(deps: SolverDeps): Solver {
  const { config, credentials, clock, log, signal } = deps;
  const { apiToken } = credentials;
  if (!apiToken) throw new CertError('config.invalid', `solver ${config.id} has no apiToken`);
  return createHosted(deps, async () => {
    const http = httpClientOnDemand({
      baseUrl: textOf(config, 'url') ?? API,
      log,
      clock,
      timeouts: TIMEOUTS,
      maxResponseBytes: MAX_REPLY_BYTES,
      redact: [apiToken],
      pace: PACE,
    });
    const stop = (): void => void http.close();
    signal.addEventListener('abort', stop, { once: true });
    const service = cloudflareService({ http, token: apiToken, ttl: ttlOf(config, TTL_S) });
    return {
      ...service,
      async close() {
        signal.removeEventListener('abort', stop);
        await service.close();
      },
    };
  });
}
