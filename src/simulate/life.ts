import type { ApprovalFile } from '../model/approval.js';
import { type Calendar, INDUSTRY_CALENDAR } from '../model/calendar.js';
import { isOpen } from '../model/intent.js';
import type { CertificateSpec } from '../model/manifest.js';
import type { HoldCode, PlanItem, PlanPrice } from '../model/plan.js';
import { emptyStatus, type Status } from '../model/status.js';
import { DAY_MS, dayOf, SECOND_MS, toInstant, toMs } from '../model/time.js';
import { certificateEndMs, headOrder, servingOrder } from '../planner/facts.js';
import {
  type CertificateFacts,
  isCertificate,
  isSitelock,
  NO_FACTS,
  type PlanInput,
  type PriceQuestion,
  priceKey,
  type Subject,
} from '../planner/input.js';
import { makePlan, priceQuestions } from '../planner/plan.js';
import { reissueOf, renewalOf } from '../planner/timing.js';
import { namesDigest } from '../policy/approvals.js';
import { nextTryMs } from '../policy/failures.js';
import { costOf } from '../policy/spending.js';
import { closeIntent } from '../reconcile/intents.js';
import { withAbandoned } from '../reconcile/order-ends.js';
import { isSuperseded, SUPERSEDED } from '../reconcile/superseded.js';
import { type Issuing, leadDaysOf, placedIntents, published, sent, settledAsSent } from './carry-out.js';
import { type Chronicle, openChronicle } from './chronicle.js';
import type { Simulation } from './result.js';

export interface SimulationOptions {
  readonly untilMs: number;
  /** `granted`: whatever asks for an approval gets it the same day. */
  readonly approvals: 'granted' | 'withheld';
  /** What a purchase costs; the same price is taken for the same question for ever. */
  price(question: PriceQuestion): PlanPrice;
}

/** Passes of one day: a line may follow from another, as in a run. */
const PASSES = 4;

/** Holds that another day may take away. */
const TRY_TOMORROW: ReadonlySet<HoldCode> = new Set(['limit-day', 'account-busy']);

interface World {
  readonly start: PlanInput;
  readonly options: SimulationOptions;
  readonly calendar: Calendar;
  readonly specs: ReadonlyMap<string, CertificateSpec>;
  readonly statuses: Map<string, Status>;
  readonly facts: Map<string, CertificateFacts>;
  readonly chronicle: Chronicle;
  /** Names to be looked at, by day of the simulation. */
  readonly agenda: Map<number, Set<string>>;
  /** Names with a charge in the running UTC month: money limits count them. */
  spenders: { readonly month: string; readonly names: Set<string> };
  serial: number;
}

/**
 * Plays what is declared forward, one run a day, with the planner that runs use and the functions by which runs change
 * facts. Providers answer at once, take what they are asked and charge what they quote; vetting takes its days. Pure: the
 * same input gives the same life.
 *
 * Only certificates on which something can happen are planned on a day, so the cost grows with what happens.
 */
export function simulate(start: PlanInput, options: SimulationOptions): Simulation {
  const specs = new Map(start.desired.specs.filter(isCertificate).map((spec) => [spec.name, spec]));
  const calendar = start.calendar ?? INDUSTRY_CALENDAR;
  const world: World = {
    start,
    options,
    calendar,
    specs,
    statuses: new Map(start.state.statuses),
    facts: new Map(start.facts),
    chronicle: openChronicle(calendar),
    agenda: new Map([[0, new Set([...specs.keys(), ...certificatesOf(start)])]]),
    spenders: { month: '', names: new Set() },
    serial: 0,
  };
  noteSpenders(world);
  const lastDay = Math.floor((options.untilMs - start.nowMs) / DAY_MS);
  for (let day = 0; day <= lastDay; day++) {
    const names = world.agenda.get(day);
    world.agenda.delete(day);
    if (names !== undefined) liveDay(world, names, start.nowMs + day * DAY_MS);
  }
  return world.chronicle.close(start.nowMs, options.untilMs, specs, world.statuses);
}

/** Website protection is not played: it has no certificates, and one date for each term. */
const certificatesOf = ({ state, desired }: PlanInput): readonly string[] => {
  const sites = new Set(desired.specs.filter(isSitelock).map(({ name }) => name));
  return [...state.statuses.values()]
    .filter(({ name, kind }) => kind === 'certificate' && !sites.has(name))
    .map(({ name }) => name);
};

