import { CertError, type Effect, type ErrorCode } from '../../model/errors.js';
import type { Verdict } from './wire.js';

/** `ErrorCode:-9009|Message:Vendor returns error: …`; a leading number alone, or no code at all, occurs as well. */
const FRAMED = /^\s*ErrorCode:\s*(-?\d{1,6})\s*\|\s*Message:\s*([\s\S]*)$/i;
const NUMBERED = /^\s*(-\d{3,6})\b[\s:|-]*([\s\S]*)$/;

export interface StoreError {
  readonly code?: number;
  readonly text: string;
}

export function parseError(message: string): StoreError {
  const found = FRAMED.exec(message) ?? NUMBERED.exec(message);
  if (!found) return { text: message.trim() };
  return { code: Number(found[1]), text: (found[2] ?? '').trim() };
}

export const AUTHENTICATION_FAILED = -9008;
const AUTHORITY_REFUSED = -9009;
const TOO_LATE_TO_CANCEL = -9032;

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly remedy: string;
  /** The one call it is known of. */
  readonly call?: string;
}

/** Codes that are published or stand in the vendor's own code: a definite refusal each. */
const CODES: Readonly<Record<number, Meaning>> = {
  [AUTHENTICATION_FAILED]: {
    code: 'provider.credentials',
    says: 'refuses partner code or token',
    remedy:
      'Check partnerCode and authToken (live and sandbox have pairs of their own), and whether the account allows the address of this machine.',
  },
  [AUTHORITY_REFUSED]: {
    code: 'provider.refused',
    says: 'passes on a refusal of the certificate authority',
    remedy: 'Correct what its text names in the manifest, the contacts or the CSR.',
  },
  [TOO_LATE_TO_CANCEL]: {
    code: 'provider.refused',
    says: 'takes no cancellation later than 30 days after activation',
    remedy: 'Let the term run out, or revoke the certificate.',
    call: 'order/refundrequest',
  },
};

/** Reported as code and text: that both come in one frame is only inferred. */
const LOGIN_TEXT = /token\s*\/\s*authentication failure/i;

/** Does it refuse the credentials themselves? */
export const refusesLogin = ({ code, text }: StoreError): boolean =>
  code === AUTHENTICATION_FAILED || (code === undefined && LOGIN_TEXT.test(text));

/** Texts without a code that clients have met: the CSR was not taken. */
const CSR_TEXTS = /csr_invalid|failed to parse csr|the csr cannot be decoded/i;
const CSR: Meaning = {
  code: 'provider.refused',
  says: 'does not take the CSR',
  remedy:
    'Try the other `csrEncoding` (url or pem) of the provider; DigiCert products also say this of other missing values.',
};

/**
 * What the store passes on as the authority's words and is no refusal of it: the authority did not answer, or has the order.
 * Where it says nothing, nothing is known either.
 */
const NO_REFUSAL =
  /^$|time[ds]?[ -]*out|unavailable|(?:internal|unexpected|unknown).{0,10}error|again|connection|unreachable|no response|\b50[0234]\b|already|duplicate/i;

const authorityText = (text: string): string => text.replace(/^vendor returns error\s*:?/i, '').trim();

function meaningOf(call: string, error: StoreError): Meaning | undefined {
  if (refusesLogin(error)) return CODES[AUTHENTICATION_FAILED];
  if (error.code === undefined) return CSR_TEXTS.test(error.text) ? CSR : undefined;
  if (error.code === AUTHORITY_REFUSED && NO_REFUSAL.test(authorityText(error.text))) return undefined;
  const meaning = CODES[error.code];
  return meaning?.call === undefined || meaning.call === call ? meaning : undefined;
}

/**
 * A reply that says it is an error. Decided by the code, and by the few texts that come without one; everything else on a
 * writing call leaves open what happened.
 * @param effect  `unknown` for a writing call
 * @param clean  strikes credentials out
 */
export function refusalOf(
  call: string,
  about: string,
  { message }: Verdict,
  effect: Effect,
  clean: (text: string) => string,
): CertError {
  const error = parseError(clean(message));
  const meaning = meaningOf(call, error);
  const number = error.code === undefined ? '' : `code ${error.code}`;
  const quoted = [number, error.text === '' ? '' : `"${error.text.slice(0, 500)}"`].filter(
    (part) => part !== '',
  );
  const details = quoted.length === 0 ? '' : ` (${quoted.join(': ')})`;
  const texts = error.text === '' ? {} : { providerText: error.text };
  if (meaning) {
    const subject = meaning.code === 'provider.credentials' ? '' : `, for ${about}`;
    return new CertError(meaning.code, `The SSL Store ${meaning.says}${subject}${details}`, {
      remedy: meaning.remedy,
      ...texts,
    });
  }
  return new CertError(
    effect === 'unknown' ? 'wire.unexpected' : 'provider.refused',
    `${call} for ${about} was refused by The SSL Store for a reason nobody documents${details}`,
    {
      effect,
      ...(effect === 'unknown'
        ? { remedy: 'What became of it is looked up before anything is repeated.' }
        : {}),
      ...texts,
    },
  );
}
