import { httpClientOnDemand } from '../../http/on-demand.js';
import { CertError } from '../../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { Solver, SolverDefinition, SolverDeps } from '../../ports/solver.js';
import { createHosted, HOSTED_OPTIONS, textOf, ttlOf } from '../hosted/solver.js';

const API = 'https://api.cloudflare.com/client/v4';
const TTL_S = 60;
const TIMEOUTS = { connectMs: 10 * SECOND_MS, callMs: 30 * SECOND_MS, totalMs: 2 * MINUTE_MS };
const MAX_REPLY_BYTES = 8_000_000;
/** Of a user, in five minutes; some are left to others. https://developers.cloudflare.com/fundamentals/api/reference/limits/ */
const PACE = { calls: 1_000, perMs: 5 * MINUTE_MS };

function createCloudflare(deps: SolverDeps): Solver {
  const { config, credentials, clock, log, signal } = deps;
  const { apiToken } = credentials;
  if (!apiToken) throw new CertError('config.invalid', `solver ${config.id} has no apiToken`);
  return createHosted(deps, async () => {
    const { cloudflareService } = await import('./service.js');
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

/** Zones at Cloudflare, through its API, with an API token. */
export const cloudflare: SolverDefinition = {
  type: 'cloudflare',
  title: 'Cloudflare DNS',
  proves: ['dns'],
  needsZones: false,
  credentialNames: { required: ['apiToken'], optional: [] },
  optionsSchema: {
    type: 'object',
    properties: {
      url: HOSTED_OPTIONS.url,
      ttl: {
        type: 'integer',
        minimum: 60,
        maximum: 86_400,
        errorMessage: 'Write seconds, from 60 to 86400.',
      },
      visibleAt: HOSTED_OPTIONS.visibleAt,
    },
  },
  create: createCloudflare,
};
