import { isOpen } from '../model/intent.js';
import type { CertificateSpec, SitelockSpec } from '../model/manifest.js';
import { formatMoney, isZero, type Money, sumByCurrency } from '../model/money.js';
import type { Plan, PlanItem } from '../model/plan.js';
import { actsFor, shardText } from '../model/shard.js';
import { emptyStatus, type Status } from '../model/status.js';
import { unsafeApproved } from '../policy/approvals.js';
import { openLedger } from '../policy/spending.js';
import { abandonDraft, givesUp, settleAbandonment } from './abandon.js';
import { type Books, openBooks } from './books.js';
import { questionsOf } from './choose.js';
import { planDigest } from './digest.js';
import { type Draft, firstDecision } from './draft.js';
import { driveIntent } from './drive.js';
import { openCancellation, openIntent } from './facts.js';
import { autoRenewDiffers, freeChecks, meanwhile } from './free.js';
import {
  doubtfulDraft,
  findMoves,
  goneDrafts,
  type Moves,
  moveDraft,
  restoreDraft,
  unsettledDraft,
} from './gone.js';
import { isDisruptive, unsafePlan } from './guard.js';
import {
  isCertificate,
  isSitelock,
  NO_FACTS,
  type PlanInput,
  type PriceQuestion,
  type Subject,
} from './input.js';
import { licenceDrafts } from './licence-drafts.js';
import { type DraftedSite, licenceQuestions, settleSites } from './licence-settle.js';
import { purchaseChecks } from './purchase.js';
import { revocation } from './revocation.js';
import { addsNamesForMoney, settle, settleGone } from './settle.js';
import { validationDrafts } from './validation.js';
import { warningsOf } from './warnings.js';

/** Drafts of one certificate, before money is looked at. */
interface Drafted {
  readonly subject: Subject;
  readonly drafts: readonly Draft[];
}

/**
 * What is to be done, from what is wanted, what is observed, and the time: pure, and the same for everybody who asks
 * with the same input. A price the input does not hold yet is unknown, and holds; `priceQuestions` lists what to ask.
 */
export function makePlan(input: PlanInput): Plan {
  const all = draftAll(input);
  const { certificates, sites, abandoned, gone } = ownDrafts(input, all);
  const books = booksOf(input);
  const bought = [...settleAll(linesOf(certificates), books), ...settleSites(sites, books)];
  const items = [...bought, ...abandoned, ...gone].sort(byName);
  const existing = [...input.state.statuses.values()].filter((status) => status.current && !status.archived);
  const unsafe = unsafePlan(
    [...items, ...editsElsewhere(input, all)],
    existing.length,
    input.desired.specs.length,
    (wanted) => unsafeApproved(wanted, input.desired.approvals, input.nowMs),
  );
  const busy = new Set(items.map((item) => item.name));
  const names = new Set([
    ...input.desired.specs.map((spec) => spec.name),
    ...[...input.state.statuses.values()]
      .filter((s) => !s.archived && !all.movedAway.has(s.name))
      .map((s) => s.name),
  ]);
  const own = [...names].filter((name) => actsFor(input.shard, name));
  return {
    version: 1,
    manifestCommit: input.desired.commit,
    stateCommit: input.state.commit,
    items,
    warnings: warningsOf(
      input,
      certificates.map(({ subject }) => subject),
      sites.map(({ subject }) => subject),
      items,
    ).filter(({ name }) => name === undefined || actsFor(input.shard, name)),
    ...(unsafe === undefined ? {} : { unsafe }),
    totals: totalsOf(items),
    counts: { certificates: own.length, unchanged: own.filter((name) => !busy.has(name)).length },
    ...(input.shard === undefined ? {} : { shard: shardText(input.shard) }),
    digest: planDigest(items),
  };
}

/** Spending is counted over every certificate, whoever acts for it. */
const booksOf = (input: PlanInput): Books =>
  openBooks(
    () =>
      openLedger(
        input.desired.policy,
        input.state.statuses.values(),
        input.nowMs,
        (id) => input.providers.get(id)?.config.tax,
      ),
    stoppedProducts(input),
  );

