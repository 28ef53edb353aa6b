import { optional } from '../../config/json.js';
import type { Configuration } from '../../model/configuration.js';
import type { WaitingFor } from '../../model/order.js';
import type { OrderRecord, PreviousCertificate } from '../../model/status.js';
import { DAY_MS, toMs } from '../../model/time.js';
import type { PlanInput } from '../../planner/input.js';
import type { Condition } from '../../policy/condition.js';
import { type Health, health } from '../../policy/health.js';
import { recordsByHand } from '../../policy/solving.js';
import type { OverviewCertificate, OverviewOrder, Standing } from '../../report/overview/types.js';
import { type DueDates, dueDates } from '../due.js';
import type { Entry } from '../situation.js';
import { statusRow } from '../status-rows.js';

/** What falls due within this time counts as due. */
const SOON_MS = 30 * DAY_MS;

const NOBODY: ReadonlySet<WaitingFor> = new Set(['ca', 'upstream-payment']);

/** Has somebody on this side to act before it goes on? */
function waitsForPerson({ status, conditions }: Entry): boolean {
  const waiting = conditions.filter(({ type }) => type === 'Waiting');
  const pending = status.orders.flatMap(({ waitingFor }) => waitingFor ?? []);
  return waiting.some(({ reason }) => {
    const who = pending.find((one) => reason === `WaitingFor:${one}`);
    // A certificate that is not served yet waits for its own team.
    if (who === undefined) return true;
    return who === 'dcv' ? recordsByHand(status).length > 0 : !NOBODY.has(who);
  });
}

function standingOf(entry: Entry, { reissueAt, renewAt }: DueDates, nowMs: number): Standing {
  const soon = [reissueAt, renewAt].some((at) => at !== undefined && toMs(at) <= nowMs + SOON_MS);
  const which: Health = health(entry.status, entry.conditions);
  switch (which) {
    case 'archived':
    case 'expired':
    case 'attention':
      return which;
    case 'warning':
      return 'attention';
    case 'held':
      return 'waiting';
    case 'waiting':
      return waitsForPerson(entry) ? 'waiting' : 'due';
    case 'issuing':
    case 'new':
      return 'due';
    case 'ready':
      return soon ? 'due' : 'healthy';
  }
}

const LEVELS = ['attention', 'warning', 'info'] as const;

/** That it is valid says the date already. */
const isWorthSaying = ({ type }: Condition): boolean => type !== 'Ready';

/** Everything a page, a file or a calendar says of one certificate. */
export function overviewCertificate(
  entry: Entry,
  configuration: Configuration | undefined,
  input: PlanInput | undefined,
  nowMs: number,
): OverviewCertificate {
  const { name, spec, status, conditions } = entry;
  const { current } = status;
  const row = statusRow(entry, configuration);
  const due = dueDates(entry, input);
  return {
    name,
    kind: status.kind,
    standing: standingOf(entry, due, nowMs),
    state: row.state,
    level: row.level,
    ...optional('reason', row.reason),
    ...optional('owner', row.owner),
    ...optional('provider', row.provider),
    ...optional('environment', row.environment),
    ...optional('product', row.product),
    ...optional('term', row.term),
    ...optional('autoRenew', spec?.autoRenew),
    ...optional('manifest', spec && `${spec.position.file}:${spec.position.line}`),
    names: current?.names ?? declaredNames(entry),
    ...optional('notBefore', current?.notBefore),
    ...optional('notAfter', row.notAfter),
    ...optional('publishedAt', current?.publishedAt),
    ...optional('serial', row.serial),
    ...optional('sha256', current?.sha256),
    ...optional('issuer', current?.issuer),
    ...optional('keyAlgorithm', current?.keyAlgorithm),
    ...optional('paidTill', row.paidTill),
    ...due,
    notes: conditions
      .filter(isWorthSaying)
      .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
      .map(({ message, level, since }) => ({ message, level, since })),
    orders: status.orders.map(overviewOrder),
    previous: status.previous.map(overviewPrevious),
  };
}

function declaredNames({ spec, status }: Entry): readonly string[] {
  if (spec?.kind === 'sitelock') return [spec.domain];
  return spec?.names ?? status.orders.at(-1)?.names ?? [];
}

function overviewOrder(order: OrderRecord): OverviewOrder {
  const { id, ids, predecessor, reference, provider, environment, product, term } = order;
  const { placedAt, paidFrom, paidTill, state, adopted, addOn, charges } = order;
  return {
    id,
    ...optional('ids', ids.length > 1 ? ids : undefined),
    ...optional('predecessor', predecessor),
    reference,
    provider,
    environment,
    product,
    ...optional('term', term),
    placedAt,
    ...optional('paidFrom', paidFrom),
    ...optional('paidTill', paidTill),
    state,
    ...optional('adopted', adopted),
    ...optional('addOn', addOn),
    charges: charges.map(({ at, action, quoted, charged, refunded }) => ({
      at,
      action,
      ...optional('quoted', quoted ?? undefined),
      ...optional('charged', charged),
      ...optional('refunded', refunded),
    })),
  };
}

const overviewPrevious = ({ serial, notBefore, notAfter, order, revoked }: PreviousCertificate) => ({
  serial,
  notBefore,
  notAfter,
  order,
  ...(revoked === undefined ? {} : { revoked: true as const }),
});
