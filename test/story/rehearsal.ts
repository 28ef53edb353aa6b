/** What stories have in common that rehearse an example at the command's own sandbox. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect } from 'vitest';
import { writeFiles } from '../support/git.js';
import { openssl, published, type Team } from './stage.js';

/** Reads a file of an example. */
export const exampleOf =
  (name: string) =>
  (path: string): Promise<string> =>
    readFile(new URL(`../../examples/${name}/${path}`, import.meta.url), 'utf8');

/** A part of a YAML text from one top-level key to the next. */
export const blockOf = (text: string, key: string): string =>
  new RegExp(`^${key}:.*\\n(?:(?:[ #].*)?\\n)*`, 'm').exec(text)?.[0] ?? '';

/** The providers that the sandbox printed to paste. */
export const printedBlock = (printed: string): string =>
  printed
    .slice(printed.indexOf('  providers:'), printed.indexOf('\nshell:'))
    .replaceAll(/^ {2}/gm, '')
    .trimEnd();

export const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

export interface ControlRoutes {
  control(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  /** The throw-away root of the seller. */
  rootPem(): Promise<string>;
  /** The seller's own books. */
  purchases(): Promise<readonly { readonly amount: string }[]>;
}

/** The control routes of a sandbox. @param said  the variables it printed */
export function controlRoutes(said: Readonly<Record<string, string>>): ControlRoutes {
  const headers = { authorization: `Bearer ${said.SANDBOX_TOKEN}`, 'content-type': 'application/json' };
  const control = async (method: 'GET' | 'POST', path: string, body: object = {}): Promise<unknown> => {
    const reply = await request(`${said.SANDBOX}/${path}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    });
    const answer: unknown = await reply.body.json();
    if (reply.statusCode !== 200) throw new Error(JSON.stringify(answer));
    return answer;
  };
  return {
    control,
    rootPem: async () => ((await control('GET', 'ca')) as { readonly root: string }).root,
    purchases: async () => (await control('GET', 'purchases')) as readonly { readonly amount: string }[],
  };
}

/** Merges manifests of an example, in a repository whose default is a provider for a year. */
export async function mergeExample(
  team: Team,
  example: (path: string) => Promise<string>,
  names: readonly string[],
  provider: string,
): Promise<void> {
  const manifests = await Promise.all(
    names.map(async (name) => [
      `certificates/${name}.yaml`,
      (await example(`certificates/${name}.yaml`)).replace('../../../', '../.certwright/'),
    ]),
  );
  await team.merge(Object.fromEntries(manifests));
  const configuration = await readFile(join(team.clone, 'certwright.yaml'), 'utf8');
  await team.merge({
    'certwright.yaml': configuration
      .replace('  provider: internal', `  provider: ${provider}`)
      .replace('  owner: platform-team\n', '  owner: platform-team\n  term: 1y\n'),
  });
}

/** What was published is a chain to the seller's root for a host, says openssl. */
export async function expectGood(team: Team, name: string, rootPem: string, host: string): Promise<void> {
  const folder = await published(team, name);
  await writeFiles(folder, { 'root.pem': rootPem });
  const at = (file: string): string => join(folder, file);
  const chain = ['-CAfile', at('root.pem'), '-untrusted', at('chain.pem')];
  const verified = await openssl('verify', ...chain, '-verify_hostname', host, at('certificate.pem'));
  expect(verified).toContain(': OK');
}
