import { expect, it, onTestFinished } from 'vitest';
import { httpClientOnDemand } from '../../../src/http/on-demand.js';
import { manualClock } from '../../support/manual-clock.js';
import { memoryLog } from '../../support/memory-log.js';
import { httpServer } from './servers.js';

const LIST = { method: 'GET', path: '/orders' } as const;
const NOON = Date.UTC(2026, 10, 22, 12);

function client(baseUrl: string) {
  const http = httpClientOnDemand({
    baseUrl,
    log: memoryLog(),
    clock: manualClock(NOON),
    timeouts: { connectMs: 2000, callMs: 2000, totalMs: 60_000 },
    maxResponseBytes: 10_000,
    redact: [],
  });
  onTestFinished(() => http.close());
  return http;
}

const answering = () =>
  httpServer((_, reply) => {
    reply.writeHead(200, { date: 'Sun, 22 Nov 2026 12:00:00 GMT' }).end('there');
  });

it('refuses a wrong address before anything is called', () => {
  expect(() => client('http://shop.example.com')).toThrow('http: is for loopback only');
});

it('knows no time before the first reply, and the time of the reply after it', async () => {
  const http = client((await answering()).url);
  expect([http.serverTime(), http.lastServerTime()]).toEqual([undefined, undefined]);
  expect((await http.read(LIST)).text).toBe('there');
  expect(http.serverTime()).toBe(NOON);
});

it('asks the guard of a paid call, and sends once', async () => {
  const http = client((await answering()).url);
  let asked = 0;
  const guard = () => {
    asked += 1;
  };
  expect((await http.sendOnce({ method: 'POST', path: '/orders' }, guard)).text).toBe('there');
  expect(asked).toBe(1);
});

it('breaks off a read that is out when it is closed', async () => {
  const http = client((await httpServer(() => undefined)).url);
  const read = expect(http.read(LIST)).rejects.toMatchObject({ code: 'interrupted' });
  await http.close();
  await read;
});

it('takes no call once it is closed', async () => {
  const http = client((await answering()).url);
  await http.close();
  await expect(http.read(LIST)).rejects.toMatchObject({ code: 'interrupted' });
});
