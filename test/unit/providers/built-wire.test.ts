import { describe, expect, it } from 'vitest';

/** What users run is what the compiler made of the sources; tests run the sources themselves. */
const built = (path: string): Promise<Record<string, (...args: unknown[]) => unknown>> =>
  import(new URL(`../../../dist/providers/${path}`, import.meta.url).href);

describe('replies are read by the build', () => {
  it('of sectigo', async () => {
    const { parsePlaced } = await built('sectigo/wire.js');
    expect(parsePlaced?.('!AutoApplySSL', new Map([['ordernumber', ['912345678']]]), 'unknown')).toEqual({
      orderNumber: '912345678',
    });
  });

  it('of acme', async () => {
    const { parseAccount } = await built('acme/wire.js');
    expect(parseAccount?.({ status: 200, headers: {}, text: '{"status":"valid"}' })).toEqual({
      status: 'valid',
    });
  });
});