function liveDay(world: World, names: Set<string>, nowMs: number): void {
  const approvals: ApprovalFile[] = [...world.start.desired.approvals];
  let holds: readonly PlanItem[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    for (const name of names) comeOut(world, name, nowMs);
    const plan = planOf(world, names, approvals, nowMs);
    if (nowMs === world.start.nowMs && pass === 0) world.chronicle.unsafe(plan.unsafe?.message);
    const items = plan.items.filter((item) => names.has(item.name));
    holds = items.filter((item) => item.hold !== undefined);
    const granted =
      world.options.approvals === 'granted' ? holds.flatMap((item) => approvalOf(item, world, nowMs)) : [];
    approvals.push(...granted);
    let acted = granted.length > 0;
    for (const item of items) {
      if (item.hold === undefined && carryOut(world, names, item, nowMs)) acted = true;
    }
    if (!acted) break;
  }
  for (const item of holds) {
    if (item.hold) world.chronicle.held(item.name, item.action, item.hold, nowMs);
  }
  for (const name of names) lookAgain(world, name, holds, nowMs);
}

/** The plan of these certificates; of the others only those that money limits count. */
function planOf(world: World, names: ReadonlySet<string>, approvals: readonly ApprovalFile[], nowMs: number) {
  const { start, statuses, specs, facts } = world;
  const others = spendersAt(world, nowMs).filter((name) => !names.has(name));
  const shown = new Map<string, Status>();
  for (const name of [...names, ...others]) {
    const status = statuses.get(name);
    if (status !== undefined) shown.set(name, status);
  }
  const input: PlanInput = {
    ...start,
    desired: {
      ...start.desired,
      specs: [...names].flatMap((name) => specs.get(name) ?? []),
      approvals,
      // Nothing of theirs is decided today.
      invalidNames: [...start.desired.invalidNames, ...others],
    },
    state: { ...start.state, statuses: shown },
    facts: new Map([...names].map((name) => [name, facts.get(name) ?? NO_FACTS])),
    nowMs,
  };
  const priced = withPrices(world, input);
  return makePlan(priced);
}

function withPrices({ options, facts }: World, input: PlanInput): PlanInput {
  const questions = priceQuestions(input);
  if (questions.length === 0) return input;
  for (const question of questions) {
    const known = facts.get(question.name) ?? NO_FACTS;
    const prices = { ...known.prices, [priceKey(question)]: options.price(question) };
    facts.set(question.name, { ...known, prices });
  }
  return {
    ...input,
    facts: new Map([...input.facts.keys()].map((name) => [name, facts.get(name) ?? NO_FACTS])),
  };
}

/** The approval file a person would merge; none for any other hold. */
function approvalOf(item: PlanItem, world: World, nowMs: number): readonly ApprovalFile[] {
  const { name, action, provider, environment, product, term, names, price, predecessor } = item;
  if (item.hold?.code !== 'approval-missing' || price.kind === 'unknown') return [];
  if (provider === undefined || environment === undefined || product === undefined || !names) return [];
  const tax = world.start.providers.get(provider)?.config.tax;
  world.chronicle.approved(name, nowMs);
  world.serial += 1;
  return [
    {
      position: { file: 'approvals', line: 1, column: 1 },
      subjects: [
        {
          certificate: name,
          action,
          ...(predecessor === undefined ? {} : { predecessor }),
          provider,
          environment,
          product,
          ...(term === undefined ? {} : { term }),
          namesDigest: namesDigest(names),
          ...(price.kind === 'known' ? { ceiling: costOf(price.amount, tax) } : {}),
          validUntil: toInstant(nowMs + DAY_MS),
          id: `simulated-${world.serial}`,
        },
      ],
      unsafeLines: [],
    },
  ];
}

/** @returns whether anything changed */
function carryOut(world: World, names: Set<string>, item: PlanItem, nowMs: number): boolean {
  const { statuses, specs, chronicle, start } = world;
  const { name } = item;
  const status = statuses.get(name) ?? emptyStatus(name);
  const spec = specs.get(name);
  const provider = item.provider === undefined ? undefined : start.providers.get(item.provider);
  world.serial += 1;
  switch (item.action) {
    case 'order':
    case 'renew':
    case 'reissue':
    case 'add-names':
    case 'revoke':
    case 'set-auto-renew': {
      if (!spec || !provider) return false;
      const next = sent(status, { item, spec, provider, serial: world.serial, nowMs });
      statuses.set(name, next);
      chronicle.done(item, provider.config.tax, nowMs);
      if (item.price.kind === 'known') spendersAt(world, nowMs, name);
      return true;
    }
    case 'resolve': {
      const intent = status.intents.filter(isOpen).find(({ id }) => id === item.intent);
      if (intent?.phase !== 'intended' || !provider) return false;
      statuses.set(name, settledAsSent(status, intent, provider, world.serial, nowMs));
      return true;
    }
    case 'move': {
      const from = item.predecessor === undefined ? undefined : statuses.get(item.predecessor);
      if (!from) return chronicle.notModelled(item);
      statuses.set(name, { ...from, name });
      statuses.delete(from.name);
      names.delete(from.name);
      return true;
    }
    case 'abandon':
    case 'cancel':
      statuses.set(name, withAbandoned(status, item.predecessor ?? '', nowMs));
      return statuses.get(name) !== status;
    case 'archive':
      statuses.set(name, { ...status, archived: { at: toInstant(nowMs) } });
      chronicle.done(item, undefined, nowMs);
      return true;
    case 'adopt':
    case 'activate':
    case 'pay':
      return chronicle.notModelled(item);
    case 'collect':
    case 'publish':
    case 'validate':
    case 'wait':
    case 'hold':
      return false;
  }
}

