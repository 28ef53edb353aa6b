import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../src/model/intent.js';
import { toMs } from '../../src/model/time.js';
import { type Days, liveDays, QUIET } from './daemon-days.js';

const { DAEMON_SEED } = process.env;
/** One that is always the same, and one that nobody tried before. */
const seeds = DAEMON_SEED?.split(',') ?? ['1', String(randomInt(1_000_000, 999_999_999))];

const MIB = 1024 * 1024;
/** What garbage collection leaves by chance; a thing kept at every look is more after 450 of them. */
const GROWTH_MIB = 2;
const CERTIFICATES = 12;

/** Lines of one machine's log between two hours. */
const said = ({ hosting, hourOf }: Days, machine: string, from: number, to: number): readonly string[] =>
  hosting.lines
    .filter((line) => line.machine === machine && hourOf(line.atMs) >= from && hourOf(line.atMs) < to)
    .map(({ atMs, level, text }) => `${hourOf(atMs).toFixed(2)} ${level} ${text}`);

const between = ({ hourOf }: Days, instants: readonly number[], from: number, to: number): number =>
  instants.filter((ms) => hourOf(ms) >= from && hourOf(ms) < to).length;

describe('72 hours of two daemons, with outages, faults, restarts and clocks that are set back', () => {
  it.each(seeds)(
    'one purchase for each need, nothing runs out, nothing grows, and the log stays short (seed %s)',
    { timeout: 300_000 },
    async (seed) => {
      const days = await liveDays(seed);
      const { world, hosting, hosts, sights, expired, endedInTime } = days;
      const { watch, shop, stage } = world;

      expect(world.chaos.strikes, 'faults').toBeGreaterThan(5);
      expect(hosts.map(({ starts }) => starts >= 2)).toEqual([true, true]);
      expect(shop.seller.purchases).toBe(CERTIFICATES);
      expect(new Set(watch.sales.map(({ need }) => need)).size).toBe(CERTIFICATES);
      expect(expired).toEqual([]);
      const statuses = [...watch.statuses.values()];
      expect(statuses).toHaveLength(CERTIFICATES);
      for (const { name, current, intents, previous } of statuses) {
        expect(toMs(current?.notAfter ?? '1970-01-01T00:00:00Z'), name).toBeGreaterThan(stage.nowMs);
        expect(intents.filter(isOpen), name).toEqual([]);
        if (name !== 'team/c12') expect(previous.length, `${name} was reissued`).toBeGreaterThan(0);
      }

      // Stopped while it bought.
      expect(endedInTime).toBe(true);

      // The remote was gone for five hours: said on /readyz, over within a quarter of an hour.
      expect(sights.get(7.9)?.unready).toEqual([undefined, undefined]);
      expect(sights.get(20.9)?.unready).toEqual(hosts.map(() => 'the remote cannot be reached'));
      expect(sights.get(22)?.unready).toEqual([undefined, undefined]);

      // A day back: nothing falls due by it, and what people want is not bought before the clocks are right.
      const [before, back, wanted] = [39.9, 40.9, 42.9].map((hour) => sights.get(hour));
      expect(back?.commits).toBe(before?.commits);
      expect(wanted?.sales).toBe(before?.sales);
      expect(wanted?.unready.join()).toContain("clock differs from the provider's by -86");

      // While nothing happens a look is one fetch; everything is read every six hours, and for a doubt that is looked into.
      const looks = between(days, hosting.looks, QUIET.from, QUIET.to);
      expect(looks).toBeGreaterThan(250);
      expect(between(days, hosting.readings, QUIET.from, QUIET.to)).toBeLessThan(30);
      const grown = (sights.get(71)?.heap ?? 0) - (sights.get(52)?.heap ?? 0);
      expect(grown / MIB, 'MiB of the heap that stay after 19 hours').toBeLessThan(GROWTH_MIB);

      for (const { machine } of hosts) {
        const { name } = machine;
        expect(said(days, name, QUIET.from, QUIET.to).length, name).toBeLessThan(4);
        const outage = said(days, name, 16, 21);
        expect(outage.length, outage.join('\n')).toBeLessThan(4);
        const noSeller = said(days, name, 8, 14);
        expect(noSeller.length, noSeller.join('\n')).toBeLessThan(10);
      }
      expect(hosting.lines.length).toBeLessThan(400);
    },
  );
});
