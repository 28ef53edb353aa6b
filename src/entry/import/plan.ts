import { textAt } from '../../config/json.js';
import type { ConfigurationResult } from '../../config/load.js';
import { CertError } from '../../model/errors.js';
import type { Finding, Spec } from '../../model/manifest.js';
import type { OrderSnapshot } from '../../model/order.js';
import { productAt } from '../../planner/facts.js';
import type { StateView } from '../../reconcile/state.js';
import { findingsText } from '../../report/findings.js';
import type { ImportRow } from '../../report/import-text.js';
import { count } from '../../report/words.js';
import type { Account } from '../accounts.js';
import type { Context } from '../context.js';
import { readFiles } from '../files.js';
import type { Workplace } from '../workplace.js';
import { type ImportedManifest, manifestText } from './manifest-text.js';
import { withFiles } from './overlay.js';
import { NameBook, pathFor, usesOwner } from './paths.js';
import { type Candidate, type Filters, knownOf, type Selected, selectOrders, termFor } from './select.js';
import type { Wishes } from './wishes.js';
import type { NewFile } from './write.js';

interface ImportPlan {
  /** One for each order, in the order of the list. */
  readonly rows: readonly ImportRow[];
  readonly files: readonly NewFile[];
}

/**
 * What import writes for which order, checked together with the files there are as `validate` checks them. Writes nothing.
 * @throws CertError where the files there are have errors: one that cannot be read may declare any of the orders
 */
export async function importPlan(
  context: Context,
  { checkout, local, deps }: Workplace,
  account: Account,
  view: StateView,
  orders: readonly OrderSnapshot[],
  wishes: Wishes,
): Promise<ImportPlan> {
  const here = await readFiles(checkout, context.env, context.definitions);
  refuseErrors(context, here.findings);
  // A checkout may be behind: what is merged meanwhile is declared as well.
  const merged = await deps.readFiles(view.snapshot.approval);
  const specs = [...(here.desired?.specs ?? []), ...(merged.desired?.specs ?? [])];
  const known = knownOf(
    account.config.id,
    specs,
    view.statuses.values(),
    (spec) => productAt(spec, { config: account.config, ...account.offering }),
    account.offering.licences,
  );
  const selected = selectOrders(orders, known, filtersOf(account, wishes), context.clock.now());
  const made = manifestsOf(account, selected, wishes, {
    names: namesTaken(specs, view),
    defaultOwner: defaultOwner(account, local),
  });
  const texts = new Map(
    made.flatMap(({ manifest }) => (manifest ? [[manifest.file, manifestText(manifest)]] : [])),
  );
  const { findings } = await readFiles(withFiles(checkout, texts), context.env, context.definitions);
  const wrong = new Map(
    findings
      .filter(({ severity, position }) => severity === 'error' && texts.has(position.file))
      .toReversed()
      .map((finding) => [finding.position.file, finding]),
  );
  return {
    rows: made.map((one) => rowOf(one, wrong)),
    files: [...texts].filter(([file]) => !wrong.has(file)).map(([path, text]) => ({ path, text })),
  };
}

/** Whoever names a product by the provider's code means the one that certwright calls otherwise, and the other way. */
function filtersOf({ offering }: Account, { filters }: Wishes): Filters {
  const meant = offering.products.filter(
    ({ id, vendorCode }) => filters.products.includes(id) || filters.products.includes(vendorCode),
  );
  const codes = meant.flatMap(({ id, vendorCode }) => [id, vendorCode]);
  return { ...filters, products: [...filters.products, ...codes] };
}

function refuseErrors(context: Context, findings: readonly Finding[]): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  context.progress.clear();
  context.say(findingsText(errors, context.render));
  throw new CertError('manifest.invalid', `the files here have ${count(errors.length, 'error')}`, {
    remedy:
      'mend them first: a manifest that cannot be read may declare an order that would be imported again',
  });
}

