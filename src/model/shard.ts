import { hash } from 'node:crypto';
import { DAY_MS } from './time.js';

/** One of several runners that share the work: the `index`th, from 1, of `of`. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** What another shard should have done is done, or said, by the others after this long. */
export const SHARD_PATIENCE_MS = DAY_MS;

/** Beyond this, reading everything `of` times costs more than acting alone would. */
export const MOST_SHARDS = 1000;

const WRITTEN = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/;

/** `2/5`. Undefined for what is none. */
export function parseShard(text: string): Shard | undefined {
  const [, index, of] = WRITTEN.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  return shard.index <= shard.of && shard.of <= MOST_SHARDS ? shard : undefined;
}

export const shardText = ({ index, of }: Shard): string => `${index}/${of}`;

/**
 * Salted, or it would be the hash that spreads due dates: then one shard had everything that falls due on a day. 48 bits, which
 * numbers hold exactly.
 */
const placeOf = (key: string): number => Number.parseInt(hash('sha256', `shard/${key}`).slice(0, 12), 16);

const isIn = ({ index, of }: Shard, key: string): boolean => placeOf(key) % of === index - 1;

/** Does this runner act for the certificate of this name? Without a shard it acts for all. */
export const actsFor = (shard: Shard | undefined, name: string): boolean =>
  shard === undefined || shard.of === 1 || isIn(shard, name);

/** Is it the one that lists the account, and asks it for what concerns all of its certificates? */
export const keepsAccount = (shard: Shard | undefined, account: string): boolean =>
  shard === undefined || shard.of === 1 || isIn(shard, `account:${account}`);
