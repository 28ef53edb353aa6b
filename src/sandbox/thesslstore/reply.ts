import type { Json, JsonObject } from '../../model/json.js';
import type { WireReply } from '../frame/definition.js';
import type { StoreSettings } from './settings.js';
import type { Desk } from './state.js';

/** A refusal in the words of the API; HTTP has nothing to say about it. */
export class Refusal extends Error {
  readonly code: number | undefined;

  constructor(text: string, code?: number) {
    super(text);
    this.code = code;
  }

  /** With its code as the account says it; the frame is what the vendor's own clients have met. */
  inForm(form: StoreSettings['codesAs']): string {
    if (this.code === undefined || form === 'text') return this.message;
    return form === 'number'
      ? `${this.code} ${this.message}`
      : `ErrorCode:${this.code}|Message:${this.message}`;
  }
}

export const coded = (code: number, text: string): Refusal => new Refusal(text, code);
export const wrongLogin = (): Refusal => coded(-9008, 'Token/Authentication Failure');
export const authoritySays = (text: string): Refusal => coded(-9009, `Vendor returns error:${text}`);

export type Shape = 'nested' | 'flat' | 'array';

const messages = ({ settings }: Desk): Json => {
  switch (settings.messageAs) {
    case 'empty':
      return [];
    case 'null':
      return null;
    case 'list-of-null':
      return [null];
    case 'text':
      return '';
  }
};

/** @param replayToken  comes back as it came */
export const envelope = (
  desk: Desk,
  replayToken: Json,
  refusal?: Refusal,
  isError = refusal !== undefined,
): JsonObject => ({
  isError,
  Message: refusal === undefined ? messages(desk) : [refusal.inForm(desk.settings.codesAs)],
  Timestamp: new Date(desk.nowMs).toISOString(),
  ReplayToken: replayToken,
  InvokingPartnerCode: desk.seat.login.partnerCode ?? '',
});

export const jsonReply = (body: Json): WireReply => ({
  status: 200,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(body),
});

const NO_DATE_MS = Date.UTC(1900, 0, 1);
/** Where the vendor lives; whether the local dates have its zone is not known. */
const LOCAL_MS = 5 * 3_600_000;

const two = (n: number): string => String(n).padStart(2, '0');

/** A date as text of a culture: `en-US`, or day first. */
function cultureDate(ms: number, culture: string): string {
  const at = new Date(ms);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  const [hour, minute, second] = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  if (culture.toLowerCase() !== 'en-us') {
    return `${two(day)}-${two(month)}-${year} ${two(hour)}:${two(minute)}:${two(second)}`;
  }
  return `${month}/${day}/${year} ${hour % 12 === 0 ? 12 : hour % 12}:${two(minute)}:${two(second)} ${hour < 12 ? 'AM' : 'PM'}`;
}

/** A date in its two members; no date is the first of January 1900, which clients have met in two forms. */
export function dates({ settings }: Desk, name: string, ms: number | null, culture: string): JsonObject {
  if (ms === null) {
    const none = cultureDate(NO_DATE_MS, settings.noDateAs === 'culture' ? culture : '');
    return { [name]: none, [`${name}InUTC`]: none };
  }
  return { [name]: cultureDate(ms - LOCAL_MS, culture), [`${name}InUTC`]: cultureDate(ms, culture) };
}

/** `/Date(1767225600000)/`, with or without an offset, which changes nothing. */
export function requestDateMs(value: Json | undefined): number | undefined {
  const found = typeof value === 'string' ? /^\/Date\((-?\d{1,15})([+-]\d{4})?\)\/$/.exec(value) : null;
  return found ? Number(found[1]) : undefined;
}
