import type { OpenIntent } from '../model/intent.js';
import type { OrderSnapshot } from '../model/order.js';
import type {
  CurrentCertificate,
  OrderRecord,
  PreviousCertificate,
  ProofRecord,
  RequestRecord,
  Status,
} from '../model/status.js';
import { parseTerm, type TermCounting } from '../model/term.js';
import { type Instant, toInstant, toMs } from '../model/time.js';
import { breakerReason } from '../policy/failures.js';
import { paidTillOf } from '../policy/schedule.js';
import { canonicalJson } from '../repository/stable.js';
import { closeIntent, replaceOrder } from './intents.js';
import { withoutLane } from './lane-failures.js';

const KEPT_PREVIOUS = 20;

/** What the provider shows of an order now. Returns the same object where nothing changed: no difference, no commit. */
export function withOrderFacts(status: Status, told: OrderSnapshot, counting: TermCounting): Status {
  const order = status.orders.find((known) => known.ids.some((id) => told.ids.includes(id)));
  if (!order || isOlderThanRecorded(order, told)) return status;
  const snapshot = isServed(status, order) ? believed(told, order) : told;
  const term = order.term === undefined ? undefined : parseTerm(order.term);
  const paidTillMs = paidTillOf({
    ...(snapshot.paidTill === undefined ? {} : { providerPaidTillMs: toMs(snapshot.paidTill) }),
    startMs: toMs(snapshot.paidFrom ?? order.paidFrom ?? order.placedAt),
    ...(term === undefined ? {} : { term }),
    counting,
    carriedDays: snapshot.carriedDays ?? 0,
  });
  const ids = idsWith(order, snapshot);
  const { waitingFor: _waiting, message: _message, paidTill: _paidTill, autoRenew: _flag, ...rest } = order;
  const paidFrom = snapshot.paidFrom ?? order.paidFrom;
  const autoRenew = snapshot.autoRenew ?? order.autoRenew;
  const next: OrderRecord = {
    ...rest,
    id: snapshot.id,
    ids,
    state: snapshot.state,
    ...(snapshot.waitingFor === undefined ? {} : { waitingFor: snapshot.waitingFor }),
    ...(snapshot.message === undefined ? {} : { message: snapshot.message }),
    ...(paidFrom === undefined ? {} : { paidFrom }),
    ...(paidTillMs === undefined ? {} : { paidTill: toInstant(paidTillMs) }),
    ...(autoRenew === undefined ? {} : { autoRenew }),
  };
  const validation = snapshot.state === 'pending' || snapshot.reissuePending ? snapshot.validation : [];
  const moved: Status = { ...replaceOrder(status, order, next), validation };
  const followed =
    moved.current && order.ids.includes(moved.current.order)
      ? { ...moved, current: { ...moved.current, order: next.id } }
      : moved;
  return changeable(followed, next) === changeable(status, order) ? status : followed;
}

const isServed = ({ current }: Status, { ids }: OrderRecord): boolean =>
  current !== undefined && ids.includes(current.order);

/** Where people hand certificates in, the provider never learns that there is one: what is published is issued. */
function believed(snapshot: OrderSnapshot, order: OrderRecord): OrderSnapshot {
  if (!snapshot.handedIn || snapshot.state !== 'pending' || order.state !== 'issued') return snapshot;
  const { waitingFor: _waiting, message: _message, ...rest } = snapshot;
  return { ...rest, state: 'issued' };
}

/** Seen under an id that a reissue took from it: read before that, or said of what the reissue replaced. */
const isOlderThanRecorded = (order: OrderRecord, snapshot: OrderSnapshot): boolean =>
  snapshot.id !== order.id && order.ids.includes(snapshot.id) && !snapshot.ids.includes(order.id);

/**
 * Ids known before and ids shown now, the present one last: a reissue in the portal may come to light only after one of
 * ours. The first stays the first, as references are derived from it, unless it is the present one.
 */
function idsWith({ ids }: OrderRecord, snapshot: OrderSnapshot): readonly string[] {
  const all = [...new Set([...ids, ...snapshot.ids])];
  const at = all.indexOf(snapshot.id);
  return at < 0 ? all : [...all.slice(0, at), ...all.slice(at + 1), snapshot.id];
}

/** All that the provider can have changed: the rest of a status is long, and the same. */
const changeable = ({ validation, current }: Status, order: OrderRecord): string =>
  canonicalJson({ order, validation, certificateOf: current?.order ?? null });

/**
 * The provider shows the order of the current certificate as revoked, and nobody here asked for that: when it happened is
 * not told, when it was seen is.
 */
export function withRevocationSeen(status: Status, order: OrderSnapshot, atMs: number): Status {
  const { current } = status;
  if (order.state !== 'revoked' || !current || current.revoked || !order.ids.includes(current.order))
    return status;
  if (order.serial !== undefined && order.serial !== current.serial) return status;
  return { ...status, current: { ...current, revoked: { at: toInstant(atMs), reason: 'unspecified' } } };
}

