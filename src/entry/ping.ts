import { resolve } from 'node:path';
import { parseBaseUrl } from '../http/base-url.js';
import { httpClientOnDemand } from '../http/on-demand.js';
import { CertError, messageOf } from '../model/errors.js';
import { Secret } from '../model/secret.js';
import { SECOND_MS } from '../model/time.js';
import type { Context } from './context.js';
import { PING_VARIABLE } from './metrics/wanted.js';
import { resolveSecret } from './secrets.js';
import { untilStopped } from './system/until-stopped.js';

/** What a dead man's switch is told: that a run begins, that it ended well, that it did not. */
export type PingKind = 'start' | 'success' | 'fail';

export interface Pinger {
  /**
   * One call, a few times where it does not get through; never throws, and takes half a minute at most.
   * @param text  for whoever reads the log of the switch: a few words without names
   * @returns why it did not get there; undefined: it did
   */
  ping(kind: PingKind, text: string): Promise<string | undefined>;
}

const MAX_RESPONSE_BYTES = 64 * 1024;

/**
 * The address from `--ping`, where it is a URL or a file that holds one, or from the environment. Whoever knows it can
 * keep the switch quiet, so it is a secret.
 * @returns undefined: there is none
 * @throws CertError `usage`, `config.invalid`, `config.missing-variable`
 */
export function pingAddress({ env, cwd }: Pick<Context, 'env' | 'cwd'>, flag?: unknown): Secret | undefined {
  const given = typeof flag === 'string' ? flag.trim() : '';
  if (given === '' && !env[PING_VARIABLE]) return undefined;
  const secret =
    given === ''
      ? new Secret(env[PING_VARIABLE]?.trim() ?? '')
      : /^https?:/i.test(given)
        ? new Secret(given)
        : resolveSecret({ kind: 'file', path: resolve(cwd, given) }, env, '--ping');
  partsOf(secret);
  return secret;
}

interface Parts {
  readonly origin: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** @throws CertError `config.invalid` */
function partsOf(address: Secret): Parts {
  const text = address.reveal();
  const query = URL.canParse(text) ? new URL(text).searchParams : [];
  const { origin, pathname } = parseBaseUrl(text.replace(/[?#].*$/s, ''), 'the address to ping');
  return { origin, path: pathname.replace(/\/+$/, ''), query: Object.fromEntries(query) };
}

/** @throws CertError `config.invalid` */
export function createPinger(
  { clock, log, signal }: Pick<Context, 'clock' | 'log' | 'signal'>,
  address: Secret,
): Pinger {
  const { origin, path, query } = partsOf(address);
  const tokens = path.split('/').filter((part) => part.length > 5);
  // Without a path it is nothing but the host, which is told.
  const hasSecret = path !== '' || Object.keys(query).length > 0;
  const options = {
    baseUrl: origin,
    log: log.child({ component: 'ping' }),
    clock,
    timeouts: { connectMs: 5 * SECOND_MS, callMs: 10 * SECOND_MS, totalMs: 30 * SECOND_MS },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    redact: [
      ...(hasSecret ? [address] : []),
      ...[path, ...tokens, ...Object.values(query)].map((text) => new Secret(text)),
    ],
  };
  return {
    async ping(kind, text) {
      const http = httpClientOnDemand(options);
      try {
        const call = http.read({
          method: 'POST',
          path: `${path}${kind === 'success' ? '' : `/${kind}`}` || '/',
          query,
          body: { kind: 'text', text: `${text}\n`, type: 'text/plain; charset=utf-8' },
        });
        // A run that was stopped and went to its end (the daemon's last one) still tells of it.
        const { status } = await (signal.aborted
          ? call
          : untilStopped(call, signal, 'stopped before it was answered'));
        return status >= 200 && status < 300 ? undefined : `${origin} answered with ${status}`;
      } catch (error) {
        if (!(error instanceof CertError)) throw error;
        return messageOf(error);
      } finally {
        await http.close();
      }
    },
  };
}
