// The bill of materials of what a user installs, in CycloneDX, from the lock file.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that may be shipped beside Apache-2.0 without asking. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '(BSD-3-Clause OR GPL-2.0)',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
]);

/** `name@version` of everything a user installs, by the lock. */
const installed = ({ packages }) =>
  new Set(
    Object.entries(packages)
      .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
      .map(([path, { version, name }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
  );

/** @throws Error where npm cannot make one */
export function makeSbom(root, npm, { name, version }) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const { status, stdout, stderr } = spawnSync(npm[0], [...npm.slice(1), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr.trim()}`);
  return shipped(JSON.parse(stdout), JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')), {
    name,
    version,
  });
}

/**
 * What is for development left out by the lock: `npm sbom --omit dev` (npm 11.19) also drops what a development package
 * needs as well, and so yaml or picomatch.
 * @public tests load it by its address
 */
export function shipped(sbom, lock, { name, version }) {
  const kept = installed(lock);
  const components = sbom.components.filter((one) => kept.has(`${one.name}@${one.version}`));
  const refs = new Set(components.map((one) => one['bom-ref']));
  const root = sbom.metadata.component;
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref) || ref === root['bom-ref'])
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  // npm calls the root by the folder it lies in.
  const metadata = { ...sbom.metadata, component: { ...root, name, version } };
  return { ...sbom, metadata, components, dependencies };
}

const licenceOf = ({ licenses = [] }) =>
  licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '').join(' AND ');

/** What is wrong with a bill of materials. @param {readonly string[]} needed direct dependencies */
export function sbomProblems(sbom, needed) {
  const names = new Set(sbom.components.map(({ name }) => name));
  return [
    ...needed.filter((name) => !names.has(name)).map((name) => `the bill of materials lacks ${name}`),
    ...sbom.components
      .filter((component) => !(component.hashes?.length > 0))
      .map(({ name, version }) => `${name}@${version} has no checksum in package-lock.json`),
    ...sbom.components
      .filter((component) => !LICENCES.has(licenceOf(component)))
      .map(
        (component) =>
          `${component.name}@${component.version} has the licence "${licenceOf(component)}": look at it, then add it to tools/release/sbom.mjs`,
      ),
  ];
}
