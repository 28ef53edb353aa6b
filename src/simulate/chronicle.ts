import { type Calendar, emailValidationAllowed, proofReuseDays } from '../model/calendar.js';
import type { CertificateSpec } from '../model/manifest.js';
import { isZero, sumByCurrency } from '../model/money.js';
import type { DnsName } from '../model/names.js';
import type { Hold, PlanAction, PlanItem } from '../model/plan.js';
import type { Status } from '../model/status.js';
import { DAY_MS, dayOf, toInstant, toMs } from '../model/time.js';
import { certificateEndMs } from '../planner/facts.js';
import { wishedValidation } from '../planner/validation.js';
import { costOf } from '../policy/spending.js';
import type {
  Gap,
  SimulatedCertificate,
  SimulatedEvent,
  SimulatedHold,
  SimulatedMonth,
  Simulation,
} from './result.js';

/** Writes down what happens; told in the order of time. */
export interface Chronicle {
  done(item: PlanItem, tax: string | undefined, nowMs: number): void;
  /** A person lets the next line of this certificate through. */
  approved(name: string, nowMs: number): void;
  /** @param proves  the authority asks for proof of control over the names */
  issued(before: Status, after: Status, spec: CertificateSpec, proves: boolean, nowMs: number): void;
  held(name: string, action: PlanAction, hold: Hold, nowMs: number): void;
  /** @returns false: nothing changed */
  notModelled(item: PlanItem): false;
  unsafe(message: string | undefined): void;
  close(
    fromMs: number,
    untilMs: number,
    specs: ReadonlyMap<string, CertificateSpec>,
    statuses: ReadonlyMap<string, Status>,
  ): Simulation;
}

export function openChronicle(calendar: Calendar): Chronicle {
  const events: SimulatedEvent[] = [];
  const certificates: SimulatedCertificate[] = [];
  const gaps: Gap[] = [];
  /** By certificate, then by action and code. */
  const holds = new Map<string, Map<string, SimulatedHold>>();
  const strangers = new Map<string, { readonly name: string; readonly action: PlanAction }>();
  const approvals = new Map<string, number>();
  const proofs = new Map<string, Map<DnsName, number>>();
  const mailAfterEnd = new Set<string>();
  let unsafe: string | undefined;

  /** Names whose proof cannot be used again on this day; proved now. */
  function prove(spec: CertificateSpec, before: Status, names: readonly DnsName[], nowMs: number) {
    const reuseMs = proofReuseDays(nowMs, calendar) * DAY_MS;
    const recorded = (before.proofs ?? []).map(({ name, provenAt }) => [name, toMs(provenAt)] as const);
    const known = proofs.get(spec.name) ?? new Map<DnsName, number>(recorded);
    proofs.set(spec.name, known);
    const proved = names.filter((name) => nowMs - (known.get(name) ?? -Infinity) > reuseMs);
    for (const name of proved) known.set(name, nowMs);
    const byHand = proved.filter((name) => {
      const { method } = wishedValidation(spec, name);
      if (method === 'email' && !emailValidationAllowed(nowMs, calendar)) mailAfterEnd.add(spec.name);
      return method === 'email' || method === 'manual';
    });
    return { proved, byHand };
  }

  return {
    done(item, tax, nowMs) {
      const { name, action, reason, provider, product, term, price } = item;
      const cost = price.kind === 'known' && !isZero(price.amount) ? costOf(price.amount, tax) : undefined;
      events.push({
        at: toInstant(nowMs),
        name,
        action,
        reason,
        ...(provider === undefined ? {} : { provider }),
        ...(product === undefined ? {} : { product }),
        ...(term === undefined ? {} : { term }),
        price,
        ...(cost === undefined ? {} : { cost }),
        ...(approvals.get(name) === nowMs ? { approved: true } : {}),
      });
    },
    approved: (name, nowMs) => {
      approvals.set(name, nowMs);
    },
    issued(before, after, spec, proves, nowMs) {
      const { current } = after;
      if (!current) return;
      const ended = before.current && certificateEndMs(before.current);
      if (ended !== undefined && ended < nowMs) {
        const hold = latest(holds.get(spec.name), ended);
        const why = hold ? `${hold.action} was held: ${hold.message}` : 'it came too late';
        gaps.push(gapOf(spec.name, ended, nowMs, why));
      }
      certificates.push({
        at: toInstant(nowMs),
        name: spec.name,
        notAfter: current.notAfter,
        ...prove(spec, before, proves ? current.names : [], nowMs),
      });
    },
    held(name, action, { code, message }, nowMs) {
      const own = holds.get(name) ?? new Map<string, SimulatedHold>();
      const key = `${action} ${code}`;
      const from = own.get(key)?.from ?? toInstant(nowMs);
      holds.set(name, own.set(key, { name, action, code, message, from, till: toInstant(nowMs) }));
    },
    notModelled({ name, action }) {
      strangers.set(JSON.stringify([name, action]), { name, action });
      return false;
    },
    unsafe: (message) => {
      unsafe = message;
    },
    close(fromMs, untilMs, specs, statuses) {
      const held = [...holds.values()].flatMap((own) => [...own.values()]);
      const whyNot = (spec: CertificateSpec): string => {
        const last = latest(holds.get(spec.name));
        if (last) return `${last.action} is held: ${last.message}`;
        if (spec.suspend) return 'it is suspended';
        return spec.autoRenew ? 'nothing was planned for it' : 'the paid term ends, and autoRenew is not set';
      };
      for (const spec of specs.values()) {
        const current = statuses.get(spec.name)?.current;
        const endMs = current && certificateEndMs(current);
        if (endMs !== undefined && endMs < untilMs) {
          gaps.push(gapOf(spec.name, Math.max(endMs, fromMs), undefined, whyNot(spec), untilMs));
        }
      }
      const neverIssued = [...specs.values()]
        .filter(({ name }) => statuses.get(name)?.current === undefined)
        .map((spec) => ({ name: spec.name, why: whyNot(spec) }));
      const busiest = busiestDay(certificates);
      return {
        from: toInstant(fromMs),
        until: toInstant(untilMs),
        certificates: specs.size,
        months: monthsOf(events, certificates),
        spent: sumByCurrency(events.flatMap(({ cost }) => (cost ? [cost] : []))),
        events,
        issued: certificates,
        gaps: gaps.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0)),
        neverIssued,
        holds: held,
        notModelled: [...strangers.values()],
        mailAfterEnd: [...mailAfterEnd].sort(),
        ...(unsafe === undefined ? {} : { unsafe }),
        ...(busiest === undefined ? {} : { busiest }),
      };
    },
  };
}

