import { messageOf } from '../model/errors.js';
import { toInstant } from '../model/time.js';
import type { SpoolEntry } from '../ports/spool.js';
import type { Run } from './run.js';
import type { Outcome, SentStep } from './send.js';

/** On local disk before the branch: a crash between the reply and the push must not lose it. */
export async function spoolOutcome(run: Run, sent: SentStep): Promise<void> {
  const entry = entryOf(run, sent);
  if (!entry) return;
  try {
    await run.deps.spool.write(entry);
  } catch (error) {
    // A disk that is full or read-only must not keep what was bought off the branch.
    run.deps.log.error({ cert: sent.job.name, entry, error: messageOf(error) }, 'spool not writable');
  }
}

/** What is on the branch is safe: a spool that cannot be tidied is tidied by the next run. */
export async function takeOffSpool(run: Run, sent: SentStep): Promise<void> {
  const entry = entryOf(run, sent);
  if (entry) await forget(run, entry);
}

/** The same for an entry as it lies there. */
export async function forget(run: Run, entry: SpoolEntry): Promise<void> {
  try {
    await run.deps.spool.remove(entry);
  } catch (error) {
    run.deps.log.warn({ cert: entry.certificate, error: messageOf(error) }, 'spool not tidied');
  }
}

function entryOf(run: Run, sent: SentStep): SpoolEntry | undefined {
  const outcome = spooled(sent.outcome);
  return (
    outcome && {
      repositoryId: run.configuration.id,
      certificate: sent.job.name,
      intentId: sent.intent.id,
      nonce: sent.intent.nonce,
      step: sent.step,
      at: toInstant(sent.atMs),
      outcome,
    }
  );
}

function spooled(outcome: Outcome): SpoolEntry['outcome'] | undefined {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'done', outcome: outcome.outcome };
    case 'refused':
      return { kind: 'refused', code: outcome.error.code, message: outcome.error.message };
    case 'not-sent':
      return { kind: 'not-sent', message: outcome.error.message };
    case 'unknown':
      return undefined;
  }
}
