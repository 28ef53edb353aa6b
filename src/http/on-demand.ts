import { parseBaseUrl } from './base-url.js';
import type { HttpClient, HttpClientOptions } from './client.js';

/**
 * The same client, loaded at its first call: most runs call nobody, and loading takes longer than all they do.
 * @throws CertError `config.invalid`
 */
export function httpClientOnDemand(options: HttpClientOptions): HttpClient {
  parseBaseUrl(options.baseUrl);
  let loading: Promise<HttpClient> | undefined;
  let loaded: HttpClient | undefined;
  let isClosed = false;

  async function load(): Promise<HttpClient> {
    const { createHttpClient } = await import('./client.js');
    loaded = createHttpClient(options);
    if (isClosed) await loaded.close();
    return loaded;
  }
  function client(): Promise<HttpClient> {
    loading ??= load();
    return loading;
  }

  return {
    read: async (request) => (await client()).read(request),
    sendOnce: async (request, guard) => (await client()).sendOnce(request, guard),
    lastServerTime: () => loaded?.lastServerTime(),
    serverTime: () => loaded?.serverTime(),
    async close() {
      isClosed = true;
      const opened = await loading?.catch(() => undefined);
      await opened?.close();
    },
  };
}
