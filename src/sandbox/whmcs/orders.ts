import Big from 'big.js';
import type { JsonObject } from '../../model/json.js';
import { applyByItself, checkClient, makeInvoice } from './billing.js';
import { checkPaymentMethod } from './catalogue.js';
import { create, productOf, termMonths } from './modules.js';
import type { Product } from './products.js';
import { collection, cycleWord, localTime, number, page, Refusal, words } from './reply.js';
import { type Form, flagIn, idIn, limitsIn, listIn, serializedIn, textIn } from './request.js';
import type { Desk, Order, Service } from './state.js';
import { addMonths } from './time.js';

/** The first item counts; what several cost together is nothing a certificate needs. @throws Refusal */
export async function addOrder(desk: Desk, form: Form): Promise<JsonObject> {
  checkClient(desk, idIn(form, 'clientid'));
  const paymentMethod = checkPaymentMethod(textIn(form, 'paymentmethod'));
  const pids = listIn(form, 'pid');
  const renewals = listIn(form, 'servicerenewals');
  if (pids.length + renewals.length === 0) {
    throw new Refusal('No items added to cart so order cannot proceed');
  }
  if (pids.length + renewals.length > 1) throw new Refusal('One item at a time is sold here');
  const place = () =>
    renewals.length > 0
      ? renewOnDemand(desk, Number(renewals[0]), paymentMethod)
      : newService(desk, form, pids[0] ?? '', paymentMethod);
  const order = await place();
  if (desk.seat.fault('duplicate', 'AddOrder') !== undefined) await place();
  return {
    orderid: number(desk, order.id),
    serviceids: order.serviceIds.join(','),
    addonids: '',
    domainids: '',
    ...(order.invoiceId === 0 || !desk.settings.tellsInvoice
      ? {}
      : { invoiceid: number(desk, order.invoiceId) }),
  };
}

async function newService(desk: Desk, form: Form, pid: string, paymentMethod: string): Promise<Order> {
  const { settings, state } = desk;
  const product = settings.products[pid];
  if (product === undefined) throw new Refusal('No items added to cart so order cannot proceed');
  const cycle = (listIn(form, 'billingcycle')[0] ?? '').toLowerCase();
  const price = product.prices[cycle];
  if (price === undefined || price === '-1.00') throw new Refusal('The billing cycle is not offered');
  const fields = orderFields(product, listIn(form, 'customfields')[0]);
  const quantity = quantityIn(product, listIn(form, 'configoptions')[0]);
  const recurring = new Big(price).plus(new Big(product.option?.prices[cycle] ?? '0').times(quantity));
  const amount = recurring.plus(product.setupFee).toFixed(2);
  state.lastService += 1;
  const service: Service = {
    id: state.lastService,
    pid: Number(pid),
    orderId: 0,
    domain: listIn(form, 'domain')[0] ?? '',
    status: 'Pending',
    cycle,
    registeredAtMs: desk.nowMs,
    termEndMs: addMonths(desk.nowMs, termMonths(cycle)),
    nextDueMs: addMonths(desk.nowMs, termMonths(cycle)),
    firstAmount: amount,
    recurringAmount: product.paytype === 'recurring' ? recurring.toFixed(2) : '0.00',
    fields,
    quantity,
    notes: '',
    password: desk.seat.token(12),
    cancelRequest: null,
    ssl: null,
  };
  state.services.push(service);
  const description = `${product.name} - ${service.domain}`;
  const order = await bill(desk, form, service, { description, amount, renews: 0, paymentMethod });
  service.orderId = order.id;
  return order;
}

/** @throws Refusal */
async function renewOnDemand(desk: Desk, serviceId: number, paymentMethod: string): Promise<Order> {
  const service = desk.state.services.find(({ id }) => id === serviceId);
  const product = service && productOf(desk, service);
  if (
    service === undefined ||
    product === undefined ||
    service.status !== 'Active' ||
    !desk.settings.onDemandRenewal
  ) {
    throw new Refusal(`Service ID ${serviceId} can not be renewed at this time`);
  }
  return bill(desk, undefined, service, {
    description: `Renewal: ${product.name} - ${service.domain}`,
    amount: service.recurringAmount,
    renews: termMonths(service.cycle),
    paymentMethod,
  });
}

interface Bill {
  readonly description: string;
  readonly amount: string;
  readonly renews: number;
  readonly paymentMethod: string;
}

