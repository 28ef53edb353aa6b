/**
 * A WHMCS shop rehearsed as a team would: the command's own sandbox as a process, configuration and manifests of the example.
 * What people do in the shop's pages is done by its control routes.
 */
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { git, tempFolder, writeFiles } from '../support/git.js';
import { controlRoutes, exampleOf, expectGood, flat } from './rehearsal.js';
import { exported, serving } from './serving.js';
import { LONG_MS, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const example = exampleOf('whmcs');

/** What the example has as defaults, where `init` wrote others. */
const OURS = 'provider: rehearsal\nterm: 1y\n';

async function rehearsal() {
  const args = ['sandbox', 'whmcs', '--set', 'autoApprove=true', '--set', 'upstreamCredit="1.00"'];
  const { printed, url } = await serving(await tempFolder(), args);
  const said = exported(printed);
  const yaml = await example('certwright.yaml');
  const account = {
    providers: yaml.slice(yaml.indexOf('\nproviders:') + 1).replaceAll('http://127.0.0.1:8088', url),
    env: {
      WHMCS_IDENTIFIER: said.WHMCS_IDENTIFIER ?? '',
      WHMCS_SECRET: said.WHMCS_SECRET ?? '',
    },
  };
  const team = await teamOf({
    ...account,
    files: {
      'certificates/shop.yaml': `${await example('certificates/shop.yaml')}${OURS}`,
      'certificates/intranet.yaml': `${await example('certificates/intranet.yaml')}${OURS}`,
      'certificates/blog.yaml': `${await example('certificates/blog.yaml')}term: 1y\n`,
    },
  });
  const shop = controlRoutes(said);
  return {
    team,
    account,
    ...shop,
    secret: said.WHMCS_SECRET ?? '',
    rootPem: await shop.rootPem(),
  };
}

interface Service {
  readonly id: number;
  readonly domain: string;
}

it('is rehearsed through its three kinds of product: by fields, by hand, and RVssl short of credit', async () => {
  const { team, account, control, rootPem, purchases, secret } = await rehearsal();
  const checked = await team.certwright(['check']);
  expect(checked.said).not.toContain('failed');
  const planned = flat((await team.certwright(['plan', '--remote-files'])).out);
  expect(planned).toContain('31.00 USD');
  expect(await purchases()).toEqual([]);

  // Two of the three wait for a person or for credit, whatever the time.
  const applied = await team.certwright(['apply', '--yes', '--wait', '12s']);
  expect([applied.code, applied.err.includes(secret)]).toEqual([0, false]);
  expect((await purchases()).map(({ amount }) => amount).sort()).toEqual(['10.00', '12.00', '9.00']);
  await expectGood(team, 'shop', rootPem, 'shop.example.com');
  const waits = flat((await team.certwright(['show', 'blog'])).out);
  expect(waits).toContain('Waiting Submit Order');
  expect(waits).toContain('the credit at RVglobalsoft is short');

  const csr = (await team.certwright(['show', 'intranet', '--csr'])).out;
  expect(csr).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
  const asJson = (await team.certwright(['show', 'intranet', '--csr', '--json'])).out;
  expect(JSON.parse(asJson)).toEqual({ name: 'intranet', csr: csr.trim() });
  const services = (await control('GET', 'services')) as readonly Service[];
  const { id } = services.find(({ domain }) => domain === 'intranet.example.com') ?? { id: 0 };
  await control('POST', `services/${id}/configure`, { csr, approver: 'admin@example.com' });
  const files = (await control('GET', `services/${id}/certificate`)) as Readonly<
    Record<'certificate' | 'chain', string>
  >;
  await writeFiles(team.home, { 'got.pem': files.certificate + files.chain, 'bad.pem': 'nothing\n' });
  const refused = await team.certwright(['attach', 'intranet', join(team.home, 'bad.pem')]);
  expect(refused.code).toBe(1);
  const attached = await team.certwright(['attach', 'intranet', join(team.home, 'got.pem')]);
  expect([attached.code, attached.out]).toEqual([0, expect.stringContaining('intranet is published')]);
  await expectGood(team, 'intranet', rootPem, 'intranet.example.com');

  await control('POST', 'account', { upstreamCredit: '50.00' });
  const synced = await team.certwright(['sync', 'blog']);
  expect(synced.code, synced.said).toBe(0);
  await team.certwright(['apply', '--yes']);
  await expectGood(team, 'blog', rootPem, 'blog.example.com');
  expect(await purchases()).toHaveLength(3);

  // A repository that starts later takes over what the shop holds, and nothing is bought by it.
  const heirs = await teamOf({ ...account, files: {} });
  const imported = await heirs.certwright(['import', '--provider', 'rehearsal', '--owner', 'heirs']);
  expect(imported.out).toContain('2 manifests written for 2 orders of rehearsal.');
  await git(heirs.clone, 'add', '-A');
  await git(heirs.clone, 'commit', '--quiet', '-m', 'Take over the shop');
  await git(heirs.clone, 'push', '--quiet', 'origin', 'HEAD:main');
  expect((await heirs.certwright(['plan'])).out).toContain('Plan: 2 to adopt.');
  const adopted = await heirs.certwright(['apply', '--yes']);
  expect(adopted.code, adopted.said).toBe(0);
  expect(adopted.out).toMatch(/collect heirs\/intranet\.example\.com: order \d+ waits for a person/);
  await expectGood(heirs, 'heirs/shop.example.com', rootPem, 'shop.example.com');
  expect(await purchases()).toHaveLength(3);
});

it('sells what another account delivers: two sellers, one certificate, money at the shop alone', async () => {
  const wholesale = await serving(await tempFolder(), ['sandbox', 'namecheap', '--set', 'autoApprove=true']);
  const there = exported(wholesale.printed);
  const login = {
    user: there.NAMECHEAP_API_USER,
    key: there.NAMECHEAP_API_KEY,
    ip: there.NAMECHEAP_CLIENT_IP,
  };
  const settings = {
    wholesaleUrl: wholesale.url,
    wholesaleUser: login.user,
    wholesaleKey: login.key,
    wholesaleIp: login.ip,
  };
  const sets = Object.entries(settings).flatMap(([name, value]) => [
    '--set',
    `${name}=${JSON.stringify(value)}`,
  ]);
  const shop = await serving(await tempFolder(), ['sandbox', 'whmcs', ...sets]);
  const said = exported(shop.printed);
  const team = await teamOf({
    providers: `providers:
  shop:
    type: whmcs
    environment: rehearsal
    url: ${shop.url}
    credentials: { identifier: "\${WHMCS_IDENTIFIER}", secret: "\${WHMCS_SECRET}" }
    clientId: 77
    paymentMethod: banktransfer
    upstream: nc
    products:
      dv: { pid: 18, completion: upstream, upstreamProduct: standard-ssl, fields: { reference: 141, upstream: 142 } }
  nc:
    type: namecheap
    environment: rehearsal
    url: ${wholesale.url}
    credentials: { apiUser: "\${NAMECHEAP_API_USER}", apiKey: "\${NAMECHEAP_API_KEY}", clientIp: "\${NAMECHEAP_CLIENT_IP}" }
policy:
  spending: { perOrder: 100 USD, perDay: 200 USD, perMonth: 500 USD }
`,
    files: {
      'certificates/shop.yaml':
        'domain: shop.example.com\nprovider: shop\nproduct: dv\nterm: 1y\nautoRenew: true\nmaxPrice: 20.00 USD\nowner: team\n',
    },
    env: {
      WHMCS_IDENTIFIER: said.WHMCS_IDENTIFIER ?? '',
      WHMCS_SECRET: said.WHMCS_SECRET ?? '',
      NAMECHEAP_API_USER: login.user ?? '',
      NAMECHEAP_API_KEY: login.key ?? '',
      NAMECHEAP_CLIENT_IP: login.ip ?? '',
    },
  });
  const [seller, deliverer] = [controlRoutes(said), controlRoutes(there)];
  const checked = await team.certwright(['check']);
  expect(checked.code, checked.said).toBe(0);
  const ahead = flat((await team.certwright(['status', '-o', 'markdown'])).out);
  expect(ahead).toMatch(
    /Credit that purchases ahead need, by the prices last seen - .*shop.*next 30 days need/,
  );
  const applied = await team.certwright(['apply', '--yes', '--wait', '30s']);
  expect(applied.code, applied.said).toBe(0);
  expect(applied.said).not.toContain(login.key);
  await expectGood(team, 'shop', await deliverer.rootPem(), 'shop.example.com');
  expect((await seller.purchases()).map(({ amount }) => amount)).toEqual(['11.00']);
  // The module's own purchase is the only one there.
  expect(await deliverer.purchases()).toHaveLength(1);

  const asked = await team.certwright(['reissue', 'shop', '--reason', 'key rotation']);
  expect(asked.code, asked.said).toBe(0);
  const again = await team.certwright(['apply', '--yes', '--wait', '30s']);
  expect(again.code, again.said).toBe(0);
  const shown = flat((await team.certwright(['show', 'shop'])).out);
  expect(shown).toMatch(/903@nc:\d+/);
  expect([await seller.purchases(), await deliverer.purchases()].map(({ length }) => length)).toEqual([1, 1]);
  expect(await control(deliverer)).toEqual(['Replaced', 'Active']);
});

async function control({ control: ask }: ReturnType<typeof controlRoutes>): Promise<readonly string[]> {
  const rows = (await ask('GET', 'certificates')) as readonly { readonly status: string }[];
  return rows.map(({ status }) => status);
}
