import { Resolver } from 'node:dns/promises';
import { get as getHttp, type RequestOptions } from 'node:http';
import { get as getHttps } from 'node:https';

/** What a look at the outside found, or why there is nothing to see. */
export type Found<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** How a sandbox proves control over names: for real, at the addresses it was given. */
export interface Probe {
  /**
   * A file of a web server.
   * @param servers  `name` or `*` → `address:port`; a name that is in neither place is not looked for
   */
  file(input: {
    readonly scheme: 'http' | 'https';
    readonly name: string;
    readonly path: string;
    readonly servers: Readonly<Record<string, string>>;
  }): Promise<Found<string>>;
  /** @param server  `address:port`, or `system` for the machine's own resolver */
  cname(name: string, server: string): Promise<Found<string>>;
  /** Every TXT record of a name, each with its parts joined. @param server  as of `cname` */
  txt(name: string, server: string): Promise<Found<readonly string[]>>;
}

const LIMIT_MS = 3000;
const MAX_BYTES = 64 * 1024;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const probe: Probe = {
  async file({ scheme, name, path, servers }) {
    const server = servers[name] ?? servers['*'];
    if (server === undefined) return { ok: false, why: `no web server is set for ${name}` };
    const [host = '', port = ''] = splitAddress(server);
    try {
      return await fetchFile(scheme, { host, port, path, headers: { host: name }, servername: name });
    } catch (error) {
      return { ok: false, why: `${scheme}://${name}${path} at ${server}: ${messageOf(error)}` };
    }
  },

  cname: (name, server) =>
    lookUp(name, server, async (resolver) => {
      const [target] = await resolver.resolveCname(name);
      return target?.replace(/\.$/, '');
    }),

  txt: (name, server) =>
    lookUp(name, server, async (resolver) =>
      (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
    ),
};

async function lookUp<T>(
  name: string,
  server: string,
  ask: (resolver: Resolver) => Promise<T | undefined>,
): Promise<Found<T>> {
  if (server === '') return { ok: false, why: 'no DNS server is set' };
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  try {
    if (server !== 'system') resolver.setServers([server]);
    const value = await ask(resolver);
    return value === undefined ? { ok: false, why: `${name} has no such record` } : { ok: true, value };
  } catch (error) {
    return { ok: false, why: `${name}: ${messageOf(error)}` };
  } finally {
    resolver.cancel();
  }
}

/** `[::1]:80` and `127.0.0.1:80`. */
function splitAddress(address: string): readonly string[] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), address.slice(at + 1)];
}

interface FileRequest extends RequestOptions {
  readonly servername: string;
}

function fetchFile(scheme: 'http' | 'https', request: FileRequest): Promise<Found<string>> {
  return new Promise((resolve, reject) => {
    // A name is proved before it has a certificate that anybody trusts.
    const get = scheme === 'http' ? getHttp : getHttps;
    const options = { ...request, timeout: LIMIT_MS, rejectUnauthorized: false, agent: false };
    const call = get(options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) call.destroy(new Error('the file is too large'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve({ ok: true, value: Buffer.concat(chunks).toString('utf8') });
        else resolve({ ok: false, why: `HTTP ${response.statusCode} at ${request.path}` });
      });
    });
    call.once('timeout', () => call.destroy(new Error('no answer in time')));
    call.once('error', reject);
  });
}
