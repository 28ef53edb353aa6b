import { readFileSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { composeDeps } from '../../src/entry/compose.js';
import { processContext } from '../../src/entry/context.js';
import { openWorkplace } from '../../src/entry/workplace.js';
import type { Clock } from '../../src/ports/clock.js';
import { providerDefinitions } from '../../src/providers/index.js';
import { apply } from '../../src/reconcile/engine.js';
import { type CrashPoint, fuse, fused } from './fuse.js';
import { paidTest } from './paid-provider/adapter.js';

/** What a test tells the process, as JSON in argv. */
export interface EngineOrder {
  readonly clone: string;
  /** Its wall clock begins here and runs on. */
  readonly startMs: number;
  /** Milliseconds by which its clocks are ahead, read at every look: how long it was frozen. */
  readonly aheadFile: string;
  readonly point: CrashPoint;
  /** What it does to itself there. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** One apply of the engine as a process of its own, on real git, with its port calls numbered. */
const order: EngineOrder = JSON.parse(process.argv[2] ?? '{}');
const bornMs = performance.now();
const elapsedMs = (): number => performance.now() - bornMs + Number(readFileSync(order.aheadFile, 'utf8'));
const clock: Clock = {
  now: () => order.startMs + elapsedMs(),
  monotonic: elapsedMs,
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
};
const definitions = [...providerDefinitions, paidTest];
const context = {
  ...(await processContext({ cwd: order.clone, signal: new AbortController().signal, definitions })),
  clock,
};
const workplace = await openWorkplace(context, { identity: [], json: true });
const deps = composeDeps(context, workplace.repository, () => workplace.identities());
// Node writes what it compiled at exit, which a killed process does not reach.
flushCompileCache();
const through = fuse(order.point, (call) => {
  writeSync(1, `${call}\n`);
  process.kill(process.pid, order.signal);
  return order.signal === 'SIGSTOP' ? 'go on' : undefined;
});
await apply(fused(deps, through), { waitMs: 0, confirm: async () => true });
await workplace.close();
