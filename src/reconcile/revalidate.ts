import { CertError, explain, messageOf } from '../model/errors.js';
import type { PlacedIntent } from '../model/intent.js';
import type { RequestedValidation } from '../model/order.js';
import type { PlanItem } from '../model/plan.js';
import { lookKey } from '../model/run-memory.js';
import type { Status } from '../model/status.js';
import { toInstant } from '../model/time.js';
import { isCertificate } from '../planner/input.js';
import { changesText, validationChanges, wishText } from '../planner/validation.js';
import { addFailure } from '../policy/failures.js';
import { findIntent, replaceIntent } from './intents.js';
import { land } from './land.js';
import { commitMessage } from './message.js';
import { forgetLooks, noteRefusal, refuseWhilePaused } from './notes.js';
import { changedStatuses, providerFor, type Run, statusFile, statusOf, stopIfAsked } from './run.js';
import { stepResults } from './send.js';

/** A change the provider was told, or refused. */
interface Told {
  readonly name: string;
  readonly intent: PlacedIntent;
  readonly items: readonly RequestedValidation[];
  readonly error?: CertError;
}

/**
 * Tells providers how names are to be proven from now on, and records it. The calls are free and say the same however
 * often, so they come first: a crash in between leaves the wish unrecorded, and the next run tells it again.
 */
export async function changeValidations(run: Run, items: readonly PlanItem[]): Promise<void> {
  const told: Told[] = [];
  for (const item of items) {
    stopIfAsked(run.deps);
    const one = await tell(run, item);
    if (one) told.push(one);
  }
  if (told.length === 0) return;
  run.view = await land(run, run.view, (view) => {
    const changed = changedStatuses(
      view,
      told.map((one) => ({ name: one.name, apply: (status) => recorded(status, one, run.deps.clock.now()) })),
    );
    return { files: changed.map(statusFile), message: commitMessage(told.map(line)) };
  });
  for (const one of told) report(run, one);
}

async function tell(run: Run, { name, intent: intentId }: PlanItem): Promise<Told | undefined> {
  const status = statusOf(run.view, name);
  const intent = findIntent(status, intentId ?? '');
  const spec = run.specs.get(name);
  if (intent?.phase !== 'placed' || !spec || !isCertificate(spec)) return undefined;
  const wanted = validationChanges(status, intent, spec);
  if (wanted.length === 0) return undefined;
  const provider = providerFor(run, intent.provider);
  let items = wanted;
  run.deps.progress.step(`changing the validation of order ${intent.orderId} at ${intent.provider}`);
  try {
    refuseWhilePaused(run.notes, provider.config, run.deps.clock.now());
    // What is to be published changes with it, and names may be proven by now: worth a look, however recent the last one.
    forgetLooks(run.notes, [lookKey(intent.provider, intent.orderId)]);
    const recorded = { request: intent.request, results: stepResults(intent) };
    const { validation } = await provider.getOrder(intent.orderId, recorded);
    const proven = new Set(validation.flatMap(({ name: one, state }) => (state === 'valid' ? [one] : [])));
    items = wanted.filter((item) => !proven.has(item.name));
    if (items.length === 0) return undefined;
    await changeCall(provider.validator?.change?.bind(provider.validator), intent.provider)(
      intent.orderId,
      items,
      recorded,
    );
    return { name, intent, items };
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    noteRefusal(run.notes, provider.config, error, run.deps.clock.now());
    return { name, intent, items, error };
  }
}

function changeCall<T>(call: T | undefined, provider: string): T {
  if (call !== undefined) return call;
  throw new CertError(
    'provider.unsupported',
    `${provider} has no call that changes the validation of an order`,
  );
}

function recorded(status: Status, { intent, items, error }: Told, nowMs: number): Status {
  const now = findIntent(status, intent.id);
  if (now?.phase !== 'placed') return status;
  const { validationFailure, ...rest } = now;
  if (error) {
    const wish = wishText(items);
    const before = validationFailure?.wish === wish ? validationFailure : undefined;
    const failure = addFailure(before, { code: error.code, message: messageOf(error) }, nowMs);
    return replaceIntent(status, { ...rest, validationFailure: { ...failure, wish } });
  }
  const wanted = new Map(items.map((item) => [item.name, item]));
  const validation = now.request.validation.map((asked) => wanted.get(asked.name) ?? asked);
  // The provider writes to the new approver by itself, now.
  const mails = items.some(({ method }) => method === 'email')
    ? { mails: { count: 0, lastAt: toInstant(nowMs) } }
    : {};
  return replaceIntent(status, { ...rest, ...mails, request: { ...now.request, validation } });
}

const line = ({ name, intent, items, error }: Told): string =>
  error
    ? `validate ${name}: order ${intent.orderId}, refused (${error.code})`
    : `validate ${name}: order ${intent.orderId}, ${changesText(intent, items)}`;

function report(run: Run, { name, intent, items, error }: Told): void {
  const message = error ? explain(error) : changesText(intent, items);
  run.events.push({ name, action: 'validate', outcome: error ? 'failed' : 'done', message });
}
