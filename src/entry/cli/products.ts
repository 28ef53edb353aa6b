import PQueue from 'p-queue';
import type { ProductInfo } from '../../model/capabilities.js';
import { priceTermOf } from '../../model/licence.js';
import type { PlanPrice } from '../../model/plan.js';
import { formatTerm, type Term } from '../../model/term.js';
import { jsonText } from '../../report/json.js';
import { type ProductRow, productsText } from '../../report/products-text.js';
import { type Account, closeAccounts, openAccounts } from '../accounts.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { quotedPrice } from '../quotes.js';
import { untilStopped } from '../system/until-stopped.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright products`: what the accounts sell, and for how much. Works without credentials, then without asked prices. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const workplace = await openWorkplace(context, globals);
  try {
    const accounts = await openAccounts(context, workplace, args);
    try {
      const search = typeof options.match === 'string' ? options.match.toLowerCase() : '';
      context.progress.step('asking for prices');
      const rows = await untilStopped(
        Promise.all(accounts.map((account) => rowsOf(account, search))),
        context.signal,
      );
      context.progress.clear();
      print(context, globals, rows.flat(), search);
      return EXIT.fine;
    } finally {
      await closeAccounts(accounts);
    }
  } finally {
    await workplace.close();
  }
}

function print(context: Context, globals: Globals, products: readonly ProductRow[], search: string): void {
  const none = search === '' ? 'No account sells a product that is known here.' : 'No product matches.';
  const text = () => (products.length === 0 ? none : productsText(products, context.render));
  context.print(globals.json ? jsonText({ products }) : text());
}

const matches = ({ id, vendorCode, title, validation }: ProductInfo, search: string): boolean =>
  matchesText([id, vendorCode, title, validation], search);

const matchesText = (texts: readonly string[], search: string): boolean =>
  texts.some((text) => text.toLowerCase().includes(search));

async function rowsOf(account: Account, search: string): Promise<readonly ProductRow[]> {
  const { config, offering, provider } = account;
  const { terms, concurrency } = offering.capabilities;
  const queue = new PQueue({ concurrency: provider?.capabilities.concurrency ?? concurrency });
  const sold = offering.products
    .filter((product) => matches(product, search))
    .flatMap((product) => {
      const priced: readonly (Term | undefined)[] =
        terms && product.terms.length > 0 ? product.terms : [undefined];
      return priced.map((term) => ({ product, term }));
    });
  const sites = licencesOf(account, search).map(async ({ product, term }) => ({
    account: config.id,
    product: product.id,
    vendorCode: product.vendorCode,
    title: product.title,
    ...(term === undefined ? {} : { term: formatTerm(term) }),
    price: await queue.add(() => priceOf(account, product, term)),
  }));
  return Promise.all([
    ...sold.map(async ({ product, term }) => ({
      account: config.id,
      product: product.id,
      vendorCode: product.vendorCode,
      title: product.title,
      validation: product.validation,
      wildcard: product.wildcard,
      maxNames: product.maxNames,
      ...(term === undefined ? {} : { term: formatTerm(term) }),
      price: await queue.add(() => priceOf(account, product, term)),
    })),
    ...sites,
  ]);
}

/** Website protection; what only comes with a certificate is not sold by itself. */
const licencesOf = ({ offering }: Account, search: string) =>
  (offering.licences?.products ?? [])
    .filter(
      ({ id, vendorCode, title, role }) => role !== 'bundle' && matchesText([id, vendorCode, title], search),
    )
    .flatMap((product) => {
      const terms: readonly (Term | undefined)[] = product.terms.length === 0 ? [undefined] : product.terms;
      return terms.map((term) => ({ product, term }));
    });

/** Of an order with one name. */
async function priceOf(
  account: Account,
  product: Pick<ProductInfo, 'id' | 'vendorCode'>,
  term: Term | undefined,
): Promise<PlanPrice> {
  const { config, offering, provider, why } = account;
  if (!offering.capabilities.terms) return { kind: 'free' };
  if (provider) {
    return quotedPrice(provider, {
      action: 'order',
      product: product.id,
      ...(term === undefined ? {} : { term }),
      names: ['example.com'],
    });
  }
  const prices = config.prices[product.id] ?? config.prices[product.vendorCode];
  const row = prices?.[priceTermOf(term)];
  if (row) return { kind: 'known', amount: row.base, source: 'prices in certwright.yaml' };
  return { kind: 'unknown', why: why ?? `${config.id} could not be opened` };
}