const linesOf = (certificates: readonly Drafted[]): readonly Line[] =>
  certificates.flatMap(({ subject, drafts }) => drafts.map((draft) => ({ subject, draft }))).sort(byDue);

type OwnDrafts = Pick<AllDrafts, 'certificates' | 'sites' | 'abandoned' | 'gone'>;

function ownDrafts({ shard }: PlanInput, all: AllDrafts, own = true): OwnDrafts {
  if (shard === undefined) return all;
  const isOwn = (name: string) => actsFor(shard, name) === own;
  return {
    certificates: all.certificates.filter(({ subject }) => isOwn(subject.name)),
    sites: all.sites.filter(({ subject }) => isOwn(subject.name)),
    abandoned: all.abandoned.filter(({ name }) => isOwn(name)),
    gone: all.gone.filter(({ name }) => isOwn(name)),
  };
}

/**
 * Lines of other shards that the rule for unsafe plans counts. Nobody asked their prices here: what only a price holds back
 * counts as if it were carried out.
 */
function editsElsewhere(input: PlanInput, all: AllDrafts): readonly PlanItem[] {
  if (input.shard === undefined) return [];
  const { certificates, gone } = ownDrafts(input, all, false);
  const edited = certificates.filter(({ drafts }) =>
    drafts.some((draft) => draft.hold === undefined && isDisruptive(draft)),
  );
  const settled = edited.length === 0 ? [] : settleAll(linesOf(edited), booksOf(input));
  return [...gone, ...settled.map(withoutPriceHold)];
}

function withoutPriceHold(item: PlanItem): PlanItem {
  const { hold, ...rest } = item;
  return hold?.code === 'price-unknown' ? rest : item;
}

/** The prices a plan still needs: asked, put into the facts, and planned again. */
export function priceQuestions(input: PlanInput): readonly PriceQuestion[] {
  const { certificates, sites } = ownDrafts(input, draftAll(input));
  return [
    ...certificates.flatMap(({ subject, drafts }) =>
      drafts
        .flatMap((draft) => [draft, meanwhile(subject, draft)])
        .flatMap((draft) => (draft === undefined ? [] : questionsOf(subject, draft))),
    ),
    ...sites.flatMap(licenceQuestions),
  ];
}

interface AllDrafts {
  readonly certificates: readonly Drafted[];
  readonly sites: readonly DraftedSite[];
  /** Licences that a person gives up. */
  readonly abandoned: readonly PlanItem[];
  readonly gone: readonly PlanItem[];
  /** Certificates that go on under another name. */
  readonly movedAway: ReadonlySet<string>;
}

/** Prices are asked for and the plan is made from one input, which never changes: most runs have no question at all. */
const drafted = new WeakMap<PlanInput, AllDrafts>();

function draftAll(input: PlanInput): AllDrafts {
  const known = drafted.get(input);
  if (known !== undefined) return known;
  const all = draftEverything(input);
  drafted.set(input, all);
  return all;
}

function draftEverything(input: PlanInput): AllDrafts {
  const moves = findMoves(input);
  const movedAway = new Set(moves.moves.values());
  const invalidNames = new Set(input.desired.invalidNames);
  const specs = input.desired.specs.filter(isCertificate);
  const certificates = specs
    .filter((spec) => !invalidNames.has(spec.name))
    .map((spec) => draftOne(input, spec, moves));
  const declaredSites = input.desired.specs
    .filter(isSitelock)
    .filter((spec) => !invalidNames.has(spec.name))
    .map((spec) => draftSite(input, spec, moves));
  const declared = new Set([...input.desired.specs.map((spec) => spec.name), ...invalidNames]);
  // What an older or foreign history leaves out is not given up.
  const mayArchive = !input.desired.hasUnreadable && input.state.manifestsDescend;
  const gone = [...input.state.statuses.values()]
    .filter((status) => !declared.has(status.name) && !movedAway.has(status.name))
    .flatMap((status) =>
      withoutGivenUp([
        ...goneDrafts(input, status, mayArchive).map((draft) => settleGone(input, status.name, draft)),
        ...[abandonDraft(input, status)]
          .filter((draft) => draft !== undefined)
          .map((draft) => settleAbandonment(input, status, undefined, draft)),
      ]),
    );
  const invalid = [...invalidNames].flatMap((name) => {
    const status = input.state.statuses.get(name);
    return status ? openOnly(input, status) : [];
  });
  return {
    certificates,
    sites: declaredSites.map(({ site }) => site),
    abandoned: declaredSites.flatMap((one) => one.abandoned ?? []),
    gone: [...gone, ...invalid],
    movedAway,
  };
}

