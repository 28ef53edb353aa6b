import { CertError } from '../model/errors.js';
import { isOpen, type OpenIntent } from '../model/intent.js';
import type { Provider } from '../ports/provider.js';
import { lookAt } from './collect.js';
import type { Deps } from './deps.js';
import { landFound, type Waiting } from './found.js';
import { certificateOf } from './inbox.js';
import { findIntent } from './intents.js';
import { refuseLostState } from './land.js';
import { leaveNotes } from './notes.js';
import { openRun } from './open-run.js';
import { providerFor, type Run, statusOf } from './run.js';

/**
 * Takes a certificate from a person for what is under way, and publishes it: verified like one that a provider delivered.
 * @param text  PEM: the certificate, and its chain where the file has it
 * @throws CertError `certificate.invalid` with the reason where it is not the one that was asked for; nothing is written then
 */
export async function attachCertificate(
  deps: Deps,
  name: string,
  text: string,
): Promise<{ readonly orderId: string; readonly serial: string; readonly notAfterMs: number }> {
  const run = await openRun(deps);
  try {
    refuseLostState(run.view);
    const waiting = awaited(run, name);
    // What is no certificate is said before anybody is asked.
    certificateOf(text, findIntent(statusOf(run.view, name), waiting.intentId ?? '')?.keyHash);
    const [found] = await lookAt(run, [waiting], undefined, text);
    if (found === undefined) throw new CertError('provider.unreachable', failureOf(run, name));
    if (found.result.kind === 'wrong') {
      throw new CertError(
        'certificate.invalid',
        `this is not the certificate of ${name}: ${found.result.why}`,
      );
    }
    if (found.result.kind !== 'publish') {
      throw new CertError(
        'certificate.invalid',
        found.order.handedIn && found.order.state !== 'cancelled'
          ? `this certificate of ${name} is published already, or its order is not paid and set up yet`
          : `order ${waiting.orderId} of ${name} takes no certificate by hand: it is ${found.order.state}`,
      );
    }
    await landFound(run, [found]);
    const { serial, notAfterMs } = found.result.publication.parsed;
    return { orderId: waiting.orderId, serial, notAfterMs };
  } finally {
    await leaveNotes(deps, run.view, run.notes);
    await run.providers.close();
  }
}

/** @throws CertError where nothing waits for a certificate by hand */
function awaited(run: Run, name: string): Waiting {
  const intent = statusOf(run.view, name).intents.filter(isOpen).find(isAwaiting);
  if (!intent || !('orderId' in intent)) {
    throw new CertError('usage', `nothing of ${name} waits for a certificate`, {
      remedy: '`certwright status` shows what waits for what',
    });
  }
  if (!takesByHand(providerFor(run, intent.provider))) {
    throw new CertError(
      'provider.unsupported',
      `${intent.provider} delivers its certificates itself; the next apply collects this one`,
    );
  }
  return { name, intentId: intent.id, orderId: intent.orderId };
}

const isAwaiting = (intent: OpenIntent): boolean => intent.phase === 'placed' || intent.phase === 'issued';

const failureOf = (run: Run, name: string): string =>
  run.events.findLast((event) => event.name === name)?.message ?? `the order of ${name} cannot be looked at`;

const takesByHand = ({ capabilities }: Provider): boolean => capabilities.handedIn === true;
