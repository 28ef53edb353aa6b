import { inspectCsr } from '../../keys/csr.js';
import { CertError } from '../../model/errors.js';
import { type DnsName, nameSet, parseName } from '../../model/names.js';
import type { CollectedCertificate, DcvItem, OrderSnapshot } from '../../model/order.js';
import { toInstant } from '../../model/time.js';
import type { ListedOrder, Recorded, StepWait } from '../../ports/provider.js';
import { certificateIn, type FoundCertificate } from './certificate.js';
import { collectDelivered, deliveredOrder, undelivered } from './delivered.js';
import { getInvoice, type Invoice, invoiceOfOrder, isPaid, isVoid } from './invoice.js';
import { isDelivered, productWithPid, type ShopProduct } from './options.js';
import { paymentWait } from './pay-step.js';
import { fieldOf, isPending, type OrderId, parseOrderId, type Service } from './service.js';
import { queuedFailure } from './setup-steps.js';
import { invoiceOf, type Shop } from './shop.js';
import { type ReadState, readState } from './states.js';
import { deliveredBy } from './upstream.js';
import { localDateOf, textOf } from './wire.js';

/** Everything that is known of an order without asking for more. */
export interface Look {
  readonly id: OrderId;
  readonly service: Service;
  /** undefined: a product that the configuration does not name. */
  readonly product: ShopProduct | undefined;
  readonly recorded?: Recorded;
  /** Key hash of what was asked for. */
  readonly key?: string;
}

type Standing = Pick<
  OrderSnapshot,
  'state' | 'waitingFor' | 'message' | 'reissuePending' | 'reissueEnded' | 'handedIn'
>;

const OVER = /^(cancelled|terminated|fraud)$/i;

export async function lookAtOrder(shop: Shop, orderId: string, recorded?: Recorded): Promise<OrderSnapshot> {
  const look = await lookOf(shop, orderId, recorded);
  const { id, service } = look;
  // Of a later term the invoice says when it began; of the first one it matters until the service is set up.
  const invoice =
    id.invoiceId !== undefined
      ? await getInvoice(shop.client, id.invoiceId)
      : isPending(service)
        ? await firstInvoice(shop, look)
        : undefined;
  const early = await beforeEnrolment(shop, look, invoice);
  if (early) return snapshotOf(look, early, invoice);
  const { product } = look;
  if (product === undefined) return snapshotOf(look, { state: 'pending', waitingFor: 'person' }, invoice);
  if (!isDelivered(product)) return snapshotOf(look, enrolled(shop, look, product), invoice);
  const base = snapshotOf(look, { state: 'pending' }, invoice);
  const there = deliveredBy(product, service, orderId, recorded);
  return there === undefined
    ? undelivered(shop, base, recorded)
    : deliveredOrder(shop, base, there, recorded);
}

async function lookOf(shop: Shop, orderId: string, recorded: Recorded | undefined): Promise<Look> {
  const id = parseOrderId(orderId);
  const service = await shop.service(id.serviceId);
  const product = productWithPid(shop.options, service.pid);
  const key = await wantedKey(recorded);
  return {
    id,
    service,
    product,
    ...(recorded === undefined ? {} : { recorded }),
    ...(key === undefined ? {} : { key }),
  };
}

async function wantedKey(recorded: Recorded | undefined): Promise<string | undefined> {
  const { csrPem } = recorded?.request ?? {};
  if (csrPem === undefined) return undefined;
  const csr = await inspectCsr(csrPem);
  return 'keyHash' in csr ? csr.keyHash : undefined;
}

async function firstInvoice(shop: Shop, { recorded, service }: Look): Promise<Invoice | undefined> {
  if (recorded?.results.order) return invoiceOf(shop, recorded.request, recorded.results);
  const id = service.orderId === undefined ? undefined : await invoiceOfOrder(shop.client, service.orderId);
  return id === undefined ? undefined : getInvoice(shop.client, id);
}

/** undefined: it is paid and set up. */
async function beforeEnrolment(
  shop: Shop,
  look: Look,
  invoice: Invoice | undefined,
): Promise<Standing | undefined> {
  const { service, recorded } = look;
  if (OVER.test(service.status)) {
    return { state: 'cancelled', message: `service ${service.id} is ${service.status}` };
  }
  if (invoice && isVoid(invoice)) {
    const state = invoice.status === 'refunded' ? 'refunded' : 'cancelled';
    return { state, message: `invoice ${invoice.id} is ${invoice.status}` };
  }
  if (invoice && !isPaid(invoice)) {
    const wait = await paymentWait(shop, invoice, recorded?.tooMuch);
    return waitsFor(
      wait ?? { waitingFor: 'payment', message: `invoice ${invoice.id} is paid from credit by the next run` },
    );
  }
  return isPending(service) ? notSetUp(shop, look) : undefined;
}

