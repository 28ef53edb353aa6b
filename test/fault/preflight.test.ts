/** What is wrong with a name is found before money moves, and nobody is asked where nothing is about to be sent. */
import { describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.js';
import { planOnly } from '../../src/reconcile/plan-only.js';
import { planText } from '../../src/report/plan-text.js';
import { caa, type DnsServer, type Handler, soa, startDnsServer } from '../support/dns-server.js';
import {
  applyOnce,
  manifest,
  openPlace,
  openRunner,
  type Place,
  type PlaceOptions,
  runUntilQuiet,
} from '../support/engine.js';

/** The registered domain is there, and has these CAA records. */
const zone =
  (...values: readonly string[]): Handler =>
  ({ name, type }) => {
    if (type === 'SOA') return { answers: [soa(name)] };
    return {
      answers: type === 'CAA' && name === 'example.com' ? values.map((value) => caa(name, value)) : [],
    };
  };

interface Stage {
  readonly place: Place;
  readonly dns: DnsServer;
}

async function stage(handler: Handler, over: Partial<PlaceOptions> = {}): Promise<Stage> {
  const dns = await startDnsServer(handler);
  return {
    dns,
    place: await openPlace({ kind: 'sectigo', preflight: `{ resolvers: ["${dns.address}"] }`, ...over }),
  };
}

const run = async (place: Place) => applyOnce(place, await openRunner(place));

describe('a purchase', () => {
  it('is held while CAA forbids it, and made once when that is mended', async () => {
    const { place, dns } = await stage(zone('letsencrypt.org'));
    const runner = await openRunner(place);
    const { plan } = await planOnly(runner.deps);
    expect(plan.items).toMatchObject([{ action: 'order', hold: { code: 'preflight' } }]);
    expect(planText(plan, { color: false, width: 400 })).toContain(
      'held      shop.example.com: CAA at example.com: issue names letsencrypt.org and nobody else; add `example.com. CAA 0 issue "sectigo.com"` to the zone of example.com, or remove what forbids it there',
    );
    const held = await applyOnce(place, runner);
    expect(held.exit).toBe(0);
    expect(held.applied?.events).toMatchObject([
      { outcome: 'held', message: expect.stringContaining('CAA at example.com') },
    ]);
    expect([await place.purchases(), await place.pushes()]).toEqual([0, 1]);
    dns.says(zone('letsencrypt.org', 'sectigo.com'));
    await runUntilQuiet(place, await openRunner(place));
    expect(await place.purchases()).toBe(1);
    expect((await place.status('shop')).current?.names).toContain('shop.example.com');
  });

  it('is looked at again when somebody took his time to say yes', async () => {
    const { place, dns } = await stage(zone());
    const runner = await openRunner(place);
    const ended = await applyOnce(place, runner, 0, {
      confirm: async (plan) => {
        expect(plan.items[0]?.hold).toBeUndefined();
        dns.says(zone(';'));
        await place.advance(MINUTE_MS);
        return true;
      },
    });
    expect(ended.applied?.events).toMatchObject([
      { outcome: 'held', message: expect.stringContaining('nobody may issue') },
    ]);
    expect([await place.purchases(), await place.pushes()]).toEqual([0, 1]);
  });

  it('is made where nobody can be asked, and where it was told not to look, and says so', async () => {
    const silent: Handler = () => ({ rcode: 5 });
    for (const [handler, more, words] of [
      [silent, '', /^shop\.example\.com: could not look at example\.com: 127\.0\.0\.1:\d+ answers REFUSED$/],
      [zone(';'), 'preflight: { skip: [caa] }\n', /^skipped: caa$/],
    ] as const) {
      const { place } = await stage(handler, { manifests: { shop: manifest('shop', more) } });
      const ended = await run(place);
      const notes = ended.applied?.plan.items[0]?.preflight ?? [];
      expect(notes[0]).toMatch(words);
      expect(await place.purchases()).toBe(1);
    }
  });

  it('leaves the money to the next in line', async () => {
    const { place } = await stage(
      ({ name, type }) =>
        type === 'CAA' && name === 'a.example.com'
          ? { answers: [caa(name, ';')] }
          : zone()({ name, type } as never),
      {
        manifests: { a: manifest('a'), b: manifest('b') },
        spending: 'perOrder: 100 USD, perDay: 10 USD, perMonth: 10 USD',
      },
    );
    const { plan } = await planOnly((await openRunner(place)).deps);
    expect(plan.items).toMatchObject([
      { name: 'a', hold: { code: 'preflight' } },
      { name: 'b', names: ['b.example.com'] },
    ]);
    expect(plan.items[1]?.hold).toBeUndefined();
    await run(place);
    expect(await place.purchases()).toBe(1);
  });
});

describe('questions', () => {
  it('are put once a run, none where nothing is due or something else holds the line', async () => {
    const { place, dns } = await stage(zone('sectigo.com'));
    await runUntilQuiet(place, await openRunner(place));
    expect(dns.asked.toSorted()).toEqual(['CAA example.com', 'CAA shop.example.com', 'SOA example.com']);
    await place.advance(DAY_MS);
    await run(place);
    expect(dns.asked).toHaveLength(3);
    const held = await stage(zone(), { spending: 'perOrder: 1 USD' });
    await run(held.place);
    expect(held.dns.asked).toEqual([]);
  });

  it('are not put in a rehearsal that names no resolver, nor where they are off', async () => {
    for (const preflight of ['{}', '{ off: true, resolvers: ["127.0.0.1:9"] }']) {
      const { place, dns } = await stage(zone(';'), { preflight });
      const ended = await run(place);
      const off = preflight.includes('off')
        ? { preflight: ['names were not looked at: preflight is off'] }
        : {};
      expect(ended.applied?.plan.items).toMatchObject([off]);
      expect(dns.asked).toEqual([]);
      expect(await place.purchases()).toBe(1);
    }
  });
});

it('a free reissue waits while CAA forbids it', async () => {
  const { place, dns } = await stage(zone('sectigo.com'));
  await runUntilQuiet(place, await openRunner(place));
  dns.says(zone('letsencrypt.org'));
  await place.merge({ 'certificates/shop.yaml': manifest('shop', 'reissue: "new key"\n') });
  const ended = await run(place);
  expect(ended.applied?.plan.items).toMatchObject([{ action: 'reissue', hold: { code: 'preflight' } }]);
  dns.says(zone('sectigo.com'));
  await runUntilQuiet(place, await openRunner(place));
  expect((await place.status('shop')).reissueText).toBe('new key');
});
