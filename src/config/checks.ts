import picomatch from 'picomatch';
import type { Configuration } from '../model/configuration.js';
import type { LicenceOffer } from '../model/licence.js';
import type { CertificateSpec, Spec, ValidationWish } from '../model/manifest.js';
import { type DnsName, isWildcard } from '../model/names.js';
import type { NameTrouble } from '../model/public-names.js';
import { formatTerm } from '../model/term.js';
import type { Capabilities, ProductInfo, ProviderDefinition } from '../ports/provider.js';
import { isKeyed } from './certificate.js';
import {
  type Complaint,
  didYouMean,
  oneOf,
  type Report,
  schemaComplaints,
  withSuggestion,
} from './findings.js';
import { at, isObject, objectAt, textsAt } from './json.js';
import type { Resolved } from './layers.js';
import { checkMargins } from './margins.js';
import type { Path } from './positions.js';
import { optionErrors } from './schemas.js';
import { checkSitelock } from './sitelock-checks.js';

/** What providers sell, as far as it is known without asking them. Ids are those of the configuration. */
export interface Catalogue {
  definition(type: string): ProviderDefinition | undefined;
  products(providerId: string): readonly ProductInfo[];
  defaultProduct(providerId: string): string | undefined;
  capabilities(providerId: string): Capabilities;
  /** Can a purchase follow: is there a paid term, with a price? */
  paid(providerId: string): boolean;
  /** The website protection that is sold there; absent: nobody knows, so nothing is said of it. */
  licences?(providerId: string): LicenceOffer | undefined;
  /** Why the authority behind this provider cannot issue for a name; absent: no authority of these is a public one. */
  nameTrouble?(providerId: string, name: DnsName): NameTrouble | undefined;
}

interface Problem {
  readonly path: Path;
  readonly complaint: Complaint;
  readonly at?: 'key' | 'value';
}

/** What the configuration and the catalogue say about one manifest. */
export function checkSpec(
  spec: Spec,
  resolved: Resolved,
  configuration: Configuration,
  catalogue: Catalogue,
  report: Report,
): void {
  const known = checkProviders(spec, resolved, configuration, report);
  if (known.some((id) => catalogue.paid(id))) checkMoney(spec, configuration, report);
  if (spec.kind === 'sitelock') {
    checkSitelock(spec, textsAt(resolved.values, 'addOns'), known, catalogue, report);
    return;
  }
  checkReferences(spec, configuration, report);
  checkOptions(spec, resolved, configuration, catalogue, report);
  checkOffers(spec, resolved, known, catalogue, report);
  checkMargins(spec, known, catalogue, report);
}

/** Names of other things in the configuration; returns the providers that exist. */
function checkProviders(
  spec: Spec,
  { values }: Resolved,
  { providers }: Configuration,
  report: Report,
): readonly string[] {
  const ids = Object.keys(providers);
  for (const [index, id] of spec.providers.entries()) {
    if (ids.includes(id)) continue;
    report(isKeyed(values) ? ['provider', index] : ['provider'], {
      code: 'provider.unknown',
      message: `The provider "${id}" is not configured.`,
      ...withSuggestion(didYouMean(id, ids)),
    });
  }
  return spec.providers.filter((id) => ids.includes(id));
}

function checkMoney(spec: Spec, { policy }: Configuration, report: Report): void {
  if (spec.owner === undefined) {
    report([], {
      code: 'owner.missing',
      message: 'A purchase can follow, and nobody is named who is told.',
      suggestion: 'Add owner: to the manifest or to a default.',
    });
  }
  if (neverOrdered(spec)) return;
  const ceiling =
    spec.maxPrice ??
    policy.spending.perOrder ??
    policy.rules.find((it) => it.perOrder && picomatch(it.match, { dot: true })(spec.name));
  if (ceiling !== undefined) return;
  report([], {
    code: 'ceiling.missing',
    message: 'A purchase can follow, and no price is the highest.',
    suggestion: 'Add maxPrice: to the manifest or to a default, or perOrder: to the policy.',
  });
}

/** Without a key nothing can be asked for: such a manifest watches dates, until it names one. */
const neverOrdered = (spec: Spec): boolean => spec.kind === 'certificate' && spec.key.kind === 'external';

