import { explain } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import { formatMoney } from '../model/money.js';
import type { StepOutcome } from '../ports/provider.js';
import { currentStep } from './intents.js';
import { noteRefusal } from './notes.js';
import { lineOf, type Run } from './run.js';
import type { SentStep } from './send.js';

/** What a person has to know of a step: that it did not go through, or that with it something came to its end. */
export function tellOutcome(run: Run, { job, intent, outcome }: SentStep): void {
  const line = lineOf({ ...intent.request, name: job.name });
  if (outcome.kind === 'done') {
    const message = endOf(intent, outcome.outcome);
    if (message !== undefined) run.events.push({ ...line, outcome: 'done', message });
    return;
  }
  if (outcome.error.code === 'send.clock') run.clockProblem = outcome.error.message;
  noteRefusal(run.notes, job.provider.config, outcome.error, run.deps.clock.now());
  run.events.push({
    ...line,
    outcome:
      outcome.kind === 'unknown'
        ? 'unknown'
        : outcome.error.code === 'provider.not-ready'
          ? 'waiting'
          : 'failed',
    message: explain(outcome.error),
  });
}

/** What came to its end with this step; undefined: a further one follows, or a look at the order tells how far it is. */
export function endOf(intent: OpenIntent, { orderId, charged, undecided }: StepOutcome): string | undefined {
  if (currentStep(intent) < intent.steps.length - 1) return undefined;
  const { request, action, provider } = intent;
  const order = request.predecessor?.orderId;
  switch (action) {
    case 'revoke':
      return `serial ${request.revocation?.serial} is revoked`;
    case 'cancel':
      return undecided
        ? `${provider} was asked to cancel order ${order}, and decides`
        : `order ${order} is cancelled`;
    case 'set-auto-renew':
      return `auto-renew of order ${order} is ${request.autoRenew ? 'on' : 'off'} at ${provider}`;
    default: {
      if (!request.licence) return undefined;
      const paid = charged ?? intent.quoted;
      const words = [`${request.product} bought`, ...(orderId === undefined ? [] : [`order ${orderId}`])];
      return [...words, ...(paid === null ? [] : [formatMoney(paid)])].join(', ');
    }
  }
}
