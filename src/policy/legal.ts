import type { Intent, StepRecord } from '../model/intent.js';
import { isOpen } from '../model/intent.js';
import type { CertificateRecord, Status } from '../model/status.js';
import { parseInstant, toMs } from '../model/time.js';
import { orderOfRecord } from './solving.js';

/**
 * Combinations of facts that must never stand in a status file, one sentence each; [] when all is legal. Looks at one
 * status alone: whether orders belong to several certificates is not told here.
 */
export const legalStatus = (status: Status): readonly string[] => [
  ...instants(status, status.name),
  ...orders(status),
  ...certificates(status),
  ...openIntents(status),
  ...status.intents.flatMap((intent) => intentProblems(status, intent)),
  ...repeated(
    'doubt',
    (status.doubts ?? []).map((doubt) => `${doubt.provider} ${doubt.reference}`),
  ),
  ...repeated('consumed approval', status.consumedApprovals),
  ...repeated(
    'request',
    status.requests.map((r) => r.id),
  ),
  ...publishedRecords(status),
  ...repeated(
    'proof',
    (status.proofs ?? []).map(({ provider, name }) => `${provider} ${name}`),
  ),
  ...(status.undelivered !== undefined && status.undelivered.sha256 !== status.current?.sha256
    ? ['the hook is to be told of a certificate that is not the current one']
    : []),
  ...status.requests.flatMap(({ id, action, order }) =>
    action !== 'abandon' || knows(status, order ?? '')
      ? []
      : [`request ${id} gives up the unknown order ${order ?? ''}`],
  ),
  ...Object.entries(status.failures).flatMap(([lane, failure]) =>
    Number.isInteger(failure.count) && failure.count > 0
      ? []
      : [`the ${lane} lane failed ${failure.count} times`],
  ),
  ...(status.priceStop && !knows(status, status.priceStop.order)
    ? [`the price stop names the unknown order ${status.priceStop.order}`]
    : []),
];

/** A record nobody knows the order of would never be cleaned up. */
const publishedRecords = (status: Status): readonly string[] => [
  ...repeated(
    'published record',
    (status.published ?? []).map(({ solver, provider, order, record }) =>
      JSON.stringify([solver, provider, order, record]),
    ),
  ),
  ...(status.published ?? []).flatMap((entry) =>
    orderOfRecord(status, entry)
      ? []
      : [`a record of ${entry.name} is published for the unknown order ${entry.order}`],
  ),
  ...(status.published?.length === 0 ? ['no record is published, and a list says so'] : []),
];

const knows = (status: Status, orderId: string): boolean =>
  status.orders.some((order) => order.id === orderId || order.ids.includes(orderId));

function repeated(what: string, values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return values.flatMap((value) => {
    if (seen.has(value)) return [`${what} ${value} stands there twice`];
    seen.add(value);
    return [];
  });
}

const INSTANT_KEY = /(?:At|Till|From|^notBefore|^notAfter|^sendBy|^since)$/;
/** What providers and people define is theirs to name. */
const OPAQUE: ReadonlySet<string> = new Set(['options', 'unique', 'before', 'result']);

/** Every instant in its one form, so that files stay byte-stable. */
function instants(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (OPAQUE.has(key)) return [];
    if (typeof inner !== 'string' || !INSTANT_KEY.test(key)) return instants(inner, `${path}.${key}`);
    return isInstant(inner) ? [] : [`${path}.${key} is no instant: ${inner}`];
  });
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

const isInstant = (text: string): boolean => INSTANT.test(text) && parseInstant(text) !== undefined;

function orders(status: Status): readonly string[] {
  const ids = status.orders.flatMap((order) =>
    [...new Set([...order.ids, order.id])].map((id) => `${order.provider} ${id}`),
  );
  return [
    ...repeated('order', ids),
    ...repeated(
      'reference',
      status.orders.filter((o) => !o.adopted).map((o) => `${o.provider} ${o.reference}`),
    ),
    ...status.orders.flatMap((order) => [
      ...(order.ids.at(-1) === order.id ? [] : [`order ${order.id} is not the last of its ids`]),
      ...(order.paidFrom !== undefined && order.paidTill !== undefined && order.paidTill <= order.paidFrom
        ? [`order ${order.id} is paid until before it is paid from`]
        : []),
      ...(order.predecessor !== undefined && [order.id, ...order.ids].includes(order.predecessor)
        ? [`order ${order.id} follows itself`]
        : []),
    ]),
    ...(isSorted(status.orders.map((o) => o.placedAt)) ? [] : ['orders are not oldest first']),
  ];
}