/** Names of files here, of merged ones, and of everything that is or was managed. */
const namesTaken = (specs: readonly Spec[], view: StateView): ReadonlySet<string> =>
  new Set([...specs.map(({ name }) => name), ...view.statuses.keys()]);

const defaultOwner = ({ config }: Account, { configuration }: ConfigurationResult): string | undefined =>
  config.owner ?? textAt(configuration?.defaults.values, 'owner');

interface Made {
  readonly one: Selected;
  readonly manifest?: ImportedManifest;
}

function manifestsOf(
  account: Account,
  selected: readonly Selected[],
  wishes: Wishes,
  there: { readonly names: ReadonlySet<string>; readonly defaultOwner: string | undefined },
): readonly Made[] {
  const book = new NameBook(there.names);
  const files = new Map<OrderSnapshot, ImportedManifest>();
  // By name and id, so that running it again gives the same names whatever order the list has.
  const inOrder = selected
    .flatMap((one) => ('candidate' in one ? [one.candidate] : []))
    .toSorted((a, b) => byText(a.names[0] ?? '', b.names[0] ?? '') || byText(a.order.id, b.order.id));
  for (const candidate of inOrder) {
    const owner = wishes.ownerOf(candidate.names) ?? there.defaultOwner;
    if (owner === undefined && usesOwner(wishes.template)) throw noOwner(candidate);
    const manifest = manifestOf(account, candidate, owner, wishes.template, book);
    if (manifest) files.set(candidate.order, manifest);
  }
  return selected.map((one) => {
    const manifest = files.get(one.order);
    return manifest === undefined ? { one } : { one, manifest };
  });
}

const byText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

function noOwner({ names }: Candidate): CertError {
  return new CertError('usage', `nobody is named who is told of ${names[0] ?? 'an order'}`, {
    remedy:
      "give --owner NAME, or --owner-rule '*.example.com=NAME' for some, or set defaults.owner in certwright.yaml",
  });
}

function manifestOf(
  { config, offering }: Account,
  { order, names }: Candidate,
  owner: string | undefined,
  template: string,
  book: NameBook,
): ImportedManifest | undefined {
  const product = offering.products.find(
    (one) => one.id === order.product || one.vendorCode === order.product,
  );
  const { term, note } = offering.capabilities.terms
    ? termFor(order, product, offering.capabilities.termCounting)
    : {};
  const file = book.claim(
    pathFor(template, {
      domain: names[0] ?? '',
      owner: owner ?? '',
      provider: config.id,
      product: order.product,
      order: order.id,
    }),
    order.id,
  );
  if (file === undefined) return undefined;
  return {
    file,
    names,
    provider: config.id,
    product: order.product,
    ...(term === undefined ? {} : { term }),
    ...(owner === undefined ? {} : { owner }),
    order: order.id,
    notes: [
      ...(note === undefined ? [] : [note]),
      ...(order.autoRenew
        ? [
            'The provider renews this order by itself, outside every limit. certwright switches that off when it takes over;',
            'to have it renewed, name a key and write autoRenew: true.',
          ]
        : []),
    ],
  };
}

function rowOf({ one, manifest }: Made, wrong: ReadonlyMap<string, Finding>): ImportRow {
  const { order } = one;
  const row = { order: order.id, names: order.names, product: order.product };
  if (!('candidate' in one)) {
    const { kind: outcome, reason, detail } = one;
    return { ...row, outcome, reason, ...(detail === undefined ? {} : { detail }) };
  }
  if (!manifest)
    return { ...row, outcome: 'impossible', reason: 'no free name could be made for its manifest' };
  const finding = wrong.get(manifest.file);
  if (!finding) return { ...row, outcome: 'written', file: manifest.file };
  const { message, suggestion } = finding;
  return {
    ...row,
    outcome: 'impossible',
    reason: suggestion === undefined ? message : `${message} ${suggestion}`,
    detail: manifest.names[0] ?? '',
  };
}
