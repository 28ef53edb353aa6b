import { isOpen } from '../model/intent.js';
import type { CertificateSpec, SitelockSpec, Spec } from '../model/manifest.js';
import { isZero } from '../model/money.js';
import { type DnsName, nameSet, sameNames } from '../model/names.js';
import type { OrderRecord, Status } from '../model/status.js';
import { dayOf, toMs } from '../model/time.js';
import { nextTryMs } from '../policy/failures.js';
import { autoRenewOff } from './auto-renew.js';
import type { Draft } from './draft.js';
import { driveIntent } from './drive.js';
import { certificateEndMs, hasTermLeft, headOrder, isGone, isLiveOnly, productAt } from './facts.js';
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
 *
 * Then, for what is left, by common name alone: a rename together with other names. Had a run come between the two edits,
 * the order would have moved and been reissued, and whether one came must not decide what is paid. Only where there is one
 * of each to choose from.
 */
export function findMoves(input: PlanInput): Moves {
  const declared = new Set(input.desired.specs.map((spec) => spec.name));
  const invalid = new Set(input.desired.invalidNames);
  const gone = [...input.state.statuses.values()]
    .filter((status) => !declared.has(status.name))
    .filter((status) => heldOrder(input, status) !== undefined || status.intents.some(isOpen))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const waiting = input.desired.specs.filter((spec) => {
    if (invalid.has(spec.name)) return false;
    const own = input.state.statuses.get(spec.name);
    // What it bought, or may be buying, is its own and must not be written over.
    return !own || (own.orders.length === 0 && !own.intents.some(isOpen));
  });
  const moves = new Map<string, string>();
  const doubtful = new Map<string, string>();
  const unsettled = new Map<string, string>();
  for (const [spec, source] of [
    ...certificatePairs(input, gone, waiting),
    ...sitePairs(input, gone, waiting),
  ]) {
    const unsure = input.desired.hasUnreadable || invalid.has(source.name);
    const announced = source.intents.some((intent) => intent.phase === 'intended');
    (unsure ? doubtful : announced ? unsettled : moves).set(spec.name, source.name);
  }
  return { moves, doubtful, unsettled };
}

type Pairs = ReadonlyMap<CertificateSpec, Status>;

function certificatePairs(input: PlanInput, gone: readonly Status[], specs: readonly Spec[]): Pairs {
  const holders = gone.filter(({ kind }) => kind === 'certificate');
  const waiting = specs.filter(isCertificate);
  const same = bySameNames(input, holders, waiting);
  const taken = new Set(same.values());
  const changed = byCommonName(
    input,
    holders.filter((status) => !taken.has(status) && isLiving(input, status)),
    waiting.filter((spec) => !same.has(spec)),
  );
  return new Map([...same, ...changed]);
}

/** A site has one manifest, whatever else that says. */
function sitePairs(
  input: PlanInput,
  gone: readonly Status[],
  specs: readonly Spec[],
): ReadonlyMap<SitelockSpec, Status> {
  const pairs = new Map<SitelockSpec, Status>();
  const taken = new Set<Status>();
  for (const spec of specs) {
    if (isCertificate(spec)) continue;
    const source = gone.find((status) => !taken.has(status) && protects(input, status, spec));
    if (!source) continue;
    taken.add(source);
    pairs.set(spec, source);
  }
  return pairs;
}

function bySameNames(input: PlanInput, holders: readonly Status[], specs: readonly CertificateSpec[]): Pairs {
  const byNames = groupBy(holders, (status) => heldNames(input, status).map(namesKey));
  const pairs = new Map<CertificateSpec, Status>();
  const taken = new Set<Status>();
  for (const spec of specs) {
    const candidates = (byNames.get(namesKey(spec.names)) ?? []).filter((status) =>
      serves(input, status, spec),
    );
    const free = candidates.filter((status) => !taken.has(status));
    const source = free.find((status) => isLiving(input, status)) ?? free[0];
    if (!source) continue;
    taken.add(source);
    pairs.set(spec, source);
  }
  return pairs;
}