function checkReferences(spec: CertificateSpec, configuration: Configuration, report: Report): void {
  const exists = (what: string, name: string | undefined, known: object, path: Path): void => {
    if (name === undefined || Object.hasOwn(known, name)) return;
    report(path, {
      code: `${what}.unknown`,
      message: `${what === 'solver' ? 'The solver' : 'The contact set'} "${name}" is not configured.`,
      suggestion:
        didYouMean(name, Object.keys(known)) ??
        `Add it to ${what === 'solver' ? 'solvers:' : 'contacts:'} in certwright.yaml.`,
    });
  };
  const checkWish = ({ solver, method }: ValidationWish, path: Path): void => {
    exists('solver', solver, configuration.solvers, path);
    const config = solver === undefined ? undefined : configuration.solvers[solver];
    if (!config || config.proves.some((known) => known === method)) return;
    report(path, {
      code: 'solver.method',
      message: `The solver "${solver}" (${config.type}) cannot help with the method ${method}.`,
      suggestion: `Write method: ${oneOf(config.proves)}, or remove solver:.`,
    });
  };
  checkWish(spec.validation, ['validation', 'solver']);
  for (const [name, wish] of Object.entries(spec.validation.per)) {
    checkWish(wish, ['validation', 'per', name, 'solver']);
  }
  exists('contacts', spec.contacts, configuration.contacts, ['contacts']);
}

