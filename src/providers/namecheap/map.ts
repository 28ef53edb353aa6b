import { orderChain, parseCertificate, splitPem } from '../../keys/certificate.js';
import { inspectCsr } from '../../keys/csr.js';
import { CertError } from '../../model/errors.js';
import { type DnsName, nameSet, parseName } from '../../model/names.js';
import type { CollectedCertificate, OrderState, WaitingFor } from '../../model/order.js';
import { productOfType } from './products.js';
import type { InfoWire } from './wire.js';

export type WireStatus =
  | 'newpurchase'
  | 'newrenewal'
  | 'purchased'
  | 'purchaseerror'
  | 'active'
  | 'replaced'
  | 'cancelled';

const STATUSES: ReadonlySet<string> = new Set<WireStatus>([
  'newpurchase',
  'newrenewal',
  'purchased',
  'purchaseerror',
  'active',
  'replaced',
  'cancelled',
]);

const isStatus = (word: string): word is WireStatus => STATUSES.has(word);

/** For lines that may be anybody's: a word that is not documented is undefined. */
export function knownStatus(text: string): WireStatus | undefined {
  const word = text.toLowerCase();
  return isStatus(word) ? word : undefined;
}

/** The vendor's samples write them in several cases. @throws CertError quoting a word that is not documented */
export function statusOf(id: string, text: string): WireStatus {
  const word = knownStatus(text);
  if (word !== undefined) return word;
  throw new CertError('wire.unexpected', `Namecheap calls the state of certificate ${id} "${text}"`, {
    remedy: 'Look at it in the panel; certwright does nothing about it.',
  });
}

/** Bought, and no request for a certificate yet. */
export const isSlot = (status: WireStatus): boolean => status === 'newpurchase' || status === 'newrenewal';

export interface Standing {
  readonly state: OrderState;
  readonly waitingFor?: WaitingFor;
  readonly message?: string;
}

export function standingOf(status: WireStatus): Standing {
  switch (status) {
    case 'newpurchase':
    case 'newrenewal':
      return { state: 'pending', waitingFor: 'configuration' };
    case 'purchased':
      return { state: 'pending', waitingFor: 'dcv' };
    case 'purchaseerror':
      return {
        state: 'pending',
        waitingFor: 'person',
        message: 'the authority refused the activation; only the support can reset it',
      };
    case 'active':
      return { state: 'issued' };
    // Its certificate stays valid: a reissue does not revoke it.
    case 'replaced':
      return { state: 'issued' };
    case 'cancelled':
      return { state: 'cancelled' };
  }
}

/** certwright's name of a type; one that nobody has listed keeps the vendor's. */
export const productName = (type: string): string =>
  productOfType(type)?.id ?? (type === '' ? 'unknown' : type);

/** Leaf and intermediates, whatever their order; undefined while there is no leaf that can be read. */
export function certificateIn(info: InfoWire): CollectedCertificate | undefined {
  const pems = [...new Set(info.certificateTexts.flatMap(splitPem))];
  const readable = pems.flatMap((pem) => {
    try {
      return [parseCertificate(pem)];
    } catch {
      return [];
    }
  });
  const [leaf, ...more] = readable.filter(({ isCa }) => !isCa);
  if (leaf === undefined) return undefined;
  if (more.length > 0) {
    throw new CertError('wire.unexpected', `ssl.getInfo gave ${more.length + 1} certificates as ${info.id}`);
  }
  return { certificatePem: leaf.pem, chainPem: orderChain(leaf.pem, pems) };
}

/** The certificate tells its names; before there is one, the request that is kept there. */
export async function namesOf(
  { csrPem, commonName }: InfoWire,
  certificate: CollectedCertificate | undefined,
): Promise<readonly DnsName[]> {
  if (certificate) return parseCertificate(certificate.certificatePem).names;
  const csr = csrPem === undefined ? undefined : await inspectCsr(csrPem);
  const asked = csr && 'names' in csr ? csr.names : [];
  const common = commonName === undefined ? undefined : parseName(commonName);
  return nameSet([...asked, ...(common?.ok ? [common.name] : [])]);
}

/** Hash of the public key that is asked for; undefined where no request shows, or none that can be read. */
export async function keyOf(csrPem: string | undefined): Promise<string | undefined> {
  const csr = csrPem === undefined ? undefined : await inspectCsr(csrPem);
  return csr && 'keyHash' in csr ? csr.keyHash : undefined;
}
