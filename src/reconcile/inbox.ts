import { parseCertificate, splitPem } from '../keys/certificate.js';
import { CertError, explain } from '../model/errors.js';
import type { OpenIntent } from '../model/intent.js';
import type { CollectedCertificate, OrderSnapshot } from '../model/order.js';
import { rejectedPath } from '../repository/layout.js';
import type { Waiting } from './found.js';
import { findIntent, plannedStep } from './intents.js';
import { type Run, statusOf } from './run.js';

const MAX_BYTES = 200_000;
const INBOX = 'inbox';

/** Where a pull request puts the certificate of a name. */
const inboxPath = (name: string): string => `${INBOX}/${name}.pem`;

/** Does this order wait for a certificate that a person hands in? Never before everything of it is ordered and paid. */
export const isHandedIn = (
  { state, reissuePending, handedIn }: OrderSnapshot,
  intent: OpenIntent | undefined,
): intent is OpenIntent =>
  handedIn === true &&
  intent !== undefined &&
  plannedStep(intent) < 0 &&
  (state === 'pending' || reissuePending === true);

/** Of orders that are not due for a look: those for which a pull request brought a file that no run has judged. */
export async function newInInbox(run: Run, orders: readonly Waiting[]): Promise<ReadonlySet<Waiting>> {
  if (orders.length === 0) return new Set();
  const there = await run.view.snapshot.approval.blobs(INBOX);
  const brought = new Set<Waiting>();
  for (const waiting of orders) {
    if (there.has(inboxPath(waiting.name)) && (await isUnjudged(run, waiting))) brought.add(waiting);
  }
  return brought;
}

async function isUnjudged(run: Run, { name, intentId }: Waiting): Promise<boolean> {
  const status = statusOf(run.view, name);
  const intent = intentId === undefined ? undefined : findIntent(status, intentId);
  const text = await inboxText(run, name);
  if (intent === undefined || text === undefined) return false;
  try {
    const { sha256 } = parseCertificate(certificateOf(text, intent.keyHash).certificatePem);
    const published = [status.current, ...status.previous].some((one) => one?.sha256 === sha256);
    return !published && !run.view.files.has(rejectedPath(name, sha256));
  } catch {
    // Said in every run, until somebody mends it.
    return true;
  }
}

/** What lies in the inbox of the approval branch for a name. */
export async function inboxText({ view }: Run, name: string): Promise<string | undefined> {
  const { approval } = view.snapshot;
  const path = inboxPath(name);
  const entry = (await approval.list(path)).find((one) => one.path === path);
  if (entry === undefined || entry.bytes > MAX_BYTES) return undefined;
  return (await approval.read([entry.blob]))[0];
}

/** The certificate for an order out of its file in the inbox. @throws CertError `certificate.invalid`, with the file */
export function certificateInInbox(name: string, text: string, keyHash: string | undefined) {
  try {
    return certificateOf(text, keyHash);
  } catch (error) {
    throw new CertError('certificate.invalid', `${inboxPath(name)}: ${explain(error)}`, { cause: error });
  }
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
    const what =
      pems.length === 0
        ? 'the file holds no certificate in PEM'
        : `the file holds ${ends.length} certificates that name a server, and none of them is for the key that was asked for`;
    throw new CertError('certificate.invalid', what, {
      remedy: 'put the certificate in it, PEM, and below it the intermediates',
    });
  }
  return { certificatePem: leaf.pem, chainPem: pems.filter((pem) => pem !== leaf.pem) };
}

/** An order whose certificate is there: nobody is waited for any more. */
export function delivered(order: OrderSnapshot): OrderSnapshot {
  const { waitingFor: _waiting, message: _message, reissuePending: _pending, ...rest } = order;
  return { ...rest, state: 'issued' };
}
