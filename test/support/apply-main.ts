import { run } from '../../src/entry/cli/apply.js';
import { processContext } from '../../src/entry/context.js';
import { SHARD_VARIABLE, shardOf } from '../../src/entry/shard.js';
import { providerDefinitions } from '../../src/providers/index.js';
import { paidTest } from './paid-provider/adapter.js';

/** `certwright apply --yes` as a process of its own, with the paid provider of the tests: the clone in argv. */
const context = await processContext({
  cwd: process.argv[2] ?? '.',
  signal: new AbortController().signal,
  definitions: [...providerDefinitions, paidTest],
});
const shard = shardOf(process.env[SHARD_VARIABLE], process.env);
process.exitCode = await run(
  shard === undefined ? context : { ...context, shard },
  { identity: [], json: true },
  { yes: true, wait: '0s' },
);
