import type { IntendedIntent } from '../model/intent.js';
import { parseTerm } from '../model/term.js';
import { dearerThanAgreed } from '../policy/spending.js';
import type { Provider, QuoteSubject } from '../ports/provider.js';
import { ceilingFor } from './ceiling.js';
import { currentStep } from './intents.js';
import type { Run } from './run.js';

/**
 * Why a purchase that was never placed is not to be sent as it was agreed: it costs more by now, or nobody can say what.
 * Undefined: it may be sent. Asks the provider; what is free, or begun and to be finished, is not asked for.
 * @throws CertError where the provider does not answer
 */
export async function dearerNow(
  run: Run,
  name: string,
  provider: Provider,
  intent: IntendedIntent,
): Promise<string | undefined> {
  const { quoted, steps } = intent;
  const subject = subjectOf(intent);
  if (quoted === null || !subject || currentStep(intent) > 0 || !steps[0]?.paid) return undefined;
  const { price } = await provider.quote(subject);
  return dearerThanAgreed(quoted, price, provider.config.tax, ceilingFor(run, name));
}

/** As the plan asked for it. */
function subjectOf({ action, request, follows }: IntendedIntent): QuoteSubject | undefined {
  if (action !== 'order' && action !== 'renew' && action !== 'reissue' && action !== 'add-names') {
    return undefined;
  }
  const term = request.term === undefined ? undefined : parseTerm(request.term);
  const predecessor = follows ?? request.predecessor?.orderId;
  return {
    action,
    product: request.product,
    ...(term === undefined ? {} : { term }),
    names: request.names,
    ...(predecessor === undefined ? {} : { predecessorOrderId: predecessor }),
  };
}
