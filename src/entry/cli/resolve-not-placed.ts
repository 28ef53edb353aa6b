import { CertError, messageOf } from '../../model/errors.js';
import { MINUTE_MS, toMs } from '../../model/time.js';
import type { LookUp } from '../../ports/provider.js';
import { currentStep } from '../../reconcile/intents.js';
import { withDoubtAt } from '../../reconcile/record.js';
import { providerFor, type Run } from '../../reconcile/run.js';
import { stepResults } from '../../reconcile/send.js';
import { withAbsenceSaid } from '../../reconcile/step-undone.js';
import { shellWord } from '../../report/escape.js';
import type { Context } from '../context.js';
import { agreed, type Told } from './person.js';
import type { Options } from './program.js';
import { answeredMeanwhile, type Question, questionOf, stepInDoubt, stillAsked } from './resolve-question.js';
import { changeStatus, statusNamed } from './state.js';

/**
 * `--not-placed`: a person's word against an attempt nobody can find. The provider is looked at once more: an order that
 * shows is never written off.
 */
export async function resolveNotPlaced(
  context: Context,
  run: Run,
  options: Options,
  name: string,
): Promise<Told | undefined> {
  const { deps, view } = run;
  const question = questionOf(statusNamed(view, name), options, deps.clock.now());
  await lookOnceMore(context, run, name, question);
  const again = nextTime(question);
  const sure = await agreed(
    context,
    options,
    `Is the ${question.action} of ${name} really not at ${question.provider}? If it is, ${again} will do it twice.`,
  );
  if (!sure) return undefined;
  await changeStatus(
    deps,
    view,
    name,
    `resolve ${question.action} ${name}: not placed at ${question.provider}, says a person`,
    (status) => {
      if (!stillAsked(status, question)) throw answeredMeanwhile(status, question);
      const absent = withAbsenceSaid(status, question.id, deps.clock.now());
      return question.steps[currentStep(question)]?.paid ? withDoubtAt(run, absent, question) : absent;
    },
  );
  return {
    changed: true,
    facts: { outcome: 'not-placed', action: question.action },
    sentences: [
      `Recorded: the ${question.action} of ${name} was not placed at ${question.provider}.`,
      `Next: ${again} does it again, if it is still wanted and approved.`,
    ],
  };
}

function nextTime(question: Question): string {
  const index = currentStep(question);
  const step = question.steps[index]?.name ?? '';
  return index > 0 ? `the next \`certwright apply\` (step "${step}")` : 'the next `certwright apply`';
}

/** @throws CertError `order.ambiguous` when it is there after all; what the provider threw when it cannot be asked */
async function lookOnceMore(context: Context, run: Run, name: string, question: Question): Promise<void> {
  const at = question.provider;
  if (!run.providers.all.has(at) && !run.providers.broken.has(at)) {
    context.say(`warning: the configuration has no provider "${at}" any more, so your word is all there is`);
    return;
  }
  run.deps.progress.step(`looking for the ${question.action} of ${name} at ${at}`);
  const found = await look(run, question);
  if (found.kind === 'found') {
    const id = found.outcome.orderId ?? '';
    throw new CertError('order.ambiguous', `it is at ${at} after all, as order ${id}; nothing was changed`, {
      remedy: `run \`certwright resolve ${shellWord(name)} --order-id ${shellWord(id)}\``,
    });
  }
  if (found.kind === 'cannot-tell' && found.candidates.length > 0) {
    context.say(
      `warning: ${at} shows ${found.candidates.join(', ')}, which nobody has explained: ${found.why}`,
    );
  }
}

async function look(run: Run, question: Question): Promise<LookUp> {
  try {
    const provider = providerFor(run, question.provider);
    return await stepInDoubt(provider, question).lookUp({
      request: question.request,
      before: question.steps[currentStep(question)]?.before ?? {},
      results: stepResults(question),
      sentAtMs: question.phase === 'intended' ? toMs(question.sendBy) - MINUTE_MS : toMs(question.createdAt),
    });
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    throw new CertError(
      error.code,
      `${question.provider} could not be looked at, so nothing was changed: ${messageOf(error)}`,
      {
        cause: error,
        remedy: `run it again when ${question.provider} answers; an account that is closed for good can be taken out of certwright.yaml`,
      },
    );
  }
}
