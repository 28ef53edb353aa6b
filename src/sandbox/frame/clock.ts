import { CertError } from '../../model/errors.js';

/** Where a sandbox's time stands, as it is kept over a restart. */
export interface ClockState {
  /** Seconds of the sandbox in one second of the source: 1 real, 0 standing still. */
  readonly speed: number;
  /** The sandbox's time, epoch ms, when the source stood at `sourceMs`. */
  readonly atMs: number;
  readonly sourceMs: number;
}

/** Time as the sandbox's callers see it: certificates, reports and the `Date` header follow it. */
export interface SandboxClock {
  now(): number;
  speed(): number;
  /** Jumps to an instant, back as well. */
  set(ms: number): void;
  advance(ms: number): void;
  setSpeed(speed: number): void;
  state(): ClockState;
  restore(state: ClockState): void;
}

const FASTEST = 100_000_000;

/** @throws CertError when the speed is none */
function checkedSpeed(speed: number): number {
  if (Number.isFinite(speed) && speed >= 0 && speed <= FASTEST) return speed;
  throw new CertError('usage', `The speed must be a number from 0 (standing still) to ${FASTEST}.`);
}

/** @param source  epoch ms; the machine's clock, or that of a test */
export function createClock(source: () => number, first: Partial<ClockState> = {}): SandboxClock {
  let speed = checkedSpeed(first.speed ?? 1);
  let sourceMs = first.sourceMs ?? source();
  let atMs = first.atMs ?? sourceMs;
  const now = (): number => Math.floor(atMs + (source() - sourceMs) * speed);
  const anchor = (ms: number): void => {
    atMs = ms;
    sourceMs = source();
  };
  return {
    now,
    speed: () => speed,
    set: anchor,
    advance: (ms) => anchor(now() + ms),
    setSpeed: (next) => {
      const checked = checkedSpeed(next);
      anchor(now());
      speed = checked;
    },
    // At real speed time also passes while nothing runs; otherwise it stands where it was left.
    state: () => (speed === 1 ? { speed, atMs, sourceMs } : { speed, atMs: now(), sourceMs: source() }),
    restore: (state) => {
      speed = state.speed;
      if (speed === 1) {
        atMs = state.atMs;
        sourceMs = state.sourceMs;
      } else anchor(state.atMs);
    },
  };
}