/** The hold that lasted longest into the time, of those that were there at `sinceMs` or later. */
const latest = (
  own: ReadonlyMap<string, SimulatedHold> | undefined,
  sinceMs = -Infinity,
): SimulatedHold | undefined =>
  [...(own?.values() ?? [])]
    .filter(({ till }) => toMs(till) >= sinceMs)
    .toSorted((a, b) => toMs(b.till) - toMs(a.till))[0];

function gapOf(name: string, fromMs: number, tillMs: number | undefined, why: string, endMs = tillMs): Gap {
  return {
    name,
    from: toInstant(fromMs),
    ...(tillMs === undefined ? {} : { till: toInstant(tillMs) }),
    days: Math.ceil(((endMs ?? fromMs) - fromMs) / DAY_MS),
    why,
  };
}

const monthOf = (instant: string): string => instant.slice(0, 7);

function monthsOf(
  events: readonly SimulatedEvent[],
  certificates: readonly SimulatedCertificate[],
): readonly SimulatedMonth[] {
  const done = Map.groupBy(events, ({ at }) => monthOf(at));
  const issued = Map.groupBy(certificates, ({ at }) => monthOf(at));
  const months = [...new Set([...done.keys(), ...issued.keys()])].sort();
  return months.map((month) => {
    const actions = done.get(month) ?? [];
    const came = issued.get(month) ?? [];
    const counted = (...wanted: readonly PlanAction[]): number =>
      actions.filter(({ action }) => wanted.includes(action)).length;
    return {
      month,
      orders: counted('order'),
      renewals: counted('renew'),
      reissues: counted('reissue', 'add-names'),
      certificates: came.length,
      proofs: came.reduce((n, { proved }) => n + proved.length, 0),
      byHand: came.reduce((n, { byHand }) => n + byHand.length, 0),
      spent: sumByCurrency(actions.flatMap(({ cost }) => (cost ? [cost] : []))),
    };
  });
}

function busiestDay(certificates: readonly SimulatedCertificate[]): Simulation['busiest'] {
  const days = Map.groupBy(certificates, ({ at }) => dayOf(toMs(at)));
  const [first] = [...days].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return first && { day: first[0], certificates: first[1].length };
}
