import type { HttpReply } from '../../http/message.js';
import { CertError } from '../../model/errors.js';

const NONCE = /^[A-Za-z0-9_-]{1,512}$/;
/** More than calls run at once; older ones are the first to expire. */
const KEPT = 64;

export interface Nonces {
  take(): Promise<string>;
  /** Every reply brings the next one (RFC 8555 §6.5). */
  keep(reply: HttpReply): void;
}

/**
 * Anti-replay nonces. The newest is used first: it is the one that expires last.
 * @param fetchOne  one call for a nonce and nothing else
 */
export function noncePool(fetchOne: () => Promise<HttpReply>): Nonces {
  const pool: string[] = [];
  const nonceOf = (reply: HttpReply): string | undefined => {
    const nonce = reply.headers['replay-nonce'];
    return nonce !== undefined && NONCE.test(nonce) ? nonce : undefined;
  };
  return {
    async take() {
      const known = pool.pop();
      if (known !== undefined) return known;
      const nonce = nonceOf(await fetchOne());
      if (nonce !== undefined) return nonce;
      throw new CertError('wire.unexpected', 'the CA gave no usable nonce where it was asked for one');
    },
    keep(reply) {
      const nonce = nonceOf(reply);
      if (nonce === undefined) return;
      pool.push(nonce);
      if (pool.length > KEPT) pool.shift();
    },
  };
}