async function bill(desk: Desk, form: Form | undefined, service: Service, item: Bill): Promise<Order> {
  const { state, settings, seat } = desk;
  state.lastOrder += 1;
  const free = new Big(item.amount).eq(0) || (form !== undefined && flagIn(form, 'noinvoice'));
  const invoice = free ? undefined : await makeInvoice(desk, { serviceId: service.id, ...item });
  const order: Order = {
    id: state.lastOrder,
    number: String(4_000_000_000 + state.lastOrder),
    placedAtMs: desk.nowMs,
    status: 'Pending',
    invoiceId: invoice?.id ?? 0,
    amount: item.amount,
    paymentMethod: item.paymentMethod,
    serviceIds: [service.id],
    renewal: item.renews > 0,
  };
  state.orders.push(order);
  seat.sold({
    order: String(order.id),
    product: `${service.pid}/${service.cycle}`,
    amount: item.amount,
    currency: settings.currency,
    reference: Object.values(service.fields)[0] || null,
  });
  if (invoice && settings.autoApplyCredit) await applyByItself(desk, invoice);
  return order;
}

/** Only order-form fields are taken; others are passed over in silence. @throws Refusal */
function orderFields(product: Product, text: string | undefined): Record<string, string> {
  const fields = Object.fromEntries(product.fields.map(({ id }) => [String(id), '']));
  if (text === undefined || text === '') return fields;
  for (const [id, value] of serializedIn(text)) {
    if (product.fields.some((one) => String(one.id) === id && one.orderForm)) fields[id] = String(value);
  }
  return fields;
}

function quantityIn({ option }: Product, text: string | undefined): number {
  if (option === undefined || text === undefined || text === '') return 0;
  const value = Number(serializedIn(text).get(String(option.id)) ?? 0);
  if (!Number.isSafeInteger(value) || value < 0) throw new Refusal('The quantity is not valid');
  return value;
}

/** @throws Refusal: not pending, or the words of a module */
export async function acceptOrder(desk: Desk, form: Form): Promise<JsonObject> {
  const order = desk.state.orders.find(({ id }) => id === idIn(form, 'orderid'));
  if (order?.status !== 'Pending') throw new Refusal('Order ID not found or Status not Pending');
  const services = desk.state.services.filter(({ id }) => order.serviceIds.includes(id));
  for (const service of services) {
    if (order.renewal || !flagIn(form, 'autosetup')) continue;
    if (service.status !== 'Pending' && !desk.settings.acceptRunsAgain) continue;
    const said = await create(desk, service);
    if (said !== 'success') throw new Refusal(said);
  }
  order.status = 'Active';
  return {};
}

/** @throws Refusal for an order that is not pending */
export function cancelOrder(desk: Desk, form: Form): JsonObject {
  const order = desk.state.orders.find(({ id }) => id === idIn(form, 'orderid'));
  if (order?.status !== 'Pending') throw new Refusal('Order ID not found or Status not Pending');
  order.status = 'Cancelled';
  for (const service of desk.state.services) {
    if (!order.renewal && order.serviceIds.includes(service.id)) service.status = 'Cancelled';
  }
  const invoice = desk.state.invoices.find(({ id }) => id === order.invoiceId);
  if (invoice?.status === 'Unpaid') invoice.status = 'Cancelled';
  return {};
}

function orderRow(desk: Desk, order: Order): JsonObject {
  const services = desk.state.services.filter(({ id }) => order.serviceIds.includes(id));
  const invoice = desk.state.invoices.find(({ id }) => id === order.invoiceId);
  return {
    id: number(desk, order.id),
    ordernum: order.number,
    userid: number(desk, desk.settings.clientId),
    date: localTime(desk, order.placedAtMs),
    amount: order.amount,
    paymentmethod: order.paymentMethod,
    invoiceid: number(desk, order.invoiceId),
    status: order.status,
    paymentstatus: invoice?.status ?? '',
    ...collection(
      desk,
      'lineitems',
      'lineitem',
      services.map((service) => ({
        type: 'product',
        relid: number(desk, service.id),
        producttype: 'Other Product/Service',
        product: words(desk, productOf(desk, service)?.name ?? ''),
        domain: words(desk, service.domain),
        billingcycle: cycleWord(service.cycle),
        amount: order.amount,
        status: service.status,
      })),
    ),
  };
}

export function orders(desk: Desk, form: Form): JsonObject {
  const id = idIn(form, 'id');
  const client = idIn(form, 'userid');
  const status = textIn(form, 'status')?.toLowerCase();
  const found = desk.state.orders.filter(
    (order) =>
      (id === undefined || order.id === id) &&
      (client === undefined || client === desk.settings.clientId) &&
      (status === undefined || order.status.toLowerCase() === status),
  );
  const ordered = desk.settings.listOrder === 'newest' ? found.toReversed() : found;
  const { rows, counts } = page(desk, ordered, limitsIn(form));
  return {
    ...counts,
    ...collection(
      desk,
      'orders',
      'order',
      rows.map((order) => orderRow(desk, order)),
    ),
  };
}
