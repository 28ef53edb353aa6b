import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { wrongArrows } from './check.js';
import { parseModule, readModules } from './modules.js';
import { LAYERS } from './rules.js';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));

describe('imports in src', () => {
  const modules = readModules(SRC);

  it('go only the way the layers allow', () => {
    expect(modules.length).toBeGreaterThan(0);
    expect(wrongArrows(modules)).toEqual([]);
  });

  it('make use of every exception the rules name', () => {
    const granted = Object.entries(LAYERS).flatMap(([layer, { files }]) =>
      Object.keys(files ?? {}).map((file) => ({ layer, file })),
    );
    const unused = granted.filter(({ layer, file }) => {
      const name = file.replace(/\.ts$/, '.js');
      return !modules.some(
        (module) => module.path.startsWith(`${layer}/`) && module.imports.some((it) => it.endsWith(name)),
      );
    });
    expect(unused).toEqual([]);
  });
});

describe('the table of providers', () => {
  const folders = readdirSync(join(SRC, 'providers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

  it('imports every provider folder, and nothing else of providers', () => {
    const table = readModules(join(SRC, 'providers')).find((module) => module.path === 'index.ts');
    const imported = (table?.imports ?? []).flatMap(
      (specifier) => /^\.\/([^/]+)\//.exec(specifier)?.[1] ?? [],
    );
    expect([...new Set(imported)].sort()).toEqual(folders);
  });

  it.each(folders)('finds the definition of %s in its index.ts, under its own name', async (folder) => {
    const file = join(SRC, 'providers', folder, 'index.ts');
    expect(existsSync(file)).toBe(true);
    const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
    const types = Object.values(exported).flatMap((value) =>
      typeof value === 'object' && value !== null && 'type' in value ? [value.type] : [],
    );
    expect(types).toContain(folder);
  });
});

describe('the checker', () => {
  const check = (path: string, text: string) => wrongArrows([parseModule(path, text)]);

  const wrong: Readonly<Record<string, readonly [path: string, text: string, finding: string]>> = {
    'an adapter in the core': [
      'planner/plan.ts',
      "import { push } from '../repository/git.js';",
      'planner/plan.ts -> repository/git.ts (planner imports only policy, model)',
    ],
    'a type import, for a type is an arrow as well': [
      'model/order.ts',
      "import type { Provider } from '../ports/provider.js';",
      'model/order.ts -> ports/provider.ts (model imports nothing else of src)',
    ],
    'a re-export': [
      'policy/checks.ts',
      "export { plan } from '../planner/plan.js';",
      'policy/checks.ts -> planner/plan.ts (policy imports only model)',
    ],
    'a dynamic import': [
      'report/text.ts',
      "export const f = () => import('../keys/seal.js');",
      'report/text.ts -> keys/seal.ts (report imports only simulate, planner, policy, model)',
    ],
    'anything that imports an entry': [
      'reconcile/act.ts',
      "import { compose } from '../entry/compose.js';",
      'reconcile/act.ts -> entry/compose.ts (nothing imports entry)',
    ],
    'one provider in another': [
      'providers/sectigo/map.ts',
      "import { x } from '../namecheap/map.js';",
      'providers/sectigo/map.ts -> providers/namecheap/map.ts (members of providers do not import each other)',
    ],
    'a provider that knows the table': [
      'providers/sectigo/map.ts',
      "import { x } from '../index.js';",
      'providers/sectigo/map.ts -> providers/index.ts (a member of providers does not import the table)',
    ],
    'a provider that knows the loop': [
      'providers/sectigo/provider.ts',
      "import { act } from '../../reconcile/act.js';",
      'providers/sectigo/provider.ts -> reconcile/act.ts (providers imports only ports, model, http)',
    ],
    'a sandbox that shares code with its provider': [
      'sandbox/sectigo/server.ts',
      "import { codes } from '../../providers/sectigo/wire.js';",
      'sandbox/sectigo/server.ts -> providers/sectigo/wire.ts (sandbox imports only model)',
    ],
    'a frame that knows one of the sandboxes': [
      'sandbox/frame/server.ts',
      "import { sectigo } from '../sectigo/index.js';",
      'sandbox/frame/server.ts -> sandbox/sectigo/index.ts (members of sandbox do not import each other)',
    ],
    'a file outside src': [
      'config/load.ts',
      "import schema from '../../schemas/manifest.json' with { type: 'json' };",
      'config/load.ts -> ../schemas/manifest.json (nothing outside src is compiled with it)',
    ],
    'files in the core': [
      'model/names.ts',
      "import { readFileSync } from 'node:fs';",
      'model/names.ts -> node:fs (model imports only libraries that compute and nothing else)',
    ],
    'a new folder nobody placed': ['misc/a.ts', '', 'misc/a.ts (the folder is not in the table of layers)'],
  };
  it.each(Object.entries(wrong))('finds %s', (_title, [path, text, finding]) => {
    expect(check(path, text)).toEqual([finding]);
  });

  it.each([
    ['Date.now()', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new Date', 'new Date()'],
    ['Date()', 'Date()'],
    ['Math.random()', 'Math.random'],
    ['process.env.HOME', 'process'],
    ["console.log('x')", 'console'],
    ['globalThis.Date', 'globalThis'],
  ])('finds %s in the core, and lets an adapter have it', (expression, name) => {
    const text = `export const f = () => ${expression};`;
    expect(check('policy/checks.ts', text)).toEqual([
      `policy/checks.ts -> ${name} (policy is pure: pass it in)`,
    ]);
    expect(check('repository/git.ts', text)).toEqual([]);
  });

  it.each([
    ['model/names.ts', 'export const f = (x: { process: () => number }) => x.process();'],
    ['model/time.ts', 'export const f = (ms: number) => new Date(ms);'],
    ['planner/plan.ts', "import type { Check } from '../policy/checks.js';"],
    ['providers/index.ts', "import { sectigo } from './sectigo/index.js';"],
    ['providers/sectigo/provider.ts', "import { send } from '../../http/client.js'; import './map.js';"],
    ['sandbox/sectigo/orders.ts', "import { readCsr } from '../frame/csr.js';"],
    ['reconcile/verify.ts', "import { chain } from '../keys/certificate.js';"],
    ['entry/cli/main.ts', "import '../compose.js'; import '../../reconcile/act.js';"],
    ['model/names.ts', "import { domainToASCII } from 'node:url'; import { UTCDate } from '@date-fns/utc';"],
  ])('has nothing against %s with %s', (path, text) => {
    expect(check(path, text)).toEqual([]);
  });
});
