import type { SolverDefinition } from '../ports/solver.js';
import { cloudflare } from './cloudflare/index.js';
import { exec } from './exec/index.js';
import { httpFile } from './http-file/index.js';
import { httpServer } from './http-server/index.js';
import { manual } from './manual.js';
import { rfc2136 } from './rfc2136/index.js';
import { route53 } from './route53/index.js';

/** Every kind of solver there is. */
export const solverDefinitions: readonly SolverDefinition[] = [
  rfc2136,
  cloudflare,
  route53,
  exec,
  httpFile,
  httpServer,
  manual,
];