function checkOptions(
  spec: CertificateSpec,
  { values, providers }: Resolved,
  configuration: Configuration,
  catalogue: Catalogue,
  report: Report,
): void {
  const written = objectAt(values, 'providerOptions');
  if (isKeyed(values)) {
    for (const [id, own] of Object.entries(written)) {
      if (providers.includes(id) && isObject(own)) continue;
      report(
        ['providerOptions', id],
        {
          code: 'options.provider',
          message: providers.includes(id)
            ? `The options of "${id}" are no mapping.`
            : `"${id}" is no provider of this certificate.`,
          suggestion: `Where provider: is a list, write options below the provider: ${oneOf(providers)}.`,
        },
        'key',
      );
    }
  }
  for (const [id, options] of Object.entries(spec.providerOptions)) {
    if (!Object.hasOwn(configuration.providers, id)) continue;
    const type = configuration.providers[id]?.type ?? '';
    const definition = catalogue.definition(type);
    if (definition === undefined) continue;
    const prefix = isKeyed(values) ? ['providerOptions', id] : ['providerOptions'];
    const errors = schemaComplaints(optionErrors(definition.manifestOptionsSchema, options), prefix);
    for (const it of errors) report(it.path, it.complaint, it.at);
    const contacts = spec.contacts === undefined ? undefined : configuration.contacts[spec.contacts];
    for (const { code, message } of errors.length > 0
      ? []
      : (definition.offline?.(spec, id, contacts) ?? [])) {
      report(prefix, { code, message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` });
    }
  }
}

/** One provider that can serve is enough: then what the others lack is a warning. */
function checkOffers(
  spec: CertificateSpec,
  resolved: Resolved,
  known: readonly string[],
  catalogue: Catalogue,
  report: Report,
): void {
  const perProvider = known.map((id) => [
    ...offerProblems(spec, resolved, id, catalogue),
    ...publicProblems(spec, resolved, id, catalogue),
  ]);
  const served = perProvider.some((problems) =>
    problems.every(({ complaint }) => complaint.severity === 'warning'),
  );
  for (const problem of perProvider.flat()) {
    const { path, complaint } = problem;
    report(path, served ? { ...complaint, severity: 'warning' } : complaint, problem.at);
  }
}

function offerProblems(
  spec: CertificateSpec,
  resolved: Resolved,
  id: string,
  catalogue: Catalogue,
): readonly Problem[] {
  const products = catalogue.products(id);
  const wanted = spec.product ?? catalogue.defaultProduct(id);
  if (wanted === undefined) {
    if (products.length === 0) return [];
    const suggestion = didYouMean(
      '',
      products.map((it) => it.id),
    );
    const complaint = { code: 'product.missing', message: `It is not said which product of "${id}".` };
    return [{ path: [], complaint: { ...complaint, ...withSuggestion(suggestion) } }];
  }
  const product = products.find((it) => it.id === wanted || it.vendorCode === wanted);
  const capabilities = catalogue.capabilities(id);
  const terms = termProblems(spec, id, product, capabilities);
  if (product === undefined) {
    if (products.length === 0) return terms;
    const suggestion = didYouMean(
      wanted,
      products.map((it) => it.id),
    );
    const complaint = { code: 'product.unknown', message: `"${id}" does not sell "${wanted}".` };
    return [{ path: ['product'], complaint: { ...complaint, ...withSuggestion(suggestion) } }];
  }
  return [
    ...terms,
    ...renewalProblems(spec, id, capabilities),
    ...nameProblems(spec, resolved, product, capabilities),
    ...contactProblems(spec, product),
  ];
}

function termProblems(
  spec: CertificateSpec,
  id: string,
  product: ProductInfo | undefined,
  capabilities: Capabilities,
): readonly Problem[] {
  if (!capabilities.terms) return [];
  const sold = (product?.terms ?? []).map(formatTerm);
  const offer = sold.length === 0 ? 'Write what is paid for, such as term: 1y.' : `Write ${oneOf(sold)}.`;
  if (spec.term === undefined) {
    const message = `"${id}" sells certificates for a term, and none is given.`;
    return [{ path: [], complaint: { code: 'term.missing', message, suggestion: offer } }];
  }
  const term = formatTerm(spec.term);
  if (sold.length === 0 || sold.includes(term)) return [];
  const message = `"${id}" does not sell ${product?.id} for ${term}.`;
  return [{ path: ['term'], complaint: { code: 'term.not-sold', message, suggestion: offer } }];
}

/** Two who renew pay twice. */
function renewalProblems(
  { autoRenew }: CertificateSpec,
  id: string,
  { renewsItself }: Capabilities,
): readonly Problem[] {
  if (!autoRenew || !renewsItself) return [];
  const message = `"${id}" renews by itself, and autoRenew would renew a second time.`;
  const suggestion = `Remove autoRenew, or have providers.${id} renewed by certwright.`;
  return [{ path: ['autoRenew'], complaint: { code: 'renewal.owner', message, suggestion } }];
}

function nameProblems(
  spec: CertificateSpec,
  { values }: Resolved,
  product: ProductInfo,
  capabilities: Capabilities,
): readonly Problem[] {
  const problems: Problem[] = [];
  const key = at(values, 'domains') === undefined ? 'domain' : 'domains';
  const wildcard = spec.names.find(isWildcard);
  if (wildcard !== undefined && !(product.wildcard && capabilities.wildcard)) {
    const message = `${product.id} has no wildcards, and "${wildcard}" is one.`;
    const suggestion = 'Choose a wildcard product, or write the names out.';
    problems.push({ path: [key], complaint: { code: 'names.wildcard', message, suggestion }, at: 'key' });
  }
  if (spec.names.length > product.maxNames) {
    const message = `${product.id} takes ${product.maxNames} names, and these are ${spec.names.length}.`;
    const suggestion = 'Choose a product for more names, or split the certificate.';
    problems.push({ path: [key], complaint: { code: 'names.too-many', message, suggestion }, at: 'key' });
  }
  return problems;
}

/** What no public authority does, whoever sells it. */
function publicProblems(
  spec: CertificateSpec,
  { values }: Resolved,
  id: string,
  catalogue: Catalogue,
): readonly Problem[] {
  const key = at(values, 'domains') === undefined ? 'domain' : 'domains';
  const problems = spec.names.flatMap((name): readonly Problem[] => {
    const trouble = catalogue.nameTrouble?.(id, name);
    if (trouble === undefined) return [];
    const { code, severity, message, suggestion } = trouble;
    const complaint = { code, message: `${message}.`, suggestion };
    return [
      { path: [key], complaint: severity === 'warning' ? { ...complaint, severity } : complaint, at: 'key' },
    ];
  });
  const wildcard = spec.names.find(
    (name) => isWildcard(name) && (spec.validation.per[name] ?? spec.validation).method === 'http',
  );
  if (wildcard === undefined || catalogue.capabilities(id).trust !== 'public') return problems;
  const complaint = {
    code: 'validation.wildcard',
    message: `"${wildcard}" is a wildcard, which no public authority takes by http (Baseline Requirements §3.2.2.4.18).`,
    suggestion: `Write validation: dns, or only for this name: per: { "${wildcard}": dns }.`,
  };
  return [...problems, { path: ['validation'], complaint }];
}

function contactProblems(spec: CertificateSpec, product: ProductInfo): readonly Problem[] {
  if (product.validation === 'dv' || spec.contacts !== undefined || neverOrdered(spec)) return [];
  const message = `${product.id} is validated for an organisation, and none is given.`;
  const suggestion = 'Add contacts: with a name from contacts: in certwright.yaml.';
  return [{ path: [], complaint: { code: 'contacts.missing', message, suggestion } }];
}
