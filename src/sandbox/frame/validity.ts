import { DAY_MS } from '../../model/time.js';
import type { Leaf, Setting } from './definition.js';
import { setting } from './setting.js';

/** Issued on the day `since` (UTC) or later, a certificate lives for `days` at most. */
export interface ValidityLimit {
  /** `2026-03-15` */
  readonly since: string;
  readonly days: number;
}

/** @param limits  oldest first; the first one holds before its day as well */
export const validityLimits = (limits: readonly ValidityLimit[]): Setting =>
  setting(
    'from a day on, days a certificate lives',
    limits.map(({ since, days }) => ({ since, days })),
    {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['since', 'days'],
        additionalProperties: false,
        properties: {
          since: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' },
          days: { type: 'integer', minimum: 1 },
        },
      },
    },
  );

/**
 * Midnight to 23:59:59, no longer than the day allows and the paid term lasts, and a day at least.
 * @param termEndMs  where the paid term ends, epoch ms
 */
export function validityOf(
  limits: readonly ValidityLimit[],
  nowMs: number,
  termEndMs: number,
): Pick<Leaf, 'notBeforeMs' | 'notAfterMs'> {
  const notBeforeMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const limit = limits.findLast(({ since }) => since <= day)?.days ?? limits[0]?.days ?? 1;
  const left = Math.max(1, Math.ceil((termEndMs - notBeforeMs) / DAY_MS));
  return { notBeforeMs, notAfterMs: notBeforeMs + Math.min(limit, left) * DAY_MS - 1000 };
}

/** The name of a certificate for one name, and the other one of `example.com` and `www.example.com` or `*.example.com`. */
export function withCompanion(name: string): readonly string[] {
  if (name.startsWith('*.')) return [name, name.slice(2)];
  return [name, name.startsWith('www.') ? name.slice(4) : `www.${name}`];
}
