// Writes dist/config/validators.cjs: the schemas compiled once, at build time, so that no run has to. Each validator only
// says whether a value is fine; what is wrong with one that is not, src/config/schemas.ts finds out with Ajv itself.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './launcher/install.cjs';

const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020.js');
const standaloneCode = require('ajv/dist/standalone').default;

const DIST = join(ROOT, 'dist');
const SCHEMAS = join(ROOT, 'schemas');
const SUFFIX = '.schema.json';
/** Parts of a file that values are checked against by themselves. */
const PARTS = { manifest: ['', '#/$defs/certificate', '#/$defs/sitelock'] };

const dist = (path) => import(pathToFileURL(join(DIST, path)).href);

/** Every schema that the definitions of providers and solvers carry. */
async function optionSchemas() {
  const { providerDefinitions } = await dist('providers/index.js');
  const { solverDefinitions } = await dist('solvers/index.js');
  return [...providerDefinitions, ...solverDefinitions]
    .flatMap(({ optionsSchema, manifestOptionsSchema }) => [optionsSchema, manifestOptionsSchema])
    .filter((schema) => schema !== undefined);
}

const { AJV_OPTIONS, addOwnWords, closed, optionsKey } = await dist('config/schemas.js');
const ajv = addOwnWords(
  new Ajv2020({ ...AJV_OPTIONS, messages: false, inlineRefs: false, code: { source: true } }),
);
const names = readdirSync(SCHEMAS)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
for (const name of names) ajv.addSchema(JSON.parse(readFileSync(join(SCHEMAS, `${name}${SUFFIX}`), 'utf8')));

/** Key in src/config/schemas.ts → id in Ajv. */
const wanted = new Map(
  names
    .flatMap((name) => (PARTS[name] ?? ['']).map((part) => `${name}${SUFFIX}${part}`))
    .map((id) => [id, id]),
);
for (const schema of await optionSchemas()) {
  const key = optionsKey(schema);
  if (wanted.has(key)) continue;
  ajv.addSchema(closed(schema), key);
  wanted.set(key, key);
}
const functions = [...wanted].map(([key, id], index) => ({ key, id, variable: `validator${index}` }));
const code = standaloneCode(ajv, Object.fromEntries(functions.map(({ id, variable }) => [variable, id])));
const table = functions.map(({ key, variable }) => `  [${JSON.stringify(key)}, exports.${variable}],`);
writeFileSync(
  join(DIST, 'config', 'validators.cjs'),
  `${code}\nexports.byKey = new Map([\n${table.join('\n')}\n]);\n`,
);
