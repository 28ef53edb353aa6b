import { covers, type DnsName, isWildcard, parseName } from './names.js';

/** A server to dial. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const HTTPS_PORT = 443;

const FORM = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]@]+))(?::(\d{1,5}))?$/i;

/** `host`, `host:port`, `[::1]`, `[::1]:port`, `::1`; undefined for anything else. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  if (/^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return { host: text, port: defaultPort };
  const [, bracketed, plain, digits] = FORM.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** The address of a host, and the name to ask a server for. */
export interface Place extends Endpoint {
  /** Absent: none of the names can be asked for. */
  readonly serverName?: string;
}

/**
 * Where an endpoint of a manifest lies. A host that the certificate is for is asked for by its own name. Any other (an address,
 * one machine behind a name) is asked for the first name of the certificate that is no wildcard.
 * @param text  `host:port`
 * @param names  of the certificate, the common name first
 */
export function placeOf(text: string, names: readonly DnsName[]): Place | undefined {
  const endpoint = parseEndpoint(text, HTTPS_PORT);
  if (endpoint === undefined) return undefined;
  const parsed = parseName(endpoint.host);
  const host = parsed.ok ? parsed.name : endpoint.host;
  const own = parsed.ok && covers(names, host) ? host : names.find((name) => !isWildcard(name));
  const serverName = own ?? (parsed.ok ? host : undefined);
  return { host, port: endpoint.port, ...(serverName === undefined ? {} : { serverName }) };
}

/** As people write it, without the port where it is the usual one. */
export function formatEndpoint({ host, port }: Endpoint, defaultPort: number): string {
  if (port === defaultPort) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
