import type { SolverDefinition } from '../ports/solver.js';
import { exec } from './exec.js';
import { httpFile } from './http-file.js';
import { manual } from './manual.js';
import { rfc2136 } from './rfc2136/index.js';

/** Every kind of solver there is. */
export const solverDefinitions: readonly SolverDefinition[] = [rfc2136, exec, httpFile, manual];
