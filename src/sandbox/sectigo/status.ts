import type { Fields } from './encode.js';
import { PRODUCTS } from './products.js';
import { type Certificate, DAY_MS, type Desk, type Order } from './state.js';

/** −1 not required, 0 not done, 1 done, 2 in progress. */
type Flag = -1 | 0 | 1 | 2;

/** The flags that tell who must act. */
export function statusFlags({ nowMs }: Desk, order: Order, { dcv }: Certificate): Fields {
  const proved = dcv.filter(({ provedAtMs }) => provedAtMs !== null).length;
  const dcvStatus: Flag = proved === dcv.length ? 1 : proved > 0 ? 2 : 0;
  const { organization, callback, documents } = order.vetting;
  /** In progress as soon as the step before is done. */
  const step = (atMs: number | null, before: number | null): Flag => {
    if (atMs === null) return -1;
    if (atMs <= nowMs) return 1;
    return before === null || before <= nowMs ? 2 : 0;
  };
  const ev = PRODUCTS[order.product]?.level === 'EV';
  return [
    ['csrStatus', 1],
    ['dcvStatus', dcvStatus],
    ['ovCallBackStatus', step(callback, organization)],
    ['organizationValidationStatus', step(organization, null)],
    ...(ev
      ? ([
          ['evClickThroughStatus', step(documents, callback)],
          ['brandValStatus', -1],
        ] as const)
      : []),
  ];
}

/** Days and dates of the paid term; their form is unknown, so the settings choose it. */
export function termFields({ settings }: Desk, order: Order, certificate: Certificate): Fields {
  const { issued } = certificate;
  const { termStartMs, termEndMs } = order;
  const form = settings.productTermDates;
  if (form === 'absent' || issued === null || termStartMs === null || termEndMs === null) return [];
  const date = (ms: number): string | number =>
    form === 'unix' ? Math.floor(ms / 1000) : new Date(ms).toISOString().slice(0, 10);
  return [
    ['certificateDuration', Math.round((issued.notAfterMs + 1000 - issued.notBeforeMs) / DAY_MS)],
    ['productTermStartDate', date(termStartMs)],
    ['productTermEndDate', date(termEndMs)],
    ['productTermDuration', order.days],
  ];
}

/** Placeholders: `Issued` is the only word anybody has seen. */
export function statusText(certificate: Certificate): string {
  return certificate.state === 'pending' ? 'Awaiting Validation' : capital(certificate.state);
}

export function validationText(order: Order, certificate: Certificate): string {
  const waiting = certificate.dcv.some(({ provedAtMs }) => provedAtMs === null);
  if (certificate.state !== 'pending') return 'Validated';
  return waiting
    ? 'Awaiting DCV'
    : PRODUCTS[order.product]?.level === 'DV'
      ? 'Validated'
      : 'Awaiting Validation';
}

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

export const unixSeconds = (ms: number): number => Math.floor(ms / 1000);
