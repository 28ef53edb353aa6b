import type { Json, JsonObject } from '../../model/json.js';
import { CYCLES, type Product } from './products.js';
import { collection, number, Refusal, words } from './reply.js';
import { type Form, textIn } from './request.js';
import type { Desk } from './state.js';

const MODULE_NAMES = {
  wizard: 'wizardssl',
  fields: 'fieldssl',
  rvssl: 'rvglobalsoft',
  wholesale: 'wholesalessl',
} as const;
const PAYMENT_METHODS: Readonly<Record<string, string>> = {
  banktransfer: 'Bank Transfer',
  mailin: 'Mail In Payment',
};

/** @throws Refusal */
export function checkPaymentMethod(method: string | undefined): string {
  if (method !== undefined && Object.hasOwn(PAYMENT_METHODS, method)) return method;
  throw new Refusal(
    `Invalid Payment Method. Valid options include ${Object.keys(PAYMENT_METHODS).join(', ')}`,
  );
}

export function paymentMethods(desk: Desk): JsonObject {
  const rows = Object.entries(PAYMENT_METHODS).map(([module, displayname]) => ({ module, displayname }));
  return {
    totalresults: number(desk, rows.length),
    ...collection(desk, 'paymentmethods', 'paymentmethod', rows),
  };
}

function pricing({ settings }: Desk, { prices, setupFee }: Product): JsonObject {
  const cycles = Object.fromEntries(CYCLES.map((cycle) => [cycle, prices[cycle] ?? '-1.00']));
  const fees = Object.fromEntries(
    CYCLES.map((cycle) => [
      `${cycle[0]}setupfee`,
      (prices[cycle] ?? '-1.00') === '-1.00' ? '0.00' : setupFee,
    ]),
  );
  return {
    [settings.currency]: {
      prefix: '$',
      suffix: ` ${settings.currency}`,
      ...fees,
      ...cycles,
      // A one-time price stands where the monthly one does.
      ...(prices.onetime === undefined ? {} : { monthly: prices.onetime }),
    },
  };
}

/** Only order-form fields; what the price of an option looks like inside is not documented: as that of a product here. */
function productRow(desk: Desk, pid: string, product: Product): JsonObject {
  const fields = product.fields
    .filter(({ orderForm }) => orderForm)
    .map(({ id, name }) => ({
      id: number(desk, id),
      name: words(desk, name),
      description: '',
      required: '',
    }));
  const { option } = product;
  const options: readonly Json[] =
    option === undefined
      ? []
      : [
          {
            id: number(desk, option.id),
            name: option.name,
            type: number(desk, 4),
            minqty: '0',
            maxqty: '99',
            ...collection(desk, 'options', 'option', [
              {
                id: number(desk, option.id * 10),
                name: option.name,
                pricing: { [desk.settings.currency]: { ...option.prices } },
              },
            ]),
          },
        ];
  return {
    pid: number(desk, Number(pid)),
    gid: '3',
    type: 'other',
    name: words(desk, product.name),
    slug: `product-${pid}`,
    description: '',
    module: MODULE_NAMES[product.module],
    paytype: product.paytype,
    allowqty: '0',
    pricing: pricing(desk, product),
    ...collection(desk, 'customfields', 'customfield', fields),
    ...collection(desk, 'configoptions', 'configoption', options),
  };
}

export function products(desk: Desk, form: Form): JsonObject {
  const wanted = textIn(form, 'pid')?.split(',');
  const module = textIn(form, 'module');
  const rows = Object.entries(desk.settings.products)
    .filter(([pid]) => wanted === undefined || wanted.includes(pid))
    .filter(([, product]) => module === undefined || MODULE_NAMES[product.module] === module)
    .map(([pid, product]) => productRow(desk, pid, product));
  return {
    totalresults: String(rows.length),
    startnumber: '',
    numreturned: rows.length,
    ...collection(desk, 'products', 'product', rows),
  };
}
