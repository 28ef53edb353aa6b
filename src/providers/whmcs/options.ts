import type { ProductInfo } from '../../model/capabilities.js';
import type { ProviderConfig } from '../../model/configuration.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { OrderRequest } from '../../model/order.js';
import type { NameShape } from '../../model/product-rules.js';
import { parseDuration, parseTerm } from '../../model/term.js';
import { DAY_MS } from '../../model/time.js';
import { type Meaning, ownWords } from './states.js';

/** Custom fields that certwright writes or reads, by what stands in them. */
export type FieldName =
  | 'reference'
  | 'csr'
  | 'approver'
  | 'names'
  | 'state'
  | 'certificate'
  | 'chain'
  | 'recordName'
  | 'recordValue'
  | 'upstream';

export type FunctionName = 'submit' | 'reissue' | 'resend' | 'sync' | 'revoke';

/** A product of the shop, as the operator describes it: nothing of this is told by the API. */
export interface ShopProduct extends ProductInfo {
  readonly pid: number;
  readonly shape: NameShape;
  /** Term → billing cycle. */
  readonly cycles: Readonly<Record<string, string>>;
  /** Who runs the module: AcceptOrder, ModuleCreate, or the shop itself at the payment. */
  readonly setup: 'accept' | 'create' | 'payment';
  /**
   * `fields`: through mapped custom fields. `manual`: people finish it, and hand the certificate in. `upstream`: the module
   * buys a slot in the account that delivers, and there it gets its request.
   */
  readonly completion: 'fields' | 'manual' | 'upstream';
  /** Its product there. */
  readonly upstreamProduct: string;
  /** When the request is written: with the order, or into the service once it is active. */
  readonly sendAt: 'order' | 'service';
  readonly fields: Readonly<Partial<Record<FieldName, number>>>;
  /** `admin.email` → field. */
  readonly contactFields: Readonly<Record<string, number>>;
  readonly functions: Readonly<Partial<Record<FunctionName, string>>>;
  readonly recordType?: 'CNAME' | 'TXT';
  /** Option that sells names beyond the included ones. */
  readonly namesOption?: { readonly id: number; readonly included: number };
  readonly states: Readonly<Record<string, Meaning>>;
}

export interface ShopOptions {
  readonly clientId: number;
  readonly paymentMethod: string;
  readonly payFromCredit: boolean;
  readonly renewalOwner: 'certwright' | 'whmcs';
  readonly profile?: 'rvssl';
  /** The account that delivers what products with `completion: upstream` are. */
  readonly upstream?: string;
  readonly products: readonly ShopProduct[];
  /** DV orders that show no certificate for so long are said to stall. */
  readonly patienceMs: number;
}

const DEFAULT_CYCLES = { '1y': 'annually', '2y': 'biennially', '3y': 'triennially' } as const;
export const DEFAULT_PATIENCE = '24h';
export const DEFAULT_PATIENCE_MS = DAY_MS;

const objectAt = (from: Json | undefined, key: string): JsonObject => {
  const value = isObject(from) ? from[key] : undefined;
  return isObject(value) ? value : {};
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What was checked against the schema, with its defaults. Pure. */
export function readOptions({ options }: Pick<ProviderConfig, 'options'>): ShopOptions {
  const own = ownWords(objectAt(options, 'states') as Readonly<Record<string, Meaning>>);
  const products = Object.entries(objectAt(options, 'products')).map(([id, product]) =>
    readProduct(id, isObject(product) ? product : {}, own),
  );
  return {
    clientId: Number(options.clientId ?? 0),
    paymentMethod: String(options.paymentMethod ?? ''),
    payFromCredit: options.payFromCredit !== false,
    renewalOwner: options.renewalOwner === 'whmcs' ? 'whmcs' : 'certwright',
    ...(options.profile === 'rvssl' ? { profile: 'rvssl' as const } : {}),
    ...(typeof options.upstream === 'string' ? { upstream: options.upstream } : {}),
    products,
    patienceMs: parseDuration(String(options.patience ?? DEFAULT_PATIENCE)) ?? DEFAULT_PATIENCE_MS,
  };
}

function readProduct(id: string, product: JsonObject, own: ShopProduct['states']): ShopProduct {
  const names = Number(product.names ?? 1);
  const wildcard = product.wildcard === true;
  const given = objectAt(product, 'terms') as Readonly<Record<string, string>>;
  const cycles = Object.keys(given).length > 0 ? given : DEFAULT_CYCLES;
  const option = objectAt(product, 'namesOption');
  const caa = Array.isArray(product.caa) ? product.caa.map(String) : [];
  const { recordType } = product;
  return {
    id,
    vendorCode: String(product.pid ?? ''),
    pid: Number(product.pid ?? 0),
    title: String(product.title ?? id),
    validation: product.validation === 'ov' || product.validation === 'ev' ? product.validation : 'dv',
    wildcard,
    shape: wildcard ? 'wildcard' : names > 1 ? 'multi' : 'single',
    maxNames: names,
    terms: Object.keys(cycles).flatMap((term) => parseTerm(term) ?? []),
    cycles,
    setup: product.setup === 'create' || product.setup === 'payment' ? product.setup : 'accept',
    completion:
      product.completion === 'fields' || product.completion === 'upstream' ? product.completion : 'manual',
    upstreamProduct: String(product.upstreamProduct ?? id),
    sendAt: product.sendAt === 'service' ? 'service' : 'order',
    fields: objectAt(product, 'fields') as ShopProduct['fields'],
    contactFields: objectAt(product, 'contactFields') as ShopProduct['contactFields'],
    functions: objectAt(product, 'functions') as ShopProduct['functions'],
    ...(recordType === 'CNAME' || recordType === 'TXT' ? { recordType } : {}),
    ...(option.id === undefined
      ? {}
      : { namesOption: { id: Number(option.id), included: Number(option.included ?? 1) } }),
    states: { ...own, ...ownWords(objectAt(product, 'states') as Readonly<Record<string, Meaning>>) },
    ...(caa.length === 0 ? {} : { caa: { domains: caa } }),
  };
}

export const findProduct = (
  { products }: Pick<ShopOptions, 'products'>,
  name: string,
): ShopProduct | undefined => products.find(({ id, vendorCode }) => id === name || vendorCode === name);

export const productWithPid = (
  { products }: Pick<ShopOptions, 'products'>,
  pid: number,
): ShopProduct | undefined => products.find((product) => product.pid === pid);

/** Can the next certificate of an order be asked for? People can always be asked. */
export const canReissue = ({ completion, functions, fields }: ShopProduct): boolean =>
  completion !== 'fields' || (functions.reissue !== undefined && fields.csr !== undefined);

/** Is the CSR written into the service by a step of its own, instead of coming with the order? */
export const isWritten = (product: ShopProduct, { action }: OrderRequest): boolean =>
  product.completion === 'fields' &&
  product.fields.csr !== undefined &&
  (action !== 'order' || product.sendAt === 'service');

/** Does another account deliver it? */
export const isDelivered = ({ completion }: ShopProduct): boolean => completion === 'upstream';
