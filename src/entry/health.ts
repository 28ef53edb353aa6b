import type { CertificateSpec, Spec } from '../model/manifest.js';
import type { Plan } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { isCertificate, type ProviderFacts } from '../planner/input.js';
import { validationLevel } from '../planner/timing.js';
import { type Condition, type ConditionContext, conditionsOf } from '../policy/conditions.js';

/** What conditions of one certificate are computed with beside its facts. */
export function conditionContext(
  spec: Spec | undefined,
  status: Status,
  providers: ReadonlyMap<string, ProviderFacts>,
  plan?: Plan,
): ConditionContext {
  const order = status.orders.at(-1);
  const provider = order && providers.get(order.provider);
  const certificate: CertificateSpec | undefined = spec && isCertificate(spec) ? spec : undefined;
  const hold = plan?.items.find((item) => item.name === status.name && item.hold)?.hold;
  return {
    rule: {
      validation: validationLevel(provider, order?.product ?? ''),
      ...(certificate?.reissueBeforeMs === undefined ? {} : { reissueBeforeMs: certificate.reissueBeforeMs }),
    },
    ...(spec === undefined ? {} : { autoRenew: spec.autoRenew }),
    ...(certificate?.renewBeforeMs === undefined ? {} : { renewBeforeMs: certificate.renewBeforeMs }),
    ...(provider === undefined ? {} : { carriesRemainingDays: provider.capabilities.carriesRemainingDays }),
    ...(provider?.capabilities.patienceMs === undefined
      ? {}
      : { patienceMs: provider.capabilities.patienceMs }),
    ...(hold === undefined ? {} : { hold }),
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
): ReadonlyMap<string, readonly Condition[]> {
  return new Map(
    [...statuses].map((status) => [
      status.name,
      conditionsOf(status, nowMs, conditionContext(specs.get(status.name), status, providers, plan)),
    ]),
  );
}
