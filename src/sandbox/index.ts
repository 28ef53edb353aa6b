import { CertError } from '../model/errors.js';
import type { SandboxDefinition } from './frame/definition.js';
import { type Sandbox, type SandboxOptions, startServer } from './frame/server.js';
import { suggestion } from './frame/suggest.js';
import { namecheap } from './namecheap/index.js';
import { sectigo } from './sectigo/index.js';
import { theSslStore } from './thesslstore/index.js';
import { whmcs } from './whmcs/index.js';

export type { SandboxDefinition } from './frame/definition.js';
export type { Sandbox, SandboxOptions } from './frame/server.js';
export { parseAssignment, settingsSchema } from './frame/settings.js';

/** Every kind of sandbox, one line each. */
export const sandboxDefinitions: readonly SandboxDefinition[] = [sectigo, theSslStore, namecheap, whmcs];

/** @throws CertError when there is no such kind */
export function findSandbox(type: string): SandboxDefinition {
  const found = sandboxDefinitions.find((definition) => definition.type === type);
  if (found !== undefined) return found;
  const types = sandboxDefinitions.map((definition) => definition.type);
  throw new CertError('usage', `There is no sandbox "${type}"${suggestion(type, types)}.`, {
    remedy: 'certwright sandbox --list shows every kind and its settings.',
  });
}

/**
 * Starts a strict local server of a provider, on loopback only. It sells nothing: no call of it leaves the machine but
 * the checks of control over names, at the addresses it is given.
 * @throws CertError for options and state files that cannot be used, and for a port in use
 */
export const startSandbox = async (type: string, options: SandboxOptions = {}): Promise<Sandbox> =>
  startServer(findSandbox(type), options);
