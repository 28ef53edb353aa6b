import { CertError } from '../../model/errors.js';
import type { OrderRequest } from '../../model/order.js';
import { DAY_MS, SECOND_MS, toInstant, toMs } from '../../model/time.js';
import type { LookUp, LookUpContext, ProviderDeps, StepContext } from '../../ports/provider.js';
import { type BookCertificate, type BookOrder, type Books, booksReader, sharedReader } from './books.js';
import type { CheckedCsr } from './csr.js';
import { createDraft, type Draft } from './draft.js';
import type { Offer } from './offer.js';
import { createWriter, type Writer } from './writer.js';

/** What the steps of one account work with. */
export interface Office extends Writer {
  readonly offer: Offer;
  /** Read after it was asked for; several who ask at once share a reading. */
  readonly read: () => Promise<Books>;
  readonly now: () => number;
  readonly newSerial: () => string;
  readonly newOrderId: () => string;
}

export function openOffice(deps: ProviderDeps, offer: Offer): Office {
  const { accountStore, clock, random } = deps;
  const read = sharedReader(booksReader(accountStore));
  const newSerial = (): string => positiveSerial(random.hex(16));
  const draftDeps = {
    sealer: deps.runnerSealer,
    serial: newSerial,
    now: () => clock.now(),
    label: `${deps.repositoryId} ${deps.config.id}`,
  };
  return {
    ...createWriter(accountStore, read, (books) => createDraft(draftDeps, books)),
    offer,
    read,
    now: () => clock.now(),
    newSerial,
    newOrderId: () => `lca-${random.hex(8)}`,
  };
}

/** 16 bytes whose first is never 0 and has no sign bit: the same hex digits in DER and everywhere it is shown. */
function positiveSerial(hex: string): string {
  const first = (Number.parseInt(hex.slice(0, 2), 16) & 0x3f) | 0x40;
  return first.toString(16) + hex.slice(2);
}

/** Checks the request's CSR before anything is queued. @throws CertError `provider.refused` */
export async function checkedCsr(request: OrderRequest): Promise<CheckedCsr> {
  const { checkCsr } = await import('./csr.js');
  return checkCsr(request.csrPem, request.names);
}

export const notFound = (orderId: string): CertError =>
  new CertError('order.not-found', `The books of the local CA hold no order ${orderId}.`);

/** The order a request is about. @throws CertError `order.not-found` */
export function subjectOrder(find: (id: string) => BookOrder | undefined, request: OrderRequest): BookOrder {
  const order = request.predecessor && find(request.predecessor.orderId);
  if (!order) throw notFound(request.predecessor?.orderId ?? '(none named)');
  return order;
}

/**
 * Signs the next certificate of an order: from its release on for the configured validity, and never past the paid term.
 * @throws CertError `provider.refused` when the term would be over before it is released
 */
export async function nextCertificate(
  office: Office,
  draft: Draft,
  request: OrderRequest,
  csr: CheckedCsr,
  wanted: { readonly serial: string; readonly nowMs: number; readonly paidTill?: string },
): Promise<BookCertificate> {
  const { signLeaf } = await import('./ca.js');
  const releasedAtMs = Math.floor((wanted.nowMs + office.offer.issueAfterMs) / SECOND_MS) * SECOND_MS;
  const paidTillMs = wanted.paidTill === undefined ? Number.POSITIVE_INFINITY : toMs(wanted.paidTill);
  if (paidTillMs <= releasedAtMs) {
    throw new CertError(
      'provider.refused',
      `The paid term ends ${wanted.paidTill}, before a certificate would be ready.`,
    );
  }
  // The last second is still valid (RFC 5280 §4.1.2.5).
  const notAfterMs = Math.min(releasedAtMs + office.offer.validityMs(releasedAtMs), paidTillMs) - SECOND_MS;
  const issuer = await draft.issuer(notAfterMs);
  const pem = await signLeaf(issuer, {
    serial: wanted.serial,
    spkiDer: csr.spkiDer,
    rsa: csr.rsa,
    names: request.names,
    commonName: request.commonName,
    fromMs: releasedAtMs,
    notAfterMs,
  });
  return {
    serial: wanted.serial,
    keyHash: csr.keyHash,
    pem,
    issuer: issuer.serial,
    releasedAt: toInstant(releasedAtMs),
    notAfter: toInstant(notAfterMs),
  };
}

const KEPT_CERTIFICATES = 12;

/** The newest dozen and whatever is still valid or ended lately: an unlimited order must not grow for ever. */
export const keptCertificates = (
  certificates: readonly BookCertificate[],
  nowMs: number,
): readonly BookCertificate[] =>
  certificates.filter(
    (certificate, i) =>
      i >= certificates.length - KEPT_CERTIFICATES || toMs(certificate.notAfter) > nowMs - 30 * DAY_MS,
  );

/** A look-up without a finding, with what was checked about it. */
export async function lookInBooks(
  office: Office,
  context: LookUpContext,
  find: (books: Books) => LookUp | undefined,
): Promise<LookUp> {
  // Taken before the reading: nothing older than this instant can be missing from it.
  const replyAtMs = office.now();
  const books = await office.read();
  const found = find(books);
  if (found) return found;
  const { knownOrderId } = context;
  const positiveControl = knownOrderId === undefined || books.orders.has(knownOrderId);
  return { kind: 'absent', evidence: { replyAtMs, complete: true, negativeControl: true, positiveControl } };
}

/** A text the intent stored with `before`. */
export const beforeText = (context: StepContext, key: string): string | undefined => {
  const value = context.before[key];
  return typeof value === 'string' ? value : undefined;
};
