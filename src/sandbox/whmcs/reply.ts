import { encodeXML } from 'entities';
import type { Json, JsonObject } from '../../model/json.js';
import type { WireReply } from '../frame/definition.js';
import type { Desk } from './state.js';

/** A refusal in the words of WHMCS; there are no codes. */
export class Refusal extends Error {
  readonly status: number;

  /** @param status  403 where access is refused */
  constructor(message: string, status = 200) {
    super(message);
    this.status = status;
  }
}

export const jsonReply = (body: JsonObject, status = 200): WireReply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

/** Doubly nested, and empty in one of three forms. */
export function collection(
  { settings }: Desk,
  outer: string,
  inner: string,
  rows: readonly Json[],
): JsonObject {
  if (rows.length > 0 || settings.emptyAs === 'nested') return { [outer]: { [inner]: [...rows] } };
  return { [outer]: settings.emptyAs === 'text' ? '' : [] };
}

/** Ids and counts come as numbers here and as texts there. */
export const number = ({ settings }: Desk, value: number): Json =>
  settings.numbersAs === 'text' ? String(value) : value;

export const words = ({ settings }: Desk, text: string): string =>
  settings.htmlEntities ? encodeXML(text).replaceAll('&apos;', '&#039;') : text;

/** `2026-11-29`, and with its time, by the clock of the shop; no date is all zeros. */
export const localDate = (desk: Desk, ms: number | null): string => localTime(desk, ms).slice(0, 10);

export function localTime({ settings }: Desk, ms: number | null): string {
  if (ms === null) return '0000-00-00 00:00:00';
  const at = new Date(ms + settings.utcOffsetMinutes * 60_000).toISOString();
  return `${at.slice(0, 10)} ${at.slice(11, 19)}`;
}

const CAPITALS: Readonly<Record<string, string>> = { onetime: 'One Time' };
/** Lower case when sent, capitalised when read. */
export const cycleWord = (cycle: string): string =>
  CAPITALS[cycle] ?? `${cycle.slice(0, 1).toUpperCase()}${cycle.slice(1)}`;

/** `limitstart`, `limitnum` and the counts that go with them. */
export function page<T>(
  desk: Desk,
  rows: readonly T[],
  limits: { readonly start: number; readonly count: number },
): { readonly rows: readonly T[]; readonly counts: JsonObject } {
  const size = Math.min(limits.count, desk.settings.maximumPageSize);
  const shown = rows.slice(limits.start, limits.start + size);
  return {
    rows: shown,
    counts: {
      totalresults: String(rows.length),
      startnumber: limits.start,
      numreturned: shown.length,
    },
  };
}
