/**
 * Sectigo rehearsed as a team would: the command's own sandbox as a process, the manifests of the example, a DNS server that
 * takes updates, a web server with a folder. The seller's own books say what was bought.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SECRET, startBind } from '../support/bind.js';
import { commitAndPush, git, tempFolder } from '../support/git.js';
import { csrOf, type Params, post } from '../support/sandbox/sectigo.js';
import {
  blockOf,
  controlRoutes,
  exampleOf,
  expectGood,
  flat,
  mergeExample,
  printedBlock,
} from './rehearsal.js';
import { exported, serving } from './serving.js';
import { LONG_MS, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const example = exampleOf('sectigo');

/** The web server of a folder. */
async function folderServer(): Promise<{ readonly root: string; readonly address: string }> {
  const root = await tempFolder();
  const server = createServer(async ({ url = '' }, response) => {
    const text = await readFile(join(root, new URL(url, 'http://localhost').pathname)).catch(() => undefined);
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { root, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function rehearsal() {
  const [dns, web] = await Promise.all([startBind({ 'example.com': {} }), folderServer()]);
  const args = ['sandbox', 'sectigo', '--set', `dnsServer=${dns.address}`, '--set', 'statusTexts=true'];
  const { printed, url } = await serving(await tempFolder(), [
    ...args,
    '--set',
    `webServers={"*":"${web.address}"}`,
  ]);
  const said = exported(printed);
  const yaml = await example('certwright.yaml');
  const solvers = blockOf(yaml, 'solvers')
    .replace('127.0.0.1:5353', dns.address)
    .replace('/srv/www/static', `${web.root}\n    visibleAt: ${web.address}`);
  const team = await teamOf({
    providers: [
      printedBlock(printed),
      '    minimumBalance: 50.00 USD',
      solvers + blockOf(yaml, 'policy') + blockOf(yaml, 'contacts'),
    ].join('\n'),
    env: {
      SECTIGO_LOGIN: said.SECTIGO_LOGIN ?? '',
      SECTIGO_PASSWORD: said.SECTIGO_PASSWORD ?? '',
      ADMIN_EMAIL: 'ann@example.com',
      TSIG_KEY: `certwright:${SECRET}`,
    },
  });
  const shop = controlRoutes(said);
  const login = { loginName: said.SECTIGO_LOGIN ?? '', loginPassword: said.SECTIGO_PASSWORD ?? '' };
  return {
    team,
    dns,
    ...shop,
    rootPem: await shop.rootPem(),
    /** Somebody in the provider's panel. */
    panel: (operation: string, params: Params) =>
      post(`${url}/products/${operation}`, new URLSearchParams({ ...login, ...params }).toString()),
  };
}

it('is rehearsed from an empty repository to a revoked certificate, and costs what the plan said', async () => {
  const shop = await rehearsal();
  const { team } = shop;
  const run = async (...args: string[]) => {
    const ended = await team.certwright(args);
    return { ...ended, said: flat(ended.said) };
  };
  const names = ['shop', 'corporate', 'wildcard', 'static'];
  await mergeExample(team, example, names, 'sectigo');

  expect(await run('validate')).toMatchObject({ code: 0 });
  expect((await run('check')).said).toMatch(/sectigo sectigo REHEARSAL fine 1000\.00 USD/);
  expect((await run('products')).said).toContain('9.99 USD');
  const unnamed = await team.certwright(['products'], { env: { ...team.env, SECTIGO_LOGIN: '' } });
  expect(unnamed.out).toContain('9.99 USD');
  const plan = await run('plan');
  expect(plan.code).toBe(0);
  for (const words of ['29.00 USD', '45.00 USD', '89.00 USD', '9.99 USD', '172.99 USD', '4 to order'])
    expect(plan.said).toContain(words);

  const applied = await run('apply', '--yes', '--wait', '0s');
  expect(applied.code, applied.said).toBe(0);
  const status = await run('status');
  expect(status.said).toContain('waiting for the approver');
  for (const [name, host] of [
    ['shop', 'api.example.com'],
    ['wildcard', 'any.apps.example.com'],
    ['static', 'static.example.com'],
  ] as const)
    await expectGood(team, name, shop.rootPem, host);
  expect((await team.status('corporate')).current).toBeUndefined();

  const corporate = `orders/${(await team.status('corporate')).orders[0]?.id}`;
  await shop.control('POST', `${corporate}/approve`);
  await run('apply', '--yes', '--wait', '0s', '--sync');
  expect((await run('status', 'corporate')).said).toContain('waiting for ');
  await shop.control('POST', `${corporate}/vet`);
  expect((await run('apply', '--yes', '--wait', '0s', '--sync')).code).toBe(0);
  await expectGood(team, 'corporate', shop.rootPem, 'www.example.com');
  expect((await run('plan')).said).toMatch(/^No changes\./);
  expect((await run('balance')).said).toContain('827.01 USD');

  const csr = await csrOf('/CN=old.example.com');
  const made = await shop.panel('!AutoApplyOrder', {
    product: '287',
    days: '365',
    isCustomerValidated: 'N',
    serverSoftware: '-1',
    csr: csr.pem,
    dcvMethod: 'CNAME_CSR_HASH',
  });
  const [, number = ''] = made.body.split('\n');
  await shop.control('POST', `orders/${number}/issue`);
  const imported = await run('import', '--provider', 'sectigo');
  expect(imported.code, imported.said).toBe(0);
  expect(imported.said).toContain('1 manifest written');
  await git(team.clone, 'add', '-A');
  await commitAndPush(team.clone, {}, 'Take over what the panel bought');
  const takeover = await run('plan');
  expect(takeover.said).toContain('Plan: 1 to adopt; 4 unchanged.');
  expect((await run('apply', '--yes', '--wait', '0s')).code).toBe(0);
  expect((await team.status('platform-team/old.example.com')).current?.names).toContain('old.example.com');

  const before = (await team.status('static')).current?.serial;
  expect((await run('reissue', 'static', '--reason', 'key seen in a log')).code).toBe(0);
  await shop.control('POST', 'faults', { fault: 'reject@AutoReplaceSSL' });
  const rejected = await run('apply', '--yes', '--wait', '0s');
  expect(rejected.said).toContain('was rejected');
  expect((await team.status('static')).current?.serial).toBe(before);
  expect((await run('retry', 'static')).code).toBe(0);
  expect((await run('apply', '--yes', '--wait', '0s')).code).toBe(0);
  expect((await team.status('static')).current?.serial).not.toBe(before);
  await expectGood(team, 'static', shop.rootPem, 'static.example.com');

  const asked = await run(
    'revoke',
    'wildcard',
    '--reason',
    'out of use',
    '--code',
    'cessationOfOperation',
    '--yes',
  );
  const approval = asked.out.slice(asked.out.indexOf('# revoke of wildcard'));
  await team.merge({ 'approvals/wildcard-revoke.yaml': approval });
  // Done, and a certificate that is declared and revoked is for a person to look at.
  const revoked = await run('apply', '--yes', '--wait', '0s');
  expect(revoked.code).toBe(4);
  expect(revoked.said).toMatch(/✓ revoke wildcard: serial [0-9a-f]+ is revoked/);
  const wildcard = `orders/${(await team.status('wildcard')).orders[0]?.id}`;
  expect(await shop.control('GET', wildcard)).toMatchObject({ certificates: [{ state: 'revoked' }] });

  const sold = await shop.purchases();
  expect(sold.map(({ amount }) => amount).sort()).toEqual(['29.00', '45.00', '89.00', '9.99', '9.99']);
  expect((await run('balance')).said).toContain('817.02 USD');
});
