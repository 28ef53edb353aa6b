import type { Configuration } from '../model/configuration.js';
import type { CertificateSpec, Spec } from '../model/manifest.js';
import type { Plan } from '../model/plan.js';
import type { RunMemory } from '../model/run-memory.js';
import { actsFor, type Shard } from '../model/shard.js';
import type { Status } from '../model/status.js';
import { looksAt, watchedEndpoints } from '../planner/endpoints.js';
import { headOrder } from '../planner/facts.js';
import { isCertificate, type ProviderFacts } from '../planner/input.js';
import { validationLevel } from '../planner/timing.js';
import { type Condition, type ConditionContext, conditionsOf } from '../policy/conditions.js';
import type { EndpointLook } from '../policy/serving.js';

/** What is known of endpoints, and how it is judged. */
export interface Serving {
  readonly configuration: Pick<Configuration, 'endpoints'>;
  readonly memory: Pick<RunMemory, 'endpoints'>;
}

/** What was seen at the endpoints of one certificate. */
export const servingLooks = (
  spec: Spec,
  status: Status,
  { configuration, memory }: Serving,
): readonly EndpointLook[] =>
  looksAt(watchedEndpoints(configuration, [spec], new Map([[status.name, status]])), memory);

/** What conditions of one certificate are computed with beside its facts. */
export function conditionContext(
  spec: Spec | undefined,
  status: Status,
  providers: ReadonlyMap<string, ProviderFacts>,
  plan?: Plan,
  serving?: Serving,
): ConditionContext {
  const order = headOrder(status);
  const provider = order && providers.get(order.provider);
  const certificate: CertificateSpec | undefined = spec && isCertificate(spec) ? spec : undefined;
  const looks = certificate && serving ? servingLooks(certificate, status, serving) : [];
  const hold = plan?.items.find((item) => item.name === status.name && item.hold)?.hold;
  return {
    rule: {
      validation: validationLevel(provider, order?.product ?? ''),
      ...(certificate?.reissueBeforeMs === undefined ? {} : { reissueBeforeMs: certificate.reissueBeforeMs }),
    },
    ...(spec === undefined ? {} : { autoRenew: spec.autoRenew }),
    ...(spec?.renewBeforeMs === undefined ? {} : { renewBeforeMs: spec.renewBeforeMs }),
    ...(spec?.kind === 'sitelock' ? { renewedBy: spec.renewedBy } : {}),
    ...(provider === undefined ? {} : { carriesRemainingDays: provider.capabilities.carriesRemainingDays }),
    ...(provider?.capabilities.patienceMs === undefined
      ? {}
      : { patienceMs: provider.capabilities.patienceMs }),
    ...(hold === undefined ? {} : { hold }),
    ...(serving === undefined || looks.length === 0
      ? {}
      : { endpoints: { looks, servedWithinMs: serving.configuration.endpoints.servedWithinMs } }),
    ...(certificate?.adopt?.kind === 'ignore' ? { ignored: certificate.adopt.orders } : {}),
  };
}

/** Conditions of every certificate, by name. */
export function allConditions(
  statuses: Iterable<Status>,
  specs: ReadonlyMap<string, Spec>,
  providers: ReadonlyMap<string, ProviderFacts>,
  nowMs: number,
  plan?: Plan,
  serving?: Serving,
): ReadonlyMap<string, readonly Condition[]> {
  return new Map(
    [...statuses].map((status) => [
      status.name,
      conditionsOf(status, nowMs, conditionContext(specs.get(status.name), status, providers, plan, serving)),
    ]),
  );
}

const LATE: ReadonlySet<string> = new Set(['Expired', 'Overdue']);

const isLate = ({ type, reason, level }: Condition): boolean =>
  level === 'attention' && (LATE.has(type) || LATE.has(reason));

/**
 * What a shard answers for: its own certificates; and those of others that run out, once they have for a day. So a shard
 * that is not there is noticed by those that are.
 * @param all  of every certificate, now
 * @param before  the same a day earlier; asked for only where a certificate of another shard is late
 */
export function shardConditions(
  shard: Shard | undefined,
  all: ReadonlyMap<string, readonly Condition[]>,
  before: () => ReadonlyMap<string, readonly Condition[]>,
): ReadonlyMap<string, readonly Condition[]> {
  if (shard === undefined) return all;
  let earlier: ReadonlyMap<string, readonly Condition[]> | undefined;
  const wasLate = (name: string) => {
    earlier ??= before();
    return earlier.get(name)?.some(isLate) ?? false;
  };
  return new Map(
    [...all].flatMap(([name, own]): (readonly [string, readonly Condition[]])[] => {
      if (actsFor(shard, name)) return [[name, own]];
      const late = own.filter(isLate);
      if (late.length === 0 || !wasLate(name)) return [];
      return [
        [name, late.map((one) => ({ ...one, message: `${one.message}; it belongs to another shard` }))],
      ];
    }),
  );
}
