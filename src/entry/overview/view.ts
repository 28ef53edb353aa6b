import type { Money } from '../../model/money.js';
import type { WaitingFor } from '../../model/order.js';
import { DAY_MS, dayOf, type Instant, toInstant, toMs } from '../../model/time.js';
import type { PlanInput } from '../../planner/input.js';
import type { Condition } from '../../policy/condition.js';
import { ceilingOf } from '../../policy/limits.js';
import { effectivePolicy } from '../../policy/rules.js';
import { recordsByHand } from '../../policy/solving.js';
import { timelineOf } from '../../report/overview/timeline.js';
import {
  type DueLine,
  type Overview,
  type OverviewCertificate,
  type OverviewSelection,
  STANDINGS,
  type Standing,
  type TroubleLine,
  type WaitingLine,
} from '../../report/overview/types.js';
import { waitingText } from '../../report/words.js';
import { heldLines, isAlarm, wholeLines } from '../dashboard-view.js';
import type { Entry, Situation } from '../situation.js';
import { isListed } from '../status-rows.js';
import { overviewCertificate } from './certificate.js';
import { spendingView } from './money.js';
import { ownerOf } from './owner.js';

const DUE_WITHIN_MS = 60 * DAY_MS;

export interface Chosen {
  readonly selection: OverviewSelection;
  /** Does this certificate belong to what was asked for? */
  readonly fits: (entry: Entry) => boolean;
}

/** Both branches as they are. A part of it tells nothing of the rest, so that it can be handed to whom it is about. */
export function overviewOf(situation: Situation, { selection, fits }: Chosen): Overview {
  const { reading, view, input, nowMs } = situation;
  const chosen = situation.entries.filter(fits);
  const listed = chosen.filter((entry) => isListed(entry, nowMs));
  const certificates = listed
    .map((entry) => overviewCertificate(entry, reading.configuration, input, nowMs))
    .toSorted(byGravity);
  const whole = Object.keys(selection).length === 0;
  return {
    version: 1,
    madeAt: toInstant(nowMs),
    repository: view.snapshot.remote,
    repositoryId: view.header?.repositoryId ?? reading.configuration?.id ?? '',
    selection,
    counts: countsOf(certificates),
    trouble: [...wholeTrouble(situation, whole), ...listed.flatMap(troubleOf)].toSorted(
      (a, b) => Number(b.level === 'attention') - Number(a.level === 'attention'),
    ),
    waiting: waitingOf(situation, listed),
    due: input ? dueOf(certificates, input) : [],
    timeline: timelineOf(certificates, nowMs),
    ...(input === undefined ? {} : { spending: spendingView(input, chosen) }),
    certificates,
  };
}

function byGravity(a: OverviewCertificate, b: OverviewCertificate): number {
  const grave = STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing);
  if (grave !== 0) return grave;
  const [endA, endB] = [a.notAfter ?? a.paidTill ?? '9', b.notAfter ?? b.paidTill ?? '9'];
  return endA === endB ? (a.name < b.name ? -1 : 1) : endA < endB ? -1 : 1;
}

function countsOf(certificates: readonly OverviewCertificate[]): Overview['counts'] {
  const counts: Record<Standing, number> = {
    expired: 0,
    attention: 0,
    waiting: 0,
    due: 0,
    healthy: 0,
    archived: 0,
  };
  for (const { standing } of certificates) counts[standing] += 1;
  return counts;
}

const dayText = (at: Instant): string => dayOf(toMs(at));

/** Lost state concerns whoever reads any part of it: nothing is bought any more. */
function wholeTrouble(situation: Situation, whole: boolean): readonly TroubleLine[] {
  const lost = situation.view.snapshot.integrity.kind === 'lost';
  return wholeLines(situation).flatMap(({ message }, i): readonly TroubleLine[] => {
    const isLoss = lost && i === 0;
    return whole || isLoss ? [{ message, level: isLoss ? 'attention' : 'warning' }] : [];
  });
}

const troubleOf = (entry: Entry): readonly TroubleLine[] =>
  entry.conditions.filter(isAlarm).map(({ message, since, level }) => ({
    name: entry.name,
    ...ownerOf(entry),
    level: level === 'attention' ? level : 'warning',
    message,
    since: dayText(since),
  }));

/** What waits for somebody, then what is held back until somebody decides. */
function waitingOf(situation: Situation, listed: readonly Entry[]): readonly WaitingLine[] {
  const byName = new Map(listed.map((entry) => [entry.name, entry]));
  const held = heldLines(situation, {}).flatMap(({ name, action, message, remedy }) => {
    const entry = byName.get(name);
    if (!entry) return [];
    const since = entry.conditions.find(({ type }) => type === 'Held')?.since;
    const line: WaitingLine = {
      name,
      ...ownerOf(entry),
      whom: 'a decision',
      message: `${action} is held: ${message}`,
      ...(remedy === undefined ? {} : { remedy }),
      ...(since === undefined || dayText(since) === dayOf(situation.nowMs) ? {} : { since: dayText(since) }),
    };
    return [line];
  });
  return [...listed.flatMap(waitsOf), ...held];
}

function waitsOf(entry: Entry): readonly WaitingLine[] {
  return entry.conditions
    .filter(({ type }) => type === 'Waiting')
    .map(({ reason, message, since }) => ({
      name: entry.name,
      ...ownerOf(entry),
      whom: whomOf(entry, reason),
      message,
      since: dayText(since),
    }));
}

function whomOf({ status }: Entry, reason: Condition['reason']): string {
  const who: WaitingFor | undefined = status.orders
    .flatMap(({ waitingFor }) => waitingFor ?? [])
    .find((one) => reason === `WaitingFor:${one}`);
  if (who === undefined) return 'its servers to be given the new certificate';
  return who === 'dcv' && recordsByHand(status).length > 0
    ? 'somebody to publish the proof of control'
    : waitingText(who);
}

function dueOf(certificates: readonly OverviewCertificate[], input: PlanInput): readonly DueLine[] {
  const lastMs = input.nowMs + DUE_WITHIN_MS;
  const soon = (at: Instant | undefined): at is Instant => at !== undefined && toMs(at) <= lastMs;
  const specs = new Map(input.desired.specs.map((spec) => [spec.name, spec]));
  const ceiling = (name: string): Money | undefined =>
    ceilingOf(specs.get(name)?.maxPrice, effectivePolicy(input.desired.policy, name));
  return certificates
    .flatMap(({ name, owner, provider, reissueAt, renewAt }): readonly DueLine[] => {
      const base = {
        name,
        ...(owner === undefined ? {} : { owner }),
        ...(provider === undefined ? {} : { provider }),
      };
      const atMost = soon(renewAt) ? ceiling(name) : undefined;
      return [
        ...(soon(reissueAt) ? [{ ...base, day: dayText(reissueAt), action: 'reissue' as const }] : []),
        ...(soon(renewAt)
          ? [
              {
                ...base,
                day: dayText(renewAt),
                action: 'renew' as const,
                ...(atMost === undefined ? {} : { atMost }),
              },
            ]
          : []),
      ];
    })
    .toSorted((a, b) => (a.day + a.name < b.day + b.name ? -1 : 1));
}
