/**
 * Namecheap rehearsed as a team would: the command's own sandbox as a process, the manifests of the example. Somebody else buys a
 * slot in the panel; the vendor's own books say what was bought.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { newKey } from '../conformance/builders.js';
import { commitAndPush, git, tempFolder } from '../support/git.js';
import { controlRoutes, exampleOf, expectGood, flat, mergeExample } from './rehearsal.js';
import { exported, serving } from './serving.js';
import { LONG_MS, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const example = exampleOf('namecheap');

async function rehearsal() {
  const { printed, url } = await serving(await tempFolder(), [
    'sandbox',
    'namecheap',
    '--set',
    'autoApprove=true',
  ]);
  const said = exported(printed);
  const team = await teamOf({
    providers: [
      'providers:',
      '  rehearsal:',
      '    type: namecheap',
      '    environment: rehearsal',
      `    url: ${url}`,
      `    credentials: { apiUser: "\${NC_USER}", apiKey: "\${NC_KEY}", clientIp: "\${NC_IP}" }`,
      '    slots: exclusive',
      '    useFreeSlots: true',
      '    callsPerMinute: 600',
      '    prices: { san-certificate: { 1y: { base: 25.00 USD, names: 3, perName: 7.00 USD } } }',
      'policy:',
      '  spending: { perOrder: 100 USD, perDay: 200 USD, perMonth: 500 USD }',
    ].join('\n'),
    env: {
      NC_USER: said.NAMECHEAP_API_USER ?? '',
      NC_KEY: said.NAMECHEAP_API_KEY ?? '',
      NC_IP: said.NAMECHEAP_CLIENT_IP ?? '',
    },
  });
  const shop = controlRoutes(said);
  return {
    team,
    ...shop,
    rootPem: await shop.rootPem(),
  };
}

it('is rehearsed from an empty repository to further names, and costs what the plan said', async () => {
  const shop = await rehearsal();
  const { team } = shop;
  const run = async (...args: string[]) => {
    const ended = await team.certwright(args);
    return { ...ended, said: flat(ended.said) };
  };
  await shop.control('POST', 'slots', { type: 'PositiveSSL', years: 1 });
  await mergeExample(team, example, ['shop', 'portal'], 'rehearsal');

  expect(await run('validate')).toMatchObject({ code: 0 });
  expect((await run('check')).said).toMatch(/rehearsal namecheap REHEARSAL fine 1000\.00 USD/);
  const plan = await run('plan');
  expect(plan.code, plan.said).toBe(0);
  for (const words of ['slot 950001 is free', '0.00 USD', '32.00 USD', '1 to order', '1 to adopt'])
    expect(plan.said).toContain(words);

  const applied = await run('apply', '--yes', '--wait', '0s');
  expect(applied.code, applied.said).toBe(0);
  await expectGood(team, 'shop', shop.rootPem, 'shop.example.com');
  await expectGood(team, 'portal', shop.rootPem, 'status.example.com');
  expect((await run('plan')).said).toMatch(/^No changes\./);
  expect((await run('balance')).said).toContain('968.00 USD');

  // One name more than were bought: bought, and the certificate reissued under a new id.
  const portal = await readFile(join(team.clone, 'certificates/portal.yaml'), 'utf8');
  await team.merge({
    'certificates/portal.yaml': portal.replace('status.example.com', 'status.example.com, new.example.com'),
  });
  expect((await run('plan')).said).toContain('7.00 USD');
  const added = await run('apply', '--yes', '--wait', '0s');
  expect(added.code, added.said).toBe(0);
  await expectGood(team, 'portal', shop.rootPem, 'new.example.com');
  expect((await team.status('portal')).orders[0]?.id).toBe('950003');

  // Somebody bought and activated one in the panel.
  const key = await newKey('old.example.com', ['old.example.com']);
  const made = (await shop.control('POST', 'slots', { type: 'Standard SSL', years: 1 })) as {
    readonly id: string;
  };
  await shop.control('POST', `certificates/${made.id}/activate`, { csr: key.csrPem });
  await shop.control('POST', `certificates/${made.id}/issue`);
  const imported = await run('import', '--provider', 'rehearsal');
  expect(imported.code, imported.said).toBe(0);
  expect(imported.said).toContain('1 manifest written');
  await git(team.clone, 'add', '-A');
  await commitAndPush(team.clone, {}, 'Take over what the panel bought');
  expect((await run('plan')).said).toContain('1 to adopt');
  expect((await run('apply', '--yes', '--wait', '0s')).code).toBe(0);
  expect((await team.status('platform-team/old.example.com')).current?.names).toEqual(['old.example.com']);

  // What a reissue has superseded can be revoked, the newest cannot.
  const newest = await run('revoke', 'portal', '--reason', 'out of use', '--code', 'superseded', '--yes');
  expect(newest.code).not.toBe(0);
  expect(newest.said).toContain('revokes only what a reissue has superseded');

  const sold = await shop.purchases();
  expect(sold.map(({ amount }) => amount).sort()).toEqual(['32.00', '7.00']);
});
