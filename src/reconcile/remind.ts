import { CertError, explain } from '../model/errors.js';
import type { MailRecord, PlacedIntent } from '../model/intent.js';
import type { RequestedValidation } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import { lookKey } from '../model/run-memory.js';
import { toInstant } from '../model/time.js';
import { unanswered } from '../planner/validation.js';
import type { Provider } from '../ports/provider.js';
import { findIntent, replaceIntent } from './intents.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { forgetLooks, noteRefusal, refuseWhilePaused } from './notes.js';
import { changedStatuses, providerFor, type Run, statusFile, statusOf, stopIfAsked } from './run.js';
import { stepResults } from './send.js';

interface Reminder {
  readonly name: string;
  readonly intent: PlacedIntent;
  readonly provider: Provider;
  readonly items: readonly RequestedValidation[];
  readonly mails: MailRecord;
}

/**
 * Has approvers written to again. Counted before it is done: a run that is killed may leave a mail out, and never sends
 * one more than the policy says.
 */
export async function remindApprovers(run: Run, lines: readonly PlanItem[]): Promise<void> {
  const reminders: Reminder[] = [];
  for (const line of lines) {
    stopIfAsked(run.deps);
    const reminder = await toRemind(run, line);
    if (reminder) reminders.push(reminder);
  }
  if (reminders.length === 0) return;
  run.view = await land(run, run.view, (view) => {
    const fresh = reminders.filter((one) =>
      isFresh(findIntent(statusOf(view, one.name), one.intent.id), one),
    );
    const changed = changedStatuses(
      view,
      fresh.map(({ name, intent, mails }) => ({
        name,
        apply: (status) => {
          const now = findIntent(status, intent.id);
          return now?.phase === 'placed' ? replaceIntent(status, { ...now, mails }) : status;
        },
      })),
    );
    return {
      files: changed.map(statusFile),
      message: commitMessage(
        fresh.map(({ name, intent }) => `validate ${name}: order ${intent.orderId}, mail again`),
      ),
    };
  });
  for (const reminder of reminders) await remind(run, reminder);
}

/** Has nobody written to them since this was decided? */
const isFresh = (now: ReturnType<typeof findIntent>, { intent }: Reminder): boolean =>
  now?.phase === 'placed' && (now.mails?.count ?? 0) === (intent.mails?.count ?? 0);

/** Who has not answered by now; the mail may have been answered since the last look. */
async function toRemind(run: Run, line: PlanItem): Promise<Reminder | undefined> {
  const status = statusOf(run.view, line.name);
  const intent = findIntent(status, line.intent ?? '');
  if (intent?.phase !== 'placed') return undefined;
  const provider = providerFor(run, intent.provider);
  try {
    refuseWhilePaused(run.notes, provider.config, run.deps.clock.now());
    forgetLooks(run.notes, [lookKey(intent.provider, intent.orderId)]);
    const { validation } = await provider.getOrder(intent.orderId, {
      request: intent.request,
      results: stepResults(intent),
    });
    const open = new Set(validation.flatMap(({ name, state }) => (state === 'valid' ? [] : [name])));
    const items = unanswered(status, intent).filter(({ name }) => open.has(name));
    if (items.length === 0) return undefined;
    const mails = { count: (intent.mails?.count ?? 0) + 1, lastAt: toInstant(run.deps.clock.now()) };
    return { name: line.name, intent, provider, items, mails };
  } catch (error) {
    failed(run, line.name, provider, error);
    return undefined;
  }
}

async function remind(run: Run, { name, intent, provider, items, mails }: Reminder): Promise<void> {
  const recorded = findIntent(statusOf(run.view, name), intent.id);
  const ours = recorded?.phase === 'placed' && recorded.mails?.lastAt === mails.lastAt;
  if (!ours || !provider.validator?.resend) return;
  stopIfAsked(run.deps);
  try {
    await provider.validator.resend(intent.orderId, items);
    const names = items.map((item) => item.name).join(', ');
    run.events.push({
      name,
      action: 'validate',
      outcome: 'done',
      message: `the mail for ${names} of order ${intent.orderId} is sent again`,
    });
  } catch (error) {
    failed(run, name, provider, error);
  }
}

function failed(run: Run, name: string, { config }: Provider, error: unknown): void {
  if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
  noteRefusal(run.notes, config, error, run.deps.clock.now());
  run.events.push({ name, action: 'validate', outcome: 'failed', message: explain(error) });
}
