import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { type Life, type Size, simulate } from './life.js';
import { failureText } from './story.js';

/** Small enough for every push: what is wrong shows in small worlds as well, only later. */
const SIZE: Size = { certificates: 5, years: 1.5 };
const FIXED = 6;
const FRESH = 4;
const LIFE_TIMEOUT_MS = 300_000;

const lives: Life[] = [];
afterAll(() => {
  const sum = (of: (life: Life) => number) => lives.reduce((total, life) => total + of(life), 0);
  const years = sum((life) => life.certificateYears);
  const cpuMinutes = sum((life) => life.cpuMs) / 60_000;
  process.stdout.write(
    `simulation: ${years.toFixed(0)} certificate-years, ${sum((life) => life.faults)} faults, ` +
      `${sum((life) => life.purchases)} purchases, ${sum((life) => life.runs)} runs; ` +
      `${Math.round(years / cpuMinutes)} certificate-years per minute of processor time\n` +
      `simulation: seeds ${lives.map(({ seed }) => seed).join(',')}\n`,
  );
});

const { SIM_SEED, SIM_COUNT, SIM_CERTIFICATES, SIM_YEARS } = process.env;
const size: Size = {
  certificates: Number(SIM_CERTIFICATES ?? SIZE.certificates),
  years: Number(SIM_YEARS ?? SIZE.years),
};

/** `SIM_SEED` names seeds; `SIM_COUNT` asks for so many fresh ones beside the fixed ones. */
const fresh = (count: number): readonly string[] =>
  Array.from({ length: count }, () => String(randomInt(1_000_000, 999_999_999)));
const seeds =
  SIM_SEED === undefined
    ? [...Array.from({ length: FIXED }, (_, i) => String(i + 1)), ...fresh(Number(SIM_COUNT ?? FRESH))]
    : SIM_SEED.split(',');

describe('years of life with faults', () => {
  it.each(seeds)(
    'nothing is bought twice, lost, or left to run out (seed %s)',
    {
      timeout: LIFE_TIMEOUT_MS,
    },
    async (seed) => {
      const life = await simulate(seed, size);
      lives.push(life);
      if (life.error !== undefined) throw new Error(failureText(life, size));
      expect(life.faults, 'at least one fault for each certificate-year').toBeGreaterThanOrEqual(
        Math.floor(life.certificateYears),
      );
      expect(life.purchases).toBeGreaterThan(0);
    },
  );

  it('a seed replays exactly', { timeout: LIFE_TIMEOUT_MS }, async () => {
    const short: Size = { certificates: 3, years: 0.5 };
    const [one, two] = [await simulate('again', short), await simulate('again', short)];
    // Serial numbers are the one thing that does not come from the seed.
    const told = ({ lines }: Life) => lines.map((line) => line.replace(/serial [0-9a-f]+…?/g, 'serial'));
    expect(told(two)).toEqual(told(one));
    expect(one.lines.length).toBeGreaterThan(10);
  });
});
