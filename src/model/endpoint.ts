/** A server to dial. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const FORM = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]@]+))(?::(\d{1,5}))?$/i;

/** `host`, `host:port`, `[::1]`, `[::1]:port`, `::1`; undefined for anything else. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  if (/^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return { host: text, port: defaultPort };
  const [, bracketed, plain, digits] = FORM.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** As people write it, without the port where it is the usual one. */
export function formatEndpoint({ host, port }: Endpoint, defaultPort: number): string {
  if (port === defaultPort) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
