import { defineConfig } from 'vitest/config';

/** Where `.ci/run` wants the results as data, beside the text for people. */
const report = process.env.CERTWRIGHT_TEST_REPORT;

const testsIn = (folders: readonly string[]): string[] =>
  folders.map((folder) => `test/${folder}/**/*.test.ts`);

/** What starts the command or processes of the tests. */
const JOURNEYS = testsIn(['story', 'fault', 'providers', 'contract', 'simulation']);
/** What computes, or talks to a server of its own: nothing in these files is left behind for another. */
const RULES = testsIn([
  'golden',
  'unit/{config,dns,http,keys,model,monitoring,notifiers}',
  'unit/{planner,policy,providers,report,sandbox,solvers,tls}',
]);

export default defineConfig({
  test: {
    globalSetup: ['test/support/scratch.ts'],
    setupFiles: ['test/support/environment.ts', 'test/support/network.ts'],
    pool: 'forks',
    // One more than the two cores of CI: tests wait for processes a fifth of their time.
    maxWorkers: 3,
    // Tests run real git, openssl and the built command: slow on a busy machine, never minutes.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    // In the order of their names: what takes longest comes first, and what is left at the end is short.
    projects: [
      {
        extends: true,
        test: { name: 'journeys', include: JOURNEYS, globalSetup: ['test/support/packed.ts'] },
      },
      {
        extends: true,
        test: { name: 'parts', include: ['test/**/*.test.ts'], exclude: [...JOURNEYS, ...RULES] },
      },
      {
        extends: true,
        // A process for each of these files took more than half of their time.
        test: { name: 'rules', include: RULES, isolate: false },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
});