function byCommonName(
  input: PlanInput,
  holders: readonly Status[],
  specs: readonly CertificateSpec[],
): Pairs {
  const byName = groupBy(holders, (status) => heldNames(input, status).flat());
  const candidates = specs.map((spec) => ({
    spec,
    sources: (byName.get(spec.commonName) ?? []).filter(
      (status) => serves(input, status, spec) && !isPassedOver(status, spec),
    ),
  }));
  const wanted = groupBy(candidates, ({ sources }) => sources);
  return new Map(
    candidates.flatMap(({ spec, sources }) => {
      const [source, another] = sources;
      const alone = source && another === undefined && wanted.get(source)?.length === 1;
      return alone ? [[spec, source] as const] : [];
    }),
  );
}

/** Each thing under every key it has. */
function groupBy<K, T>(
  things: readonly T[],
  keysOf: (thing: T) => readonly K[],
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const thing of things) {
    for (const key of new Set(keysOf(thing))) {
      const group = groups.get(key);
      if (group) group.push(thing);
      else groups.set(key, [thing]);
    }
  }
  return groups;
}

/** A person wants another order taken over, or one bought although this one exists. */
const isPassedOver = ({ orders }: Status, { adopt }: CertificateSpec): boolean =>
  adopt?.kind === 'order' ||
  (adopt?.kind === 'ignore' && orders.some(({ ids }) => adopt.orders.some((id) => ids.includes(id))));

const namesKey = (names: Iterable<string>): string => nameSet(names).join(' ');

/** The newest order that is good for something: a renewal may have come to nothing while the one before it goes on. */
const livingOrder = (input: PlanInput, { orders }: Status): OrderRecord | undefined =>
  orders.findLast((order) => hasTermLeft(order, input.nowMs));

/**
 * Where nothing lives: the newest order, if it came to nothing or was given up before its term was over. Buying after it
 * needs a person who names it, whatever the certificate is called by now.
 */
function deadOrder(input: PlanInput, { orders }: Status): OrderRecord | undefined {
  const last = orders.findLast(({ addOn }) => !addOn);
  if (!last || !isGone(last) || last.charges.every(({ quoted }) => !quoted || isZero(quoted)))
    return undefined;
  return last.paidTill === undefined || toMs(last.paidTill) > input.nowMs ? last : undefined;
}

const isLiving = (input: PlanInput, status: Status): boolean =>
  livingOrder(input, status) !== undefined || status.intents.some(isOpen);

const heldOrder = (input: PlanInput, status: Status): OrderRecord | undefined =>
  livingOrder(input, status) ?? (status.intents.some(isOpen) ? undefined : deadOrder(input, status));

/** A reissue changes the names an order was placed for: those of the certificate and of what is under way count too. */
const heldNames = (input: PlanInput, status: Status): readonly (readonly DnsName[])[] =>
  [
    heldOrder(input, status)?.names,
    status.current?.names,
    ...status.intents.filter(isOpen).map((intent) => intent.request.names),
  ].filter((names) => names !== undefined);

function needOf(input: PlanInput, status: Status): Pick<OrderRecord, 'product' | 'environment'> | undefined {
  const intent = status.intents.find(isOpen);
  return heldOrder(input, status) ?? (intent && { ...intent.request, environment: intent.environment });
}

/** The licences of a site stay with it, whatever the plan that is wanted. */
function protects(input: PlanInput, status: Status, spec: SitelockSpec): boolean {
  const need = needOf(input, status);
  if (status.kind !== 'sitelock' || !need) return false;
  if (need.environment !== 'live' && isLiveOnly(spec, input)) return false;
  return heldNames(input, status).some((names) => names.includes(spec.domain));
}

function serves(input: PlanInput, status: Status, spec: CertificateSpec): boolean {
  const products = spec.providers.flatMap((id) => {
    const provider = input.providers.get(id);
    return provider ? [productAt(spec, provider)] : [];
  });
  const need = needOf(input, status);
  if (!need || (need.environment !== 'live' && isLiveOnly(spec, input))) return false;
  return products.some((product) => product === undefined || product === need.product);
}

export function moveDraft(
  input: PlanInput,
  { name, names }: Pick<CertificateSpec, 'name' | 'names'>,
  source: Status,
): Draft {
  const from = source.name;
  const same = heldNames(input, source).some((held) => sameNames(held, names));
  return {
    lane: 'purchase',
    action: 'move',
    reason: 'NeedMoved',
    message: same
      ? `${from} holds the order for these names; it becomes ${name}`
      : `${from} holds an order that no manifest declares any more; it becomes ${name}, and the names now declared follow`,
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