/** Certificates whose day has come. */
function comeOut(world: World, name: string, nowMs: number): void {
  const { statuses, specs, facts, start, calendar, chronicle } = world;
  const spec = specs.get(name);
  const due = placedIntents(statuses.get(name)).filter((intent) => comesOutMs(start, intent) <= nowMs);
  for (const intent of due) {
    const status = statuses.get(name);
    const provider = start.providers.get(intent.provider);
    if (!status || !spec || !provider) continue;
    if (isLate(status, intent)) {
      // As in a run: the certificate of a newer order serves already.
      statuses.set(name, closeIntent(status, intent, 'done', nowMs, SUPERSEDED));
      continue;
    }
    world.serial += 1;
    const next = published(status, intent, { spec, provider, serial: world.serial, nowMs }, calendar);
    chronicle.issued(status, next, spec, provider.capabilities.trust === 'public', nowMs);
    statuses.set(name, next);
    facts.set(name, { ...(facts.get(name) ?? NO_FACTS), keyStored: true, freeNames: [] });
  }
}

const isLate = (status: Status, intent: Issuing): boolean => isSuperseded(status, { ids: [intent.orderId] });

/** When vetting is over, epoch ms. */
const comesOutMs = ({ providers }: PlanInput, intent: Issuing): number =>
  toMs(intent.placedAt) + leadDaysOf(intent, providers.get(intent.provider)) * DAY_MS;

/** When this certificate is worth a look again. */
function lookAgain(world: World, name: string, holds: readonly PlanItem[], nowMs: number): void {
  const status = world.statuses.get(name);
  const spec = world.specs.get(name);
  if (!spec) return;
  const dates = [
    ...holds.filter((item) => item.name === name).map((item) => afterHold(item, nowMs)),
    ...(status === undefined ? [] : datesOf(world, spec, status, nowMs)),
  ].filter((ms) => ms !== undefined && ms > nowMs) as readonly number[];
  if (dates.length === 0) return;
  const day = Math.ceil((Math.min(...dates) - world.start.nowMs) / DAY_MS);
  const looked = world.agenda.get(day) ?? new Set();
  world.agenda.set(day, looked.add(name));
}

function afterHold({ hold }: PlanItem, nowMs: number): number | undefined {
  if (hold === undefined) return undefined;
  if (TRY_TOMORROW.has(hold.code)) return nowMs + DAY_MS;
  if (hold.code !== 'limit-month') return undefined;
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
}

/** Every date from which another line may follow. */
function datesOf(world: World, spec: CertificateSpec, status: Status, nowMs: number): readonly number[] {
  const { start, facts } = world;
  const subject: Subject = {
    name: spec.name,
    spec,
    status,
    facts: facts.get(spec.name) ?? NO_FACTS,
    input: { ...start, nowMs },
  };
  const { current } = status;
  const serving = servingOrder(status);
  const reissue = serving && current ? reissueOf(subject, serving, current) : undefined;
  const head = headOrder(status);
  return [
    ...(reissue?.needed ? [reissue.dueMs] : []),
    ...(head ? [renewalOf(subject, head)?.dueMs ?? Infinity] : []),
    ...(current ? [certificateEndMs(current)] : []),
    ...status.orders.flatMap(({ paidTill }) => (paidTill === undefined ? [] : [toMs(paidTill) + SECOND_MS])),
    ...placedIntents(status).map((intent) => comesOutMs(start, intent)),
    ...Object.values(status.failures).map(nextTryMs),
    ...status.intents
      .filter(isOpen)
      .flatMap((intent) => (intent.phase === 'intended' ? [toMs(intent.settledAt)] : [])),
  ];
}

const monthOf = (ms: number): string => dayOf(ms).slice(0, 7);

/** Names that money limits of this month count; a new one is added. */
function spendersAt(world: World, nowMs: number, spender?: string): readonly string[] {
  const month = monthOf(nowMs);
  if (world.spenders.month !== month) world.spenders = { month, names: new Set() };
  if (spender !== undefined) world.spenders.names.add(spender);
  return [...world.spenders.names];
}

/** What was bought, or may have been, before the simulated time began. */
function noteSpenders(world: World): void {
  const { nowMs } = world.start;
  for (const { name, orders, intents } of world.statuses.values()) {
    const spent = orders.some(({ charges }) =>
      charges.some(({ at }) => monthOf(toMs(at)) === monthOf(nowMs)),
    );
    const open = intents.filter(isOpen).some(({ quoted }) => quoted !== null);
    if (spent || open) spendersAt(world, nowMs, name);
  }
}
