import type { Json, JsonObject } from '../../model/json.js';
import { PRODUCTS } from './products.js';
import { settle } from './progress.js';
import { dates, envelope, Refusal, requestDateMs } from './reply.js';
import { countIn, textIn } from './request.js';
import { type Desk, newestOf, type Order, type Proof, servingOf } from './state.js';

const DEFAULT_CULTURE = 'en-US';
export const cultureOf = (body: JsonObject): string => textIn(body, 'DateTimeCulture') ?? DEFAULT_CULTURE;

/** By the number, else by the reference; the first of several under one reference. */
function findOrder({ state }: Desk, body: JsonObject): Order | undefined {
  const id = textIn(body, 'TheSSLStoreOrderID');
  if (id !== undefined && id !== '0') return state.orders.find((order) => order.id === id);
  const reference = textIn(body, 'CustomOrderID');
  return reference === undefined ? undefined : state.orders.find((order) => order.reference === reference);
}

/** What is answered for an order that does not exist is not documented: one of two ways. @throws Refusal */
export function orderIn(desk: Desk, body: JsonObject): Order | 'empty' {
  const order = findOrder(desk, body);
  if (order !== undefined) return order;
  if (desk.settings.unknownOrder === 'empty') return 'empty';
  throw new Refusal(
    `No order found for ${textIn(body, 'TheSSLStoreOrderID') ?? textIn(body, 'CustomOrderID') ?? 'it'}.`,
  );
}

const bare = (name: string): string => name.replace(/^\*\./, '');

function vettingRow({ name, method, mailbox, key, value, provedAtMs }: Proof): JsonObject {
  const isDns = method === 'CNAME_CSR_HASH' || method === 'DNS';
  const isFile = method === 'HTTP_CSR_HASH' || method === 'HTTPS_CSR_HASH' || method === 'FILE';
  return {
    domain: name,
    // Sectigo puts the mailbox itself here.
    dcvMethod: method === 'EMAIL' ? (mailbox ?? 'EMAIL') : method,
    dcvStatus: provedAtMs === null ? 'NOT_VALIDATED' : 'VALIDATED',
    FileName: isFile ? `http://${bare(name)}/.well-known/pki-validation/${key}` : null,
    FileContents: isFile ? value : null,
    DNSName: isDns ? key : null,
    DNSEntry: isDns ? value : null,
  };
}

function statusOf(desk: Desk, order: Order): JsonObject {
  const newest = newestOf(order);
  const serving = servingOf(order);
  const open = newest.state === 'pending' && !order.cancelled;
  const major = order.cancelled
    ? 'Cancelled'
    : serving === undefined
      ? 'Pending'
      : desk.nowMs > order.paidTillMs
        ? 'Expired'
        : 'Active';
  const late = desk.nowMs < newest.requestedAtMs + desk.settings.dataDelaySeconds * 1000;
  return {
    isTinyOrder: false,
    isTinyOrderClaimed: false,
    MajorStatus: order.word ?? major,
    MinorStatus: open && !late && serving !== undefined ? 'PENDING_REISSUE' : '',
    AuthenticationComments: '',
    AuthenticationStatuses: null,
    OrderNotes: null,
    DomainAuthVettingStatus: open && !late ? newest.proofs.map(vettingRow) : null,
  };
}

/** The order object of every reply about one order. */
export function orderJson(desk: Desk, order: Order, culture: string, inList = false): JsonObject {
  const newest = newestOf(order);
  const serving = servingOf(order);
  const product = PRODUCTS[order.product];
  const [main] = newest.state === 'pending' ? newest.proofs : [];
  const isDns = main?.method === 'CNAME_CSR_HASH' || main?.method === 'DNS';
  const isFile = main !== undefined && !isDns && main.method !== 'EMAIL';
  const issued = serving?.issued ?? null;
  const shown = serving ?? newest;
  return {
    TheSSLStoreOrderID: order.id,
    PartnerOrderID: newest.partnerOrderId,
    CustomOrderID: inList && !desk.settings.listShowsReference ? '' : (order.reference ?? ''),
    VendorOrderID: order.vendorOrderId,
    RefundRequestID: order.refund?.id ?? '',
    OrderAmount: order.amount,
    isRefundApproved: order.refund?.state === 'approved',
    ReissueSuccessCode: '',
    ...dates(desk, 'PurchaseDate', order.placedAtMs, culture),
    ...dates(desk, 'CertificateStartDate', issued?.notBeforeMs ?? null, culture),
    ...dates(desk, 'CertificateEndDate', issued?.notAfterMs ?? null, culture),
    ...dates(
      desk,
      'OrderExpiryDate',
      issued && desk.settings.paidTillShown ? order.paidTillMs : null,
      culture,
    ),
    ProductCode: order.product,
    ProductName: product?.title ?? '',
    VendorName: product?.vendor ?? '',
    Validity: order.months,
    ServerCount: order.servers,
    SANCount: newest.names.length - 1,
    CommonName: newest.commonName,
    DNSNames: newest.names.slice(1).join(','),
    SerialNumber: shown.issued?.serial ?? '',
    AdminContact: { Email: order.adminEmail },
    ApproverEmail: main?.mailbox ?? '',
    AuthFileName: isFile ? main.key : '',
    AuthFileContent: isFile ? main.value : '',
    CNAMEAuthName: isDns ? main.key : '',
    CNAMEAuthValue: isDns ? main.value : '',
    Token: order.token.join('#!'),
    TokenID: order.token[0],
    TokenCode: order.token[1],
    TinyOrderLink: '',
    OrderStatus: statusOf(desk, order),
  };
}

/** `order/query`: a bare list, each element with its envelope; no total. */
export async function queryOrders(desk: Desk, body: JsonObject, replayToken: Json): Promise<Json> {
  const culture = cultureOf(body);
  for (const order of desk.state.orders) await settle(desk, order);
  const from = requestDateMs(body.StartDate) ?? Number.NEGATIVE_INFINITY;
  const till = requestDateMs(body.EndDate) ?? Number.POSITIVE_INFINITY;
  const code = textIn(body, 'ProductCode');
  const name = textIn(body, 'DomainName')?.toLowerCase();
  const found = desk.state.orders.filter(
    (order) =>
      order.placedAtMs >= from &&
      order.placedAtMs <= till &&
      (code === undefined || order.product === code) &&
      (name === undefined || newestOf(order).names.includes(name)),
  );
  const ordered = desk.settings.listOrder === 'newest' ? found.toReversed() : found;
  const asked = countIn(body, 'PageSize');
  const page = countIn(body, 'PageNumber') ?? 1;
  const size = asked === undefined ? ordered.length : Math.min(asked, desk.settings.maximumPageSize);
  const rows = ordered.slice((page - 1) * size, page * size);
  return rows.map((order) => ({
    ...orderJson(desk, order, culture, true),
    AuthResponse: envelope(desk, replayToken),
  }));
}
