import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionErrors, optionsKey, type SchemaName, schemaErrors } from '../../../src/config/schemas.js';
import { parseYaml } from '../../../src/config/yaml.js';
import type { Json } from '../../../src/model/json.js';
import { providerDefinitions } from '../../../src/providers/index.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { ready } from '../../support/state.js';

type IsValid = (value: unknown) => boolean;

/** Beside the built `schemas.js`; the source, which is what runs here, has none and asks Ajv. */
const built = createRequire(import.meta.url)('../../../dist/config/validators.cjs') as {
  readonly byKey: ReadonlyMap<string, IsValid>;
};
const validator = (key: string): IsValid => {
  const found = built.byKey.get(key);
  if (found === undefined) throw new Error(`the build has no validator ${key}`);
  return found;
};

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
const examples = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.yaml'))
  .flatMap((path) => {
    const { documents } = parseYaml({ path, text: readFileSync(`${EXAMPLES}/${path}`, 'utf8') });
    return documents.map(({ value }) => ({ path, value }));
  });

const STRANGE: readonly Json[] = [null, '', 'x', -1, 1.5, true, [], {}, [null], { unknown: 1 }];

/** The value, and what it is with one thing in it removed, added or replaced. */
function* variants(value: Json): Generator<Json> {
  yield value;
  yield* STRANGE;
  if (Array.isArray(value)) {
    yield [...value, ...value];
    for (const [index, item] of value.entries())
      for (const other of variants(item)) yield value.with(index, other);
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, unknown: 1 };
    for (const [key, item] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      for (const other of variants(item)) yield { ...value, [key]: other };
    }
  }
}

const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value));

const SAMPLES: readonly (readonly [SchemaName, readonly Json[]])[] = [
  [
    'manifest.schema.json#/$defs/certificate',
    examples.filter(({ path }) => path.includes('certificates/')).map(({ value }) => value),
  ],
  [
    'manifest.schema.json#/$defs/sitelock',
    [{ kind: 'sitelock', domain: 'a.example.com', product: 'sitelock-basic' }],
  ],
  [
    'defaults.schema.json',
    examples.filter(({ path }) => path.includes('_defaults')).map(({ value }) => value),
  ],
  [
    'certwright.schema.json',
    examples.filter(({ path }) => path.endsWith('certwright.yaml')).map(({ value }) => value),
  ],
  ['status.schema.json', [plain(ready('team-a/shop'))]],
  ['approval.schema.json', [{ unsafe: ['0123456789ab'] }]],
  ['header.schema.json', [{ formatVersion: 1, revision: 1, remote: 'host/path', repositoryId: 'shop01' }]],
  ['cache.schema.json', [{ version: 1, accounts: {} }]],
];

describe('the validators of the build', () => {
  it.each(SAMPLES)('judge as Ajv does by %s', (name, samples) => {
    const isValid = validator(name);
    const all = samples.flatMap((sample) => [...variants(sample)]);
    expect(all.length).toBeGreaterThan(STRANGE.length);
    const differing = all.filter((value) => isValid(value) !== (schemaErrors(name, value).length === 0));
    expect(differing).toEqual([]);
  });

  it.each([...providerDefinitions, ...solverDefinitions])('know the options of $type', (definition) => {
    const schemas = [
      definition.optionsSchema,
      ...('manifestOptionsSchema' in definition ? [definition.manifestOptionsSchema] : []),
    ].filter((schema) => schema !== undefined);
    for (const schema of schemas) {
      const isValid = validator(optionsKey(schema));
      const keys = Object.keys((schema.properties ?? {}) as object);
      const all = [{}, ...keys.flatMap((key) => STRANGE.map((value) => ({ [key]: value }))), ...STRANGE];
      const differing = all.filter((value) => isValid(value) !== (optionErrors(schema, value).length === 0));
      expect(differing).toEqual([]);
    }
  });
});
