import { inspectCsr } from '../../keys/csr.js';
import { CertError } from '../../model/errors.js';
import { type DnsName, nameSet } from '../../model/names.js';
import type { OrderSnapshot, OrderState } from '../../model/order.js';
import { type Instant, toInstant, toMs } from '../../model/time.js';
import type { Recorded } from '../../ports/provider.js';
import type { Addressed, SectigoClient } from './client.js';
import { type Collected, collectOrder, collectStatus, factsOf } from './collect.js';
import { dcvItems, tokenOf } from './dcv.js';
import { type RowFacts, rowFacts, STATES, stateByReport, termDates, waitingFor, wordsOf } from './map.js';
import { findProduct } from './products.js';
import { findOrder } from './report.js';
import { needed } from './request.js';
import { parseDomains, type ReportRow, single } from './wire.js';

export interface LookDeps {
  readonly client: SectigoClient;
  readonly dcvSuffix: string;
  readonly nowMs: () => number;
}

/** An order as seen now, and the certificate that came with it. */
export interface Seen {
  readonly snapshot: OrderSnapshot;
  readonly collected: Collected;
}

const isReissue = ({ request }: Recorded): boolean =>
  request.action === 'reissue' || request.action === 'add-names';

const resultText = ({ results }: Recorded, key: string): string | undefined => {
  const value = Object.values(results)
    .map((result) => result[key])
    .findLast((one) => one !== undefined);
  return typeof value === 'string' ? value : undefined;
};

/**
 * One order, by CollectSSL's codes: they are documented best, the words of the other calls are not. A reissue is asked
 * for by its certificate id: what the order number answers meanwhile is not known.
 * @throws CertError `order.not-found` for a number that neither the report nor CollectSSL knows
 */
export async function lookAtOrder(deps: LookDeps, orderId: string, recorded?: Recorded): Promise<Seen> {
  const { client } = deps;
  // Without a record the report has to tell names and dates.
  const row = recorded ? undefined : await findOrder(client, [orderId]);
  const reissueId = recorded && isReissue(recorded) ? resultText(recorded, 'certificateId') : undefined;
  const address: Addressed =
    reissueId === undefined ? { orderNumber: orderId } : { certificateID: reissueId };
  const about = reissueId === undefined ? `order ${orderId}` : `certificate ${reissueId} of order ${orderId}`;
  const collected = await collectOrder(client, address, about).catch((error: unknown) => {
    throw recorded || row ? error : notFound(error, orderId);
  });
  if (recorded && isReissue(recorded) && !(await isReissued(collected, recorded, reissueId))) {
    return { snapshot: await reissuing(deps, orderId, recorded, collected, address), collected };
  }
  const known = recorded ? recordedFacts(orderId, recorded) : await reportedFacts(client, orderId, row);
  const told = row ?? (collected.kind === 'issued' ? await findOrder(client, known.ids) : undefined);
  return { snapshot: await snapshotOf(deps, known, recorded, collected, told), collected };
}

/** No report shows it, and CollectSSL refuses its number: the code for that is not documented, the two together are. */
const notFound = (error: unknown, orderId: string): unknown =>
  error instanceof CertError && error.code === 'provider.refused'
    ? new CertError('order.not-found', `the account has no order ${orderId}`, { cause: error })
    : error;

/**
 * Is what was collected the certificate that was asked for? By its own id; without one, by its key. That a certificate which
 * was never handed out is revoked says nothing of the one that serves.
 */
async function isReissued(
  collected: Collected,
  { request }: Recorded,
  reissueId: string | undefined,
): Promise<boolean> {
  if (collected.kind === 'revoked') return reissueId === undefined;
  if (collected.kind !== 'issued') return false;
  if (reissueId !== undefined) return true;
  const csr = await inspectCsr(needed(request.csrPem, 'CSR'));
  return 'keyHash' in csr && csr.keyHash === factsOf(collected.certificate).keyHash;
}

/**
 * The certificate that is valid stays so while the next one is under way, and when that one has ended.
 * @throws CertError where an order number is called rejected, which may mean the order or its reissue
 */
async function reissuing(
  deps: LookDeps,
  orderId: string,
  recorded: Recorded,
  collected: Collected,
  address: Addressed,
): Promise<OrderSnapshot> {
  if (collected.kind === 'rejected' || collected.kind === 'revoked') {
    if (!('certificateID' in address)) {
      throw new CertError('provider.refused', `Sectigo rejected order ${orderId} or its reissue`, {
        remedy: 'Ask Sectigo which; its replies do not say.',
      });
    }
    const { text = 'Sectigo gave no reason' } = collected.reply;
    const message = `certificate ${address.certificateID} was ${collected.kind} (${text})`;
    return {
      ...recordedFacts(orderId, recorded),
      validation: [],
      state: 'issued',
      reissueEnded: true,
      message,
    };
  }
  const waiting = await waitingFacts(deps, orderId, recorded, collected);
  return { ...recordedFacts(orderId, recorded), ...waiting, state: 'issued', reissuePending: true };
}

/** Who has to act, and what to publish. */
async function waitingFacts(
  { client, dcvSuffix }: LookDeps,
  orderId: string,
  recorded: Recorded | undefined,
  { reply }: Collected,
): Promise<Pick<OrderSnapshot, 'validation' | 'waitingFor' | 'message'>> {
  const domains = parseDomains('!GetMDCDomainDetails', (await client.domainDetails(orderId)).fields);
  const asked = recorded && {
    request: recorded.request,
    token: tokenOf(recorded.request, resultText(recorded, 'uniqueValue'), dcvSuffix),
  };
  const validation = dcvItems(domains, asked);
  const paymentDue = Object.values(recorded?.results ?? {}).some(({ paymentDue: due }) => due !== undefined);
  const words = wordsOf(reply);
  return {
    validation,
    waitingFor: waitingFor(reply, domains.length > 0 ? dcvItems(domains, undefined) : validation, paymentDue),
    ...(words === undefined ? {} : { message: words }),
  };
}

