export interface Axis {
  /** Where the scale ends; at least the largest value. */
  readonly top: number;
  /** Rising, without 0. */
  readonly ticks: readonly number[];
}

const STEPS = [1, 2, 2.5, 5, 10];
const WANTED = 5;

/** Round values up to the largest one; whole ones below ten. */
export function axisOf(largest: number): Axis {
  const rough = Math.max(largest, 1) / WANTED;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (STEPS.find((one) => one * power >= rough) ?? 10) * power);
  const whole = step < 10 ? Math.ceil(step) : step;
  const n = Math.max(1, Math.ceil(largest / whole));
  return { top: n * whole, ticks: Array.from({ length: n }, (_, i) => (i + 1) * whole) };
}
