import { execFile } from 'node:child_process';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { tempFolder } from '../support/git.js';
import { servedSerial, startNginx } from '../support/nginx.js';
import { describeWith } from '../support/system.js';
import { COMMAND, LONG_MS, teamOf } from './stage.js';

const run = promisify(execFile);
const EXAMPLE = fileURLToPath(new URL('../../examples/deploy/', import.meta.url));
const example = (file: string): Promise<string> => readFile(join(EXAMPLE, file), 'utf8');

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
      }
    >
  >;
}

/** The step of the example's workflow that deploys, as a runner starts it. */
async function deployStep(values: Readonly<Record<string, string>>) {
  const { jobs }: Workflow = parse(await example('.github/workflows/deploy.yml'));
  const step = jobs.nginx?.steps.find((one) => one.run !== undefined);
  const env = Object.entries(step?.env ?? {}).map(([key, text]) => {
    const value = values[text.replace(/^\$\{\{ (.*) \}\}$/, '$1')];
    if (value === undefined) throw new Error(`nothing is known of ${text}`);
    return [key, value];
  });
  return { run: step?.run ?? '', env: Object.fromEntries(env) };
}

describeWith(['nginx', 'openssl'], 'from the repository to a server', () => {
  it('a certificate is published, deployed by the hook, served; its successor by the workflow', {
    timeout: LONG_MS,
  }, async () => {
    const nginx = await startNginx();
    const folder = await tempFolder();
    const tls = join(folder, 'tls');
    await mkdir(join(tls, 'shop'), { recursive: true });
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await symlink(COMMAND, join(bin, 'certwright'));
    await chmod(COMMAND, 0o755);
    const settings = {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      TLS_DIR: tls,
      NGINX: nginx.command,
    };
    const hooks =
      'hooks: { published: { run: [./deploy.sh], environment: [TLS_DIR, NGINX, CERTWRIGHT_CLONE, CERTWRIGHT_IDENTITY] } }\n';
    const team = await teamOf({ env: settings });
    const configuration = await readFile(join(team.clone, 'certwright.yaml'), 'utf8');
    await copyFile(join(EXAMPLE, 'deploy.sh'), join(team.clone, 'deploy.sh'));
    const { id } = parse(configuration) as { readonly id: string };
    const identity = join(team.home, 'config/certwright', id, 'identity.txt');
    await team.merge({
      'certwright.yaml': configuration + hooks,
      'certificates/shop.yaml': await example('certificates/shop.yaml'),
      'certificates/elsewhere.yaml': 'domain: elsewhere.example.com\n',
    });

    const env = { ...team.env, CERTWRIGHT_CLONE: team.clone, CERTWRIGHT_IDENTITY: identity };
    const first = await team.certwright(['apply'], { env });
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/hook elsewhere: .*took/) });
    expect(await readdir(tls)).toEqual(['shop']);
    const site = (await example('nginx.conf'))
      .replace('listen 443', `listen 127.0.0.1:${nginx.port}`)
      .replaceAll('/etc/nginx/tls', tls);
    await writeFile(join(nginx.sites, 'shop.conf'), site);
    await nginx.reload();
    const serves = (serial: string | undefined) =>
      expect
        .poll(() => servedSerial(nginx.port, 'shop.example.com'), { timeout: 20_000, interval: 50 })
        .toBe(serial);
    const before = (await team.status('shop')).current?.serial;
    await serves(before);
    expect((await lstat(join(tls, 'shop/current/key.pem'))).mode & 0o077).toBe(0);

    // The machine that publishes starts no hook now; the server's own runner is told by repository_dispatch.
    await team.merge({
      'certwright.yaml': configuration,
      'certificates/shop.yaml': 'domains: [shop.example.com]\nreissue: "a new key"\n',
    });
    expect(await team.certwright(['apply'])).toMatchObject({ code: 0 });
    const after = (await team.status('shop')).current?.serial;
    expect(after).not.toBe(before);
    await serves(before);
    const step = await deployStep({
      'github.event.client_payload.name || inputs.name': 'shop',
      'github.workspace': team.clone,
      'secrets.DEPLOY_IDENTITY': await readFile(identity, 'utf8'),
    });
    const shell = (more: Readonly<Record<string, string>> = {}) =>
      run('bash', ['-e', '-c', step.run], { cwd: team.clone, env: { ...team.env, ...step.env, ...more } });
    // What nginx would not take is taken back, and tried again.
    await expect(shell({ NGINX: 'false' })).rejects.toMatchObject({ code: 1 });
    await nginx.reload();
    await serves(before);
    const { stdout } = await shell();
    expect(stdout.toLowerCase()).toContain(`serial=${after}`);
    await serves(after);
    expect(await readdir(join(tls, 'shop'))).toHaveLength(3);
    // Told again, it does nothing new.
    await shell();
    await serves(after);
  });
});
