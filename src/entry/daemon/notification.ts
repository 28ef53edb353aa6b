import type { IncomingHttpHeaders } from 'node:http';
import type { Secret } from '../../model/secret.js';
import type { ProviderDefinition } from '../../ports/provider.js';
import type { OrderAt } from '../../reconcile/look-now.js';
import { digestOf, sameText } from './signature.js';

/** What a provider's call asks for: at most a look at one order, which is then asked for at the provider itself. */
export type Notification =
  /** `once` is the same for the same call made again. */
  | { readonly kind: 'order'; readonly order: OrderAt; readonly once: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 404 | 503; readonly why: string };

export interface NotificationRules {
  /** Any of them will do as the password. */
  readonly secrets: readonly Secret[];
  /** Kinds of the accounts by their ids; undefined: not known yet. */
  readonly accounts: ReadonlyMap<string, string> | undefined;
  readonly definitions: readonly Pick<ProviderDefinition, 'type' | 'notifiedOrder'>[];
}

/**
 * Judges a push notification of a provider, which proves itself by Basic authentication with one of the secrets as the
 * password (RFC 7617); the name does not matter.
 * @param fields  of its address and its form
 */
export function judgeNotification(
  account: string,
  headers: IncomingHttpHeaders,
  fields: URLSearchParams,
  { secrets, accounts, definitions }: NotificationRules,
): Notification {
  const password = passwordOf(headers.authorization);
  if (password === undefined || !secrets.some((secret) => sameText(password, secret.reveal())))
    return { kind: 'refused', status: 401, why: 'no valid password' };
  if (accounts === undefined)
    return { kind: 'refused', status: 503, why: 'the configuration was not read yet' };
  const type = accounts.get(account);
  const definition = definitions.find((one) => one.type === type);
  if (definition?.notifiedOrder === undefined)
    return { kind: 'refused', status: 404, why: 'no account that is told of orders' };
  const orderId = definition.notifiedOrder(fields);
  if (orderId === undefined) return { kind: 'refused', status: 400, why: 'no order is named' };
  const sorted = new URLSearchParams(fields);
  sorted.sort();
  const once = digestOf(`account ${account}`, Buffer.from(sorted.toString()));
  return { kind: 'order', order: { provider: account, orderId }, once };
}

function passwordOf(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic ([a-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(colon + 1);
}
