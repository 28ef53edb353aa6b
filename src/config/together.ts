import type { Spec } from '../model/manifest.js';
import { collisions } from '../repository/layout.js';
import { type Complaint, didYouMean, withSuggestion } from './findings.js';
import type { Path } from './positions.js';
import type { YamlDocument } from './yaml.js';

/** A document whose name is known, with or without errors. */
export interface Named {
  readonly name: string;
  readonly document: YamlDocument;
}

export interface Meant extends Named {
  readonly spec: Spec;
  /** Algorithm of the key, also of a CSR's. */
  readonly keyAlgorithm: string;
  /** Product that counts where none is written. */
  readonly product: string;
}

/** Something wrong between manifests; every name of `names` is concerned. */
export interface Clash {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly complaint: Complaint;
  readonly names: readonly string[];
}

const place = ({ position }: YamlDocument): string => `${position.file}:${position.line}`;

/** Names that are used twice or would lie inside each other's folders. In the order of files. */
export function nameClashes(all: readonly Named[]): readonly Clash[] {
  const byName = Map.groupBy(all, (it) => it.name);
  return collisions([...byName.keys()])
    .map(({ name, other, why }) => clashOf(byName.get(name)?.[0], name, other, `${why}.`))
    .concat(
      [...byName].flatMap(([name, [first, ...more]]) =>
        more.map((it) =>
          clashOf(it, name, name, `is used twice, first at ${first && place(first.document)}.`),
        ),
      ),
    )
    .flatMap((it) => it ?? []);
}

function clashOf(at: Named | undefined, name: string, other: string, why: string): Clash | undefined {
  if (at === undefined) return undefined;
  const complaint = {
    code: 'name.collision',
    message: `The name "${name}" ${why}`,
    suggestion: 'Give one of the two another name:.',
  };
  return { document: at.document, path: ['name'], at: 'value', complaint, names: [name, other] };
}

/** Two manifests for the same thing would buy it twice. */
export function needClashes(all: readonly Meant[]): readonly Clash[] {
  const byNeed = Map.groupBy(all, needOf);
  return [...byNeed.values()].flatMap(([first, ...more]) =>
    more.flatMap((it) => {
      if (first === undefined) return [];
      const complaint = {
        code: 'need.twice',
        message: `"${first.name}" (${place(first.document)}) is ${it.spec.kind === 'certificate' ? 'the same: names, product and key' : 'for the same site'}.`,
        suggestion:
          it.spec.kind === 'certificate'
            ? 'Remove one of them, or give one distinct: with a label if two are wanted.'
            : 'Remove one of them.',
      };
      const path = it.spec.kind === 'certificate' && it.spec.names.length > 1 ? ['domains'] : ['domain'];
      const names = [first.name, it.name];
      return [{ document: it.document, path, at: 'key' as const, complaint, names }];
    }),
  );
}

function needOf({ spec, keyAlgorithm, product }: Meant): string {
  if (spec.kind === 'sitelock') {
    // A site has one plan, whatever it is.
    return JSON.stringify(['sitelock', spec.domain]);
  }
  return JSON.stringify(['certificate', spec.names, product, keyAlgorithm, spec.distinct ?? null]);
}

/** Everything that manifests for website protection say about each other, and about certificates. */
export const licenceClashes = (all: readonly Meant[], known: readonly Named[]): readonly Clash[] => [
  ...customerClashes(all, known),
  ...customersTwice(all),
  ...bundleClashes(all),
];

/** `customerOf:` names another site; `known` holds every name there is, also of manifests with errors. */
function customerClashes(all: readonly Meant[], known: readonly Named[]): readonly Clash[] {
  const specs = new Map(all.map((it) => [it.name, it.spec]));
  const names = new Set(known.map((it) => it.name));
  return all.flatMap(({ spec, name, document }) => {
    if (spec.kind !== 'sitelock' || spec.customerOf === undefined) return [];
    const why = customerTrouble(name, spec.customerOf, specs, names);
    if (why === undefined) return [];
    const sites = all.filter((it) => it.spec.kind === 'sitelock' && it.name !== name).map((it) => it.name);
    const unknown = !names.has(spec.customerOf);
    const complaint = {
      code: 'sitelock.customer-of',
      message: why,
      ...withSuggestion(unknown ? didYouMean(spec.customerOf, sites) : undefined),
    };
    return [{ document, path: ['customerOf'], at: 'value' as const, complaint, names: [name] }];
  });
}

/** Followed to the manifest that says who the customer is. */
function customerTrouble(
  name: string,
  wanted: string,
  specs: ReadonlyMap<string, Spec>,
  names: ReadonlySet<string>,
): string | undefined {
  const seen = [name];
  for (let next: string | undefined = wanted; next !== undefined; ) {
    if (next === name && seen.length === 1) return 'A site cannot join itself.';
    if (seen.includes(next))
      return `Each of ${[...seen, next].join(' → ')} joins another: none says who it is.`;
    seen.push(next);
    const spec = specs.get(next);
    // A manifest with errors has its own findings.
    if (spec === undefined && names.has(next)) return undefined;
    if (spec?.kind !== 'sitelock') return `There is no sitelock manifest "${next}".`;
    next = spec.customerOf;
  }
  return undefined;
}

const accountOf = ({ spec }: Meant): string => spec.providers[0] ?? '';

/** Two new customers with one address: the second is refused. */
function customersTwice(all: readonly Meant[]): readonly Clash[] {
  const created = all.flatMap((it) =>
    it.spec.kind === 'sitelock' && it.spec.customer && it.spec.previousOrder === undefined
      ? [{ it, email: it.spec.customer.email.toLowerCase() }]
      : [],
  );
  const byCustomer = Map.groupBy(created, ({ it, email }) => `${accountOf(it)} ${email}`);
  return [...byCustomer.values()].flatMap(([first, ...more]) =>
    more.flatMap(({ it, email }) => {
      if (first === undefined) return [];
      const complaint = {
        code: 'sitelock.customer-twice',
        message: `"${first.it.name}" (${place(first.it.document)}) creates the customer ${email} already.`,
        suggestion: `Write customerOf: ${first.it.name} instead of customer:.`,
      };
      const at = { path: ['customer', 'email'], at: 'value' as const };
      return [{ document: it.document, ...at, complaint, names: [it.name] }];
    }),
  );
}

/** A domain has one licence: the one of the bundle cannot stand beside another. */
function bundleClashes(all: readonly Meant[]): readonly Clash[] {
  const bundled = new Map(
    all.flatMap((it) => {
      const { spec } = it;
      if (spec.kind !== 'certificate') return [];
      const account = spec.providers.find((id) => spec.providerOptions[id]?.sitelockBundle === true);
      return account === undefined
        ? []
        : [[`${account} ${spec.commonName.replace(/^\*\./, '')}`, it] as const];
    }),
  );
  return all.flatMap((it) => {
    const certificate =
      it.spec.kind === 'sitelock' ? bundled.get(`${accountOf(it)} ${it.spec.domain}`) : undefined;
    if (certificate === undefined) return [];
    const complaint = {
      code: 'sitelock.bundled',
      message: `"${certificate.name}" (${place(certificate.document)}) gets the free bundle for this domain.`,
      suggestion: 'Set sitelockBundle: false there; a bundle is made a paid plan in the portal only.',
    };
    return [{ document: it.document, path: ['domain'], at: 'value' as const, complaint, names: [it.name] }];
  });
}