type Known = Pick<OrderSnapshot, 'id' | 'ids' | 'reference' | 'product' | 'names' | 'term'>;

function recordedFacts(orderId: string, { request }: Recorded): Known {
  const before = isReissue({ request, results: {} }) ? (request.predecessor?.ids ?? []) : [];
  return {
    id: orderId,
    ids: [...before.filter((id) => id !== orderId), orderId],
    ...(request.reference === '' ? {} : { reference: request.reference }),
    product: findProduct(request.product)?.id ?? request.product,
    names: nameSet(request.names),
    ...(request.term === undefined ? {} : { term: request.term }),
  };
}

/** The bought term stands in CollectSSL's reply or in the report, where either tells it. */
function datesOf({ reply }: Collected, row: ReportRow | undefined) {
  const { placedAt, paidFrom, paidTill } = row ? rowFacts(row) : {};
  return {
    ...(placedAt === undefined ? {} : { placedAt }),
    ...(paidFrom === undefined ? {} : { paidFrom }),
    ...(paidTill === undefined ? {} : { paidTill }),
    ...termDates(reply.fields),
  };
}

async function snapshotOf(
  deps: LookDeps,
  known: Known,
  recorded: Recorded | undefined,
  collected: Collected,
  row: ReportRow | undefined,
): Promise<OrderSnapshot> {
  const dates = datesOf(collected, row);
  const state = withEnd(STATES[collected.kind], dates.paidTill, deps.nowMs());
  const base = { ...known, ...dates, state };
  if (state === 'pending') return { ...base, ...(await waitingFacts(deps, known.id, recorded, collected)) };
  const { text } = collected.reply;
  return {
    ...base,
    validation: [],
    ...certificateFacts(collected),
    ...(text === undefined ? {} : { message: text }),
  };
}

function certificateFacts(collected: Collected): Pick<OrderSnapshot, 'serial' | 'notAfter'> {
  if (collected.kind !== 'issued') return {};
  const { serial, notAfterMs } = factsOf(collected.certificate);
  return { serial, notAfter: toInstant(notAfterMs) };
}

const withEnd = (state: OrderState, paidTill: Instant | undefined, nowMs: number): OrderState =>
  state === 'issued' && paidTill !== undefined && toMs(paidTill) <= nowMs ? 'expired' : state;

async function reportedFacts(
  client: SectigoClient,
  orderId: string,
  row: ReportRow | undefined,
): Promise<Known> {
  const facts = row ? rowFacts(row) : { domains: [] };
  return {
    id: orderId,
    ids: [orderId],
    product: facts.product?.id ?? (row && reportedType(row)) ?? 'unknown',
    names: await namesOf(client, orderId, facts),
  };
}

const reportedType = (row: ReportRow): string | undefined => {
  const item = row.items.at(-1);
  return item && single('!WebHostReport', item, 'type');
};

/** All names of an order: the report's where it tells them all, else those of its validation. */
export async function namesOf(
  client: SectigoClient,
  orderNumber: string,
  facts: RowFacts,
): Promise<readonly DnsName[]> {
  if (facts.names !== undefined) return facts.names;
  const { fields } = await client.domainDetails(orderNumber);
  const told = parseDomains('!GetMDCDomainDetails', fields).map(({ domainName }) => domainName.toLowerCase());
  return nameSet(told.length > 0 ? told : facts.domains);
}

/** A row of the report with the state of its order; asks for that where the report's words are not documented. */
export async function listedOrder(
  client: SectigoClient,
  row: ReportRow,
  names: readonly DnsName[],
  nowMs: number,
): Promise<OrderSnapshot> {
  const facts = rowFacts(row);
  const state = stateByReport(row) ?? (await stateByCode(client, row.orderNumber));
  return {
    ...reportedOrder(row, facts),
    state: withEnd(state, facts.paidTill, nowMs),
    names,
    ...(state === 'pending' ? { waitingFor: 'ca' as const } : {}),
  };
}

/** What the report alone tells. */
export const reportedOrder = (row: ReportRow, facts: RowFacts): Omit<OrderSnapshot, 'state'> => ({
  id: row.orderNumber,
  ids: [row.orderNumber],
  product: facts.product?.id ?? reportedType(row) ?? 'unknown',
  names: facts.names ?? facts.domains,
  validation: [],
  ...(facts.placedAt === undefined ? {} : { placedAt: facts.placedAt }),
  ...(facts.paidFrom === undefined ? {} : { paidFrom: facts.paidFrom }),
  ...(facts.paidTill === undefined ? {} : { paidTill: facts.paidTill }),
});

async function stateByCode(client: SectigoClient, orderNumber: string): Promise<OrderState> {
  const { code } = await collectStatus(client, { orderNumber }, `order ${orderNumber}`);
  switch (code) {
    case 0:
    case -26:
      return 'pending';
    case 1:
    case 2:
      return 'issued';
    case -20:
      return 'rejected';
    case -21:
      return 'revoked';
    default:
      throw new CertError(
        'wire.unexpected',
        `CollectSSL gave the unknown code ${code} for order ${orderNumber}`,
      );
  }
}
