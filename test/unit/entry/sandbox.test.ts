import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfiguration } from '../../../src/config/load.js';
import { run } from '../../../src/entry/cli/sandbox.js';
import { startedText } from '../../../src/entry/sandbox-text.js';
import type { JsonObject } from '../../../src/model/json.js';
import { providerDefinitions } from '../../../src/providers/index.js';
import { sandboxDefinitions, startSandbox } from '../../../src/sandbox/index.js';
import { solverDefinitions } from '../../../src/solvers/index.js';
import { testContext } from '../../support/context.js';

const GLOBALS = { json: false, identity: [] } as const;
const HEAD = `version: 1
id: k3v9x2
keys: { recipients: [age196rg35xq0292csj3ap3y279quadepgk5j9nnkedremxp8ck7qevs45sm34] }
`;

async function printed(type: string, settings: JsonObject, json = false): Promise<string> {
  const definition = sandboxDefinitions.find((known) => known.type === type);
  if (definition === undefined) throw new Error(`no sandbox ${type}`);
  const sandbox = await startSandbox(type, { settings });
  onTestFinished(() => sandbox.close());
  return startedText(definition, sandbox, { json, stateFile: undefined, color: false, width: 80 });
}

describe('certwright sandbox', () => {
  it.each([
    ['sectigo', {}],
    ['sectigo', { prices: { '291': { '30': '0.00' } }, currency: 'EUR' }],
    ['sectigo', { prices: {} }],
  ] as const)('prints a block for certwright.yaml that is fine: %s %j', async (type, settings) => {
    const text = await printed(type, settings);
    const [, block = ''] = /certwright\.yaml:\n([\s\S]+?)\n\nshell:/.exec(text) ?? [];
    const file = { path: 'certwright.yaml', text: HEAD + block.replaceAll(/^ {2}/gm, '') };
    const { configuration, findings } = loadConfiguration(file, providerDefinitions, solverDefinitions);
    expect(findings).toEqual([]);
    expect(configuration?.providers[type]).toMatchObject({ type, environment: 'rehearsal' });
  });

  it('fits a terminal of 80 columns', async () => {
    const text = await printed('sectigo', {});
    const wide = text.split('\n').filter((line) => line.length > 80 && !line.includes('export'));
    expect(wide).toEqual([]);
  });

  it('is data with --json', async () => {
    expect(JSON.parse(await printed('sectigo', {}, true))).toMatchObject({
      type: 'sectigo',
      login: { loginName: 'rehearsal' },
      stateFile: null,
    });
  });

  it('lists kinds, settings and faults, of one kind or all', async () => {
    const context = testContext({ render: { color: false, width: 80 } });
    expect(await run(context, GLOBALS, { list: true }, [])).toBe(0);
    expect(context.out()).toContain('  dnsServer=""\n');
    expect(context.out()).toContain('[debit, required]');
    expect(
      context
        .out()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
    const asData = testContext();
    await run(asData, { ...GLOBALS, json: true }, { list: true }, ['sectigo']);
    expect(JSON.parse(asData.out()).sandboxes[0].settings.properties.payment).toMatchObject({
      type: 'string',
      enum: ['debit', 'required'],
      default: 'debit',
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly string[], string]>([
    ['no kind', {}, [], 'Name the provider to start a sandbox of: sectigo, thesslstore, namecheap, whmcs.'],
    ['an unknown kind', {}, ['sectgo'], 'There is no sandbox "sectgo" (did you mean "sectigo"?).'],
    ['a port that is none', { port: 'x' }, ['sectigo'], '--port x is no port; give a number up to 65535.'],
    [
      'a speed that is none',
      { speed: 'x' },
      ['sectigo'],
      'The speed must be a number from 0 (standing still) to 100000000.',
    ],
  ])('refuses %s', async (_title, options, args, message) => {
    await expect(run(testContext(), GLOBALS, options, args)).rejects.toMatchObject({
      code: 'usage',
      message,
    });
  });
});
