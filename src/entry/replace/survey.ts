import type { PlanItem } from '../../model/plan.js';
import type { CurrentCertificate, RequestRecord, Status } from '../../model/status.js';
import type { Instant } from '../../model/time.js';
import { hasTermLeft, orderById } from '../../planner/facts.js';
import { isCertificate, type PlanInput } from '../../planner/input.js';
import { openReplacements } from '../../policy/replacement.js';
import { remedyOf } from '../../report/holds.js';
import type { Entry } from '../situation.js';
import { planWithoutPrices } from '../unpriced-plan.js';
import type { ListedSerial } from './serials.js';
import { fitsBeside, serialIndex, type Wanted } from './wanted.js';

/** `free`: the next runs replace it. `money`: they do where approvals and limits allow. `person`: they cannot. */
export type Need = 'free' | 'money' | 'person';

export interface ReplaceRow {
  readonly name: string;
  readonly serial: string;
  readonly notAfter: Instant;
  readonly provider?: string;
  readonly need: Need;
  /** Where somebody has to do something, or it waits: what, in words. */
  readonly why?: string;
  /** The manifest wants the next certificate to have the same key. */
  readonly sameKey: boolean;
  /** A request with a deadline as early is recorded already. */
  readonly asked: boolean;
}

export interface Survey {
  /** What ends first comes first. */
  readonly rows: readonly ReplaceRow[];
  /** Certificates whose listed serial is an earlier one: they were replaced already. */
  readonly replaced: readonly string[];
  /** Listed serials that no certificate here has, as they are written in the list. */
  readonly unknown: readonly string[];
}

interface Chosen {
  readonly entry: Entry;
  readonly current: CurrentCertificate;
}

/** What has to be replaced, what it takes, and what the next plan would make of it. Asks no provider. */
export function surveyOf(
  wanted: Wanted,
  entries: readonly Entry[],
  input: PlanInput,
  request: RequestRecord & { readonly deadline: Instant },
): Survey {
  const { chosen, replaced, unknown } = choose(wanted, entries);
  const lines = linesWith(
    chosen.filter(({ entry }) => mayBeAsked(entry)),
    input,
    request,
  );
  const rows = chosen.map(({ entry, current }): ReplaceRow => {
    const order = orderById(entry.status, current.order);
    return {
      name: entry.name,
      serial: current.serial,
      notAfter: current.notAfter,
      ...(order === undefined ? {} : { provider: order.provider }),
      ...needOf(entry, current, lines.get(entry.name), input),
      sameKey: keepsKey(entry),
      asked: openReplacements(entry.status).some(({ deadline }) => deadline <= request.deadline),
    };
  });
  return {
    rows: rows.toSorted((a, b) => compare(a.notAfter, b.notAfter) || compare(a.name, b.name)),
    replaced,
    unknown,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function choose(wanted: Wanted, entries: readonly Entry[]) {
  const listed = wanted.serials && serialIndex(wanted.serials);
  const seen = new Set<ListedSerial>();
  const chosen: Chosen[] = [];
  const replaced: string[] = [];
  for (const entry of entries) {
    const { current, previous } = entry.status;
    const hits = (serial: string) => {
      const found = listed?.(serial) ?? [];
      for (const one of found) seen.add(one);
      return found.length > 0;
    };
    const before = previous.filter((one) => hits(one.serial));
    if (!current) continue;
    const isListed = hits(current.serial);
    if (!fitsBeside(wanted, entry.name, current)) continue;
    if (listed === undefined || isListed) chosen.push({ entry, current });
    else if (before.length > 0) replaced.push(entry.name);
  }
  const unknown = (wanted.serials ?? []).filter((one) => !seen.has(one)).map(({ text }) => text);
  return { chosen, replaced, unknown };
}

const keepsKey = ({ spec }: Entry): boolean =>
  spec !== undefined &&
  isCertificate(spec) &&
  (spec.key.kind === 'csr' || (spec.key.kind === 'generated' && spec.key.rotate === 'never'));

/** Only what a manifest declares is acted on. */
export const mayBeAsked = ({ manifest, spec, status }: Entry): boolean =>
  manifest === 'declared' && spec !== undefined && isCertificate(spec) && !status.archived;

/** The lines of the plan with all of these requests. */
function linesWith(
  chosen: readonly Chosen[],
  input: PlanInput,
  request: RequestRecord,
): ReadonlyMap<string, PlanItem> {
  const statuses = new Map(input.state.statuses);
  for (const { entry, current } of chosen) {
    const asked = { ...request, serial: current.serial };
    statuses.set(entry.name, { ...entry.status, requests: [asked] });
  }
  const names = new Set(chosen.map(({ entry }) => entry.name));
  const plan = planWithoutPrices({ ...input, state: { ...input.state, statuses } });
  return new Map(
    plan.items
      .filter((item) => names.has(item.name) && isReplacing(item))
      .map((item) => [item.name, item] as const),
  );
}

const isReplacing = ({ lane, action, reason }: PlanItem): boolean =>
  reason !== 'RevokeRequested' &&
  action !== 'publish' &&
  (lane === 'free' || action === 'renew' || action === 'add-names');

function needOf(
  entry: Entry,
  current: CurrentCertificate,
  item: PlanItem | undefined,
  { nowMs }: PlanInput,
): Pick<ReplaceRow, 'need' | 'why'> {
  const { status, spec } = entry;
  if (!mayBeAsked(entry)) return { need: 'person', why: whyNotManaged(entry) };
  const order = orderById(status, current.order);
  if (!order || !hasTermLeft(order, nowMs)) {
    const bought = item?.action === 'renew' && item.hold === undefined;
    const why = `the paid term of order ${current.order} has ended: a renewal is needed`;
    return { need: bought ? 'money' : 'person', why };
  }
  if (spec?.suspend) return { need: 'person', why: 'the manifest says `suspend: true`' };
  if (item === undefined)
    return { need: 'person', why: 'the plan has no line for it; `certwright show` tells more' };
  if (item.hold) {
    const remedy = remedyOf(item);
    return { need: 'person', why: `${item.hold.message}${remedy === undefined ? '' : `; ${remedy}`}` };
  }
  const waits = item.action === 'wait' || item.action === 'collect' ? { why: item.message } : {};
  return { need: item.price.kind === 'free' ? 'free' : 'money', ...waits };
}

const whyNotManaged = ({ manifest, status }: Entry): string => {
  if (status.archived || manifest === 'gone')
    return 'no manifest declares it any more: put it back, or use the portal';
  if (manifest === 'invalid') return 'its manifest has errors: `certwright validate` shows them';
  return 'it is no certificate that certwright manages';
};

/** The same status where it was replaced meanwhile, or a request with a deadline as early is there. */
export function withReplacement(
  status: Status,
  request: RequestRecord & { readonly deadline: Instant },
): Status {
  const { current } = status;
  if (!current || status.archived || request.serial !== current.serial) return status;
  if (openReplacements(status).some(({ deadline }) => deadline <= request.deadline)) return status;
  return { ...status, requests: [...status.requests, request] };
}
