import type { Environment, ProviderConfig } from '../model/configuration.js';
import type { CloseOutcome, Intent } from '../model/intent.js';
import type { Status } from '../model/status.js';

/** What stands on record of one account at another environment than the configured one. */
export interface ChangedEnvironment {
  readonly provider: string;
  readonly configured: Environment;
  readonly recorded: Environment;
  /** The certificate whose record says so, and what of it. */
  readonly certificate: string;
  readonly record: string;
}

/** Attempts that left nothing at the provider. */
const NOTHING_THERE: ReadonlySet<CloseOutcome> = new Set(['refused', 'not-sent', 'not-placed']);

const leftNothing = (intent: Intent): boolean =>
  intent.phase === 'closed' && NOTHING_THERE.has(intent.outcome);

interface Recorded {
  readonly provider: string;
  readonly environment: Environment;
  readonly record: string;
}

function* recordsOf(status: Status): Generator<Recorded> {
  for (const { provider, environment, id } of status.orders) {
    yield { provider, environment, record: `order ${id}` };
  }
  for (const intent of status.intents) {
    if (leftNothing(intent)) continue;
    const { provider, environment, action, request } = intent;
    yield { provider, environment, record: `the ${action} ${request.reference}` };
  }
  for (const { provider, environment, reference } of status.doubts ?? []) {
    yield { provider, environment, record: `the order ${reference}, which is still looked for` };
  }
}

/**
 * Accounts whose `environment` was changed in place: one finding for each. Ended and archived orders count as well: an id
 * of the configuration stands for one account at one environment for as long as anything is recorded under it.
 */
export function changedEnvironments(
  providers: Readonly<Record<string, Pick<ProviderConfig, 'id' | 'environment'>>>,
  statuses: Iterable<Status>,
): readonly ChangedEnvironment[] {
  const found = new Map<string, ChangedEnvironment>();
  for (const status of statuses) {
    for (const { provider, environment, record } of recordsOf(status)) {
      const configured = providers[provider]?.environment;
      if (configured === undefined || configured === environment || found.has(provider)) continue;
      found.set(provider, { provider, configured, recorded: environment, certificate: status.name, record });
    }
  }
  return [...found.values()];
}
