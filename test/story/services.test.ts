/** The examples for a machine, a container and a cluster: run as far as this machine can, and read where it cannot. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { buildProgram } from '../../src/entry/cli/program.js';
import { fileRemote, tempFolder, testEnv } from '../support/git.js';
import { describeWith } from '../support/system.js';
import { COMMAND, LONG_MS } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const read = (path: string): string => readFileSync(join(EXAMPLES, path), 'utf8');
const { version } = JSON.parse(readFileSync(join(EXAMPLES, '../package.json'), 'utf8'));

/** Does the command know all of this? */
function parses(args: readonly string[]): Promise<void> {
  const program = buildProgram(async () => undefined);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program.parseAsync(args, { from: 'user' }).then(() => undefined);
}

const units = readdirSync(join(EXAMPLES, 'systemd')).filter((file) => file.includes('.'));

describeWith(['systemd-analyze'], 'systemd-analyze', () => {
  it('finds nothing wrong with the units', async () => {
    const folder = await tempFolder();
    for (const unit of units) {
      writeFileSync(
        join(folder, unit),
        read(`systemd/${unit}`).replaceAll('/usr/local/bin/certwright', '/bin/true'),
      );
    }
    const instances = units.map((unit) => join(folder, unit.replace('@.', '@certwright-apply.')));
    cpSync(
      join(folder, 'certwright-attention@.service'),
      join(folder, 'certwright-attention@certwright-apply.service'),
    );
    const judged = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', ...instances],
      {
        encoding: 'utf8',
      },
    );
    const about = judged.stderr.split('\n').filter((line) => line.includes(folder));
    expect(about).toEqual([]);
    for (const unit of ['certwright.service', 'certwright-apply.service']) {
      const security = spawnSync('systemd-analyze', [
        'security',
        '--offline=yes',
        '--threshold=25',
        join(folder, unit),
      ]);
      expect(security.status).toBe(0);
    }
  });
});

describe('systemd', () => {
  it.each(['certwright.service', 'certwright-apply.service'])(
    '%s starts what the command knows',
    async (unit) => {
      const [, line = ''] =
        /^ExecStart=\/usr\/local\/bin\/certwright (.*)$/m.exec(read(`systemd/${unit}`)) ?? [];
      await parses(line.split(' '));
      await expect(parses([...line.split(' '), '--no-such-option'])).rejects.toThrow('unknown option');
    },
  );

  it('says the same about the rights of both', () => {
    const rights = (unit: string) =>
      read(`systemd/${unit}`)
        .split('\n')
        .filter((line) => /^(No|Cap|Amb|Prot|Priv|Restrict|Lock|Sys|UMask|State|Cache|Remove)/.test(line));
    expect(rights('certwright.service')).toEqual(rights('certwright-apply.service'));
  });
});