/** Instants in their one form sort as texts. */
const isSorted = (values: readonly string[]): boolean =>
  values.every((value, i) => i === 0 || (values[i - 1] ?? '') <= value);

function certificates(status: Status): readonly string[] {
  const { current, previous } = status;
  const all: readonly CertificateRecord[] = [...(current ? [current] : []), ...previous];
  return [
    ...(current || previous.length === 0 ? [] : ['there are previous certificates, but no current one']),
    ...(isSorted([...all].reverse().map((c) => c.publishedAt)) ? [] : ['certificates are not newest first']),
    ...repeated(
      'serial',
      all.map((c) => `${c.serial} of ${c.issuer}`),
    ),
    ...repeated(
      'fingerprint',
      all.map((c) => c.sha256),
    ),
    ...all.flatMap((c) => [
      ...(c.notBefore < c.notAfter ? [] : [`certificate ${c.serial} ends before it begins`]),
      ...(c.names.length > 0 ? [] : [`certificate ${c.serial} has no names`]),
    ]),
    // Orders are kept for ever, so every certificate can name its own.
    ...all
      .filter((c) => !knows(status, c.order))
      .map((c) => `certificate ${c.serial} names the unknown order ${c.order}`),
  ];
}

function openIntents(status: Status): readonly string[] {
  const open = status.intents
    .filter(isOpen)
    .filter((intent) => intent.action !== 'revoke' && intent.action !== 'cancel');
  const purchases = open.filter((intent) => intent.lane === 'purchase');
  // An unknown outcome blocks purchases only, so a free action may stand beside it.
  const free = open.filter((intent) => intent.lane === 'free' && intent.phase !== 'unknown');
  return [
    ...(purchases.length > 1 ? [`${purchases.length} purchases are open at once`] : []),
    ...(free.length > 1 ? [`${free.length} free actions are open at once`] : []),
    ...repeated(
      'intent',
      status.intents.map((intent) => intent.id),
    ),
  ];
}

const PURCHASES: ReadonlySet<string> = new Set(['order', 'renew', 'pay']);

function intentProblems(status: Status, intent: Intent): readonly string[] {
  const say = (wrong: boolean, text: string) => (wrong ? [`intent ${intent.id} ${text}`] : []);
  const predecessor = intent.request.predecessor?.orderId;
  return [
    ...say(
      intent.action !== intent.request.action,
      `is for ${intent.action}, its request for ${intent.request.action}`,
    ),
    ...say(PURCHASES.has(intent.action) && intent.lane !== 'purchase', 'buys outside the purchase lane'),
    ...say(intent.resends < 0 || !Number.isInteger(intent.resends), `was sent again ${intent.resends} times`),
    ...('orderId' in intent
      ? say(!knows(status, intent.orderId), `is placed as the unknown order ${intent.orderId}`)
      : []),
    ...say(
      isOpen(intent) && predecessor !== undefined && !knows(status, predecessor),
      `follows the unknown order ${predecessor ?? ''}`,
    ),
    ...('sendBy' in intent
      ? say(toMs(intent.settledAt) <= toMs(intent.sendBy), 'settles before it is sent')
      : []),
    ...say(
      intent.approval.kind === 'file' &&
        !gaveBack(intent) &&
        !status.consumedApprovals.includes(intent.approval.subjectDigest),
      'uses an approval that is not recorded as consumed',
    ),
    ...steps(intent.steps, say),
  ];
}

/** Closed without having done anything: its approval is good for the next attempt. */
const gaveBack = (intent: Intent): boolean =>
  intent.phase === 'closed' && intent.outcome !== 'published' && intent.outcome !== 'done';

const STEP_ORDER: Readonly<Record<StepRecord['phase'], number>> = { done: 0, intended: 1, planned: 2 };

function steps(
  records: readonly StepRecord[],
  say: (wrong: boolean, text: string) => readonly string[],
): readonly string[] {
  const phases = records.map((step) => STEP_ORDER[step.phase]);
  return [
    ...say(!phases.every((phase, i) => i === 0 || (phases[i - 1] ?? 0) <= phase), 'has steps out of order'),
    ...say(records.filter((step) => step.phase === 'intended').length > 1, 'has two steps under way at once'),
    ...say(new Set(records.map((step) => step.name)).size < records.length, 'has two steps of one name'),
  ];
}