/** Somebody had the order reissued elsewhere, by a certificate that cannot take the place of the current one. */
export function withReplaced(status: Status, order: OrderSnapshot, serial: string): Status {
  const { current } = status;
  if (!current || current.replacedBy === serial || !order.ids.includes(current.order)) return status;
  return { ...status, current: { ...current, replacedBy: serial } };
}

export interface Published {
  readonly certificate: CurrentCertificate;
  /** `reissue:` text of the manifest in force. */
  readonly reissueText?: string;
  readonly keptCsr?: Status['keptCsr'];
  readonly owner?: string;
  /** How names were proven for it; empty: not known, and what was known is over. */
  readonly proofs: readonly ProofRecord[];
  /** Nobody here asked for it: what was asked for is still to come. */
  readonly unasked?: true;
  /** The `published` hook is to be told. */
  readonly hook?: true;
  readonly atMs: number;
}

/** A verified certificate becomes the current one; the intent that asked for it is done. */
export function withPublished(status: Status, intent: OpenIntent | undefined, published: Published): Status {
  const { current: old, reissueText: _text, proofs: _proofs, undelivered: _old, ...rest } = status;
  const previous: readonly PreviousCertificate[] = old
    ? [previousOf(old), ...status.previous].slice(0, KEPT_PREVIOUS)
    : status.previous;
  // A clock that was set back, or another machine's, must not turn history round.
  const publishedAt = latest(published.certificate.publishedAt, old?.publishedAt);
  const base: Status = {
    ...rest,
    current: { ...published.certificate, publishedAt },
    previous,
    validation: [],
    ...(published.proofs.length === 0 ? {} : { proofs: published.proofs }),
    ...(published.hook ? { undelivered: { sha256: published.certificate.sha256, since: publishedAt } } : {}),
    failures:
      intent === undefined ? (published.unasked ? status.failures : {}) : withoutLane(status, intent.lane),
    requests: status.requests.filter((request) => isStillAsked(request, status, intent, published)),
    ...(published.reissueText === undefined ? {} : { reissueText: published.reissueText }),
    ...(published.keptCsr === undefined ? {} : { keptCsr: published.keptCsr }),
    ...(published.owner === undefined ? {} : { owner: published.owner }),
  };
  const closed = intent === undefined ? base : closeIntent(base, intent, 'published', published.atMs);
  return withBreaker(closed, published.atMs);
}

/** What was asked for after this was announced is still to come; what is issued cannot be given up any more. */
function isStillAsked(
  request: RequestRecord,
  status: Status,
  intent: OpenIntent | undefined,
  { certificate, unasked }: Published,
): boolean {
  switch (request.action) {
    case 'revoke':
      return true;
    case 'reissue':
      if (request.serial !== undefined) return request.serial === certificate.serial;
      return unasked === true || (intent !== undefined && toMs(request.requestedAt) > toMs(intent.createdAt));
    case 'abandon': {
      const order = status.orders.find(({ ids }) => ids.includes(request.order ?? ''));
      return order !== undefined && !order.ids.includes(certificate.order);
    }
  }
}

/** Instants in their one form compare as texts. */
const latest = (at: Instant, other: Instant | undefined): Instant =>
  other !== undefined && other > at ? other : at;

function withBreaker(status: Status, nowMs: number): Status {
  const why =
    status.breaker === undefined
      ? breakerReason(
          status,
          nowMs,
          status.breakerResetAt === undefined ? undefined : toMs(status.breakerResetAt),
        )
      : undefined;
  return why === undefined ? status : { ...status, breaker: { trippedAt: toInstant(nowMs), why } };
}

function previousOf(current: CurrentCertificate): PreviousCertificate {
  const { revokesAt: _at, ownKey: _own, replacedBy: _by, advice: _advice, ...certificate } = current;
  return certificate;
}

/** An order that exists at the provider becomes ours. */
export function withAdopted(
  status: Status,
  snapshot: OrderSnapshot,
  provider: { readonly id: string; readonly environment: OrderRecord['environment'] },
  counting: TermCounting,
  manifest: { readonly digest: string; readonly reissue?: string },
  atMs: number,
): Status {
  const reference = snapshot.reference ?? '';
  const record: OrderRecord = {
    id: snapshot.id,
    ids: snapshot.ids,
    reference,
    provider: provider.id,
    environment: provider.environment,
    product: snapshot.product,
    names: snapshot.names,
    ...(snapshot.term === undefined ? {} : { term: snapshot.term }),
    placedAt: snapshot.placedAt ?? toInstant(atMs),
    state: snapshot.state,
    charges: [],
    adopted: true,
  };
  const added: Status = {
    ...status,
    orders: [...status.orders, record],
    manifestDigest: manifest.digest,
    ...(manifest.reissue === undefined ? {} : { reissueText: manifest.reissue }),
  };
  return withOrderFacts(added, snapshot, counting);
}
