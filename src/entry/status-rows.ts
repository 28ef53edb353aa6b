import { optional } from '../config/json.js';
import type { Configuration } from '../model/configuration.js';
import { isOpen } from '../model/intent.js';
import { addMoney, type Money } from '../model/money.js';
import type { OrderRecord, Status } from '../model/status.js';
import { formatTerm } from '../model/term.js';
import { toMs } from '../model/time.js';
import { headOrder, isGone, servingOrder } from '../planner/facts.js';
import type { Condition } from '../policy/conditions.js';
import { type Health, health } from '../policy/health.js';
import { endpointRow } from '../report/endpoints.js';
import type { StatusLevel } from '../report/status-level.js';
import type { StatusRow } from '../report/status-table.js';
import { waitingText } from '../report/words.js';
import type { Entry } from './situation.js';

const STATES: Readonly<Record<Health, { readonly word: string; readonly level: StatusLevel }>> = {
  archived: { word: 'Archived', level: 'quiet' },
  attention: { word: 'Attention', level: 'bad' },
  expired: { word: 'Expired', level: 'bad' },
  held: { word: 'Held', level: 'waiting' },
  issuing: { word: 'Issuing', level: 'busy' },
  new: { word: 'New', level: 'quiet' },
  ready: { word: 'Ready', level: 'good' },
  waiting: { word: 'Waiting', level: 'waiting' },
  warning: { word: 'Warning', level: 'waiting' },
};

/** The word for a table, how it looks, and the condition it comes from. */
export function stateOf({ status, conditions }: Entry): {
  readonly word: string;
  readonly level: StatusLevel;
  readonly condition?: Condition;
} {
  const which = health(status, conditions);
  const condition = conditions.find((one) => decides(which, one));
  return { ...STATES[which], ...(condition === undefined ? {} : { condition }) };
}

function decides(which: Health, { type, level }: Condition): boolean {
  switch (which) {
    case 'attention':
      return type === 'Attention' && level === 'attention';
    case 'warning':
      return type === 'Attention';
    case 'expired':
      return type === 'Expired';
    case 'held':
      return type === 'Held';
    case 'issuing':
      return type === 'Issuing';
    case 'waiting':
      return type === 'Waiting';
    case 'ready':
    case 'new':
    case 'archived':
      return false;
  }
}

/** Is it part of the everyday list? Archived ones are until their certificate ends and nothing is open any more. */
export function isListed({ status, conditions }: Entry, nowMs: number): boolean {
  if (!status.archived) return true;
  const end = status.current?.notAfter ?? headOrder(status)?.paidTill;
  return (
    (end !== undefined && toMs(end) >= nowMs) ||
    status.intents.some(isOpen) ||
    conditions.some(({ level }) => level === 'attention')
  );
}

/** One line of the table. */
export function statusRow(entry: Entry, configuration: Configuration | undefined): StatusRow {
  const { name, spec, status } = entry;
  const { word, level, condition } = stateOf(entry);
  const order = servingOrder(status) ?? headOrder(status);
  const provider = order?.provider ?? status.intents.find(isOpen)?.provider ?? spec?.providers[0];
  const environment =
    order?.environment ??
    (provider === undefined ? undefined : configuration?.providers[provider]?.environment);
  const term = order ? order.term : spec?.term && formatTerm(spec.term);
  return {
    name,
    kind: status.kind,
    state: word,
    level,
    ...optional('reason', reasonOf(entry, condition)),
    ...optional('notAfter', status.current?.notAfter),
    // What came to nothing was not paid for.
    ...optional('paidTill', order && !isGone(order) ? order.paidTill : undefined),
    ...optional('provider', provider),
    ...optional('environment', environment),
    ...optional('owner', spec?.owner ?? status.owner),
    ...optional('product', productOf(entry, order)),
    ...optional('serial', status.current?.serial),
    ...optional('order', order?.id),
    ...optional('term', term),
    ...optional('price', order && paidFor(order)),
    ...endpointRows(entry),
  };
}

/** What is known of its endpoints, for tables. */
export const endpointRows = ({ name, endpoints }: Entry): Pick<StatusRow, 'endpoints'> =>
  endpoints.length === 0 ? {} : { endpoints: endpoints.map((look) => endpointRow(name, look)) };

