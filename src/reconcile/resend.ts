import { CertError } from '../model/errors.js';
import type { PlacedIntent } from '../model/intent.js';
import type { RequestedValidation } from '../model/order.js';
import type { Status } from '../model/status.js';
import { awaitingProof, unanswered } from '../planner/validation.js';
import type { Deps } from './deps.js';
import { refuseLostState } from './land.js';
import { leaveNotes, noteRefusal, refuseWhilePaused } from './notes.js';
import { openRun } from './open-run.js';
import { providerFor, type Run, statusOf, stopIfAsked } from './run.js';

/** Mails that were sent once more. */
export interface ResentMails {
  readonly provider: string;
  readonly orderId: string;
  readonly names: readonly string[];
}

interface Unanswered {
  readonly intent: PlacedIntent;
  readonly items: readonly RequestedValidation[];
}

/** Placed orders that wait for the answer to a mail. */
export const unansweredMails = (status: Status): readonly Unanswered[] =>
  awaitingProof(status)
    .map((intent) => ({
      intent,
      items: unanswered(status, intent),
    }))
    .filter(({ items }) => items.length > 0);

/**
 * Sends the approver mails of a certificate's waiting orders once more, for the names that are not proven yet. Only for a
 * person who asks; what plans do by themselves is `remindApprovers`, days apart and counted.
 * @returns what was sent; nothing where no order waits for a mail
 * @throws CertError `provider.unsupported` where the provider has no call for it
 */
export async function resendMails(deps: Deps, name: string): Promise<readonly ResentMails[]> {
  const run = await openRun(deps);
  try {
    refuseLostState(run.view);
    const sent: ResentMails[] = [];
    for (const one of unansweredMails(statusOf(run.view, name))) sent.push(await resend(run, one));
    return sent;
  } finally {
    await leaveNotes(deps, run.view, run.notes);
    await run.providers.close();
  }
}

async function resend(run: Run, { intent, items }: Unanswered): Promise<ResentMails> {
  const provider = providerFor(run, intent.provider);
  const { validator, config } = provider;
  if (!validator?.resend) {
    throw new CertError('provider.unsupported', `${config.id} has no call that sends approver mails again`, {
      remedy: 'use its portal',
    });
  }
  stopIfAsked(run.deps);
  refuseWhilePaused(run.notes, config, run.deps.clock.now());
  try {
    await validator.resend(intent.orderId, items);
  } catch (error) {
    noteRefusal(run.notes, config, error, run.deps.clock.now());
    throw error;
  }
  return { provider: config.id, orderId: intent.orderId, names: items.map(({ name }) => name) };
}
