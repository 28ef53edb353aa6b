import { companionNames } from '../../model/names.js';
import type { ListFilter, Offering, Operation, Provider, ProviderDeps } from '../../ports/provider.js';
import { auditSpec } from './audit.js';
import { cancelStep } from './cancel-step.js';
import { checkShop } from './check.js';
import { activateUpstream, reissueUpstream } from './deliver-steps.js';
import { writeDueDate } from './due-date.js';
import {
  handOverStep,
  REVOCATION_REASONS,
  reissueStep,
  revokeStep,
  submitStep,
  writeStep,
} from './enrol-steps.js';
import { openOrders } from './list.js';
import { orderStep } from './order-step.js';
import { collectOrder, lookAtOrder } from './orders.js';
import { payStep } from './pay-step.js';
import { renewStep } from './renew-step.js';
import { acceptStep, createStep } from './setup-steps.js';
import { openShop } from './shop.js';
import { shopValidator } from './validator.js';

/** One client of a WHMCS shop. @throws CertError `config.invalid` */
export function createWhmcs(deps: ProviderDeps, offering: Offering): Provider {
  const { config, clock } = deps;
  const shop = openShop(deps);
  const { capabilities } = offering;
  const orders = openOrders(shop, clock);
  const validator = shopValidator(shop);
  const place: Operation = [
    orderStep(shop),
    payStep(shop),
    acceptStep(shop),
    createStep(shop),
    writeStep(shop),
    submitStep(shop),
    ...activateUpstream(shop),
  ];
  return {
    config,
    ...offering,
    audit: (spec) => auditSpec(shop.options, spec, shop.upstream),
    freeNames: (_product, names) => companionNames(names),
    uniqueValues: (action, hex) =>
      shop.upstream?.uniqueValues(action === 'reissue' ? action : 'activate', hex) ?? {},
    check: () => checkShop(shop, clock, config.environment),
    quote: (subject) => shop.catalogue.quote(subject),
    place,
    // The new request stands in its field before the money moves: a module may renew at the very payment.
    // Where the shop renews by now, none is begun (`audit`), and one that is open goes on to its end.
    renew: [renewStep(shop), writeStep(shop), payStep(shop), submitStep(shop), ...activateUpstream(shop)],
    getOrder: (orderId, recorded) => lookAtOrder(shop, orderId, recorded),
    collect: (orderId, recorded) => collectOrder(shop, orderId, recorded),
    ...(capabilities.search === 'none'
      ? {}
      : { findByReference: (reference: string) => orders.findByReference(reference) }),
    ...(capabilities.reissue === false
      ? {}
      : {
          reissuer: {
            operation: [writeStep(shop), reissueStep(shop), handOverStep(shop), ...reissueUpstream(shop)],
            sideEffect: () => undefined,
          },
        }),
    ...(capabilities.revoke
      ? { revoker: { operation: [revokeStep(shop)], reasons: REVOCATION_REASONS } }
      : {}),
    canceller: { operation: [cancelStep(shop)] },
    ...(validator === undefined ? {} : { validator }),
    list: (filter: ListFilter) => orders.list(filter),
    ...(capabilities.balance ? { balance: () => shop.credit() } : {}),
    writeDueDate: (orderId, paidTill) => writeDueDate(shop, orderId, paidTill),
    serverTime: async () => {
      const known = shop.client.http.serverTime();
      if (known !== undefined) return known;
      await shop.credit();
      return shop.client.http.serverTime();
    },
    close: () => shop.client.http.close(),
  };
}
