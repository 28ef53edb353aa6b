import { lookup as systemLookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { formatEndpoint } from '../model/endpoint.js';
import { messageOf } from '../model/errors.js';
import type { DialFailure, FailedServer } from '../model/served.js';
import { SECOND_MS } from '../model/time.js';
import type { DialedServer, Dialer, DialTarget } from '../ports/dialer.js';
import { countedStream, Stopped } from './counted.js';

export interface DialerOptions {
  /** Addresses of a name; absent: as the machine resolves it. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  /** For one server, from connecting to the end of its handshake. */
  readonly limitMs?: number;
}

const LIMIT_MS = 10 * SECOND_MS;
/** A handshake with a long RSA chain is 10 kB; OpenSSL itself takes 100 kB of certificates. */
const MAX_BYTES = 256 * 1024;
/** Behind more addresses than this stands a network that serves the same everywhere. */
const MAX_ADDRESSES = 8;
/** Longer than any chain in use. */
const MAX_CERTIFICATES = 12;

const SIGNATURES: Readonly<Record<NonNullable<DialTarget['keyType']>, string>> = {
  ecdsa: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512',
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512',
};

/** Dials by TCP and TLS 1.2 or later. Nothing that is shown is verified here: what is wrong with it is what is asked for. */
export function createDialer({ lookup = addressesOf, limitMs = LIMIT_MS }: DialerOptions = {}): Dialer {
  const contexts = new Map<DialTarget['keyType'], SecureContext>();
  const contextFor = (keyType: DialTarget['keyType']): SecureContext => {
    const known =
      contexts.get(keyType) ??
      createSecureContext(keyType === undefined ? {} : { sigalgs: SIGNATURES[keyType] });
    contexts.set(keyType, known);
    return known;
  };

  async function resolved(host: string, signal: AbortSignal): Promise<readonly string[] | FailedServer> {
    if (isIP(host) !== 0) return [host];
    try {
      const addresses = await inTime(lookup(host), signal);
      if (addresses.length > 0) return [...new Set(addresses)].slice(0, MAX_ADDRESSES);
      return failed(host, 'unresolved', 'has no address');
    } catch (error) {
      return failed(host, 'unresolved', `has no address (${codeOf(error) ?? messageOf(error)})`);
    }
  }

  return {
    async dial(target, outer) {
      const bounded = () => AbortSignal.any([outer, AbortSignal.timeout(limitMs)]);
      const addresses = await resolved(target.endpoint.host, bounded());
      if ('kind' in addresses) return [addresses];
      return Promise.all(
        addresses.map((address) => dialOne(address, target, contextFor(target.keyType), bounded())),
      );
    },
  };
}

const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await systemLookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

function inTime<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('no answer in time'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const failed = (address: string, failure: DialFailure, why: string): FailedServer => ({
  kind: 'failed',
  address,
  failure,
  why,
});

function dialOne(
  address: string,
  { endpoint, serverName }: DialTarget,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<DialedServer> {
  const { port } = endpoint;
  const label = formatEndpoint({ host: address, port }, 0);
  return new Promise((resolve) => {
    let connected = false;
    const raw = connectTcp({ host: address, port, noDelay: true });
    const stream = countedStream(raw, MAX_BYTES);
    const secure = connectTls({
      socket: stream,
      secureContext,
      // What is wrong with the certificate is to be told, not to end the handshake.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    const close = (): void => {
      signal.removeEventListener('abort', close);
      signal.removeEventListener('abort', onAbort);
      secure.destroy();
      stream.destroy();
    };
    const settle = (server: DialedServer): void => {
      resolve(server);
      if (server.kind === 'failed') close();
    };
    const onAbort = (): void =>
      settle(
        connected
          ? failed(address, 'silent', `takes connections at ${label} and shows no certificate in time`)
          : failed(address, 'unreachable', `cannot be reached at ${label}: no answer in time`),
      );
    const onError = (error: unknown): void => {
      // By TLS 1.2, whoever wants a certificate of the client's ends the handshake after it has shown its own.
      const certificates = error instanceof Stopped ? [] : certificatesOf(secure);
      if (certificates.length === 0) settle(failureOf(address, label, connected, error));
      else {
        settle({ kind: 'shown', address, certificates });
        close();
      }
    };
    raw.on('connect', () => {
      connected = true;
    });
    // Both ends of the pair may tell of one failure; the first word counts.
    stream.on('error', onError);
    secure.on('error', onError);
    secure.on('secureConnect', () => {
      settle({ kind: 'shown', address, certificates: certificatesOf(secure) });
      // A server that is left in the middle of a handshake writes an error into its log.
      signal.addEventListener('abort', close, { once: true });
      secure.end(close);
    });
    secure.on('close', () => onError(new Error('closed')));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** `issuerCertificate` goes through what was sent, in its order: Node looks for no issuers there. */
function certificatesOf(secure: TLSSocket): readonly Uint8Array[] {
  const sent: Uint8Array[] = [];
  let next = secure.getPeerX509Certificate();
  while (next !== undefined && sent.length < MAX_CERTIFICATES) {
    sent.push(next.raw);
    next = next.issuerCertificate;
  }
  return sent;
}

const NO_ROUTE: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
]);

function failureOf(address: string, label: string, connected: boolean, error: unknown): FailedServer {
  if (error instanceof Stopped) return failed(address, error.failure, `${error.message} at ${label}`);
  const code = codeOf(error);
  if (!connected) {
    const failure = code !== undefined && NO_ROUTE.has(code) ? 'no-route' : 'unreachable';
    return failed(address, failure, `cannot be reached at ${label} (${code ?? messageOf(error)})`);
  }
  if (code === 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE') {
    return failed(address, 'too-large', `sends more certificates than OpenSSL takes at ${label}`);
  }
  return failed(address, 'refused', `ends the handshake at ${label} (${reasonOf(error)})`);
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** OpenSSL's own words for an alert (`tlsv1 unrecognized name`), else the code. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  if (typeof reason === 'string') return reason;
  const code = codeOf(error);
  return code === undefined || code === 'ECONNRESET' ? 'connection closed' : code;
}
