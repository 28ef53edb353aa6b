import type { ErrorObject } from 'ajv/dist/2020.js';
import { CertError } from '../model/errors.js';
import type { RunMemory } from '../model/run-memory.js';
import { STATE_FORMAT_VERSION, type StateHeader, type Status } from '../model/status.js';
import { schemaErrors } from './schemas.js';

/**
 * `issued/<name>/status.json`, checked against its schema.
 * @throws CertError `repository.unreadable-state`, `repository.newer-state`
 */
export function parseStatus(text: string, path: string): Status {
  const value = parseJson(text, path);
  refuseNewer(value, 'version', path);
  refuseWrong(schemaErrors('status.schema.json', value), path);
  return value as Status;
}

/**
 * `issued/_certwright.json`, checked against its schema.
 * @throws CertError `repository.unreadable-state`, `repository.newer-state`
 */
export function parseHeader(text: string, path: string): StateHeader {
  const value = parseJson(text, path);
  refuseNewer(value, 'formatVersion', path);
  refuseWrong(schemaErrors('header.schema.json', value), path);
  return value as StateHeader;
}

/** What runs leave to each other; undefined for anything else: a damaged or newer cache is as good as none. */
export function parseMemory(text: string): RunMemory | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (schemaErrors('cache.schema.json', value).length > 0) return undefined;
    // Versions that dialled nothing left it out.
    return { endpoints: {}, ...(value as Omit<RunMemory, 'endpoints'>) };
  } catch {
    return undefined;
  }
}

const REMEDY = 'Take the change to this file back with git revert; certwright alone writes it.';

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CertError('repository.unreadable-state', `${path} is no JSON.`, { cause, remedy: REMEDY });
  }
}

function refuseNewer(value: unknown, key: string, path: string): void {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return;
  const version: unknown = Reflect.get(value, key);
  if (typeof version !== 'number' || version <= STATE_FORMAT_VERSION) return;
  throw new CertError('repository.newer-state', `${path} was written by a newer certwright.`, {
    remedy: 'Run the newer version.',
  });
}

function refuseWrong(errors: readonly ErrorObject[], path: string): void {
  const wrong = errors.find((it) => it.keyword !== 'if') ?? errors[0];
  if (wrong === undefined) return;
  const detail = 'additionalProperty' in wrong.params ? ` (${String(wrong.params.additionalProperty)})` : '';
  throw new CertError(
    'repository.unreadable-state',
    `${path}${wrong.instancePath} ${wrong.message ?? 'is wrong'}${detail}.`,
    { remedy: REMEDY },
  );
}
