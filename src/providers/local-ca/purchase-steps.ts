import { CertError } from '../../model/errors.js';
import { toInstant } from '../../model/time.js';
import type { LookUp, Step } from '../../ports/provider.js';
import type { BookOrder, Books } from './books.js';
import { placedOutcome } from './map.js';
import { checkedCsr, lookInBooks, nextCertificate, type Office } from './office.js';
import { sell } from './sale.js';

/**
 * The one writing call of an order or a renewal. The reference is unique: a second order under it is refused, so a
 * repeated call can never buy twice.
 */
export function purchaseStep(office: Office, name: 'place' | 'renew'): Step {
  return {
    name,
    paid: office.offer.priced,
    run: async ({ request }, guard) => {
      const csr = await checkedCsr(request);
      const id = office.newOrderId();
      const serial = office.newSerial();
      return office.submit({
        title: `${name} ${id} for ${request.commonName}`,
        guard,
        landed: (books) => {
          const order = books.orders.get(id);
          return order && placedOutcome(order);
        },
        apply: async (draft) => {
          if (draft.byReference(request.reference).length > 0) {
            throw new CertError(
              'order.reference-used',
              `The reference ${request.reference} already has an order.`,
            );
          }
          const nowMs = office.now();
          const sale = sell(office.offer, draft, request, nowMs);
          const certificate = await nextCertificate(office, draft, request, csr, {
            serial,
            nowMs,
            ...(sale.paidTill !== undefined && { paidTill: sale.paidTill }),
          });
          const order: BookOrder = {
            id,
            reference: request.reference,
            ...(request.predecessor && { predecessor: request.predecessor.orderId }),
            product: request.product,
            names: request.names,
            placedAt: toInstant(nowMs),
            ...sale,
            certificates: [certificate],
          };
          draft.put(order);
          return placedOutcome(order);
        },
      });
    },
    lookUp: (context) =>
      lookInBooks(office, context, (books) => foundByReference(books, context.request.reference)),
  };
}

function foundByReference(books: Books, reference: string): LookUp | undefined {
  const orders = books.byReference.get(reference) ?? [];
  const [order] = orders;
  if (!order) return undefined;
  if (orders.length === 1) return { kind: 'found', outcome: placedOutcome(order) };
  const why = `${orders.length} orders stand under the reference ${reference}`;
  return { kind: 'cannot-tell', why, candidates: orders.map(({ id }) => id) };
}
