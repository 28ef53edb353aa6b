import { CertError } from '../../model/errors.js';
import type { IntendedIntent, OpenIntent, UnknownIntent } from '../../model/intent.js';
import { isOpen } from '../../model/intent.js';
import type { Status } from '../../model/status.js';
import { toMs } from '../../model/time.js';
import type { Operation, Provider } from '../../ports/provider.js';
import { currentStep } from '../../reconcile/intents.js';
import { operationOf } from '../../reconcile/operations.js';
import type { Options } from './program.js';

/** An action of which it is not known whether the provider has it. */
export type Question = IntendedIntent | UnknownIntent;

const isQuestion = (intent: OpenIntent): intent is Question =>
  intent.phase === 'unknown' || intent.phase === 'intended';

/**
 * The one open question of a certificate.
 * @param options  `--action` tells which, where two are open
 * @throws CertError `usage` for none or several, `order.ambiguous` while a reply may still be on its way
 */
export function questionOf(status: Status, options: Options, nowMs: number): Question {
  const open = status.intents.filter(isOpen);
  const questions = open
    .filter(isQuestion)
    .filter((intent) => options.action === undefined || intent.action === options.action);
  const [question, another] = questions;
  if (!question) throw nothingOpen(status, options, open);
  if (another) {
    throw new CertError(
      'usage',
      `${status.name} has ${questions.length} open questions: ${questions.map(({ action }) => action).join(', ')}`,
      { remedy: 'say which one is meant with --action' },
    );
  }
  if (question.phase === 'intended' && nowMs <= toMs(question.settledAt)) {
    throw new CertError(
      'order.ambiguous',
      `the ${question.action} of ${status.name} may still appear at ${question.provider} until ${question.settledAt}`,
      {
        remedy:
          'run `certwright apply` after that: it looks by itself first, and asks again only if it cannot tell',
      },
    );
  }
  return question;
}

function nothingOpen(status: Status, options: Options, open: readonly OpenIntent[]): CertError {
  const what = options.action === undefined ? 'nothing' : `no ${String(options.action)}`;
  const known = open.find((intent) => intent.phase === 'placed' || intent.phase === 'issued');
  return new CertError('usage', `${what} of ${status.name} waits for an answer from a person`, {
    remedy:
      known && 'orderId' in known
        ? `its ${known.action} is known as order ${known.orderId}; \`certwright apply\` follows it`
        : '`certwright show` tells where it stands',
  });
}

/** Is it still the same question on this head? Sent again, it is another one. */
export function stillAsked(status: Status, question: Question): boolean {
  const now = status.intents.find((intent) => intent.id === question.id);
  if (now?.phase === 'unknown') return true;
  return now?.phase === 'intended' && question.phase === 'intended' && now.nonce === question.nonce;
}

/** Somebody else was faster. */
export function answeredMeanwhile(status: Status, question: Question): CertError {
  const now = status.intents.find((intent) => intent.id === question.id);
  const what =
    now?.phase === 'closed'
      ? `closed as ${now.outcome}`
      : now !== undefined && 'orderId' in now
        ? `recorded as order ${now.orderId}`
        : 'changed';
  return new CertError(
    'repository.moved',
    `the ${question.action} of ${status.name} was ${what} by somebody else meanwhile; nothing was changed`,
    { remedy: 'look at `certwright show` again before you go on' },
  );
}

/** The step in doubt, by its recorded name. */
export function stepInDoubt(provider: Provider, question: Question): Operation[number] {
  const name = question.steps[currentStep(question)]?.name;
  const step = operationOf(provider, question).find((one) => one.name === name);
  if (step) return step;
  throw new CertError('internal', `${question.action} at ${question.provider} has no step ${name ?? ''}`);
}
