import { isCertificate } from '../../planner/input.js';
import type { Reading } from '../../reconcile/deps.js';

/** Certificates that a proposal touches: by their manifests, defaults, approvals, or the price list of their account. */
export function changedNames(
  before: Reading,
  after: Reading,
  repriced: ReadonlySet<string>,
): ReadonlySet<string> {
  const was = new Map(before.desired?.specs.map((spec) => [spec.name, spec.digest]));
  const is = new Map(after.desired?.specs.map((spec) => [spec.name, spec.digest]));
  const names = new Set([...was.keys(), ...is.keys()].filter((name) => was.get(name) !== is.get(name)));
  const wasInvalid = new Set(before.desired?.invalidNames);
  for (const name of after.desired?.invalidNames ?? []) if (!wasInvalid.has(name)) names.add(name);
  for (const spec of after.desired?.specs ?? []) {
    if (isCertificate(spec) && spec.providers.some((id) => repriced.has(id))) names.add(spec.name);
  }
  const known = new Set(before.desired?.approvals.flatMap(({ subjects }) => subjects.map(({ id }) => id)));
  for (const { subjects } of after.desired?.approvals ?? []) {
    for (const { certificate, id } of subjects) if (!known.has(id)) names.add(certificate);
  }
  return names;
}
