import { CertError } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import type { OrderRequest, PaidOrFreeAction } from '../model/order.js';
import type { Operation, Provider, Step } from '../ports/provider.js';

/**
 * The writing calls of an action at a provider. A renewal continues an order of the same account by the provider's own
 * way; after an order elsewhere it is a first order there.
 * @throws CertError `provider.unsupported`
 */
export function operationFor(provider: Provider, action: PaidOrFreeAction, sameAccount: boolean): Operation {
  const operation = find(provider, action, sameAccount);
  if (operation) return operation;
  const why = provider.capabilities.notes[action] ?? 'it has no call for it';
  throw new CertError('provider.unsupported', `${provider.config.id} cannot ${action}: ${why}`);
}

function find(provider: Provider, action: PaidOrFreeAction, sameAccount: boolean): Operation | undefined {
  switch (action) {
    case 'order':
      return provider.place;
    case 'renew':
      return sameAccount ? provider.renew : provider.place;
    case 'reissue':
      return provider.reissuer?.operation;
    case 'add-names':
      return provider.reissuer?.addNames ?? provider.reissuer?.operation;
    case 'revoke':
      return provider.revoker?.operation;
    case 'cancel':
      return provider.canceller?.operation;
    case 'set-auto-renew':
      return provider.autoRenew?.operation;
    case 'activate':
      return provider.activator?.operation;
    case 'pay':
      return undefined;
  }
}

/** The steps of an operation that a request needs. */
export const stepsFor = (operation: Operation, request: OrderRequest): Operation =>
  operation.filter((step) => step.applies?.(request) ?? true);

/**
 * The operation an open intent was made for: the steps it names, whatever the configuration says by now.
 * @throws CertError `provider.unsupported`
 */
export function operationOf(provider: Provider, intent: OpenIntent): Operation {
  const operation = intent.request.licence
    ? licenceOperation(provider, intent.action)
    : operationFor(provider, intent.action, intent.request.predecessor !== undefined);
  return intent.steps.map(({ name }) => {
    const step = operation.find((one) => one.name === name);
    if (step) return step;
    throw new CertError('provider.unsupported', `${intent.action} at ${intent.provider} has no step ${name}`);
  });
}

/** The same for website protection. @throws CertError `provider.unsupported` */
export function licenceOperation({ config, licenser }: Provider, action: PaidOrFreeAction): Operation {
  switch (action) {
    case 'order':
      if (licenser) return licenser.place;
      break;
    case 'renew':
      if (licenser) return licenser.renew;
      break;
    case 'cancel':
      if (licenser) return licenser.cancel;
      break;
    default:
      break;
  }
  throw new CertError('provider.unsupported', `${config.id} has no ${action} for website protection`);
}

/** May this call be made again without anybody knowing what became of it? Never one that costs money, whatever it says. */
export const mayRepeat = (step: Step | undefined): boolean => step?.repeatable === true && !step.paid;
