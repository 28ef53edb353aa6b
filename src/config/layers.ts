import type { Configuration } from '../model/configuration.js';
import type { Json, JsonObject } from '../model/json.js';
import type { DefaultsLayer, LoadedConfiguration } from './configuration.js';
import { at, isObject, listAt, objectAt } from './json.js';
import type { Path } from './positions.js';
import type { YamlDocument } from './yaml.js';

const ROOT = 'certificates/';
const MANIFEST = /^certificates\/.+\.ya?ml$/;
const DEFAULTS = /(^|\/)_defaults\.ya?ml$/;

export const isDefaultsPath = (path: string): boolean => MANIFEST.test(path) && DEFAULTS.test(path);
/** Everything below `certificates/` that is YAML and no folder default. */
export const isManifestPath = (path: string): boolean => MANIFEST.test(path) && !DEFAULTS.test(path);

/** `certificates/team-a/shop.yaml` → `team-a/shop`. */
export const nameOfPath = (path: string): string => path.slice(ROOT.length).replace(/\.ya?ml$/, '');

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** Defaults of a folder; `undefined` values: its file has errors, so nothing below can be resolved. */
export interface FolderDefaults {
  readonly folder: string;
  readonly layer: DefaultsLayer | undefined;
}

export const folderDefaults = (path: string, layer: DefaultsLayer | undefined): FolderDefaults => ({
  folder: folderOf(path),
  layer,
});

/** Those that hold for a file, the nearest folder first. */
export const defaultsFor = (path: string, all: readonly FolderDefaults[]): readonly FolderDefaults[] =>
  all.filter(({ folder }) => path.startsWith(folder)).toSorted((a, b) => b.folder.length - a.folder.length);

/** Maps of which a nearer layer replaces single entries, not the whole. */
const MERGED: ReadonlySet<string> = new Set(['providerOptions']);
/** What a provider's block gives its certificates. */
const FROM_PROVIDER = ['owner', 'formats'] as const;
/** Keys that mean the same for website protection, and so come from defaults there, too. */
const SITELOCK_DEFAULTS: ReadonlySet<string> = new Set([
  'provider',
  'term',
  'autoRenew',
  'renewBefore',
  'maxPrice',
  'owner',
  'suspend',
]);

/** A manifest with everything it leaves out filled in, and where each value stands. */
export interface Resolved {
  readonly document: YamlDocument;
  readonly kind: 'certificate' | 'sitelock';
  readonly values: JsonObject;
  readonly providers: readonly string[];
  originOf(key: string): { readonly document: YamlDocument; readonly path: Path };
}

/**
 * The manifest wins, then `_defaults.yaml` of its folder and of those above, then what the block of its first provider
 * gives, then `defaults:` of the configuration: key by key, `providerOptions` entry by entry.
 * @param values  the manifest's own, variables replaced
 */
export function resolve(
  document: YamlDocument,
  values: JsonObject,
  kind: Resolved['kind'],
  folders: readonly DefaultsLayer[],
  configuration: LoadedConfiguration,
): Resolved {
  const own: DefaultsLayer = { values, document, path: [] };
  const upper = [own, ...folders];
  const providers = providersOf([...upper, configuration.defaults], configuration);
  const below = [...folders, ...providerLayers(providers[0], configuration), configuration.defaults];
  const merged: Record<string, Json> = { ...values };
  const origins = new Map<string, DefaultsLayer>();
  for (const layer of below) {
    for (const [key, value] of Object.entries(layer.values)) {
      if (kind === 'sitelock' && !SITELOCK_DEFAULTS.has(key)) continue;
      const nearer = at(merged, key);
      if (nearer === undefined) {
        merged[key] = value;
        origins.set(key, layer);
      } else if (MERGED.has(key) && isObject(value) && isObject(nearer))
        merged[key] = { ...value, ...nearer };
    }
  }
  return {
    document,
    kind,
    values: merged,
    providers,
    originOf: (key) => {
      const layer = origins.get(key) ?? own;
      return { document: layer.document, path: layer.path };
    },
  };
}

function providerLayers(
  id: string | undefined,
  { providers, defaults }: LoadedConfiguration,
): DefaultsLayer[] {
  if (id === undefined || !Object.hasOwn(providers, id)) return [];
  const block = objectAt(objectAt(defaults.document.value, 'providers'), id);
  const given = FROM_PROVIDER.filter((key) => at(block, key) !== undefined);
  const values = Object.fromEntries(given.map((key) => [key, block[key] ?? null]));
  return [{ values, document: defaults.document, path: ['providers', id] }];
}

/** Named in the nearest layer; where none names any, all accounts of the environment that comes first, by priority. */
function providersOf(layers: readonly DefaultsLayer[], configuration: Configuration): readonly string[] {
  for (const { values } of layers) {
    const named = at(values, 'provider');
    if (typeof named === 'string') return [named];
    const list = listAt(values, 'provider').filter((it) => typeof it === 'string');
    if (list.length > 0) return list;
  }
  const all = Object.values(configuration.providers).toSorted(
    (a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1),
  );
  return all.filter((it) => it.environment === all[0]?.environment).map((it) => it.id);
}
