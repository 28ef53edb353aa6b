import Big from 'big.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { type Money, money } from '../../model/money.js';
import type { OrderRequest, OrderSnapshot } from '../../model/order.js';
import { currencyOf } from '../../model/price.js';
import type { Provider, ProviderDeps } from '../../ports/provider.js';
import { type Catalogue, openCatalogue } from './catalogue.js';
import { type ShopClient, shopClient } from './client.js';
import { getInvoice, type Invoice, type Invoices, invoiceOfOrder, openInvoices } from './invoice.js';
import { findProduct, readOptions, type ShopOptions, type ShopProduct } from './options.js';
import { getService, parseOrderId, type Service } from './service.js';
import { amountOf, idOf, objectOf, textOf } from './wire.js';

/** What the parts of one account share. */
export interface Shop {
  readonly id: string;
  readonly client: ShopClient;
  readonly options: ShopOptions;
  readonly catalogue: Catalogue;
  readonly invoices: Invoices;
  /** Currency of the client; the wire prints none beside amounts. */
  currency(): Promise<string>;
  /** Spendable credit of the client. */
  credit(): Promise<Money>;
  service(id: number): Promise<Service>;
  /** Something was written: what was listed before is old. */
  changed(): void;
  onChange(forget: () => void): void;
  /** Credit that payments of this process are about to take, by invoice. */
  readonly spending: Map<number, Big>;
  /** The account that delivers. */
  readonly upstream?: Provider;
  /** Slots there that steps of this process are about to take, by service. */
  readonly taking: Map<number, string>;
  /** Slots there, as last asked for. */
  listed: { readonly atMs: number; readonly slots: Promise<readonly OrderSnapshot[]> } | undefined;
  monotonic(): number;
  now(): number;
}

export function openShop(deps: ProviderDeps): Shop {
  const { config, clock } = deps;
  const client = shopClient(deps);
  const options = readOptions(config);
  const configured = currencyOf(config);
  let told: string | undefined;
  const listeners: (() => void)[] = [];

  async function clientRow(): Promise<JsonObject> {
    const { data } = await client.read(
      'GetClientsDetails',
      { clientid: options.clientId },
      `client ${options.clientId}`,
    );
    const row = Object.keys(objectOf(data, 'client')).length > 0 ? objectOf(data, 'client') : data;
    const code = textOf(row, 'currency_code') ?? textOf(data, 'currency_code');
    if (code !== undefined && /^[A-Z]{3}$/.test(code)) told = code;
    return row;
  }

  async function currency(): Promise<string> {
    if (told === undefined) await clientRow();
    if (told !== undefined && configured !== undefined && told !== configured) {
      throw new CertError(
        'config.invalid',
        `client ${options.clientId} pays in ${told}, and providers.${config.id} says ${configured}`,
        { remedy: `Write currency: ${told}, and prices in it.` },
      );
    }
    const code = told ?? configured;
    if (code !== undefined) return code;
    throw new CertError('wire.unexpected', `the shop names no currency of client ${options.clientId}`, {
      remedy: `Write providers.${config.id}.currency.`,
    });
  }

  const shop: Shop = {
    id: config.id,
    client,
    options,
    catalogue: openCatalogue(client, clock, config, options, currency),
    invoices: openInvoices(client, options.clientId),
    currency,
    credit: async () => {
      const amount = amountOf(await clientRow(), 'credit');
      if (amount !== undefined) return money(amount, await currency());
      throw new CertError('wire.unexpected', `the shop tells no credit of client ${options.clientId}`);
    },
    service: (id) => getService(client, options.clientId, id),
    changed: () => {
      for (const forget of listeners) forget();
    },
    onChange: (forget) => {
      listeners.push(forget);
    },
    spending: new Map(),
    ...(deps.upstream === undefined ? {} : { upstream: deps.upstream }),
    taking: new Map(),
    listed: undefined,
    monotonic: () => clock.monotonic(),
    now: () => clock.now(),
  };
  shop.onChange(() => {
    shop.listed = undefined;
  });
  return shop;
}

export const needed = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new CertError('internal', `the request has no ${what}`);
  return value;
};

export const predecessorId = (request: OrderRequest): string =>
  needed(request.predecessor, 'predecessor').orderId;

/** @throws CertError `provider.unsupported` where the configuration does not name the product any more */
export function productOf({ options, id }: Pick<Shop, 'options' | 'id'>, request: OrderRequest): ShopProduct {
  const product = findProduct(options, request.product);
  if (product) return product;
  throw new CertError('provider.unsupported', `providers.${id} names no product "${request.product}"`);
}

/** Results of steps, by name. */
export type Results = Readonly<Record<string, JsonObject>>;

/** The service that an operation is about: ordered by it, or the one of the order it continues. */
export function serviceIdOf(request: OrderRequest, results: Results): number {
  const made = idOf(results.order ?? results.renew ?? {}, 'serviceId');
  if (made !== undefined) return made;
  return parseOrderId(predecessorId(request)).serviceId;
}

/** The order that later steps go on about. */
export function orderIdOf(request: OrderRequest, results: Results): string {
  const { renew } = results;
  const invoiceId = renew && idOf(renew, 'invoiceId');
  const serviceId = serviceIdOf(request, results);
  if (renew) return invoiceId === undefined ? String(serviceId) : `${serviceId}-${invoiceId}`;
  return results.order === undefined ? predecessorId(request) : String(serviceId);
}

/** The invoice of the term that is being bought; undefined where nothing is to be paid. */
export async function invoiceIdOf(
  shop: Shop,
  request: OrderRequest,
  results: Results,
): Promise<number | undefined> {
  const bought = results.order ?? results.renew ?? {};
  if (bought.invoiceId !== undefined) return idOf(bought, 'invoiceId');
  // A person said which service it is: its order knows the invoice.
  const service = await shop.service(serviceIdOf(request, results));
  return service.orderId === undefined ? undefined : invoiceOfOrder(shop.client, service.orderId);
}

export async function invoiceOf(
  shop: Shop,
  request: OrderRequest,
  results: Results,
): Promise<Invoice | undefined> {
  const id = await invoiceIdOf(shop, request, results);
  return id === undefined ? undefined : getInvoice(shop.client, id);
}

export const asMoney = async (shop: Shop, amount: Big): Promise<Money> =>
  money(amount, await shop.currency());

/** Credit that other payments of this process do not take. */
export async function creditLeft(shop: Shop, invoiceId: number): Promise<Big> {
  let left = new Big((await shop.credit()).amount);
  for (const [id, amount] of shop.spending) if (id !== invoiceId) left = left.minus(amount);
  return left;
}
