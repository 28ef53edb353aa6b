import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CertError, messageOf } from '../../model/errors.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { CaState } from './ca.js';
import type { ClockState } from './clock.js';
import type { Purchase } from './definition.js';
import type { FaultRule } from './faults.js';

/** Everything a sandbox is, so that a rehearsal can go on tomorrow. Holds throw-away keys and passwords. */
export interface SavedState {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly type: string;
  readonly clock: ClockState;
  readonly token: string;
  readonly login: Readonly<Record<string, string>>;
  readonly ca: CaState;
  /** Only what differs from the defaults. */
  readonly settings: JsonObject;
  readonly faults: readonly FaultRule[];
  readonly purchases: readonly Purchase[];
  readonly shop: Json;
}

const FORMAT = 'certwright-sandbox';
const VERSION = 1;
export const HEADER = { format: FORMAT, version: VERSION } as const;

/** undefined: there is no such file yet. @throws CertError when it is not a state file of this kind and version */
export function readStateFile(path: string, type: string): SavedState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unusable(path, messageOf(error));
  }
  let state: SavedState;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw unusable(path, 'it is no JSON', error);
  }
  if (state === null || typeof state !== 'object' || state.format !== FORMAT) {
    throw unusable(path, 'it was not written by a sandbox');
  }
  if (state.version !== VERSION) {
    throw unusable(path, `it has version ${state.version}, and this certwright writes version ${VERSION}`);
  }
  if (state.type !== type) throw unusable(path, `it belongs to a ${state.type} sandbox`);
  return state;
}

/** Readable by its owner alone; the old file stays whole until the new one is. */
export function writeStateFile(path: string, state: SavedState): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(state, null, 1)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CertError('usage', `The state file ${path} cannot be written: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

const unusable = (path: string, why: string, cause?: unknown): CertError =>
  new CertError('usage', `The state file ${path} cannot be used: ${why}.`, {
    cause,
    remedy: 'Name another file with --state, or remove this one to start an empty account.',
  });
