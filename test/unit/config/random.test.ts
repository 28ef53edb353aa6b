import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadApprovals, loadConfiguration } from '../../../src/config/load.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { CONFIGURATION, definitions, manifests } from './support.js';

const MANIFEST =
  'domains: [a.example.com, "*.b.example.com"]\nkey: { algorithm: rsa-2048 }\nterm: 1y\nprovider: [shop]\n';
const YAMLISH = [
  ...'{}[]:-?&*!|>%@`#\'",\n\t \\$~<=0a',
  '${',
  '---\n',
  '__proto__',
  '*a',
  '&a ',
  '.nan',
  '\ufeff',
  'name: ',
];

/** A text that is almost right: some pieces of it cut out, some thrown in. */
const nearly = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(6), fc.constantFrom(...YAMLISH)), { maxLength: 6 })
    .map((edits) =>
      edits.reduce((it, [at, cut, piece]) => it.slice(0, at) + piece + it.slice(at + cut), text),
    );

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...YAMLISH), { maxLength: 60 }).map((it) => it.join('')),
);

describe('the loader never throws, and never takes what it complains about', () => {
  it('for a configuration', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearly(CONFIGURATION)), (text) => {
        const { configuration, findings } = loadConfiguration(
          { path: 'certwright.yaml', text },
          definitions,
          solverDefinitions,
        );
        const errors = findings.filter((it) => it.severity === 'error');
        expect(configuration === undefined).toBe(errors.length > 0);
        for (const { position } of findings)
          expect(Math.min(position.line, position.column)).toBeGreaterThan(0);
      }),
      { numRuns: 600 },
    );
  });

  it('for manifests and folder defaults', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anything, nearly(MANIFEST)),
        nearly('owner: x\nterm: 1y\n'),
        async (text, defaults) => {
          const { specs, findings, invalidNames, hasUnreadable } = await manifests({
            'a.yaml': text,
            '_defaults.yaml': defaults,
          });
          const errors = findings.filter((it) => it.severity === 'error');
          // Whatever stands there is a certificate, or is kept from counting as gone.
          if (specs.length === 0)
            expect(errors.length > 0 && (invalidNames.length > 0 || hasUnreadable)).toBe(true);
          for (const { name } of specs) expect(invalidNames).not.toContain(name);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('for approvals', () => {
    fc.assert(
      fc.property(fc.oneof(anything, nearly('lines: [a b]\nvalidUntil: 2026-12-01T00:00:00Z\n')), (text) => {
        const { approvals, findings } = loadApprovals([{ path: 'approvals/a.yaml', text }]);
        if (findings.length > 0) expect(approvals).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
