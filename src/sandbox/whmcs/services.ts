import type { JsonObject } from '../../model/json.js';
import { callFunction, create, noticeFields, productOf } from './modules.js';
import { collection, cycleWord, localDate, localTime, number, page, Refusal, words } from './reply.js';
import { type Form, idIn, limitsIn, serializedIn, textIn } from './request.js';
import type { Desk, Service, ServiceStatus } from './state.js';

function serviceRow(desk: Desk, service: Service): JsonObject {
  const product = productOf(desk, service);
  const order = desk.state.orders.find(({ id }) => id === service.orderId);
  // Admin-only fields stand here as well; GetProducts does not list those.
  const fields = (product?.fields ?? []).map(({ id, name }) => ({
    id: number(desk, id),
    name: words(desk, name),
    value: words(desk, service.fields[String(id)] ?? ''),
  }));
  const options =
    product?.option === undefined
      ? []
      : [
          {
            id: number(desk, product.option.id),
            option: product.option.name,
            type: 'quantity',
            value: number(desk, service.quantity),
          },
        ];
  return {
    id: number(desk, service.id),
    qty: '1',
    clientid: number(desk, desk.settings.clientId),
    orderid: number(desk, service.orderId),
    ordernumber: order?.number ?? '',
    pid: number(desk, service.pid),
    regdate: localDate(desk, service.registeredAtMs),
    name: words(desk, product?.name ?? ''),
    groupname: 'SSL',
    domain: words(desk, service.domain),
    serverid: '0',
    firstpaymentamount: service.firstAmount,
    recurringamount: service.recurringAmount,
    paymentmethod: 'banktransfer',
    billingcycle: cycleWord(service.cycle),
    nextduedate: service.cycle === 'onetime' ? '0000-00-00' : localDate(desk, service.nextDueMs),
    status: service.status,
    username: '',
    password: service.password,
    subscriptionid: '',
    notes: words(desk, service.notes),
    lastupdate: localTime(desk, null),
    ...collection(desk, 'customfields', 'customfield', fields),
    ...collection(desk, 'configoptions', 'configoption', options),
  };
}

export function clientsProducts(desk: Desk, form: Form): JsonObject {
  const wanted = {
    clientid: idIn(form, 'clientid'),
    serviceid: idIn(form, 'serviceid'),
    pid: idIn(form, 'pid'),
    domain: textIn(form, 'domain'),
  };
  const found = desk.state.services.filter(
    (service) =>
      (wanted.clientid === undefined || wanted.clientid === desk.settings.clientId) &&
      (wanted.serviceid === undefined || wanted.serviceid === service.id) &&
      (wanted.pid === undefined || wanted.pid === service.pid) &&
      (wanted.domain === undefined || wanted.domain.toLowerCase() === service.domain.toLowerCase()),
  );
  const ordered = desk.settings.listOrder === 'newest' ? found.toReversed() : found;
  const { rows, counts } = page(desk, ordered, limitsIn(form));
  return {
    clientid: wanted.clientid === undefined ? null : String(wanted.clientid),
    serviceid: wanted.serviceid === undefined ? null : String(wanted.serviceid),
    pid: wanted.pid === undefined ? null : String(wanted.pid),
    domain: wanted.domain ?? null,
    ...counts,
    ...collection(
      desk,
      'products',
      'product',
      rows.map((service) => serviceRow(desk, service)),
    ),
  };
}

/** @throws Refusal */
function serviceIn({ state }: Desk, form: Form, absent = 'Service ID Not Found'): Service {
  const id = idIn(form, 'serviceid') ?? idIn(form, 'accountid');
  if (id === undefined) throw new Refusal('Service ID is required');
  const found = state.services.find((service) => service.id === id);
  if (found === undefined) throw new Refusal(absent);
  return found;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Edits the record; no code of the module runs, but for a hook. @throws Refusal */
export async function updateService(desk: Desk, form: Form): Promise<JsonObject> {
  const service = serviceIn(desk, form);
  const due = textIn(form, 'nextduedate');
  if (due !== undefined) {
    if (!DATE.test(due)) throw new Refusal('The date cannot be read');
    service.nextDueMs = Date.parse(`${due}T00:00:00Z`) - desk.settings.utcOffsetMinutes * 60_000;
  }
  const notes = textIn(form, 'notes');
  if (notes !== undefined) service.notes = notes;
  const status = textIn(form, 'status');
  if (status !== undefined) service.status = status as ServiceStatus;
  const fields = textIn(form, 'customfields');
  if (fields !== undefined) {
    const known = (productOf(desk, service)?.fields ?? []).map(({ id }) => String(id));
    for (const [id, value] of serializedIn(fields)) {
      // Ids that do not exist are passed over in silence.
      if (known.includes(id)) service.fields[id] = String(value);
    }
  }
  await noticeFields(desk, service);
  return { serviceid: String(service.id) };
}

export async function moduleCreate(desk: Desk, form: Form): Promise<JsonObject> {
  return said(await create(desk, serviceIn(desk, form, 'Service ID not found')));
}

export async function moduleCustom(desk: Desk, form: Form): Promise<JsonObject> {
  const service = serviceIn(desk, form, 'Service ID not found');
  return said(await callFunction(desk, service, textIn(form, 'func_name') ?? ''));
}

/** A word or a sentence is all that comes back. @throws Refusal */
function said(text: string): JsonObject {
  if (text === 'success') return {};
  throw new Refusal(text);
}

export function requestCancel(desk: Desk, form: Form): JsonObject {
  const service = serviceIn(desk, form);
  if (service.cancelRequest !== null) throw new Refusal('Existing Cancellation Request Exists');
  const type = textIn(form, 'type') ?? '';
  if (type !== 'Immediate' && type !== 'End of Billing Period') throw new Refusal('The type is not known');
  service.cancelRequest = { type, granted: false };
  return { serviceid: String(service.id), userid: String(desk.settings.clientId) };
}

export function moduleQueue(desk: Desk, form: Form): JsonObject {
  const related = idIn(form, 'relatedId');
  const entries = desk.state.queue.filter(({ serviceId }) => related === undefined || serviceId === related);
  const rows = entries.map(({ id, serviceId, action, error, atMs }) => ({
    id: number(desk, id),
    serviceType: 'service',
    serviceId: number(desk, serviceId),
    moduleName: 'fieldssl',
    moduleAction: action,
    lastAttempt: localTime(desk, atMs),
    lastAttemptError: words(desk, error),
    completed: '0',
  }));
  if (!desk.settings.flatKeys) return { count: String(rows.length), queue: rows };
  const flat = rows.flatMap((row, i) =>
    Object.entries(row).map(([key, value]) => [`queue[${i}][${key}]`, value]),
  );
  return { count: String(rows.length), ...Object.fromEntries(flat) };
}