/** A manifest with errors: what is open is driven on, nothing else happens. */
const openOnly = (input: PlanInput, status: Status): readonly PlanItem[] =>
  goneDrafts(input, status, false).map((draft) => settleGone(input, status.name, draft));

/** A site whose licence is given up gets nothing new. */
function draftSite(input: PlanInput, spec: SitelockSpec, moves: Moves) {
  const status = input.state.statuses.get(spec.name) ?? emptyStatus(spec.name, 'sitelock');
  const subject = { name: spec.name, spec, status, facts: input.facts.get(spec.name) ?? NO_FACTS, input };
  const moving = movingDraft(input, { name: spec.name, names: [spec.domain] }, moves);
  if (moving) return { site: { subject, drafts: [moving] } };
  const leaving = abandonDraft(input, status);
  if (leaving === undefined) return { site: { subject, drafts: licenceDrafts(subject) } };
  const drafts = status.intents.filter(isOpen).map((intent) => driveIntent(subject, intent));
  return { site: { subject, drafts }, abandoned: settleAbandonment(input, status, spec, leaving) };
}

/** What this manifest declares stands under another name. */
function movingDraft(
  input: PlanInput,
  need: Pick<CertificateSpec, 'name' | 'names'>,
  { moves, doubtful, unsettled }: Moves,
): Draft | undefined {
  const { name } = need;
  const movedFrom = input.state.statuses.get(moves.get(name) ?? '');
  if (movedFrom !== undefined) return moveDraft(input, need, movedFrom);
  const sameNeed = doubtful.get(name);
  if (sameNeed !== undefined) return doubtfulDraft(sameNeed);
  const first = unsettled.get(name);
  return first === undefined ? undefined : unsettledDraft(name, first);
}

function draftOne(input: PlanInput, spec: CertificateSpec, moves: Moves): Drafted {
  const subject: Subject = {
    name: spec.name,
    spec,
    status: input.state.statuses.get(spec.name) ?? emptyStatus(spec.name),
    facts: input.facts.get(spec.name) ?? NO_FACTS,
    input,
  };
  const moving = movingDraft(input, spec, moves);
  if (moving) return { subject, drafts: [moving] };
  if (subject.status.kind === 'sitelock' && subject.status.orders.length > 0) {
    return { subject, drafts: [otherKindDraft(spec)] };
  }
  const purchase = firstDecision(purchaseChecks, subject);
  const free = firstDecision(freeChecks, subject);
  // Nothing comes of a line that waits for a person, so it must not hide what the provider would charge.
  const idle = free?.hold && free.intent === undefined && free.reason !== 'AutoRenewDiffers';
  const autoRenew = idle ? autoRenewDiffers(subject) : undefined;
  const drafts = [purchase, free, autoRenew, subject.status.archived && restoreDraft(spec.name)];
  return {
    subject,
    drafts: [...drafts, ...validationDrafts(subject), ...revocation(subject), ...abandonment(subject)].filter(
      (draft) => draft !== undefined,
    ),
  };
}

/** Its licences would be mixed with orders for certificates. */
const otherKindDraft = ({ name }: CertificateSpec): Draft => ({
  lane: 'purchase',
  action: 'hold',
  reason: 'NoOrder',
  message: 'declared, and no order exists',
  hold: {
    code: 'unsupported',
    message: `${name} is the name of a site with licences of its own; give this manifest another name:`,
  },
  byEdit: true,
});