describe('the container', () => {
  const dockerfile = read('container/Dockerfile').replaceAll('\\\n', ' ');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('is run by nobody in particular, and has git and ssh', () => {
    expect(/^USER (\d+)/m.exec(last)?.[1]).toBe('10001');
    expect(last).toMatch(/apt-get install .* ca-certificates git openssh-client tini/);
    expect(last).toContain('--uid 10001');
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(2);
    expect(dockerfile).toContain(`ARG CERTWRIGHT=${version}`);
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(last) ?? [];
    return parses(JSON.parse(command));
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('its health check tells a daemon that answers %i', async (status, code) => {
    const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [, text = '[]'] = /HEALTHCHECK .*?CMD (\[.*\])$/m.exec(last) ?? [];
    const [, ...args] = JSON.parse(text.replace('8470/healthz', `${port}/healthz`)) as string[];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    expect((await once(child, 'close'))[0]).toBe(code);
  });

  it('its entry clones once, beside what was broken off, and runs the command there', async () => {
    const remote = await fileRemote(
      Object.fromEntries(
        ['certwright.yaml', 'certificates/shop.yaml', 'certificates/wiki.yaml'].map((path) => [
          path,
          read(`quick-start/${path}`),
        ]),
      ),
    );
    const folder = await tempFolder();
    mkdirSync(join(folder, 'bin'));
    symlinkSync(COMMAND, join(folder, 'bin', 'certwright'));
    mkdirSync(join(folder, 'repository.part'));
    const entry = (repository: string, ...args: string[]) =>
      spawnSync(join(EXAMPLES, 'container', 'entry.sh'), args, {
        encoding: 'utf8',
        env: testEnv({
          PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
          HOME: join(folder, 'home'),
          CERTWRIGHT_REPOSITORY: repository,
          CERTWRIGHT_CLONE: join(folder, 'repository'),
          CERTWRIGHT_SECRETS: join(folder, 'secrets'),
        }),
      });
    const first = entry(remote.url, 'validate');
    expect(first.stderr + first.stdout).toContain('2 manifests are fine');
    expect(first.status).toBe(0);
    expect(existsSync(join(folder, 'repository.part'))).toBe(false);
    // The clone that is there does: it is asked for no remote.
    expect(entry('/nowhere', 'validate').status).toBe(0);
    const none = entry('', 'validate');
    expect(none.status).not.toBe(0);
    expect(none.stderr).toContain('address of the repository');
  });

  it('compose gives it files, and a root file system nobody writes to', () => {
    const { services, secrets } = parse(read('container/compose.yml'));
    const { image, read_only, cap_drop, secrets: given } = services.certwright;
    expect(image).toMatch(new RegExp(`:${version}$`));
    expect({ read_only, cap_drop }).toEqual({ read_only: true, cap_drop: ['ALL'] });
    expect(given.map(({ source }: { source: string }) => source).sort()).toEqual(Object.keys(secrets).sort());
  });
});

describe('Kubernetes', () => {
  interface Container {
    readonly image: string;
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
    readonly securityContext: object;
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
    readonly livenessProbe?: { readonly httpGet: object };
    readonly readinessProbe?: { readonly httpGet: object };
  }
  interface Pod {
    readonly automountServiceAccountToken: boolean;
    readonly securityContext: object;
    readonly containers: readonly Container[];
    readonly volumes: readonly {
      readonly name: string;
      readonly emptyDir?: object;
      readonly secret?: object;
    }[];
  }
  const documents = (file: string) => parseAllDocuments(read(`kubernetes/${file}`)).map((one) => one.toJS());
  const pods: readonly (readonly [string, Pod])[] = [
    ['daemon.yml', documents('daemon.yml').find(({ kind }) => kind === 'Deployment').spec.template.spec],
    ['cronjob.yml', documents('cronjob.yml')[0].spec.jobTemplate.spec.template.spec],
  ];

  it.each(pods)(
    '%s: what runs has no rights, no volume to keep, and secrets as files',
    async (_file, pod) => {
      const [container] = pod.containers;
      if (!container) throw new Error('no container');
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.image).toMatch(new RegExp(`/certwright:${version}$`));
      expect(container.env.map(({ name }) => name)).toEqual(['CERTWRIGHT_REPOSITORY']);
      const kinds = new Map(
        pod.volumes.map((volume) => [
          volume.name,
          volume.secret ? 'secret' : volume.emptyDir ? 'emptyDir' : '',
        ]),
      );
      for (const { name, mountPath, readOnly } of container.volumeMounts) {
        const secret = mountPath.startsWith('/run/secrets/');
        expect([name, kinds.get(name), readOnly ?? false]).toEqual([
          name,
          secret ? 'secret' : 'emptyDir',
          secret,
        ]);
      }
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(['/data', '/tmp']),
      );
      await parses(container.args);
    },
  );

  it('the daemon is asked where it answers, by whoever is meant', () => {
    const [deployment, service, budget] = ['Deployment', 'Service', 'PodDisruptionBudget'].map((kind) =>
      documents('daemon.yml').find((one) => one.kind === kind),
    );
    const [container] = pods[0]?.[1].containers ?? [];
    expect(container?.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(container?.ports).toEqual([{ name: 'http', containerPort: 8470 }]);
    const labels = deployment.spec.template.metadata.labels;
    expect(deployment.spec.replicas).toBe(2);
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    expect(budget.spec.selector.matchLabels).toEqual(labels);
  });
});
