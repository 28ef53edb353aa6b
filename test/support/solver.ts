import { systemClock, systemRandom } from '../../src/entry/system/clock.js';
import type { SolverConfig } from '../../src/model/configuration.js';
import type { Json } from '../../src/model/json.js';
import type { SolvableRecord } from '../../src/model/order.js';
import { Secret } from '../../src/model/secret.js';
import type { RecordOutcome, Solver } from '../../src/ports/solver.js';
import { solverDefinitions } from '../../src/solvers/index.js';
import { memoryLog } from './memory-log.js';

export interface SolverOptions {
  readonly type: string;
  readonly id?: string;
  readonly zones?: readonly string[];
  readonly options?: Readonly<Record<string, Json>>;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly nowMs?: number;
}

/** One solver of the table, made as the composing entry makes it. */
export async function solverOf(options: SolverOptions): Promise<Solver> {
  const definition = solverDefinitions.find(({ type }) => type === options.type);
  if (!definition?.create) throw new Error(`there is no solver ${options.type} that acts`);
  const config: SolverConfig = {
    id: options.id ?? 'zone-a',
    type: options.type,
    proves: definition.proves,
    acts: true,
    zones: options.zones ?? [],
    credentials: {},
    options: options.options ?? {},
  };
  const { nowMs, variables = { PATH: process.env.PATH ?? '' } } = options;
  return definition.create({
    config,
    credentials: Object.fromEntries(
      Object.entries(options.credentials ?? {}).map(([key, value]) => [key, new Secret(value)]),
    ),
    clock: nowMs === undefined ? systemClock : { ...systemClock, now: () => nowMs },
    log: memoryLog(),
    random: systemRandom,
    signal: options.signal ?? new AbortController().signal,
    folder: options.folder ?? '/',
    variable: (name) => variables[name],
  });
}

export const txt = (owner: string, value: string): SolvableRecord => ({ type: 'TXT', owner, value });
export const cname = (owner: string, value: string): SolvableRecord => ({ type: 'CNAME', owner, value });
export const file = (url: string, content: string): SolvableRecord => ({ type: 'file', url, content });

/** Outcomes as people would read them: `done`, or code, message and remedy. */
export const said = (outcomes: readonly RecordOutcome[]): readonly string[] =>
  outcomes.map(({ error }) =>
    error
      ? `${error.code}: ${error.message}${error.remedy === undefined ? '' : `; ${error.remedy}`}`
      : 'done',
  );