const waitsFor = ({ waitingFor, message }: StepWait): Standing => ({ state: 'pending', waitingFor, message });

/** What the module said when certwright ran it; undefined: it took the call. */
function moduleWait({ service, recorded }: Look, steps: readonly string[]): Standing | undefined {
  const words = steps
    .map((step) => textOf(recorded?.results[step] ?? {}, 'moduleError'))
    .find((text) => text !== undefined);
  if (words === undefined) return undefined;
  const message = `the module of service ${service.id} says "${words}"; have it finished in WHMCS, certwright does not run it again`;
  return waitsFor({ waitingFor: 'person', message });
}

/** Paid, and the module has not run yet. */
async function notSetUp(shop: Shop, look: Look): Promise<Standing> {
  const { service, product, recorded } = look;
  const said = moduleWait(look, ['accept', 'create']);
  if (said) return said;
  const ours = product !== undefined && product.setup !== 'payment';
  const next = product?.setup === 'create' ? 'create' : 'accept';
  if (ours && recorded !== undefined && recorded.results[next] === undefined) {
    return waitsFor({
      waitingFor: 'ca',
      message: `service ${service.id} is paid; it is set up by the next run`,
    });
  }
  const why = await failureShown(shop, service.id);
  const message =
    why === undefined
      ? `service ${service.id} is paid and not set up; accept its order in WHMCS, with set-up`
      : `the shop could not set up service ${service.id}: "${why}"; see the Module Queue in WHMCS`;
  return waitsFor({ waitingFor: 'person', message });
}

/** The module queue, where the API role lets us ask. */
async function failureShown(shop: Shop, serviceId: number): Promise<string | undefined> {
  try {
    return await queuedFailure(shop, serviceId);
  } catch (error) {
    if (error instanceof CertError && error.code === 'provider.refused') return undefined;
    throw error;
  }
}

const isReissue = (recorded: Recorded | undefined): boolean =>
  recorded?.request.action === 'reissue' || recorded?.request.action === 'add-names';

/** The service is active: where its certificate stands, as far as the shop lets it be seen. */
function enrolled(shop: Shop, look: Look, product: ShopProduct): Standing {
  const { service, recorded } = look;
  if (product.completion === 'manual') return byHand(look);
  const told = toldState(shop, product, service);
  const found = deliveredIn(shop, product, look);
  if (told?.state === 'revoked') return { state: 'revoked', message: told.message };
  if (found) return { state: 'issued' };
  const reissue = isReissue(recorded);
  if (told !== undefined && told.state !== 'pending') {
    // A reissue that comes to nothing leaves the order as it was.
    return reissue && told.state === 'rejected'
      ? { state: 'issued', reissueEnded: true, message: told.message }
      : { state: told.state, message: told.message };
  }
  const wait = waitIn(look, product, told);
  return { ...wait, ...(reissue ? { state: 'issued', reissuePending: true } : {}) };
}

const toldState = ({ options }: Shop, product: ShopProduct, service: Service): ReadState | undefined =>
  readState(fieldOf(product, service, 'state') ?? '', options.profile, product.states);

function waitIn(look: Look, product: ShopProduct, told: ReadState | undefined): Standing {
  const said = moduleWait(look, ['submit']);
  if (said && (told === undefined || told.waitingFor === 'configuration')) return said;
  if (told) {
    return {
      state: 'pending',
      ...(told.waitingFor === undefined ? {} : { waitingFor: told.waitingFor }),
      ...(told.message === '' ? {} : { message: told.message }),
    };
  }
  const untaken = fieldOf(product, look.service, 'csr') === '';
  return { state: 'pending', waitingFor: untaken ? 'configuration' : 'ca' };
}

/** People ask for it and hand it in: the shop shows nothing of it. */
function byHand({ service, recorded }: Look): Standing {
  const message = `have the certificate of service ${service.id} issued in WHMCS with the request that \`certwright show --csr\` prints, then hand it in: \`certwright attach\`, or a pull request with inbox/NAME.pem`;
  const wait = { waitingFor: 'person', message, handedIn: true } as const;
  return isReissue(recorded)
    ? { state: 'issued', reissuePending: true, ...wait }
    : { state: 'pending', ...wait };
}

/**
 * What is delivered already: a certificate for the key that was asked for, or the one there is where the shop says that it
 * is done. What of it is right, the core judges.
 */
