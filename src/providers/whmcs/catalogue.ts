import Big from 'big.js';
import type { ProviderConfig } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { money } from '../../model/money.js';
import { priceFor } from '../../model/price.js';
import { formatTerm, parseTerm } from '../../model/term.js';
import { MINUTE_MS } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { Quote, QuoteSubject } from '../../ports/provider.js';
import type { ShopClient } from './client.js';
import { findProduct, type ShopOptions, type ShopProduct } from './options.js';
import { getService, parseOrderId } from './service.js';
import { amountOf, idOf, maybeRowsOf, objectOf, rowsOf, textOf } from './wire.js';

/** Prices and fields are asked for once for many certificates that are planned together. */
const AGE_MS = 2 * MINUTE_MS;

export interface Catalogue {
  quote(subject: QuoteSubject): Promise<Quote>;
  /**
   * Everything an order of this product names is there: its cycle, its order-form fields, the payment method.
   * @throws CertError `config.invalid`, `provider.refused`
   */
  checkOrder(product: ShopProduct, term: string): Promise<void>;
  /** Order-form fields that are mapped and not there, as sentences. */
  staleFields(product: ShopProduct): Promise<readonly string[]>;
  checkPaymentMethod(): Promise<void>;
}

const unknown = (why: string): Quote => ({ price: { kind: 'unknown', why } });

/** Fields that AddOrder sends. */
const orderFields = (product: ShopProduct): readonly (readonly [string, number])[] => {
  const { reference, csr, approver, names } = product.fields;
  const enrolment = product.completion === 'fields' && product.sendAt === 'order';
  return Object.entries({
    reference,
    ...(enrolment ? { csr, approver, names, ...product.contactFields } : {}),
  }).flatMap(([name, id]) => (id === undefined ? [] : [[name, id] as const]));
};

