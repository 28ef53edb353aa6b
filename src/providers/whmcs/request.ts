import type { JsonObject } from '../../model/json.js';
import type { OrderRequest } from '../../model/order.js';
import type { ShopProduct } from './options.js';

/** PEM with LF. */
const plainCsr = (csrPem: string): string => `${csrPem.trim().replaceAll(/\r\n?/g, '\n')}\n`;

/** The same request, whatever the shop did to its white space. */
export const isSameCsr = (a: string, b: string): boolean =>
  a.replaceAll(/\s+/g, '') === b.replaceAll(/\s+/g, '');

const objectAt = (from: JsonObject | undefined, key: string): JsonObject => {
  const value = from?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
};

/** What a module needs to ask an authority, by custom field. Nothing that is empty is written. */
export function enrolment(
  product: ShopProduct,
  request: OrderRequest,
  contacts: JsonObject | undefined,
): ReadonlyMap<number, string> {
  const { csr, approver, names } = product.fields;
  const values = new Map<number, string>();
  const put = (id: number | undefined, value: string | undefined) => {
    if (id !== undefined && value !== undefined && value.trim() !== '') values.set(id, value);
  };
  put(csr, request.csrPem === undefined ? undefined : plainCsr(request.csrPem));
  put(approver, approverOf(request));
  put(names, request.names.filter((name) => name !== request.commonName).join(','));
  for (const [path, id] of Object.entries(product.contactFields)) {
    const [part = '', key = ''] = path.split('.');
    const person = part === 'organization' ? {} : objectAt(contacts, 'admin');
    const value = { ...person, ...objectAt(contacts, part) }[key];
    put(id, typeof value === 'string' ? value : undefined);
  }
  return values;
}

/** The mailbox that approves the first name; a module takes one. */
const approverOf = ({ validation, commonName }: OrderRequest): string | undefined =>
  (
    validation.find(({ name, method }) => name === commonName && method === 'email') ??
    validation.find(({ method }) => method === 'email')
  )?.approver;

/** Names of that many more than are included are bought. */
export const extraNames = ({ namesOption }: ShopProduct, names: number): number =>
  namesOption === undefined ? 0 : Math.max(0, names - namesOption.included);
