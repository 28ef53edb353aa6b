import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as init from '../../../src/entry/cli/init.js';
import { testContext } from '../../support/context.js';
import { changesIn, cloneOf, commitAndPush, emptyRemote } from '../../support/git.js';

const WORKFLOW = '.github/workflows/certwright.yml';

it('init --github sets up everything at once, or adds only the workflow to what is there', async () => {
  const remote = await emptyRemote();
  const call = async (clone: string, options: Readonly<Record<string, unknown>>, json = false) => {
    const context = testContext({ cwd: clone });
    const code = await init.run(context, { json, identity: [] }, { recipient: [], ...options });
    return { code, out: context.out() };
  };
  const clone = await cloneOf(remote);
  const first = await call(clone, { singleRecipient: true, github: true, codeOwner: '@acme/platform' });
  expect(first.code).toBe(0);
  expect(first.out).toContain(`  ${WORKFLOW}\n  .github/CODEOWNERS\n`);
  expect(first.out).toMatch(/On GitHub:\n {2}- gh secret set CERTWRIGHT_IDENTITY/);
  for (const line of first.out.split('\n').filter((one) => !one.includes('/')))
    expect(line.length).toBeLessThan(81);
  await commitAndPush(clone, {});

  const other = await cloneOf(remote);
  const again = await call(other, { github: true });
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^Everything is there already\.\n/) });
  expect(await changesIn(other)).toBe('');
  const forced = await call(other, { github: true, force: true, action: 'acme/certwright@v9' }, true);
  expect(JSON.parse(forced.out)).toMatchObject({ written: [WORKFLOW], github: { kept: [] } });
  expect(await readFile(join(other, WORKFLOW), 'utf8')).toContain('uses: acme/certwright@v9\n');
  expect(await changesIn(other)).toBe(` M ${WORKFLOW}`);
});

it('init repeats before anything was pushed, and whoever begins after somebody else is told', async () => {
  const remote = await emptyRemote();
  const call = (clone: string, options: Readonly<Record<string, unknown>>) =>
    init.run(testContext({ cwd: clone }), { json: false, identity: [] }, { recipient: [], ...options });
  const clone = await cloneOf(remote);
  expect(await call(clone, { singleRecipient: true })).toBe(0);
  const before = await changesIn(clone);
  expect(await call(clone, {})).toBe(0);
  expect(await changesIn(clone)).toBe(before);
  expect(await call(clone, { github: true })).toBe(0);
  expect(await readFile(join(clone, WORKFLOW), 'utf8')).toContain('certwright');

  const other = await cloneOf(remote);
  await expect(call(other, { singleRecipient: true })).rejects.toMatchObject({
    code: 'repository.already-initialised',
    remedy: expect.stringContaining('push the certwright.yaml'),
  });
  expect(await changesIn(other)).toBe('');
});