function deliveredIn(
  shop: Shop,
  product: ShopProduct,
  { service, key, recorded }: Look,
): FoundCertificate | undefined {
  const found = certificateIn(product, service, key);
  if (found === undefined || key === undefined || found.keyHash === key) return found;
  const mapped = product.fields.state !== undefined;
  const isDone = mapped && toldState(shop, product, service)?.isIssued === true;
  // Without words of the module only the first certificate of a service is surely a new one.
  return isDone || (!mapped && recorded?.request.action === 'order') ? found : undefined;
}

export async function collectOrder(
  shop: Shop,
  orderId: string,
  recorded?: Recorded,
): Promise<CollectedCertificate | undefined> {
  const look = await lookOf(shop, orderId, recorded);
  const { product, service } = look;
  if (product === undefined || OVER.test(service.status)) return undefined;
  if (isDelivered(product)) {
    const there = deliveredBy(product, service, orderId, recorded);
    return there === undefined ? undefined : collectDelivered(shop, there, recorded);
  }
  if (product.completion !== 'fields') return undefined;
  return deliveredIn(shop, product, look)?.collected;
}

function snapshotOf(look: Look, standing: Standing, invoice?: Invoice): OrderSnapshot {
  const { id, service, product, recorded } = look;
  const found =
    standing.state === 'issued' && product?.completion === 'fields'
      ? certificateIn(product, service, look.key)
      : undefined;
  const text = id.invoiceId === undefined ? String(id.serviceId) : `${id.serviceId}-${id.invoiceId}`;
  const placedAt = id.invoiceId === undefined ? localDateOf(service.row, 'regdate') : invoice?.date;
  const reference =
    id.invoiceId === undefined && product ? fieldOf(product, service, 'reference') : undefined;
  const term = termOf(product, service);
  const validation = proofsOf(look, standing);
  const solvable = validation.some(({ record }) => record !== undefined && record.type !== 'email');
  return {
    id: text,
    ids: [text],
    ...(reference ? { reference } : {}),
    ...standing,
    // A record that can be published is what it waits for, whatever the module calls it.
    ...(solvable && standing.waitingFor === 'ca' ? { waitingFor: 'dcv' as const } : {}),
    product: product?.id ?? String(service.pid),
    names: recorded?.request.names ?? namesOf(product, service, found),
    ...(term === undefined ? {} : { term }),
    ...(placedAt === undefined ? {} : { placedAt }),
    validation,
    ...(found === undefined || standing.reissuePending
      ? {}
      : { serial: found.serial, notAfter: toInstant(found.notAfterMs) }),
  };
}

/** As a manifest would name it. */
export function termOf(product: ShopProduct | undefined, { cycle }: Service): string | undefined {
  const word = cycle.toLowerCase().replaceAll(/[\s-]+/g, '');
  return Object.entries(product?.cycles ?? {}).find(([, known]) => known === word)?.[0];
}

function namesOf(
  product: ShopProduct | undefined,
  service: Service,
  found: FoundCertificate | undefined,
): readonly DnsName[] {
  if (found) return nameSet(found.names);
  const more = (product && fieldOf(product, service, 'names')) ?? '';
  return nameSet(
    [service.domain, ...more.split(/[\s,;]+/)].flatMap((text) => {
      const parsed = parseName(text.trim());
      return parsed.ok ? [parsed.name] : [];
    }),
  );
}

/** Proofs that are asked for. A record is told apart by name only where there is one. */
function proofsOf(
  { product, service, recorded }: Look,
  { state, reissuePending }: Standing,
): readonly DcvItem[] {
  if (product?.completion !== 'fields' || !recorded || (state !== 'pending' && !reissuePending)) return [];
  const owner = fieldOf(product, service, 'recordName') ?? '';
  const value = fieldOf(product, service, 'recordValue') ?? '';
  const single = recorded.request.names.length === 1;
  return recorded.request.validation.map((wish): DcvItem => {
    const { name, method, approver } = wish;
    const base = { name, method, state: 'pending' } as const;
    if (method === 'email') {
      return approver === undefined ? base : { ...base, record: { type: 'email', address: approver } };
    }
    const { recordType } = product;
    if (!single || recordType === undefined || owner === '' || value === '' || method === 'http') return base;
    return { ...base, record: { type: recordType, owner, value } };
  });
}

/** A line of a list: what the service itself tells. */
export function listedOrder(shop: Shop, service: Service): ListedOrder | undefined {
  const product = productWithPid(shop.options, service.pid);
  if (!product) return undefined;
  const look: Look = { id: { serviceId: service.id }, service, product };
  if (OVER.test(service.status)) return snapshotOf(look, { state: 'cancelled' });
  if (isPending(service)) return snapshotOf(look, { state: 'pending' });
  // Where its certificate stands, the account that delivers tells.
  if (isDelivered(product)) return { ...snapshotOf(look, { state: 'issued' }), stateTold: false };
  return snapshotOf(look, enrolled(shop, look, product));
}
