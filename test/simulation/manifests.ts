import type { Files } from '../support/git.js';

/** What people want of one certificate. `lineage` is its first name, which nobody changes: it tells needs apart. */
export interface Manifest {
  readonly lineage: string;
  /** Below `certificates/`: the name of the certificate. */
  readonly path: string;
  readonly names: readonly string[];
  readonly term: '90d' | '1y' | '2y';
  readonly autoRenew: boolean;
  readonly suspend: boolean;
  readonly maxPrice: string;
  readonly reissue?: string;
  /** `rotate: never`: the next certificates are for the same key. */
  readonly keepsKey: boolean;
  /** Last change of any kind. */
  readonly sinceMs: number;
}

const fileOf = ({ path }: Manifest): string => `certificates/${path}.yaml`;

export const textOf = (manifest: Manifest): string =>
  [
    `domains: [${[manifest.lineage, ...manifest.names].join(', ')}]`,
    `term: ${manifest.term}`,
    `maxPrice: ${manifest.maxPrice} USD`,
    `autoRenew: ${manifest.autoRenew}`,
    `suspend: ${manifest.suspend}`,
    ...(manifest.keepsKey ? ['key: { algorithm: ecdsa-p256, rotate: never }'] : []),
    ...(manifest.reissue === undefined ? [] : [`reissue: "${manifest.reissue}"`]),
    '',
  ].join('\n');

export const firstManifest = (
  number: number,
  term: Manifest['term'],
  autoRenew: boolean,
  keepsKey = false,
): Manifest => ({
  lineage: `c${number}.example.com`,
  path: `team/c${number}`,
  names: [`www.c${number}.example.com`],
  term,
  autoRenew,
  suspend: false,
  maxPrice: '25.00',
  keepsKey,
  sinceMs: 0,
});

/** Files that turn one set of manifests into another. */
export function changesBetween(before: readonly Manifest[], after: readonly Manifest[]): Files {
  const kept = new Set(after.map(fileOf));
  const had = new Map(before.map((manifest) => [fileOf(manifest), textOf(manifest)]));
  return Object.fromEntries([
    ...[...had.keys()].filter((file) => !kept.has(file)).map((file) => [file, null] as const),
    ...after
      .filter((manifest) => had.get(fileOf(manifest)) !== textOf(manifest))
      .map((manifest) => [fileOf(manifest), textOf(manifest)] as const),
  ]);
}
