import type { Spec } from '../model/manifest.js';
import { formatTerm } from '../model/term.js';
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
        message: `"${first.name}" (${place(first.document)}) is the same: names, product and key.`,
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
    return JSON.stringify(['sitelock', spec.domain, spec.product, spec.term && formatTerm(spec.term)]);
  }
  return JSON.stringify(['certificate', spec.names, product, keyAlgorithm, spec.distinct ?? null]);
}

/** `customerOf:` names another site; `known` holds every name there is, also of manifests with errors. */
export function customerClashes(all: readonly Meant[], known: readonly Named[]): readonly Clash[] {
  const kinds = new Map(all.map((it) => [it.name, it.spec.kind]));
  const names = new Set(known.map((it) => it.name));
  return all.flatMap(({ spec, name, document }) => {
    if (spec.kind !== 'sitelock' || spec.customerOf === undefined) return [];
    const wanted = spec.customerOf;
    const kind = kinds.get(wanted);
    if (wanted !== name && (kind === 'sitelock' || (kind === undefined && names.has(wanted)))) return [];
    const sites = all.filter((it) => it.spec.kind === 'sitelock' && it.name !== name).map((it) => it.name);
    const complaint = {
      code: 'sitelock.customer-of',
      message: wanted === name ? 'A site cannot join itself.' : `There is no sitelock manifest "${wanted}".`,
      ...withSuggestion(didYouMean(wanted, sites)),
    };
    return [{ document, path: ['customerOf'], at: 'value' as const, complaint, names: [name] }];
  });
}
