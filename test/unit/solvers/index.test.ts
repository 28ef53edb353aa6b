import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { solverDefinitions } from '../../../src/solvers/index.js';

/** What several solvers stand on: DNS messages, services with an API, files and fetching them. */
const SHARED = new Set(['index', 'dns', 'hosted', 'http']);

const members = readdirSync(new URL('../../../src/solvers', import.meta.url))
  .map((name) => name.replace(/\.ts$/, ''))
  .filter((name) => !SHARED.has(name));

it('every solver stands in the table, once', () => {
  expect(solverDefinitions.map(({ type }) => type).sort()).toEqual(members.sort());
});
