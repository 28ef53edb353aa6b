import { isZero } from '../model/money.js';
import type { HoldCode, PlanItem, PlanWarning } from '../model/plan.js';
import { accountKey } from '../model/run-memory.js';
import { DAY_MS, dayOf, toMs } from '../model/time.js';
import { compromiseOf } from '../policy/compromised.js';
import { secondOrders } from '../policy/doubts.js';
import { listedTroubles } from '../policy/listing.js';
import { lapsedAt, needsPerson, SAID_AHEAD_MS } from '../policy/proofs.js';
import { headOf, isGone, openIntent, servingOf, stableOrderId } from './facts.js';
import { isCertificate, type PlanInput, type Subject } from './input.js';
import type { LicenceSubject } from './licence.js';
import { licenceWarnings } from './licence-warnings.js';
import { reissueOf, renewalOf } from './timing.js';
import { wishedValidation } from './validation.js';

/** What a reader has to know before the lines: about state and manifests, terms that end, and money that does not reach. */
export const warningsOf = (
  input: PlanInput,
  certificates: readonly Subject[],
  sites: readonly LicenceSubject[],
  items: readonly PlanItem[],
): readonly PlanWarning[] => [
  ...integrityWarnings(input),
  ...listedWarnings(input),
  ...certificates.flatMap(endingWarnings),
  ...certificates.flatMap(proofWarnings),
  ...certificates.flatMap((subject) => keyWarnings(subject, items)),
  ...sites.flatMap(licenceWarnings),
  ...soldTwice(input, items),
  ...shortMoney(items),
];

function integrityWarnings(input: PlanInput): readonly PlanWarning[] {
  const { integrity, integrityWhy, header, remote, manifestsDescend } = input.state;
  const warnings: PlanWarning[] = [];
  if (integrity === 'lost') {
    warnings.push({
      code: 'state-lost',
      message: `the state was rewound or lost: ${integrityWhy ?? ''}. Nothing is bought; see docs/recovery.md`,
      level: 'attention',
    });
  }
  if (integrity === 'absent') {
    warnings.push({ code: 'first-run', message: 'no state exists yet: this is a first run', level: 'info' });
  }
  if (header && header.remote !== remote) {
    warnings.push({
      code: 'wrong-remote',
      message: `the state was written for ${header.remote}, and this is ${remote}: nothing is sent until \`certwright claim --moved\` (same repository) or \`--copy\` (another one)`,
      level: 'warning',
    });
  }
  if (header && header.repositoryId !== input.desired.repositoryId) {
    warnings.push({
      code: 'wrong-remote',
      message: `the state was written for id ${header.repositoryId}, certwright.yaml says ${input.desired.repositoryId}: nothing is sent`,
      level: 'warning',
    });
  }
  if (!manifestsDescend) {
    warnings.push({
      code: 'manifests-diverged',
      message:
        'the manifests do not descend from the ones last acted on: nothing is bought until `certwright claim --manifests`',
      level: 'attention',
    });
  }
  return warnings;
}

/** What the last lists of the accounts showed, and a person has to look into. */
export function listedWarnings({
  memory,
  providers,
}: Pick<PlanInput, 'memory' | 'providers'>): readonly PlanWarning[] {
  if (!memory) return [];
  const keys = new Map([...providers.values()].map(({ config }) => [accountKey(config), config.id]));
  return listedTroubles(memory, keys).map(({ certificate, code, message }) => ({
    name: certificate,
    code,
    message,
    level: 'attention',
  }));
}

const URGENT_MS = 7 * DAY_MS;

/** A paid term that ends and that nobody wants renewed: said louder the closer it comes. */
function endingWarnings(s: Subject): readonly PlanWarning[] {
  const head = headOf(s);
  const renewal = head && !isGone(head) ? renewalOf(s, head) : undefined;
  if (!head?.paidTill || !renewal || s.input.nowMs < (renewal.remindersMs[0] ?? 0)) return [];
  if (s.spec.autoRenew && !s.spec.suspend) return [];
  const left = toMs(head.paidTill) - s.input.nowMs;
  const [why, remedy] = s.spec.autoRenew
    ? ['it is suspended', 'set `suspend: false` to have it renewed']
    : s.input.providers.get(head.provider)?.capabilities.renewsItself
      ? [`the shop behind ${head.provider} renews it, and has not yet`, 'see that its invoice is paid there']
      : ['autoRenew is off', 'set `autoRenew: true` to have it renewed'];
  return [
    {
      name: s.name,
      code: 'paid-term-ending',
      message: `order ${stableOrderId(head)} ${left > 0 ? 'is' : 'was'} paid till ${dayOf(toMs(head.paidTill))} and ${why}; ${remedy}`,
      level: left < URGENT_MS ? 'attention' : 'warning',
    },
  ];
}

