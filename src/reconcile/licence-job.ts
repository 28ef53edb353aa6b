import { CertError } from '../model/errors.js';
import type { IntendedIntent } from '../model/intent.js';
import type { SitelockCustomer, SitelockSpec } from '../model/manifest.js';
import { type LicenceRequest, laneOf, type OrderRequest, type PaidOrFreeAction } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import { toInstant } from '../model/time.js';
import { orderById } from '../planner/facts.js';
import { isSitelock } from '../planner/input.js';
import { customerSpec } from '../planner/licence.js';
import { licenceOperation } from './operations.js';
import { referenceFor } from './references.js';
import { providerFor, type Run, statusOf } from './run.js';
import type { Job } from './send.js';
import type { StateView } from './state.js';

/**
 * A plan line about website protection becomes a job: no key and no CSR, the customer's data by its digest.
 * @param stillWanted  asked on every head the intent is put upon
 * @throws CertError
 */
export function prepareLicence(
  run: Run,
  item: PlanItem,
  action: PaidOrFreeAction,
  licence: LicenceRequest,
  stillWanted: (view: StateView) => string | undefined,
): Job {
  const status = statusOf(run.view, item.name);
  const declared = run.specs.get(item.name);
  const spec = declared && isSitelock(declared) ? declared : undefined;
  const provider = providerFor(run, item.provider ?? '');
  const operation = licenceOperation(provider, action);
  const order = item.predecessor === undefined ? undefined : orderById(status, item.predecessor);
  const buys = action === 'order' || action === 'renew';
  const people = buys && spec ? customerOf(run, spec, licence) : undefined;
  const site = spec?.domain ?? order?.names[0] ?? '';
  const request: OrderRequest = {
    action,
    // Ours alone: no call for website protection carries it.
    reference: buys
      ? referenceFor(run, provider, item.name, item.predecessor, item.product)
      : (order?.reference ?? ''),
    ...(order && action !== 'order' ? { predecessor: { orderId: order.id, ids: order.ids } } : {}),
    product: item.product ?? '',
    ...(item.term === undefined ? {} : { term: item.term }),
    names: [site],
    commonName: site,
    validation: [],
    ...(people === undefined ? {} : { contacts: { name: people.name, digest: people.digest } }),
    options: {},
    unique: {},
    ...(buys ? { autoRenew: spec?.renewedBy === 'provider' } : {}),
    licence,
  };
  const at = toInstant(run.deps.clock.now());
  const intent: IntendedIntent = {
    id: run.deps.random.hex(8),
    lane: laneOf(action),
    action,
    provider: provider.config.id,
    environment: provider.config.environment,
    request,
    ...(item.predecessor === undefined || !buys ? {} : { follows: item.predecessor }),
    quoted: item.price.kind === 'known' ? item.price.amount : null,
    approval: item.approval ?? { kind: 'free' },
    manifestCommit: run.desired.commit ?? '',
    manifestDigest: spec?.digest ?? status.manifestDigest ?? '',
    createdAt: at,
    reason: item.reason,
    steps: operation.map(({ name, paid }, i) => ({ name, paid, phase: i === 0 ? 'intended' : 'planned' })),
    resends: 0,
    phase: 'intended',
    nonce: '',
    sendBy: at,
    settledAt: at,
  };
  return {
    name: item.name,
    provider,
    operation,
    intent,
    ...(people === undefined ? {} : { contacts: people.data }),
    ...(people?.password === undefined ? {} : { password: people.password }),
    stillWanted,
  };
}

/** Who it is for, by the manifest that says so; only a new customer is described and gets a password. */
function customerOf(run: Run, spec: SitelockSpec, { previousOrder }: LicenceRequest) {
  const sites = new Map([...run.specs.values()].filter(isSitelock).map((site) => [site.name, site]));
  const holder = customerSpec(sites, spec);
  const customer = holder?.customer;
  if (!holder || !customer) {
    throw new CertError('manifest.invalid', `nobody says who the customer of ${spec.name} is`, {
      remedy: 'Mend what `certwright validate` shows.',
    });
  }
  const sent: SitelockCustomer = previousOrder === undefined ? customer : { email: customer.email };
  return { name: holder.name, ...run.deps.customer(sent) };
}
