import type { Life, Size } from './life.js';

/** What happened, in the order in which it did; printed when something is wrong. */
export interface Story {
  readonly lines: readonly string[];
  tell(who: string, what: string): void;
}

export function story(nowMs: () => number): Story {
  const lines: string[] = [];
  return {
    lines,
    tell: (who, what) => {
      const at = new Date(nowMs()).toISOString().slice(0, 19).replace('T', ' ');
      lines.push(`${at}  ${who.padEnd(7)} ${what}`);
    },
  };
}

/** Something that must never be, with both sides: what was, and what had to be. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, is: string, must: string) {
    super(`${invariant}\n    is:   ${is}\n    must: ${must}`);
    this.invariant = invariant;
  }
}

const SHOWN = 80;

/** A failed seed as a person wants to read it: what broke, how to see it again, how it came to that. */
export function failureText({ seed, error, lines }: Life, { certificates, years }: Size): string {
  const what =
    error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error);
  const settings = `SIM_SEED=${seed} SIM_CERTIFICATES=${certificates} SIM_YEARS=${years}`;
  return [
    `seed ${seed}: ${what}`,
    `  again: ${settings} npm run vitest -- test/simulation/simulation.test.ts`,
    `  the last ${Math.min(SHOWN, lines.length)} of ${lines.length} events:`,
    ...lines.slice(-SHOWN).map((line) => `    ${line}`),
  ].join('\n');
}
