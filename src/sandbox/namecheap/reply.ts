import type { WireReply } from '../frame/definition.js';
import type { Desk } from './state.js';
import { element, type Markup, type Node } from './xml.js';

/** A refusal in the words of the API; HTTP has nothing to say about it. */
export class Refusal extends Error {
  readonly number: string;

  constructor(number: number | string, text: string) {
    super(text);
    this.number = String(number);
  }
}

export const NOT_FOUND = (): Refusal => new Refusal(2011294, 'CertificateId is not valid');
export const invalidStatus = ({ settings }: Desk): Refusal =>
  new Refusal(settings.invalidStatusNumber, 'Certificate status is invalid');
export const noFunds = (): Refusal =>
  new Refusal(2528166, 'Order creation failed. ErrorCode: INSUFFICIENTFUNDS');

const reply = (status: number, body: string): WireReply => ({
  status,
  type: 'text/xml; charset=utf-8',
  body,
});

function envelope(desk: Desk, status: 'OK' | 'ERROR', command: string, middle: readonly Node[]): WireReply {
  const space = desk.settings.namespace ? { xmlns: 'http://api.namecheap.com/xml.response' } : {};
  const root = element(
    'ApiResponse',
    { Status: status, ...space },
    ...middle.slice(0, 1),
    element('Warnings'),
    element('RequestedCommand', {}, command),
    ...middle.slice(1),
    element('Server', {}, 'SANDBOX-API01'),
    // Printed with a doubled sign, as in the vendor's samples.
    element('GMTTimeDifference', {}, '--5:00'),
    element('ExecutionTime', {}, '0.412'),
  );
  return reply(200, `<?xml version="1.0" encoding="utf-8"?>\n${root.markup}\n`);
}

export const answered = (desk: Desk, command: string, ...results: readonly Markup[]): WireReply =>
  envelope(desk, 'OK', command, [
    element('Errors'),
    element('CommandResponse', { Type: command }, ...results),
  ]);

export const refused = (desk: Desk, command: string, ...refusals: readonly Refusal[]): WireReply =>
  envelope(desk, 'ERROR', command, [
    element(
      'Errors',
      {},
      ...refusals.map(({ number, message }) => element('Error', { Number: number }, message)),
    ),
    ...(desk.settings.emptyResponse ? [element('CommandResponse', { Type: command })] : []),
  ]);

export const throttled = (desk: Desk, command: string): WireReply =>
  desk.settings.throttleAs === '405'
    ? { status: 405, type: 'text/html', body: '<html><title>405</title></html>\n' }
    : refused(desk, command, new Refusal(500000, 'Too many requests'));

const two = (n: number): string => String(n).padStart(2, '0');

/** `M/D/YYYY`, as getInfo writes it; empty for none. */
export function shortDate(ms: number | null): string {
  if (ms === null) return '';
  const at = new Date(ms);
  return `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
}

/** `MM/DD/YYYY`, as getList and create write it. */
export function paddedDate(ms: number | null): string {
  if (ms === null) return '';
  const at = new Date(ms);
  return `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${at.getUTCFullYear()}`;
}

/** A status as this answer writes it. */
export function statusText({ settings }: Desk, status: string, sample: 'lower' | 'as-is'): string {
  if (settings.statusCase === 'upper') return status.toUpperCase();
  return settings.statusCase === 'lower' || sample === 'lower' ? status.toLowerCase() : status;
}