/** Purchases first, each lane in due order: money that does not reach for all goes to what is due first. */
function settleAll(lines: readonly Line[], books: Books): readonly PlanItem[] {
  const purchases = lines.filter(({ draft }) => draft.lane === 'purchase');
  const settled = purchases.map(({ subject, draft }) => settle(subject, draft, books));
  const byCertificate = new Map(settled.map((item) => [item.name, item]));
  const others = lines.flatMap(({ subject, draft }) => {
    if (draft.lane === 'purchase') return [];
    const purchase = byCertificate.get(subject.name);
    if (draft.reason === 'AbandonRequested') {
      return [settleAbandonment(subject.input, subject.status, subject.spec, draft)];
    }
    const waits = purchase && waitsFor(purchase, subject, draft);
    const item = waits ? undefined : settle(subject, draft, books);
    if (item && item.hold === undefined) return [item];
    const instead = meanwhile(subject, draft);
    const other = instead && settle(subject, instead, books);
    return [other?.hold === undefined ? (other ?? item) : item].filter((one) => one !== undefined);
  });
  return withoutGivenUp([...settled, ...others]);
}

/** What is given up is not driven on in the same run. */
function withoutGivenUp(items: readonly PlanItem[]): readonly PlanItem[] {
  const leaving = new Set(
    items.filter((item) => givesUp(item) && item.hold === undefined).map(({ name }) => name),
  );
  return items.filter(({ name, lane, action }) => {
    const driven = lane === 'purchase' && action === 'collect';
    return !(driven && leaving.has(name));
  });
}

/**
 * A purchase that is sent or driven brings a certificate with everything an edit wants, so a reissue for it waits; the
 * clock's reissues do not. Names that are sold are a purchase themselves, and there is one at a time.
 */
function waitsFor(purchase: PlanItem, s: Subject, free: Draft): boolean {
  if (addsNamesForMoney(s, free)) return true;
  if (purchase.hold !== undefined || free.action !== 'reissue' || !free.byEdit) return false;
  if (purchase.action === 'order' || purchase.action === 'renew') return true;
  const intent = openIntent(s.status, 'purchase');
  return intent !== undefined && intent.manifestDigest === s.spec.digest;
}

/** Orders are given up by people, and the open call for it is driven on like any other. */
function abandonment(s: Subject): readonly (Draft | undefined)[] {
  const open = openCancellation(s.status);
  return [open && driveIntent(s, open), abandonDraft(s.input, s.status)];
}

function stoppedProducts(input: PlanInput): ReadonlyMap<string, string> {
  const stopped = new Map<string, string>();
  for (const status of input.state.statuses.values()) {
    const stop = status.priceStop;
    const order = stop && status.orders.find((o) => o.ids.includes(stop.order));
    if (!stop || !order) continue;
    const agreed = stop.quoted === null ? 'nothing' : formatMoney(stop.quoted);
    stopped.set(
      `${order.provider}|${stop.product}`,
      `order ${stop.order} of ${status.name} was charged ${formatMoney(stop.charged)} instead of ${agreed}; run \`certwright resolve ${status.name} --accept-price\` if that is right`,
    );
  }
  return stopped;
}

const totalsOf = (items: readonly PlanItem[]): readonly Money[] =>
  sumByCurrency(
    items.flatMap(({ price, hold }) =>
      price.kind === 'known' && hold === undefined && !isZero(price.amount) ? [price.amount] : [],
    ),
  );

type Line = { readonly subject: Subject; readonly draft: Draft };

/** What has no date is due now, after everything that fell due before. */
const byDue = (a: Line, b: Line): number =>
  dueMs(a) - dueMs(b) || compareText(a.subject.name, b.subject.name);

const dueMs = ({ subject, draft }: Line): number => draft.dueAtMs ?? subject.input.nowMs;

const byName = (a: PlanItem, b: PlanItem): number =>
  compareText(a.name, b.name) || compareText(a.lane, b.lane);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
