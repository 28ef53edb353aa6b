import { X509Certificate } from 'node:crypto';
import type { HttpReply } from '../../http/message.js';
import { splitPem } from '../../keys/certificate.js';
import { CertError } from '../../model/errors.js';
import type { CollectedCertificate } from '../../model/order.js';
import type { Log } from '../../ports/log.js';
import type { AcmeAccount } from './account.js';
import { type AcmeClient, asPemChain } from './client.js';
import type { OrderWire } from './wire.js';

export interface Chains {
  /** The certificate of an order that is valid, with its chain. Asked for once: it never changes. */
  of(account: AcmeAccount, orderUrl: string, order: OrderWire): Promise<CollectedCertificate>;
}

/** A leaf and more issuers than any chain in use has. */
const MAX_CERTIFICATES = 10;
/** Alternates a CA may offer; each is a call. */
const MAX_ALTERNATES = 5;
const KEPT = 500;

/** @param preferred  common name of an issuer in the chain that is preferred (RFC 8555 §7.4.2) */
export function chainsOf(client: AcmeClient, preferred: string | undefined, log: Log): Chains {
  const known = new Map<string, Promise<CollectedCertificate>>();

  async function download({ signer }: AcmeAccount, url: string): Promise<HttpReply> {
    return client.post({ url, signer, what: `certificate ${url}`, ...asPemChain });
  }

  async function fetchChain(account: AcmeAccount, order: OrderWire): Promise<CollectedCertificate> {
    if (order.certificate === undefined) {
      throw new CertError('wire.unexpected', 'the CA calls an order valid and names no certificate');
    }
    const reply = await download(account, order.certificate);
    const first = pemsIn(reply);
    if (preferred === undefined || hasIssuer(first, preferred)) return collected(first);
    for (const url of alternatesIn(reply.headers.link).slice(0, MAX_ALTERNATES)) {
      const other = pemsIn(await download(account, url));
      if (hasIssuer(other, preferred)) return collected(other);
    }
    log.warn({ preferred }, 'no chain of the CA has the preferred issuer; its own choice is taken');
    return collected(first);
  }

  return {
    of(account, orderUrl, order) {
      const before = known.get(orderUrl);
      if (before !== undefined) return before;
      const fetched = fetchChain(account, order);
      known.set(orderUrl, fetched);
      fetched.catch(() => known.delete(orderUrl));
      const [oldest] = known.keys();
      if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
      return fetched;
    },
  };
}

function pemsIn({ text }: HttpReply): readonly string[] {
  const pems = splitPem(text);
  if (pems.length > 0 && pems.length <= MAX_CERTIFICATES) return pems;
  throw new CertError(
    'wire.unexpected',
    `the CA sent ${pems.length === 0 ? 'no' : pems.length} certificates where a chain was asked for`,
  );
}

const collected = ([certificatePem = '', ...chainPem]: readonly string[]): CollectedCertificate => ({
  certificatePem,
  chainPem,
});

/** Addresses of the other chains (RFC 8555 §7.4.2, RFC 8288). */
export function alternatesIn(link: string | undefined): readonly string[] {
  if (link === undefined) return [];
  return [...link.matchAll(/<([^<>]{1,2048})>((?:\s*;[^,<>]*)*)/g)].flatMap(
    ([, url = '', parameters = '']) => (/;\s*rel\s*=\s*"?alternate"?\s*(;|$)/i.test(parameters) ? [url] : []),
  );
}

/** Does any certificate of a chain name an issuer of this common name? */
function hasIssuer(pems: readonly string[], commonName: string): boolean {
  return pems.some((pem) => {
    try {
      const { issuer } = new X509Certificate(pem);
      return issuer.split('\n').includes(`CN=${commonName}`);
    } catch {
      return false;
    }
  });
}
