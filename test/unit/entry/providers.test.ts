import { describe, expect, test } from 'vitest';
import { run } from '../../../src/entry/cli/providers.js';
import type { ProviderDefinition } from '../../../src/ports/provider.js';
import { testContext } from '../../support/context.js';
import { tempFolder, writeFiles } from '../../support/git.js';
import { CONFIGURATION } from '../../support/state.js';

async function providers(configuration?: string, json = false) {
  const cwd = await tempFolder();
  if (configuration !== undefined) await writeFiles(cwd, { 'certwright.yaml': configuration });
  const refuse = () => {
    throw new Error('a provider was made');
  };
  const definitions = testContext().definitions.map((one) => ({ ...one, create: refuse }));
  const context = testContext({ cwd, definitions });
  const code = await run(context, { json, identity: [] });
  return { code, out: context.out(), err: context.err() };
}

describe('providers', () => {
  test('shows what each kind can do, anywhere', async () => {
    const { out, err, code } = await providers();
    expect(out).toMatch(/^local-ca: Embedded private CA\nsectigo: Sectigo reseller API\n/);
    expect(out).toMatch(/^acme: ACME \(RFC 8555\)$/m);
    expect(out).toMatch(/^Push notifications +no +yes( +no){4}$/m);
    expect(out).toMatch(/^ {2}Push notifications \(local-ca\): The CA has no server/m);
    expect(out).not.toContain('ACCOUNT');
    expect(err).toBe('');
    expect(code).toBe(0);
  });

  test('lists the accounts of the checkout in the order they are preferred', async () => {
    const { out } = await providers(CONFIGURATION.replace('priority: 200', 'priority: 5'));
    expect(out).toMatch(
      /ACCOUNT +TYPE +ENVIRONMENT +PRIORITY\ninternal +local-ca +TEST +5\nshop +local-ca +live +100\n$/,
    );
  });

  test('says that accounts are missing because the configuration is wrong', async () => {
    const { out, err, code } = await providers('version: 9\n');
    expect(out).not.toContain('ACCOUNT');
    expect(err).toContain('certwright validate');
    expect(code).toBe(0);
  });

  test('prints one JSON document', async () => {
    const told = JSON.parse((await providers(CONFIGURATION, true)).out);
    const searches = told.providers.map(({ type, capabilities }: ProviderDefinition) => [
      type,
      capabilities.search,
    ]);
    expect(searches).toEqual([
      ['local-ca', 'unique'],
      ['sectigo', 'findable'],
      ['thesslstore', 'findable'],
      ['namecheap', 'none'],
      ['whmcs', 'findable'],
      ['acme', 'none'],
    ]);
    expect(told.accounts).toEqual([
      { id: 'shop', type: 'local-ca', environment: 'live', priority: 100 },
      { id: 'internal', type: 'local-ca', environment: 'test', priority: 200 },
    ]);
  });
});
