import { soldAs } from '../../model/delivery.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import type { ShopClient } from './client.js';
import type { FieldName, ShopProduct } from './options.js';
import { idOf, maybeRowsOf, rowsOf, textOf } from './wire.js';

/** A service as the shop tells it. Its password, which comes in clear, is never taken over. */
export interface Service {
  readonly id: number;
  readonly pid: number;
  readonly clientId: number;
  /** WHMCS order it came with. */
  readonly orderId: number | undefined;
  readonly domain: string;
  readonly status: string;
  readonly cycle: string;
  readonly row: JsonObject;
  /** Custom fields by id, those for admins included. */
  readonly fields: ReadonlyMap<number, string>;
}

/** @throws CertError `wire.unexpected` */
export function readService(row: JsonObject): Service {
  const [id, pid, clientId] = [idOf(row, 'id'), idOf(row, 'pid'), idOf(row, 'clientid')];
  const status = textOf(row, 'status');
  if (id === undefined || pid === undefined || clientId === undefined || status === undefined) {
    throw new CertError(
      'wire.unexpected',
      'the shop told a service without its id, product, client or status',
    );
  }
  const fields = maybeRowsOf(row, 'customfields', 'customfield').flatMap((field) => {
    const fieldId = idOf(field, 'id');
    return fieldId === undefined ? [] : [[fieldId, textOf(field, 'value') ?? ''] as const];
  });
  return {
    id,
    pid,
    clientId,
    orderId: idOf(row, 'orderid'),
    domain: (textOf(row, 'domain') ?? '').toLowerCase(),
    status,
    cycle: textOf(row, 'billingcycle') ?? '',
    row,
    fields: new Map(fields),
  };
}

/** @throws CertError `order.not-found` */
export async function getService(client: ShopClient, clientId: number, id: number): Promise<Service> {
  const reply = await client.read(
    'GetClientsProducts',
    { clientid: clientId, serviceid: id },
    `service ${id}`,
  );
  const found = rowsOf('GetClientsProducts', reply.data, 'products', 'product')
    .map(readService)
    .find((service) => service.id === id && service.clientId === clientId);
  if (found) return found;
  throw new CertError('order.not-found', `client ${clientId} of the shop has no service ${id}`);
}

/**
 * What stands in a mapped field; undefined where none is mapped, `''` where nothing stands in it.
 * @throws CertError `config.invalid` where the mapped field does not exist (any more)
 */
export function fieldOf(product: ShopProduct, service: Service, name: FieldName): string | undefined {
  const id = product.fields[name];
  if (id === undefined) return undefined;
  const value = service.fields.get(id);
  if (value !== undefined) return value;
  throw new CertError(
    'config.invalid',
    `service ${service.id} has no custom field ${id}, which products.${product.id}.fields.${name} names`,
    { remedy: 'Look for the ids of the custom fields of the product in WHMCS, and correct the mapping.' },
  );
}

export const isPending = ({ status }: Service): boolean => status.toLowerCase() === 'pending';
export const isActive = ({ status }: Service): boolean => status.toLowerCase() === 'active';

/** Ids of ours: a service for its first term, service and invoice for every later one. */
export interface OrderId {
  readonly serviceId: number;
  readonly invoiceId?: number;
}

const ORDER_ID = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/;

/** @throws CertError `order.not-found` for what is no id of a service */
export function parseOrderId(text: string): OrderId {
  const found = ORDER_ID.exec(soldAs(text));
  if (!found) {
    throw new CertError('order.not-found', `"${text}" is no order of a WHMCS shop`, {
      remedy: 'Write the id of the service (903), or service and invoice of a later term (903-1530).',
    });
  }
  return {
    serviceId: Number(found[1]),
    ...(found[2] === undefined ? {} : { invoiceId: Number(found[2]) }),
  };
}
