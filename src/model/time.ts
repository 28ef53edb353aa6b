/** An instant as it stands in files: ISO 8601, UTC, whole seconds (`2026-11-22T06:46:42Z`). */
export type Instant = string;

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Epoch ms → instant, rounded down to the second. */
export const toInstant = (ms: number): Instant =>
  `${new Date(Math.floor(ms / SECOND_MS) * SECOND_MS).toISOString().slice(0, 19)}Z`;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Instant → epoch ms; undefined when the text is none. Takes fractions and offsets as well, but nothing that leaves the zone
 * to the machine, and no day that does not exist.
 */
export function parseInstant(text: string): number | undefined {
  // A run over many certificates reads a dozen of theirs each: nothing is taken out of the text that is not needed.
  if (!INSTANT.test(text) || (text.slice(8, 10) > '28' && !isDay(text.slice(0, 10)))) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Instant → epoch ms. @throws RangeError when the text is no instant. */
export function toMs(instant: Instant): number {
  const ms = parseInstant(instant);
  if (ms === undefined) throw new RangeError(`not an instant: ${instant}`);
  return ms;
}

/** The engine reads 30 February as 2 March. */
function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && dayOf(ms) === text;
}

/** The UTC day of an instant, `2026-11-22`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
