import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { findLicence } from '../../model/licence.js';
import type { DnsName } from '../../model/names.js';
import type { OrderRequest, OrderSnapshot } from '../../model/order.js';
import { MINUTE_MS, toMs } from '../../model/time.js';
import type {
  Licenser,
  ListedOrder,
  LookUp,
  LookUpContext,
  Step,
  StepOutcome,
} from '../../ports/provider.js';
import type { SectigoClient } from './client.js';
import { LICENCE_OFFER } from './licence-products.js';
import { cancelParameters, licenceOf, licenceParameters } from './licence-request.js';
import { certificateIds, foundOutcome, placedOutcome, rowFacts, stateByReport } from './map.js';
import type { Account } from './purchase.js';
import { findOrder, readReport } from './report.js';
import { needed, predecessorId } from './request.js';
import type { ReportRow } from './wire.js';

/** Website protection of one account. */
export function sectigoLicences(account: Account): Licenser {
  const { client } = account;
  return {
    place: [purchaseStep(account, 'place')],
    renew: [purchaseStep(account, 'renew')],
    cancel: [cancelStep(account)],
    ordersOf: async (domain, product) => {
      const { rows } = await rowsOf(client, domain);
      return rows.filter((row) => mayBe(row, product)).map((row) => licenceOrder(row, product));
    },
    async getOrder(orderId, product) {
      const row = await findOrder(client, [orderId]);
      if (row === undefined) {
        throw new CertError('order.not-found', `the report of Sectigo shows no order ${orderId}`);
      }
      if (isCertificate(row)) {
        throw new CertError('order.ambiguous', `order ${orderId} is for a certificate`);
      }
      return licenceOrder(row, product);
    },
  };
}

/** By its type, or because it has a certificate id. */
const isCertificate = (row: ReportRow): boolean =>
  rowFacts(row).product !== undefined || certificateIds(row).length > 0;

/** Of this product, or of one that the report does not tell. */
function mayBe(row: ReportRow, product: string): boolean {
  const { licence } = rowFacts(row);
  return licence === undefined ? !isCertificate(row) : licence.id === findLicence(LICENCE_OFFER, product)?.id;
}

const rowsOf = (client: SectigoClient, domain: DnsName) => readReport(client, { fqdn: domain });

/**
 * A row of the report as an order. Its words for states are documented for certificates only; one that says none is there.
 * @param product  what it is where the report does not tell
 */
export function licenceOrder(row: ReportRow, product: string): ListedOrder {
  const { licence, domains, placedAt, paidFrom, paidTill } = rowFacts(row);
  const told = stateByReport(row);
  return {
    id: row.orderNumber,
    ids: [row.orderNumber],
    state: told === 'revoked' ? 'cancelled' : (told ?? 'issued'),
    ...(told === undefined ? { stateTold: false as const } : {}),
    product: licence?.id ?? product,
    names: domains,
    validation: [],
    ...(placedAt === undefined ? {} : { placedAt }),
    ...(paidFrom === undefined ? {} : { paidFrom }),
    ...(paidTill === undefined ? {} : { paidTill }),
  } satisfies OrderSnapshot & ListedOrder;
}

function purchaseStep(account: Account, name: 'place' | 'renew'): Step {
  const { client, currency } = account;
  return {
    name,
    paid: true,
    before: async ({ commonName, product }) => {
      licenceOf(product);
      const { rows } = await rowsOf(client, commonName);
      return { orders: rows.map(({ orderNumber }) => orderNumber).sort() };
    },
    run: async ({ request, before, contacts, password }, guard) => {
      const parameters = licenceParameters(request, contacts, password);
      account.changed();
      const about = `${request.product} of ${request.commonName}`;
      const outcome = placedOutcome(await client.applyLicence(parameters, about, guard), currency);
      refuseKnown(outcome, request, before);
      return outcome;
    },
    lookUp: (context) => lookUpPurchase(account, context),
  };
}

/** Orders of the site and its customer from before the call. */
const knownIds = ({ licence, predecessor }: OrderRequest, before: JsonObject): ReadonlySet<string> =>
  new Set([
    ...(Array.isArray(before.orders) ? before.orders.map(String) : []),
    ...(predecessor?.ids ?? []),
    licence?.previousOrder ?? '',
  ]);

/** Recorded as the earlier order it names, the sale would be forgotten and made again by the next run. */
function refuseKnown({ orderId = '' }: StepOutcome, request: OrderRequest, before: JsonObject): void {
  if (!knownIds(request, before).has(orderId)) return;
  throw new CertError('wire.unexpected', `Sectigo answered with the number of an earlier order, ${orderId}`, {
    effect: 'unknown',
    remedy: 'Look in the SiteLock portal whether the product is there; it is not ordered again before that.',
  });
}

/** Clocks may differ by so much; what is older was there before. */
const CLOCKS_MS = 5 * MINUTE_MS;

/**
 * These calls carry no reference, and nobody documents that the report shows licences: an order is found where the report
 * says that it is new, for the site and of the product; an absence is never concluded.
 */
async function lookUpPurchase({ client, currency }: Account, context: LookUpContext): Promise<LookUp> {
  const { request, before, sentAtMs } = context;
  const known = knownIds(request, before);
  const { rows, complete } = await rowsOf(client, request.commonName);
  const fresh = rows.filter((row) => {
    const { placedAt } = rowFacts(row);
    const older = placedAt !== undefined && toMs(placedAt) < sentAtMs - CLOCKS_MS;
    return !known.has(row.orderNumber) && !older && mayBe(row, request.product);
  });
  const candidates = fresh.map(({ orderNumber }) => orderNumber).sort();
  const [only, ...more] = fresh;
  if (only !== undefined && more.length === 0 && complete && rowFacts(only).licence !== undefined) {
    return { kind: 'found', outcome: foundOutcome(only, currency) };
  }
  const why =
    only === undefined
      ? `the report shows no new order for ${request.commonName}, and nothing vouches for that`
      : `the report does not say which of the new orders for ${request.commonName} it is`;
  return { kind: 'cannot-tell', why, candidates };
}

/** Made twice it is answered as done already, so it may be: no call tells whether a licence is cancelled. */
function cancelStep({ client, changed }: Account): Step {
  return {
    name: 'cancel',
    paid: false,
    repeatable: true,
    run: async ({ request }, guard) => {
      const orderId = predecessorId(request);
      changed();
      await client.cancelLicence(cancelParameters(request), `order ${orderId}`, guard);
      return { result: { orderId }, orderId };
    },
    lookUp: async ({ request }) => {
      const orderId = predecessorId(request);
      needed(request.licence, 'licence');
      const row = await findOrder(client, [orderId]);
      if (row !== undefined && licenceOrder(row, request.product).state === 'cancelled') {
        return { kind: 'found', outcome: { result: { orderId }, orderId } };
      }
      return {
        kind: 'cannot-tell',
        why: `nothing tells whether order ${orderId} is cancelled`,
        candidates: [],
      };
    },
  };
}
