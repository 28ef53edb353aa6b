import { isOpen } from '../model/intent.js';
import type { CertificateSpec, SitelockSpec } from '../model/manifest.js';
import { nameSet } from '../model/names.js';
import type { OrderRecord, Status } from '../model/status.js';
import { dayOf } from '../model/time.js';
import { nextTryMs } from '../policy/failures.js';
import { autoRenewOff } from './auto-renew.js';
import type { Draft } from './draft.js';
import { driveIntent } from './drive.js';
import { certificateEndMs, hasTermLeft, headOrder, isLiveOnly, productAt } from './facts.js';
import { isCertificate, type PlanInput } from './input.js';
import { failureDraft } from './waiting.js';

/** New manifest → the certificate of ours that already serves its need under another name. */
export interface Moves {
  readonly moves: ReadonlyMap<string, string>;
  /** The same, where a manifest with errors may still declare the other one: neither moved nor bought again. */
  readonly doubtful: ReadonlyMap<string, string>;
  /** The same, where something was announced and its outcome is not recorded: that comes first. */
  readonly unsettled: ReadonlyMap<string, string>;
}

/**
 * Pairs manifests without orders with archived or vanished certificates that hold a living order for the same names
 * and product: a rename, or a manifest that comes back elsewhere. One to one, in name order.
 */
export function findMoves(input: PlanInput): Moves {
  const declared = new Set(input.desired.specs.map((spec) => spec.name));
  const invalid = new Set(input.desired.invalidNames);
  const gone = [...input.state.statuses.values()]
    .filter((status) => !declared.has(status.name))
    .filter((status) => {
      const head = headOrder(status);
      return (head !== undefined && hasTermLeft(head, input.nowMs)) || status.intents.some(isOpen);
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const holders = gone.filter(({ kind }) => kind === 'certificate');
  const byNames = new Map<string, Status[]>();
  for (const status of holders) {
    for (const key of namesKeys(status)) byNames.set(key, [...(byNames.get(key) ?? []), status]);
  }
  const moves = new Map<string, string>();
  const doubtful = new Map<string, string>();
  const unsettled = new Map<string, string>();
  const taken = new Set<string>();
  for (const spec of input.desired.specs) {
    if (invalid.has(spec.name)) continue;
    const own = input.state.statuses.get(spec.name);
    // What it bought, or may be buying, is its own and must not be written over.
    if (own && (own.orders.length > 0 || own.intents.some(isOpen))) continue;
    const source = isCertificate(spec)
      ? byNames
          .get(namesKey(spec.names))
          ?.find((status) => !taken.has(status.name) && serves(input, status, spec))
      : gone.find((status) => !taken.has(status.name) && protects(input, status, spec));
    if (!source) continue;
    taken.add(source.name);
    const unsure = input.desired.hasUnreadable || invalid.has(source.name);
    const announced = source.intents.some((intent) => intent.phase === 'intended');
    (unsure ? doubtful : announced ? unsettled : moves).set(spec.name, source.name);
  }
  return { moves, doubtful, unsettled };
}

const namesKey = (names: Iterable<string>): string => nameSet(names).join(' ');

/** A reissue changes the names an order was placed for: those of the certificate and of what is under way count too. */
const namesKeys = (status: Status): ReadonlySet<string> =>
  new Set(
    [
      headOrder(status)?.names,
      status.current?.names,
      ...status.intents.filter(isOpen).map((intent) => intent.request.names),
    ].flatMap((names) => (names === undefined ? [] : [namesKey(names)])),
  );

const needOf = (status: Status): Pick<OrderRecord, 'product' | 'environment'> | undefined => {
  const intent = status.intents.find(isOpen);
  return headOrder(status) ?? (intent && { ...intent.request, environment: intent.environment });
};

/** The licences of a site stay with it, whatever the plan that is wanted. */
function protects(input: PlanInput, status: Status, spec: SitelockSpec): boolean {
  const need = needOf(status);
  if (status.kind !== 'sitelock' || !need) return false;
  if (need.environment !== 'live' && isLiveOnly(spec, input)) return false;
  const names = headOrder(status)?.names ?? status.intents.find(isOpen)?.request.names ?? [];
  return names.includes(spec.domain);
}

function serves(input: PlanInput, status: Status, spec: CertificateSpec): boolean {
  const products = spec.providers.flatMap((id) => {
    const provider = input.providers.get(id);
    return provider ? [productAt(spec, provider)] : [];
  });
  const need = needOf(status);
  if (!need || (need.environment !== 'live' && isLiveOnly(spec, input))) return false;
  return products.some((product) => product === undefined || product === need.product);
}

export function moveDraft(name: string, from: string): Draft {
  return {
    lane: 'purchase',
    action: 'move',
    reason: 'NeedMoved',
    message: `${from} holds the order for these names; it becomes ${name}`,
    predecessor: from,
    byEdit: false,
  };
}

/** Whoever announced it may be sending this very moment, and records under the old name. */
export const unsettledDraft = (name: string, from: string): Draft => ({
  lane: 'purchase',
  action: 'wait',
  reason: 'NeedMoved',
  message: `${from} has something under way for these names; once its outcome is recorded, it becomes ${name}`,
  predecessor: from,
  byEdit: false,
});

/** A certificate that is declared again: with its alarms, it comes out of the archive. */
export const restoreDraft = (name: string): Draft => ({
  lane: 'free',
  action: 'move',
  reason: 'NeedMoved',
  message: 'a manifest declares it again; it comes out of the archive',
  predecessor: name,
  byEdit: false,
});

/** Buying would be buying twice, moving might take it from its manifest. */
export const doubtfulDraft = (from: string): Draft => ({
  lane: 'purchase',
  action: 'hold',
  reason: 'NeedMoved',
  message: `${from} holds the order for these names`,
  predecessor: from,
  hold: {
    code: 'manifest-invalid',
    message: `a manifest that cannot be read may still declare ${from}; mend what \`certwright validate\` shows`,
  },
  byEdit: false,
});

/**
 * A certificate nobody declares any more: what is paid is finished, its provider told not to renew it, then it is
 * archived. Never a revocation.
 * @param mayArchive  false while a manifest cannot be read: it might be the one that declares this
 */
export function goneDrafts(input: PlanInput, status: Status, mayArchive: boolean): readonly Draft[] {
  const open = status.intents.filter(isOpen).map((intent) => driveIntent({ status, input }, intent));
  if (status.archived || !mayArchive || status.intents.some(isOpen)) return open;
  const { current } = status;
  const order = headOrder(status);
  const off = order?.autoRenew ? autoRenewOff(input, order) : undefined;
  // One after the other: what is archived is not managed any more.
  if (off && off.hold === undefined) return [retried(input, status, off)];
  return [
    ...(off ? [off] : []),
    {
      lane: 'free',
      action: 'archive',
      reason: 'ManifestGone',
      message: current
        ? `no manifest declares it; files stay, shown until it ends ${dayOf(certificateEndMs(current) - 1)}`
        : 'no manifest declares it',
      byEdit: current !== undefined,
    },
  ];
}

function retried(input: PlanInput, status: Status, draft: Draft): Draft {
  const failure = status.failures.free;
  return failure && input.nowMs < nextTryMs(failure) ? failureDraft('free', failure) : draft;
}
