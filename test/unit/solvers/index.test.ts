import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { solverDefinitions } from '../../../src/solvers/index.js';

const members = readdirSync(new URL('../../../src/solvers', import.meta.url))
  .map((name) => name.replace(/\.ts$/, ''))
  .filter((name) => name !== 'index');

it('every solver stands in the table, once', () => {
  expect(solverDefinitions.map(({ type }) => type).sort()).toEqual(members.sort());
});