/** @param currency  of the client */
export function openCatalogue(
  client: ShopClient,
  clock: Clock,
  config: ProviderConfig,
  options: ShopOptions,
  currency: () => Promise<string>,
): Catalogue {
  const asked = new Map<number, { readonly atMs: number; readonly row: Promise<JsonObject> }>();
  let methods: { readonly atMs: number; readonly names: Promise<readonly string[]> } | undefined;

  function rowOf(product: ShopProduct): Promise<JsonObject> {
    const nowMs = clock.monotonic();
    const before = asked.get(product.pid);
    if (before && nowMs - before.atMs <= AGE_MS) return before.row;
    const row = client
      .read('GetProducts', { pid: product.pid }, `product ${product.pid}`)
      .then(({ data }) => {
        const found = rowsOf('GetProducts', data, 'products', 'product').find(
          (one) => idOf(one, 'pid') === product.pid,
        );
        if (found) return found;
        throw new CertError(
          'config.invalid',
          `the shop sells no product ${product.pid} (products.${product.id})`,
          {
            remedy: 'Look for the product id in WHMCS (System Settings, Products/Services).',
          },
        );
      });
    asked.set(product.pid, { atMs: nowMs, row });
    row.catch(() => asked.delete(product.pid));
    return row;
  }

  const pricesOf = async (row: JsonObject): Promise<JsonObject> =>
    objectOf(objectOf(row, 'pricing'), await currency());

  /** undefined: not offered. A one-time price stands where the monthly one does. */
  function priceIn(prices: JsonObject, cycle: string): Big | undefined {
    const amount = amountOf(prices, cycle === 'onetime' ? 'monthly' : cycle);
    return amount === undefined || amount.lt(0) ? undefined : amount;
  }

  async function staleFields(product: ShopProduct): Promise<readonly string[]> {
    const row = await rowOf(product);
    const there = new Set(
      maybeRowsOf(row, 'customfields', 'customfield').flatMap((field) => idOf(field, 'id') ?? []),
    );
    return orderFields(product)
      .filter(([, id]) => !there.has(id))
      .map(
        ([name, id]) =>
          `product ${product.pid} shows no custom field ${id} on its order form, which products.${product.id} names for ${name}`,
      );
  }

  async function checkPaymentMethod(): Promise<void> {
    const nowMs = clock.monotonic();
    if (methods === undefined || nowMs - methods.atMs > AGE_MS) {
      const names = client
        .read('GetPaymentMethods', {}, 'payment methods')
        .then(({ data }) =>
          rowsOf('GetPaymentMethods', data, 'paymentmethods', 'paymentmethod').flatMap(
            (row) => textOf(row, 'module') ?? [],
          ),
        );
      methods = { atMs: nowMs, names };
      names.catch(() => {
        methods = undefined;
      });
    }
    const known = await methods.names;
    if (known.includes(options.paymentMethod)) return;
    throw new CertError(
      'config.invalid',
      `the shop has no payment method "${options.paymentMethod}"; it has ${known.join(', ') || 'none'}`,
      { remedy: `Write one of them as providers.${config.id}.paymentMethod.` },
    );
  }

  /** Set-up fees come with the first term alone, under the first letter of the cycle. */
  function feeOf(prices: JsonObject, cycle: string): Big {
    const fee = amountOf(prices, `${cycle === 'onetime' ? 'm' : (cycle[0] ?? '')}setupfee`) ?? new Big(0);
    return fee.gt(0) ? fee : new Big(0);
  }

  function extraNames(product: ShopProduct, row: JsonObject, code: string, cycle: string, names: number) {
    const { namesOption } = product;
    const extra = Math.max(0, names - (namesOption?.included ?? product.maxNames));
    if (extra === 0) return new Big(0);
    const option = maybeRowsOf(row, 'configoptions', 'configoption').find(
      (one) => idOf(one, 'id') === namesOption?.id,
    );
    const [choice] = option === undefined ? [] : maybeRowsOf(option, 'options', 'option');
    const price = choice && priceIn(objectOf(objectOf(choice, 'pricing'), code), cycle);
    return price?.times(extra);
  }

  async function quoteRenewal(product: ShopProduct, predecessor: string): Promise<Quote> {
    const { serviceId } = parseOrderId(predecessor);
    const service = await getService(client, options.clientId, serviceId);
    const amount = amountOf(service.row, 'recurringamount');
    if (amount === undefined || amount.lte(0)) {
      return unknown(`the shop tells no recurring price of service ${serviceId} (${product.id})`);
    }
    const price = money(amount, await currency());
    return { price: { kind: 'known', amount: price, source: 'recurring price of the service' } };
  }

  async function quote(subject: QuoteSubject): Promise<Quote> {
    const { action, term, names, predecessorOrderId } = subject;
    const product = findProduct(options, subject.product);
    if (!product) return unknown(`providers.${config.id} names no product "${subject.product}"`);
    if (action === 'reissue') {
      const amount = money('0', await currency());
      return {
        price: { kind: 'known', amount, source: 'a reissue inside the paid term costs nothing at WHMCS' },
      };
    }
    if (action === 'add-names')
      return unknown(
        'names beyond those bought are sold in WHMCS itself, by an upgrade of the service; the renewal brings those declared by then',
      );
    const words = term === undefined ? undefined : formatTerm(term);
    const cycle = words === undefined ? undefined : product.cycles[words];
    if (words === undefined || cycle === undefined)
      return unknown('the manifest names no term of this product');
    const own = config.prices[product.id]?.[words];
    if (own && (names.length <= own.names || own.perName)) {
      return {
        price: { kind: 'known', amount: priceFor(own, names.length), source: 'prices in certwright.yaml' },
      };
    }
    if (action === 'renew' && predecessorOrderId !== undefined) {
      return quoteRenewal(product, predecessorOrderId);
    }
    const row = await rowOf(product);
    const prices = await pricesOf(row);
    const base = priceIn(prices, cycle);
    if (base === undefined) {
      return unknown(`the shop does not offer ${product.id} ${cycle} in ${await currency()}`);
    }
    const extra = extraNames(product, row, await currency(), cycle, names.length);
    if (extra === undefined) {
      return unknown(
        `the price of option ${product.namesOption?.id ?? 0} cannot be read; write prices.${product.id} in certwright.yaml`,
      );
    }
    const amount = money(base.plus(extra).plus(feeOf(prices, cycle)), await currency());
    return { price: { kind: 'known', amount, source: 'price list of the shop, before tax' } };
  }

  return {
    quote,
    staleFields,
    checkPaymentMethod,
    async checkOrder(product, term) {
      const parsed = parseTerm(term);
      const cycle = parsed && product.cycles[formatTerm(parsed)];
      const row = await rowOf(product);
      if (cycle === undefined || priceIn(await pricesOf(row), cycle) === undefined) {
        throw new CertError('provider.refused', `the shop does not offer ${product.id} for ${term}`);
      }
      const [stale] = await staleFields(product);
      if (stale !== undefined) {
        throw new CertError('config.invalid', stale, {
          remedy: 'Look for the ids of the custom fields of the product in WHMCS, and correct the mapping.',
        });
      }
      await checkPaymentMethod();
    },
  };
}
