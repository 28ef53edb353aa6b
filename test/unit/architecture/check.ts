import { type Module, targetOf } from './modules.js';
import { COMMON, LAYERS, type Layer } from './rules.js';

/** Folders whose children must not know each other. */
const SEPARATE = new Set(['providers', 'sandbox', 'solvers']);

const layerOf = (path: string): string => path.split('/')[0] ?? '';

/** `sectigo` of `providers/sectigo/map.ts`; undefined for the table `providers/index.ts`. */
function memberOf(path: string): string | undefined {
  const [layer = '', member, ...rest] = path.split('/');
  if (!SEPARATE.has(layer) || member === undefined) return undefined;
  if (rest.length > 0) return member;
  return member === 'index.ts' ? undefined : member;
}

const packageOf = (specifier: string): string =>
  specifier.startsWith('node:')
    ? specifier
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');

function whyNotFile(from: string, to: string, layer: Layer): string | undefined {
  if (to.startsWith('..')) return 'nothing outside src is compiled with it';
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (toLayer === 'entry' && fromLayer !== 'entry') return 'nothing imports entry';
  if (fromLayer === toLayer) {
    const [mine, other] = [memberOf(from), memberOf(to)];
    if (mine !== undefined && other === undefined)
      return `a member of ${fromLayer} does not import the table`;
    const common = other !== undefined && COMMON[`${toLayer}/${other}`] !== undefined;
    return mine !== undefined && mine !== other && !common
      ? `members of ${fromLayer} do not import each other`
      : undefined;
  }
  if (layer.layers.includes(toLayer) || layer.files?.[to] !== undefined) return undefined;
  if (layer.layers.length === 0) return `${fromLayer} imports nothing else of src`;
  return `${fromLayer} imports only ${layer.layers.join(', ')}`;
}

function whyNotPackage(from: string, specifier: string, layer: Layer): string | undefined {
  if (layer.packages === undefined || layer.packages.includes(packageOf(specifier))) return undefined;
  return `${layerOf(from)} imports only libraries that compute and nothing else`;
}

function findingsOf(module: Module): readonly string[] {
  const layer = LAYERS[layerOf(module.path)];
  if (layer === undefined) return [`${module.path} (the folder is not in the table of layers)`];
  const arrows = module.imports.flatMap((specifier) => {
    const local = specifier.startsWith('.');
    const to = local ? targetOf(module.path, specifier) : specifier;
    const why = local ? whyNotFile(module.path, to, layer) : whyNotPackage(module.path, specifier, layer);
    return why === undefined ? [] : [`${module.path} -> ${to} (${why})`];
  });
  const reached = layer.pure
    ? module.reaches.map((name) => `${module.path} -> ${name} (${layerOf(module.path)} is pure: pass it in)`)
    : [];
  return [...arrows, ...reached];
}

/** Every arrow that goes the wrong way, as `a.ts -> b.ts (why)`; [] when all is well. */
export const wrongArrows = (modules: readonly Module[]): readonly string[] => modules.flatMap(findingsOf);
