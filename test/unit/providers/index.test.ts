import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { providerDefinitions } from '../../../src/providers/index.js';

const folders = readdirSync(new URL('../../../src/providers', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

it('every provider folder stands in the table, once', () => {
  expect(providerDefinitions.map(({ type }) => type).sort()).toEqual(folders.sort());
});