/** Of a site with everything that stands beside its licence. */
function productOf({ spec, status }: Entry, order: OrderRecord | undefined): string | undefined {
  const beside = status.orders.filter(({ addOn, state }) => addOn && state === 'issued');
  const products = new Set(beside.map(({ product }) => product));
  const product = order?.product ?? spec?.product;
  return product === undefined || products.size === 0 ? product : `${product} + ${[...products].join(', ')}`;
}

/** Undefined where it is not known, or was paid in several currencies. */
const paidFor = ({ charges }: OrderRecord): Money | undefined =>
  charges
    .map(({ charged, quoted }) => charged ?? quoted ?? undefined)
    .reduce((sum, one) => (sum && one ? addMoney(sum, one) : (sum ?? one)), undefined);

/** A few words; the whole sentence stands in `show`. */
function reasonOf(entry: Entry, condition: Condition | undefined): string | undefined {
  if (condition) return shortReason(entry, condition);
  const { manifest, spec, status } = entry;
  if (manifest === 'invalid') return 'the manifest has errors';
  if (spec?.suspend) return 'suspended';
  if (status.archived) return undefined;
  if (manifest === 'gone') return 'no manifest any more';
  return status.orders.length === 0 && !status.intents.some(isOpen) ? 'not ordered yet' : undefined;
}

/** What is wrong with proofs that solvers publish. */
function proofsOf({ published = [] }: Status): string {
  const failing = published.filter(({ failure }) => failure !== undefined).map(({ solver }) => solver);
  if (failing.length > 0) return `: ${[...new Set(failing)].join(', ')} failed`;
  return published.some(({ unseen }) => unseen !== undefined) ? ', not visible yet' : '';
}

/** Which endpoint, or how many of them. */
function endpointsText({ conditions, endpoints }: Entry, { reason }: Condition): string {
  const many = conditions.filter((one) => one.reason === reason).length;
  const [only] = endpoints;
  return endpoints.length === 1 && only ? only.endpoint : `${many} of ${endpoints.length} endpoints`;
}

function shortReason(entry: Entry, condition: Condition): string {
  const { status, conditions } = entry;
  const { type, reason, message } = condition;
  if (reason === 'NotServedYet') return `not served yet at ${endpointsText(entry, condition)}`;
  if (type === 'Waiting') {
    const who = status.orders
      .flatMap(({ waitingFor }) => waitingFor ?? [])
      .find((one) => reason.endsWith(`:${one}`));
    return who === undefined
      ? message
      : `waiting for ${waitingText(who)}${who === 'dcv' ? proofsOf(status) : ''}`;
  }
  switch (reason) {
    case 'Overdue':
      return 'overdue, no successor';
    case 'NotReplaced':
      return 'not replaced by its deadline';
    case 'OutcomeUnknown':
      return 'outcome unknown, a person must look';
    case 'BreakerTripped':
      return `stopped: ${status.breaker?.why ?? message}`;
    case 'PredecessorRevoked':
      return 'the previous one is revoked soon';
    case 'VerificationFailed':
      return 'wrong certificate kept aside';
    case 'PaidTermEndingNoRenewal':
      return 'paid term ends, autoRenew is off';
    case 'PriceStopped':
      return 'charged more than quoted';
    case 'Revoked':
      return `revoked (${status.current?.revoked?.reason ?? 'unspecified'})`;
    case 'ReplacedAtProvider':
      return 'reissued elsewhere';
    case 'Failing':
      return `failing: ${Object.values(status.failures)[0]?.message ?? message}`;
    case 'SolverFailing':
      return `domain validation${proofsOf(status)}`;
    case 'ProofNotVisible':
      return 'proof of control not visible yet';
    case 'NotServed':
      return `not served at ${endpointsText(entry, condition)}`;
    case 'ChainFault':
      return `chain not served well at ${endpointsText(entry, condition)}`;
    case 'EndpointUnseen':
      return `not reached: ${endpointsText(entry, condition)}`;
    case 'Sending':
    case 'UnderWay':
      return `${status.intents
        .filter(isOpen)
        .map(({ action }) => action)
        .join(' and ')} under way`;
    case 'CertificateExpired':
    case 'OrderExpired':
      return conditions.some((one) => one.reason === 'Failing') ? 'expired, and failing' : 'expired';
    default:
      return message;
  }
}
