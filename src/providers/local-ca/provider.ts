import { type Money, money, subtractMoney } from '../../model/money.js';
import type { Provider, ProviderDeps } from '../../ports/provider.js';
import { auditSpec } from './audit.js';
import { spentOf } from './draft.js';
import { cancelStep, reissueStep, revokeStep } from './free-steps.js';
import { collectedOf, matches, snapshotOf } from './map.js';
import { offerOf } from './offer.js';
import { offeringOf } from './offering.js';
import { notFound, openOffice } from './office.js';
import { purchaseStep } from './purchase-steps.js';
import { quoteFor } from './sale.js';

/**
 * One account at the embedded CA. Its answers are read from the books each time, so that several runs see each other.
 * @throws CertError `config.invalid`
 */
export function createLocalCa(deps: ProviderDeps): Provider {
  const { config } = deps;
  const offer = offerOf(config);
  const office = openOffice(deps, offer);
  const free = money('0', config.currency ?? offer.credit?.currency ?? 'USD');

  async function getEntry(orderId: string) {
    const { ca, orders } = await office.read();
    const order = orders.get(orderId);
    if (!order) throw notFound(orderId);
    return { ca, order };
  }

  const balance = async (credit: Money): Promise<Money> => {
    const spent = spentOf((await office.read()).orders.values(), credit.currency);
    return subtractMoney(credit, spent) ?? credit;
  };

  return {
    config,
    ...offeringOf(offer),
    audit: (spec) => auditSpec(offer, spec),
    freeNames: () => [],
    uniqueValues: () => ({}),
    check: async () => {
      const { ca } = await office.read();
      return {
        ok: true,
        environment: config.environment,
        findings: ca ? [] : ['The CA does not exist yet; it is made with the first order.'],
        ...(offer.credit && { balance: await balance(offer.credit) }),
      };
    },
    quote: async (subject) => {
      const id = subject.predecessorOrderId;
      const needsOrder = offer.priced && (subject.action === 'reissue' || subject.action === 'add-names');
      const order = needsOrder && id !== undefined ? (await office.read()).orders.get(id) : undefined;
      return quoteFor(offer, subject, free, order);
    },
    place: [purchaseStep(office, 'place')],
    renew: [purchaseStep(office, 'renew')],
    getOrder: async (orderId) => snapshotOf((await getEntry(orderId)).order, office.now()),
    collect: async (orderId) => {
      const { ca, order } = await getEntry(orderId);
      return collectedOf(order, ca, office.now());
    },
    findByReference: async (reference) => {
      const orders = (await office.read()).byReference.get(reference) ?? [];
      return orders.map((order) => snapshotOf(order, office.now()));
    },
    reissuer: { operation: [reissueStep(office)], sideEffect: () => undefined },
    revoker: {
      operation: [revokeStep(office)],
      reasons: ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'],
    },
    canceller: { operation: [cancelStep(office)] },
    list: async function* (filter) {
      const { orders } = await office.read();
      for (const order of orders.values()) {
        if (matches(order, filter)) {
          yield { ...snapshotOf(order, office.now()), dates: { orderedAt: order.placedAt } };
        }
      }
    },
    ...(offer.credit && { balance: () => balance(offer.credit ?? free) }),
    trustAnchors: async () => (await office.read()).ca?.roots.map(({ pem }) => pem) ?? [],
    serverTime: async () => office.now(),
    close: async () => {},
  };
}
