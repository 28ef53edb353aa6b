import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/model/time.js';
import type { Dice } from './dice.js';

/** What goes wrong at one port call. */
export type Fault =
  | { readonly kind: 'crash-before' | 'crash-after' | 'interrupt' }
  /** The other side cannot be reached: nothing happens there. */
  | { readonly kind: 'down' }
  /** Done, and the answer never comes back. */
  | { readonly kind: 'reply-lost' }
  /** Never done, and no answer comes back. */
  | { readonly kind: 'call-lost' }
  | { readonly kind: 'refused' }
  /** Reported as failed; it is carried out this much later, if it still can be. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Reported as done; it never was. */
  | { readonly kind: 'phantom' }
  /** The process stands still before the call. */
  | { readonly kind: 'freeze'; readonly ms: number }
  /** The wall clock of the machine is set. */
  | { readonly kind: 'clock-step'; readonly ms: number }
  /** The provider sells twice. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'out-of-credit' }
  /** An error status after the provider acted, or instead. */
  | { readonly kind: 'error'; readonly status: number; readonly acts: boolean };

const FREEZES = [40 * SECOND_MS, 70 * SECOND_MS, 10 * MINUTE_MS, 5 * HOUR_MS] as const;
const STEPS = [
  -HOUR_MS,
  -90 * SECOND_MS,
  -5 * SECOND_MS,
  5 * SECOND_MS,
  100 * SECOND_MS,
  3 * HOUR_MS,
] as const;
const STATUSES = [500, 502, 503] as const;

/** Faults of any process at any call. */
const anywhere = (dice: Dice): Fault =>
  dice.pick<() => Fault>([
    () => ({ kind: 'crash-before' }),
    () => ({ kind: 'crash-after' }),
    () => ({ kind: 'crash-after' }),
    () => ({ kind: 'interrupt' }),
    () => ({ kind: 'freeze', ms: dice.pick(FREEZES) }),
    () => ({ kind: 'clock-step', ms: dice.pick(STEPS) }),
  ])();

const atWrite = (dice: Dice): Fault =>
  dice.pick<() => Fault>([
    () => anywhere(dice),
    () => anywhere(dice),
    () => ({ kind: 'reply-lost' }),
    () => ({ kind: 'reply-lost' }),
    () => ({ kind: 'call-lost' }),
    () => ({ kind: 'error', status: dice.pick(STATUSES), acts: dice.chance(0.5) }),
    () => ({ kind: 'down' }),
    () => ({ kind: 'out-of-credit' }),
    () => ({ kind: 'duplicate' }),
  ])();

const atPush = (dice: Dice): Fault =>
  dice.pick<() => Fault>([
    () => anywhere(dice),
    () => anywhere(dice),
    () => ({ kind: 'reply-lost' }),
    () => ({ kind: 'call-lost' }),
    () => ({ kind: 'late', ms: dice.pick([2 * SECOND_MS, 20 * SECOND_MS, 3 * MINUTE_MS, HOUR_MS]) }),
    () => ({ kind: 'phantom' }),
    () => ({ kind: 'refused' }),
  ])();

const atRead = (dice: Dice): Fault => (dice.chance(0.5) ? { kind: 'down' } : anywhere(dice));

/** Which calls are struck how often, and by what. Quiet runs read a little; what matters is struck hard. */
const RULES: readonly {
  readonly calls: RegExp;
  readonly often: number;
  readonly what: (dice: Dice) => Fault;
}[] = [
  { calls: /\.run$/, often: 0.16, what: atWrite },
  { calls: /^git\.commit$/, often: 0.07, what: atPush },
  { calls: /^spool\.(write|remove)$/, often: 0.03, what: atRead },
  { calls: /^git\.observe$/, often: 0.004, what: atRead },
  { calls: /^(spool\.list|key\.generate)$/, often: 0.004, what: anywhere },
  { calls: /./, often: 0.012, what: atRead },
];

export interface Chaos {
  /** Strikes from now on. */
  on: boolean;
  readonly strikes: number;
  /** Does something go wrong at this call? */
  strike(call: string): Fault | undefined;
  /** An outage counts as one fault, whatever it hits. */
  count(): void;
}

/** @param often  factor on every probability */
export function chaos(dice: Dice, often: number): Chaos {
  let strikes = 0;
  return {
    on: true,
    get strikes() {
      return strikes;
    },
    strike(call) {
      const rule = RULES.find(({ calls }) => calls.test(call));
      if (!this.on || !rule || !dice.chance(rule.often * often)) return undefined;
      strikes += 1;
      return rule.what(dice);
    },
    count: () => {
      strikes += 1;
    },
  };
}

export const OUTAGES_MS: readonly [number, ...number[]] = [HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS];

export function faultText(fault: Fault): string {
  const more =
    'ms' in fault
      ? ` ${fault.ms / SECOND_MS} s`
      : fault.kind === 'error'
        ? ` ${fault.status}${fault.acts ? ' after acting' : ''}`
        : '';
  return `${fault.kind}${more}`;
}
