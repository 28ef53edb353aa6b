/** Chance from a seed: the same seed, the same throws. */
export interface Dice {
  /** In [0, 1). */
  fraction(): number;
  chance(probability: number): boolean;
  /** Whole, from 0 to below `below`. */
  int(below: number): number;
  /** In [from, till). */
  between(from: number, till: number): number;
  /** Time until something that happens every `mean` on average. */
  wait(mean: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  hex(bytes: number): string;
  /** Dice of their own for one purpose: throws for one thing do not shift those for another. */
  fork(purpose: string): Dice;
}

const MASK = 0xffff_ffff;

/** xmur3, by bryc: a text to 32 well-mixed bits. */
function mixed(text: string): number {
  let hash = 1779033703 ^ text.length;
  for (const char of text) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return (hash ^ (hash >>> 16)) & MASK;
}

/** mulberry32, by Tommy Ettinger: plenty for schedules, nothing for secrets. */
export function dice(seed: string): Dice {
  let state = mixed(seed);
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / (MASK + 1);
  };
  const int = (below: number): number => Math.floor(fraction() * below);
  return {
    fraction,
    chance: (probability) => fraction() < probability,
    int,
    between: (from, till) => from + fraction() * (till - from),
    wait: (mean) => -Math.log(1 - fraction()) * mean,
    pick: (from) => from[int(from.length)] ?? from[0],
    hex: (bytes) => Array.from({ length: bytes }, () => int(256).toString(16).padStart(2, '0')).join(''),
    fork: (purpose) => dice(`${seed}/${purpose}`),
  };
}
