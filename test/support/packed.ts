import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';
import type { TestProject } from 'vitest/node';
import { scratchFolder } from './scratch.js';

/**
 * Stories start hundreds of processes, and half of what a short one does is finding and reading hundreds of modules. So they
 * start programs whose modules are put together first: the built command, and the tests' own mains beside it. What is put
 * together is `dist` as it was built, in its order, with late imports late. That the command also runs as it is published, a
 * file for each module, is for the stories that start `PUBLISHED`, and for the release.
 */
const ROOT = new URL('../../', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, ROOT));

const PROGRAMS = {
  'dist/entry/cli/main': 'dist/entry/cli/main.js',
  'paid-command': 'test/story/paid-main.ts',
  apply: 'test/support/apply-main.ts',
  engine: 'test/support/engine-main.ts',
  seller: 'test/support/paid-provider/main.ts',
} as const;

/** All share one copy of everything under `src`, the built one; tests name their own files as the compiler wants it. */
const builtSources: Plugin = {
  name: 'built-sources',
  resolveId: {
    filter: { id: /^\./ },
    handler(source, importer) {
      if (importer === undefined) return null;
      const path = fileURLToPath(new URL(source, pathToFileURL(importer)));
      if (path.startsWith(at('src/'))) return path.replace(at('src/'), at('dist/'));
      return path.startsWith(at('test/')) ? path.replace(/\.js$/, '.ts') : null;
    },
  },
};

/** A module finds what lies beside it (schemas, the compiled validators) where it has always been. */
const ownPlaces: Plugin = {
  name: 'own-places',
  transform: {
    filter: { code: 'import.meta.url' },
    handler: (code, id) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
};

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the programs that are put together. */
    packed: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  if (!existsSync(at(PROGRAMS['dist/entry/cli/main'])))
    throw new Error('these tests start the built command: `npm run build` first');
  const folder = scratchFolder();
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(PROGRAMS).map(([name, file]) => [name, at(file)])),
    cwd: at('.'),
    platform: 'node',
    plugins: [builtSources, ownPlaces],
    // That a main of the tests imports at once what the command imports late is no news.
    checks: { ineffectiveDynamicImport: false },
  });
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
  });
  await bundle.close();
  mkdirSync(join(folder, 'bin'));
  copyFileSync(at('bin/certwright.js'), join(folder, 'bin', 'certwright.js'));
  project.provide('packed', folder);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
