/**
 * A shop as its team would protect it: a certificate with the free bundle, a plan with two add-ons, a second site of the same
 * customer; from the example, through the built command, at the command's own sandbox.
 */
import { expect, it, vi } from 'vitest';
import { tempFolder } from '../support/git.js';
import { blockOf, controlRoutes, exampleOf, flat, mergeExample, printedBlock } from './rehearsal.js';
import { exported, serving } from './serving.js';
import { LONG_MS, published, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const example = exampleOf('sitelock');
const PASSWORD = 'canary of the owner';

async function shop() {
  const settings = ['autoApprove=true', 'processingPolls=0', 'issuingPolls=0'].flatMap((one) => [
    '--set',
    one,
  ]);
  const { printed } = await serving(await tempFolder(), ['sandbox', 'sectigo', ...settings]);
  const said = exported(printed);
  const yaml = await example('certwright.yaml');
  const team = await teamOf({
    providers: [
      printedBlock(printed),
      ...['policy', 'contacts', 'manifestVariables'].map((key) => blockOf(yaml, key)),
    ].join('\n'),
    env: {
      SECTIGO_LOGIN: said.SECTIGO_LOGIN ?? '',
      SECTIGO_PASSWORD: said.SECTIGO_PASSWORD ?? '',
      OFFICE_EMAIL: 'office@example.com',
      OWNER_PASSWORD: PASSWORD,
    },
  });
  const { control } = controlRoutes(said);
  const seen: string[] = [];
  return {
    team,
    licences: async () => (await control('GET', 'sitelock')) as readonly Readonly<Record<string, unknown>>[],
    run: async (...args: string[]) => {
      const ended = await team.certwright(args);
      seen.push(ended.out, ended.said);
      return { ...ended, said: flat(ended.said) };
    },
    /** Everything the command ever printed. */
    seen: () => seen.join('\n'),
  };
}

it('is protected as its manifests say, and costs what the plan said', async () => {
  const { team, run, licences, seen } = await shop();
  const names = ['shop', 'blog', 'static'];
  await mergeExample(team, example, names, 'sectigo');
  expect(await run('validate')).toMatchObject({ code: 0 });
  const plan = await run('plan');
  expect(plan.code, plan.said).toBe(0);
  for (const words of ['175.99 USD', '5 to order', 'the first licence of shop, in the same run']) {
    expect(plan.said).toContain(words);
  }

  const applied = await run('apply', '--yes', '--wait', '0s');
  expect(applied.code, applied.said).toBe(0);
  expect(applied.said).toMatch(/✓ order shop: trueshield bought, order \d+, 39\.00 USD/);
  expect(applied.said).toContain('Applied: 5 done.');
  expect(
    (await licences()).map(({ title, domain, email, autoRenew }) => [title, domain, email, autoRenew]),
  ).toEqual(
    expect.arrayContaining([
      ['SSL PLUS SiteLock Bundle', 'static.example.com', 'office@example.com', false],
      ['SiteLock Basic', 'shop.example.com', 'owner@example.com', false],
      ['SiteLock backup 10 GB', 'shop.example.com', 'owner@example.com', false],
      ['SiteLock TrueShield', 'shop.example.com', 'owner@example.com', false],
      ['SiteLock Basic', 'blog.example.com', 'owner@example.com', false],
    ]),
  );
  expect(await licences()).toHaveLength(5);
  await published(team, 'static');
  expect((await run('plan')).said).toMatch(/^No changes\./);
  expect((await run('balance')).said).toContain('824.01 USD');
  const status = await run('status', '-o', 'wide');
  expect(status.said).toContain('sitelock-basic + backup-10gb, trueshield');
  const shown = await run('show', 'shop');
  expect(shown.said).toContain('shop SiteLock');
  expect(shown.said).toMatch(
    /Protection site shop\.example\.com licence sitelock-basic, \S+ → \S+, renewed by certwright alone/,
  );
  expect(shown.said).toMatch(/add-on trueshield, \S+ → \S+/);

  await team.merge({
    'certificates/shop.yaml': (await example('certificates/shop.yaml'))
      .replace('trueshield, ', '')
      .replace('../../../', '../.certwright/'),
  });
  const held = await run('apply', '--yes', '--wait', '0s');
  expect(held.said).toContain('merge an approval file for this cancel');
  const asked = await run('show', 'shop');
  const approval = asked.out.slice(asked.out.indexOf('# cancel of shop'));
  await team.merge({ 'approvals/trueshield.yaml': approval });
  const taken = await run('apply', '--yes', '--wait', '0s');
  expect(taken.code, taken.said).toBe(0);
  expect(taken.said).toMatch(/✓ cancel shop: order \d+ is cancelled Applied: 1 done\./);
  const states = async () =>
    Object.fromEntries((await licences()).map(({ title, domain, state }) => [`${title} ${domain}`, state]));
  expect(await states()).toMatchObject({
    'SiteLock TrueShield shop.example.com': 'cancelled',
    'SiteLock backup 10 GB shop.example.com': 'active',
  });

  const given = await run('abandon', 'shop', '--reason', 'the shop closes', '--yes');
  expect(given.code, given.said).toBe(0);
  expect(given.said).toContain('backup-10gb');
  await team.merge({ 'approvals/shop.yaml': given.out.slice(given.out.indexOf('# cancel of shop')) });
  expect((await run('apply', '--yes', '--wait', '0s')).code).toBe(0);
  expect(await states()).toMatchObject({
    'SiteLock Basic shop.example.com': 'refunded',
    'SiteLock backup 10 GB shop.example.com': 'cancelled',
    'SiteLock Basic blog.example.com': 'active',
  });
  const after = await run('plan');
  expect(after.said).toContain('was given up (the shop closes)');
  expect(seen()).not.toContain(PASSWORD);
});
