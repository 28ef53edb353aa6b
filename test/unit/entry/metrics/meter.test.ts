import { expect, it, onTestFinished } from 'vitest';
import { createMeter } from '../../../../src/entry/metrics/meter.js';
import type { CallObserver, ObservedCall } from '../../../../src/ports/call-observer.js';
import { acmeAccount } from '../../../support/acme-account.js';
import { namecheapAccount } from '../../../support/namecheap-account.js';
import { sectigoAccount } from '../../../support/sectigo-account.js';
import { storeAccount } from '../../../support/thesslstore-account.js';
import { whmcsAccount } from '../../../support/whmcs-account.js';

const line = (text: string, start: string): string | undefined =>
  text.split('\n').find((one) => one.startsWith(start));

it('counts calls by what came of them, and how long they took', async () => {
  const meter = createMeter(() => false);
  const observe = meter.observeCalls('store');
  for (const status of [200, 204, 404, 429, 503]) observe({ paid: false, status, ms: 300 });
  observe({ paid: true, ms: 61_000 });
  meter.runEnded('fine', 1500);
  meter.pinged(false);
  const text = await meter.text();
  const requests = (kind: string, result: string) =>
    line(text, `certwright_provider_requests_total{account="store",kind="${kind}",result="${result}"}`)
      ?.split(' ')
      .at(-1);
  expect(['2xx', '4xx', 'rate-limited', '5xx'].map((result) => requests('read', result))).toEqual([
    '2',
    '1',
    '1',
    '1',
  ]);
  expect(requests('paid', 'no-reply')).toBe('1');
  const times = 'certwright_provider_request_duration_seconds';
  expect(line(text, `${times}_bucket{le="0.25",account="store",kind="read"}`)).toMatch(/ 0$/);
  expect(line(text, `${times}_bucket{le="0.5",account="store",kind="read"}`)).toMatch(/ 5$/);
  expect(line(text, `${times}_sum{account="store",kind="paid"}`)).toMatch(/ 61$/);
  expect(line(text, 'certwright_runs_total{outcome="fine"}')).toMatch(/ 1$/);
  expect(line(text, 'certwright_pings_total{result="failed"}')).toMatch(/ 1$/);
  expect(line(text, 'certwright_ready')).toBe('certwright_ready 0');
  expect(text).toContain('process_cpu_seconds_total');
});

const ACCOUNTS = {
  acme: async (observe: CallObserver) => {
    const account = await acmeAccount();
    return { provider: await account.another({ observe }), close: account.close };
  },
  namecheap: (observe: CallObserver) => namecheapAccount({ observe }),
  sectigo: (observe: CallObserver) => sectigoAccount({ observe }),
  thesslstore: (observe: CallObserver) => storeAccount({ observe }),
  whmcs: (observe: CallObserver) => whmcsAccount({}, { observe }),
} as const;

it.each(Object.entries(ACCOUNTS))('calls of %s are counted', async (_, open) => {
  const calls: ObservedCall[] = [];
  const { provider, close } = await open((call) => calls.push(call));
  onTestFinished(async () => {
    await provider.close();
    await close();
  });
  expect((await provider.check()).ok).toBe(true);
  expect(calls.length).toBeGreaterThan(0);
  expect(calls).toEqual(calls.map(() => ({ paid: false, status: 200, ms: expect.any(Number) })));
});
