import { CertError } from '../../model/errors.js';
import type { CertificateSpec, Spec } from '../../model/manifest.js';
import type { PlanItem } from '../../model/plan.js';
import type { CurrentCertificate, RequestRecord, Status } from '../../model/status.js';
import { isCertificate, type PlanInput } from '../../planner/input.js';
import type { Deps } from '../../reconcile/deps.js';
import { refuseLostState } from '../../reconcile/land.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import type { StateView } from '../../reconcile/state.js';
import { remedyOf } from '../../report/holds.js';
import { approvalDraft } from '../approval-draft.js';
import type { Context } from '../context.js';
import { lookAround, type Situation } from '../situation.js';
import { planWithoutPrices } from '../unpriced-plan.js';
import type { Told } from './person.js';
import { statusNamed } from './state.js';

/** A certificate that something can be asked for: managed, declared, issued. */
export interface Subject {
  readonly view: StateView;
  readonly input: PlanInput;
  readonly spec: CertificateSpec;
  readonly status: Status;
  readonly current: CurrentCertificate;
}

/**
 * Looks at both branches; asks no provider.
 * @throws CertError `usage` with the reason why nothing can be asked for
 */
export async function requestSubject(context: Context, deps: Deps, name: string): Promise<Subject> {
  return subjectIn(await lookAround(context, deps), name);
}

/** The same of a situation that was looked at already. */
export function subjectIn({ view, input, entries, reading }: Situation, name: string): Subject {
  refuseLostState(view);
  if (!input) throw new ConfigurationError(reading.findings);
  const entry = entries.find((one) => one.name === name);
  const status = entry?.status ?? statusNamed(view, name);
  if (entry?.manifest === 'invalid')
    throw cannot(name, 'its manifest has errors', 'mend what `certwright validate` shows');
  if (status.archived || !entry?.spec) {
    throw cannot(
      name,
      status.archived ? 'it is archived' : 'no manifest declares it any more',
      'put its manifest back first, or act in the portal of the provider',
    );
  }
  if (!isCertificate(entry.spec)) throw cannot(name, 'it is no certificate');
  if (!status.current)
    throw cannot(name, 'it has no certificate yet', '`certwright status` tells what it waits for');
  return { view, input, spec: entry.spec, status, current: status.current };
}

export const cannot = (name: string, why: string, remedy?: string): CertError =>
  new CertError('usage', `nothing can be asked for ${name}: ${why}`, remedy === undefined ? {} : { remedy });

export const withRequest = (status: Status, request: RequestRecord): Status => ({
  ...status,
  requests: [...status.requests, request],
});

/** The line the next plan would have with this request alone. */
export function plannedLine(
  { input, status }: Pick<Subject, 'input' | 'status'>,
  request: RequestRecord,
): PlanItem | undefined {
  const statuses = new Map(input.state.statuses).set(status.name, { ...status, requests: [request] });
  const plan = planWithoutPrices({ ...input, state: { ...input.state, statuses } });
  return plan.items.find((item) => item.name === status.name && isLineOf(item, request));
}

function isLineOf(item: PlanItem, { action }: RequestRecord): boolean {
  switch (action) {
    case 'revoke':
      return item.reason === 'RevokeRequested';
    case 'abandon':
      return item.reason === 'AbandonRequested';
    case 'reissue':
      return item.lane === 'free' && item.reason !== 'RevokeRequested';
  }
}

/** What happens next, and what a person has to do for it. */
export function whatFollows(
  context: Context,
  { spec }: { readonly spec?: Pick<Spec, 'suspend'> },
  item: PlanItem | undefined,
): Pick<Told, 'facts' | 'sentences'> {
  if (!item && spec?.suspend) return held('the manifest says `suspend: true`');
  if (item?.action === 'wait') return held(item.message);
  if (!item?.hold) return { facts: {}, sentences: ['Next: `certwright apply` carries it out.'] };
  if (item.hold.code !== 'approval-missing') {
    const remedy = remedyOf(item);
    return held(`${item.hold.message}${remedy === undefined ? '' : `; ${remedy}`}`);
  }
  const draft = approvalDraft(item, undefined, context.clock.now(), context.random);
  return {
    facts: { held: item.hold.message, ...(draft === undefined ? {} : { approval: { ...draft } }) },
    sentences: [
      `The policy wants an approval for this ${item.action}.`,
      ...(draft === undefined
        ? []
        : [
            `Next: merge the file ${draft.file} with the following text (\`certwright show\` prints it again), then \`certwright apply\` carries it out.`,
            '',
            ...draft.text.trimEnd().split('\n'),
          ]),
    ],
  };
}

const held = (why: string) => ({ facts: { held: why }, sentences: [`Held for now: ${why}.`] });
