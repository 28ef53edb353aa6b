import type { Environment } from '../model/configuration.js';
import type { WaitingFor } from '../model/order.js';
import { terminalText } from './escape.js';

/** `1 certificate`, `3 certificates`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

const WAITING: Readonly<Record<WaitingFor, string>> = {
  payment: 'payment',
  'upstream-payment': "the provider's payment to the CA",
  configuration: 'the order to be configured',
  'approver-mail': 'the approver to answer the mail',
  dcv: 'domain validation',
  'call-back': "the CA's phone call",
  documents: 'documents',
  ca: 'the CA',
  person: 'a person',
};

/** What follows "waiting for". */
export const waitingText = (who: WaitingFor): string => WAITING[who];

const REAL: Environment = 'live';

/** Nothing real is bought in the others: said loudly everywhere. */
export const environmentText = (environment: Environment): string =>
  environment === REAL ? environment : environment.toUpperCase();

/** `sectigo`, and loudly `sectigo (TEST)` where nothing real is bought. */
export function providerText(provider: string, environment: Environment | undefined): string {
  const name = terminalText(provider);
  return environment === undefined || environment === REAL
    ? name
    : `${name} (${environmentText(environment)})`;
}

export const isLoud = (environment: Environment | undefined): boolean =>
  environment !== undefined && environment !== REAL;

/** The first few, and how many more there are. */
export function someOf(items: readonly string[], limit: number): string {
  const shown = items.slice(0, limit).map(terminalText).join(', ');
  return items.length <= limit ? shown : `${shown} and ${items.length - limit} more`;
}