/** A reissue that will need a person to prove names is said ahead: mails are overlooked, and holidays happen. */
function proofWarnings(s: Subject): readonly PlanWarning[] {
  const { current, proofs } = s.status;
  const order = proofs && servingOf(s);
  if (!current || !order || s.spec.suspend || openIntent(s.status, 'free')) return [];
  const timing = reissueOf(s, order, current);
  const { nowMs } = s.input;
  if (!timing.needed || nowMs >= timing.dueMs || nowMs < timing.dueMs - SAID_AHEAD_MS) return [];
  const open = lapsedAt(proofs, order.provider, s.spec.names, timing.dueMs)
    .map(({ name }) => wishedValidation(s.spec, name))
    .filter(needsPerson);
  const [first, ...more] = open;
  if (first === undefined) return [];
  const who = `${first.name}${more.length === 0 ? ' has' : ` and ${more.length} more have`}`;
  const how = first.method === 'email' ? `by mail to ${first.approver ?? 'the approver'}` : 'by hand';
  return [
    {
      name: s.name,
      code: 'proof-ending',
      message: `it is reissued from ${dayOf(timing.dueMs)} on, and ${who} to be proven anew then, ${how}; validation: dns with a solver needs nobody`,
      level: 'info',
    },
  ];
}

/**
 * Whoever knows the key can be this server, until the certificate is replaced and revoked. An alarm where this plan does not
 * replace it.
 */
function keyWarnings(s: Subject, items: readonly PlanItem[]): readonly PlanWarning[] {
  const { current } = s.status;
  const known = compromiseOf(s.input.state.header, current?.keyHash);
  if (!current || !known || current.revoked || toMs(current.notAfter) < s.input.nowMs) return [];
  const replaces = ({ name, reason, hold }: PlanItem): boolean =>
    name === s.name && reason === 'KeyCompromised' && hold === undefined;
  return [
    {
      name: s.name,
      code: 'key-compromised',
      message: `the key of its certificate ${current.serial} is compromised since ${known.at}: ${known.reason}`,
      level: items.some(replaces) ? 'warning' : 'attention',
    },
  ];
}

/** Money is gone twice: what the provider sold besides ours, and what a person has to choose between. */
function soldTwice(input: PlanInput, items: readonly PlanItem[]): readonly PlanWarning[] {
  const warning = (name: string, message: string): PlanWarning => ({
    name,
    code: 'second-order',
    message,
    level: 'attention',
  });
  const specs = new Map(input.desired.specs.filter(isCertificate).map((spec) => [spec.name, spec]));
  const found = [...input.state.statuses.values()].flatMap((status) => {
    const adopt = specs.get(status.name)?.adopt;
    const ignored = adopt?.kind === 'ignore' ? adopt.orders : [];
    return secondOrders(status, ignored).map(({ message }) => warning(status.name, message));
  });
  const choose = items.filter(({ action, reason }) => action === 'hold' && reason === 'OrderAtProvider');
  return [...found, ...choose.map(({ name, message }) => warning(name, message))];
}

const SHORT: ReadonlySet<HoldCode> = new Set(['limit-day', 'limit-month', 'balance']);

/** Money that cannot finish a batch is said before anything else. */
function shortMoney(items: readonly PlanItem[]): readonly PlanWarning[] {
  const priced = items.filter(({ price }) => price.kind === 'known' && !isZero(price.amount));
  const short = priced.filter(({ hold }) => hold && SHORT.has(hold.code)).length;
  const wanted = short + priced.filter(({ hold }) => hold === undefined).length;
  if (short === 0 || wanted < 2) return [];
  return [
    {
      code: 'money-short',
      message: `the money does not reach for ${short} of ${wanted} purchases: what is due first is bought, the rest is held`,
      level: 'warning',
    },
  ];
}
