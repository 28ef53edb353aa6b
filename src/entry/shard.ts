import { CertError } from '../model/errors.js';
import { MOST_SHARDS, parseShard, type Shard } from '../model/shard.js';

export const SHARD_VARIABLE = 'CERTWRIGHT_SHARD';
/** Set by Kubernetes in every pod of an Indexed Job, from 0. */
const JOB_INDEX = 'JOB_COMPLETION_INDEX';
const BY_JOB = /^job\/(\d+)$/;
const DIGITS = /^\d{1,4}$/;

/**
 * `2/5`, or `job/5`: the one of five that the index of an Indexed Job chooses.
 * @param value  of `--shard` or its variable; an empty one is a mistake of a script, and must not mean everything
 * @throws CertError `usage`
 */
export function shardOf(value: unknown, env: NodeJS.ProcessEnv): Shard | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  const [, of] = BY_JOB.exec(text) ?? [];
  const shard = parseShard(of === undefined ? text : `${jobIndex(env) + 1}/${of}`);
  if (shard !== undefined) return shard;
  const why = of === undefined ? '' : ` with ${JOB_INDEX}=${env[JOB_INDEX]}`;
  const given = text === env[SHARD_VARIABLE] ? `${SHARD_VARIABLE}=` : '--shard ';
  throw new CertError('usage', `${given}${JSON.stringify(text)}${why} is no shard`, {
    remedy: `write 2/5 for the second of five (at most ${MOST_SHARDS}), or job/5 in an Indexed Job of Kubernetes with five completions`,
  });
}

function jobIndex(env: NodeJS.ProcessEnv): number {
  const index = env[JOB_INDEX] ?? '';
  if (DIGITS.test(index)) return Number(index);
  throw new CertError(
    'usage',
    `--shard job/N needs ${JOB_INDEX}, which is ${index === '' ? 'not set' : JSON.stringify(index)}`,
    {
      remedy: 'run it in a Job with completionMode: Indexed, or write the shard out, such as 2/5',
    },
  );
}
