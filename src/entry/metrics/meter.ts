import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SECOND_MS } from '../../model/time.js';
import type { CallObserver, ObservedCall } from '../../ports/call-observer.js';
import { PROCESS_METRICS } from '../../report/metric-catalogue.js';

/** A run with nothing to do takes a tenth of a second, one that waits for certificates minutes. */
const RUN_BUCKETS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];
/** A fast API answers in a tenth of a second, an order may take a minute. */
const CALL_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Gauges with the ending of a counter: sums of what the library tells by kind, too. */
const ILL_NAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** What a process that stays counts. */
export interface Meter {
  readonly observeCalls: (account: string) => CallObserver;
  runEnded(outcome: string, ms: number): void;
  pinged(reached: boolean): void;
  /** In the text format of Prometheus, with what Node tells of the process. */
  text(): Promise<string>;
}

/** @param isReady  asked whenever the text is made */
export function createMeter(isReady: () => boolean): Meter {
  const registry = new Registry();
  const options = <Name extends keyof typeof PROCESS_METRICS>(name: Name) => ({
    name,
    help: PROCESS_METRICS[name].help,
    labelNames: [...PROCESS_METRICS[name].labels],
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry });
  for (const name of ILL_NAMED) registry.removeSingleMetric(name);
  const ready = new Gauge(options('certwright_ready'));
  const runs = new Counter(options('certwright_runs_total'));
  const runTimes = new Histogram({ ...options('certwright_run_duration_seconds'), buckets: RUN_BUCKETS });
  const calls = new Counter(options('certwright_provider_requests_total'));
  const callTimes = new Histogram({
    ...options('certwright_provider_request_duration_seconds'),
    buckets: CALL_BUCKETS,
  });
  const pings = new Counter(options('certwright_pings_total'));
  return {
    observeCalls: (account) => (call) => {
      const kind = call.paid ? 'paid' : 'read';
      calls.inc({ account, kind, result: resultOf(call) });
      callTimes.observe({ account, kind }, call.ms / SECOND_MS);
    },
    runEnded(outcome, ms) {
      runs.inc({ outcome });
      runTimes.observe({ outcome }, ms / SECOND_MS);
    },
    pinged: (reached) => pings.inc({ result: reached ? 'reached' : 'failed' }),
    text() {
      ready.set(Number(isReady()));
      return registry.metrics();
    },
  };
}

/** `2xx` to `5xx`, `rate-limited` for 429, `no-reply`. */
function resultOf({ status }: ObservedCall): string {
  if (status === undefined) return 'no-reply';
  return status === 429 ? 'rate-limited' : `${Math.floor(status / 100)}xx`;
}
