import { parseDelivery } from '../model/delivery.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { Status } from '../model/status.js';
import { isCertificate, type PlanInput } from './input.js';

/** Which certificate holds an order, and which manifests want to take it over. */
interface Claims {
  readonly holders: ReadonlyMap<string, Status>;
  readonly wishes: ReadonlyMap<string, readonly CertificateSpec[]>;
}

/** Thousands of manifests may take an order over at once, and each asks about all others: read once per input. */
const claims = new WeakMap<PlanInput, Claims>();

const key = (provider: string | undefined, order: string): string => JSON.stringify([provider ?? '', order]);

function claimsOf(input: PlanInput): Claims {
  const known = claims.get(input);
  if (known) return known;
  const holders = new Map<string, Status>();
  for (const status of input.state.statuses.values()) {
    for (const order of status.orders) {
      for (const id of order.ids) {
        const delivery = parseDelivery(id);
        const at = delivery ? key(delivery.account, delivery.id) : key(order.provider, id);
        if (!holders.has(at)) holders.set(at, status);
      }
    }
  }
  const wishes = new Map<string, CertificateSpec[]>();
  for (const spec of input.desired.specs) {
    if (!isCertificate(spec) || spec.adopt?.kind !== 'order') continue;
    const at = key(spec.providers[0], spec.adopt.order);
    wishes.set(at, [...(wishes.get(at) ?? []), spec]);
  }
  const made = { holders, wishes };
  claims.set(input, made);
  return made;
}

/** The certificate an order is recorded under. */
export const holderOf = (input: PlanInput, provider: string | undefined, order: string): Status | undefined =>
  claimsOf(input).holders.get(key(provider, order));

/** Another manifest that wants to take over the same order. */
export const rivalOf = (
  input: PlanInput,
  name: string,
  provider: string | undefined,
  order: string,
): CertificateSpec | undefined =>
  claimsOf(input)
    .wishes.get(key(provider, order))
    ?.find((other) => other.name !== name);
