import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { providerDefinitions } from '../../../src/providers/index.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { readModules, targetOf } from './modules.js';

const modules = new Map(
  readModules(fileURLToPath(new URL('../../../src', import.meta.url))).map((module) => [module.path, module]),
);

/** What is loaded with these modules: modules of src by path, packages by name. */
function loadedWith(roots: readonly string[]): ReadonlySet<string> {
  const loaded = new Set<string>();
  const pending = [...roots];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    const from = path;
    pending.push(
      ...(modules.get(path)?.loads ?? []).map((to) => (to.startsWith('.') ? targetOf(from, to) : to)),
    );
  }
  return loaded;
}

const packagesOf = (loaded: Iterable<string>): readonly string[] =>
  [...loaded].filter((one) => !one.endsWith('.ts') && !one.startsWith('node:')).sort();

it('a definition of a provider is data: nothing of its adapter, its client or a library for them comes with it', () => {
  const loaded = [...loadedWith(['providers/index.ts'])];
  expect(loaded.filter((one) => /^(http|keys)\/|\/(client|provider|wire)\.ts$/.test(one))).toEqual([]);
  expect(packagesOf(loaded)).toEqual(['big.js']);
  expect(loaded).toEqual(
    expect.arrayContaining(providerDefinitions.map(({ type }) => `providers/${type}/index.ts`)),
  );
});

it('a definition of a solver is data: no adapter, no client of a DNS service comes with it', () => {
  const loaded = [...loadedWith(['solvers/index.ts'])];
  expect(packagesOf(loaded)).toEqual([]);
  expect(
    loaded.filter((one) => !/^solvers\/(\w+-?\w*\/index|hosted\/options|index|manual)\.ts$/.test(one)),
  ).toEqual([]);
  expect(loaded).toEqual(
    expect.arrayContaining(
      solverDefinitions.flatMap(({ type, create }) => (create ? [`solvers/${type}/index.ts`] : [])),
    ),
  );
});

it('AWS has its client loaded by its own solver, and by nothing else', () => {
  const holders = [...modules.values()].filter(({ imports }) =>
    imports.some((one) => one.startsWith('@aws-sdk/')),
  );
  expect(holders.map(({ path }) => path.split('/').slice(0, 2).join('/'))).toEqual([
    'solvers/route53',
    'solvers/route53',
  ]);
  expect(
    [...modules.keys()].filter((path) => [...loadedWith([path])].some((one) => one.startsWith('@aws-sdk/'))),
  ).toEqual(['solvers/route53/service.ts', 'solvers/route53/solver.ts']);
});

it('the command line loads its parser and no command', () => {
  const loaded = loadedWith(['entry/cli/main.ts']);
  expect(packagesOf(loaded)).toEqual(['commander']);
  expect(loaded).not.toContain('entry/context.ts');
});

it('a run that finds nothing to do loads git, its note and the table of providers', () => {
  const loaded = loadedWith(['entry/cli/main.ts', 'entry/context.ts', 'entry/cli/apply.ts']);
  expect(packagesOf(loaded)).toEqual(['big.js', 'commander', 'safe-stable-stringify']);
  expect([...loaded].filter((one) => /^(config|keys|planner|policy|reconcile|solvers)\//.test(one))).toEqual(
    [],
  );
});
