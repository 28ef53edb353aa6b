import { formatMoney } from '../model/money.js';
import type { DoubtRecord, ExtraOrder, Status } from '../model/status.js';
import { DAY_MS, type Instant, toInstant, toMs } from '../model/time.js';

const LOOK_EVERY_MS = DAY_MS;
const LOOKED_AT_FOR_MS = 30 * DAY_MS;

/** What a look under one reference showed. */
export interface Look {
  readonly doubt: Pick<DoubtRecord, 'provider' | 'environment' | 'reference'>;
  readonly atMs: number;
  /** Orders that no certificate of ours explains and that still count. */
  readonly extra: readonly Omit<ExtraOrder, 'foundAt'>[];
  /** Orders seen dead or explained: no longer too many. */
  readonly settled: readonly string[];
}

/** Once a day, epoch ms. A record whose time is over is looked at a last time, and then dropped. */
export const nextLookMs = (doubt: DoubtRecord): number => toMs(doubt.lookedAt ?? doubt.since) + LOOK_EVERY_MS;

export const isLookDue = (doubt: DoubtRecord, nowMs: number): boolean => nowMs >= nextLookMs(doubt);

const isSame = (a: Look['doubt'], b: Look['doubt']): boolean =>
  a.provider === b.provider && a.environment === b.environment && a.reference === b.reference;

/** The purchase is settled and not beyond doubt; what is looked at already goes on from now. */
export function withDoubt(status: Status, of: Look['doubt'], atMs: number): Status {
  const others = (status.doubts ?? []).filter((known) => !isSame(known, of));
  const known = status.doubts?.find((one) => isSame(one, of));
  const { provider, environment, reference } = of;
  const doubt = { provider, environment, reference, since: toInstant(atMs), extra: known?.extra ?? [] };
  return { ...status, doubts: [...others, doubt] };
}

/**
 * What a look found, kept until it is seen dead: an order that does not show is not gone. Dropped when its time is over and
 * nothing is too many. A look that is recorded already, or no later than one that is, changes nothing unless it adds something.
 */
export function withLook(status: Status, look: Look): Status {
  const doubt = status.doubts?.find((one) => isSame(one, look.doubt));
  if (!doubt) return status;
  const kept = doubt.extra.filter(({ id }) => !look.settled.includes(id));
  const fresh = look.extra.filter(({ id }) => !kept.some((known) => known.id === id));
  const adds = fresh.length > 0 || kept.length < doubt.extra.length;
  if (!adds && doubt.lookedAt !== undefined && doubt.lookedAt >= toInstant(look.atMs)) return status;
  const next: DoubtRecord = {
    ...doubt,
    lookedAt: toInstant(look.atMs),
    extra: [...kept, ...fresh.map((order) => ({ ...order, foundAt: toInstant(look.atMs) }))],
  };
  const over = look.atMs >= toMs(doubt.since) + LOOKED_AT_FOR_MS && next.extra.length === 0;
  const { doubts, ...rest } = status;
  const left = (doubts ?? []).flatMap((one) => (one !== doubt ? [one] : over ? [] : [next]));
  return left.length === 0 ? rest : { ...rest, doubts: left };
}

export interface SecondOrder {
  readonly id: string;
  readonly since: Instant;
  readonly message: string;
}

/** Orders sold besides ours, each with what to do; not those a person ignores in the manifest. */
export const secondOrders = (status: Status, ignored: readonly string[]): readonly SecondOrder[] =>
  (status.doubts ?? []).flatMap(({ provider, reference, extra }) =>
    extra
      .filter(({ id }) => !ignored.includes(id))
      .map(({ id, foundAt, charged }) => {
        const price = charged === undefined ? '' : ` for ${formatMoney(charged)}`;
        return {
          id,
          since: foundAt,
          message: `${provider} also sold order ${id}${price} under our reference ${reference}: have ${provider} cancel it and give the money back, or write \`adopt: { ignore: ["${id}"] }\` into the manifest`,
        };
      }),
  );
