import { parseCertificate, splitPem } from '../keys/certificate.js';
import { CertError } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import type { CollectedCertificate, OrderSnapshot } from '../model/order.js';
import { plannedStep } from './intents.js';
import type { Run } from './run.js';

const MAX_BYTES = 200_000;

/** Where a pull request puts the certificate of a name. */
const inboxPath = (name: string): string => `inbox/${name}.pem`;

/** Does this order wait for a certificate that a person hands in? Never before everything of it is ordered and paid. */
export const isHandedIn = (
  { state, reissuePending, handedIn }: OrderSnapshot,
  intent: OpenIntent | undefined,
): intent is OpenIntent =>
  handedIn === true &&
  intent !== undefined &&
  plannedStep(intent) < 0 &&
  (state === 'pending' || reissuePending === true);

/** What lies in the inbox of the approval branch for a name. */
export async function inboxText({ view }: Run, name: string): Promise<string | undefined> {
  const { approval } = view.snapshot;
  const path = inboxPath(name);
  const entry = (await approval.list(path)).find((one) => one.path === path);
  if (entry === undefined || entry.bytes > MAX_BYTES) return undefined;
  return (await approval.read([entry.blob]))[0];
}

/**
 * A certificate and its chain out of a file of a person; the one for the key that was asked for, else the only one that
 * names anything. What of it is right is judged as of every other one.
 * @throws CertError `certificate.invalid`
 */
export function certificateOf(text: string, keyHash: string | undefined): CollectedCertificate {
  const pems = [...new Set(splitPem(text))];
  const parsed = pems.map((pem) => parseCertificate(pem));
  const ends = parsed.filter(({ names }) => names.length > 0);
  const leaf = ends.find((one) => one.keyHash === keyHash) ?? (ends.length === 1 ? ends[0] : undefined);
  if (leaf === undefined) {
    throw new CertError('certificate.invalid', 'the file holds no certificate that stands out as the one', {
      remedy: 'Put the certificate in it, PEM, and below it the intermediates.',
    });
  }
  return { certificatePem: leaf.pem, chainPem: pems.filter((pem) => pem !== leaf.pem) };
}

/** An order whose certificate is there: nobody is waited for any more. */
export function delivered(order: OrderSnapshot): OrderSnapshot {
  const { waitingFor: _waiting, message: _message, reissuePending: _pending, ...rest } = order;
  return { ...rest, state: 'issued' };
}
