import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, isRunnableDevEnvironment, type Plugin } from 'vite';
import { describe, expect, it } from 'vitest';
import * as lives from './life.js';
import { MUTANTS, type Mutant } from './mutants.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ALL = process.env.SIM_MUTATIONS === '1';
/** Found in seconds: on every push they show that the simulation still sees. */
const CHEAP: ReadonlySet<string> = new Set([
  'a lost reply counts as a refusal',
  'an intent is sent without having been seen on the branch',
  'a quiet note passes over what is due by a day',
]);
const SEEDS = 30;
const SIZE: lives.Size = { certificates: 5, years: 1.5 };
const TIMEOUT_MS = 600_000;

/** The one that is known to find it, and others for when the simulation has changed since. */
const seedsFor = ({ seed: known }: Mutant): readonly number[] => [
  known,
  ...Array.from({ length: SEEDS }, (_, i) => i + 1).filter((seed) => seed !== known),
];

/** The program with one text replaced, in a module graph of its own; no switch in `src` knows of it. */
async function withMutant<T>(mutant: Mutant, use: (module: typeof lives) => Promise<T>): Promise<T> {
  let planted = 0;
  const plant: Plugin = {
    name: 'planted-bug',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(`/${mutant.file}`)) return undefined;
      planted += code.split(mutant.find).length - 1;
      return code.replace(mutant.find, () => mutant.replace);
    },
  };
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    plugins: [plant],
    server: { middlewareMode: true, watch: null, ws: false, hmr: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { ssr } = server.environments;
    if (!ssr || !isRunnableDevEnvironment(ssr)) throw new Error('vite runs no modules here');
    const module: typeof lives = await ssr.runner.import('/test/simulation/life.ts');
    expect(planted, `the text to replace stands once in ${mutant.file}`).toBe(1);
    return await use(module);
  } finally {
    await server.close();
  }
}

describe('a planted bug is found', () => {
  it.each(Object.entries(MUTANTS))('%s: the text to replace stands once', (_sentence, { file, find }) => {
    expect(readFileSync(join(ROOT, file), 'utf8').split(find)).toHaveLength(2);
  });

  for (const [sentence, mutant] of Object.entries(MUTANTS)) {
    const reason = 'takes minutes; SIM_MUTATIONS=1 runs it';
    it(sentence, { timeout: TIMEOUT_MS }, async (context) => {
      if (!ALL && !CHEAP.has(sentence)) return context.skip(reason);
      await withMutant(mutant, async ({ simulate }) => {
        for (const seed of seedsFor(mutant)) {
          const life = await simulate(`mutant ${seed}`, SIZE);
          if (life.error === undefined) continue;
          const [what] = String(life.error).split('\n');
          process.stdout.write(`${sentence}: seed ${seed}, ${what}\n`);
          // An exception of ours would be no proof.
          expect(String(life.error)).toMatch(/is: .*\n.*must: /);
          const sound = await lives.simulate(life.seed, SIZE);
          expect(sound.error, 'the same life without the bug').toBeUndefined();
          return;
        }
        expect.fail(`not found in ${SEEDS} seeds`);
      });
    });
  }
});
