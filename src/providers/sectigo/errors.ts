import { CertError, type Effect, type ErrorCode } from '../../model/errors.js';
import type { CodedReply } from './wire.js';

/** Calls by what their codes mean: some numbers mean different things at different ones, or nothing that is known. */
export type CallKind =
  | 'order'
  | 'bundled'
  | 'licence'
  | 'replace'
  | 'collect'
  | 'revoke'
  | 'reject'
  | 'refund'
  | 'dcv'
  | 'read';

interface Meaning {
  readonly code?: ErrorCode;
  /** Continues "Sectigo …"; `{arg}` is the argument that is named. */
  readonly says: string;
  readonly remedy?: string;
}

const CSR = 'Make a new CSR (any text as `reissue:` does), or give another one as `key: { csr: … }`.';
const REPORT = 'Report it with the text: certwright sent something that Sectigo does not take.';
const SHOP = 'Look at the order at Sectigo; nothing here can change that.';

/** Codes whose text the documentation gives, or that public clients act upon: a definite refusal each. */
const COMMON: Readonly<Record<number, Meaning>> = {
  [-1]: { says: 'wants https', remedy: 'Write an https: address as `url:`.' },
  [-2]: { says: 'does not know the argument {arg}', remedy: REPORT },
  [-3]: {
    says: 'misses the argument {arg}',
    remedy: 'For OV and EV complete the `contacts:` of the manifest; otherwise report it.',
  },
  [-4]: {
    says: 'does not accept the value of {arg}',
    remedy: 'Correct it in the manifest, its contacts or providerOptions.',
  },
  [-5]: {
    says: 'takes no wildcard as common name with this product',
    remedy: 'Choose a wildcard product, or another name.',
  },
  [-6]: {
    says: 'wants exactly one wildcard as common name with this product',
    remedy: 'Choose another product, or order `*.` with the domain.',
  },
  [-7]: {
    says: 'knows no country {arg}',
    remedy: 'Write the two letters of ISO 3166 as country of the contacts.',
  },
  [-8]: { says: 'misses a field in the CSR', remedy: 'Complete the organisation in `contacts:`.' },
  [-9]: { says: 'cannot read the CSR as base64', remedy: CSR },
  [-10]: { says: 'cannot decode the CSR', remedy: CSR },
  [-11]: {
    says: 'does not take the algorithm of the CSR',
    remedy: 'Use rsa-2048 to rsa-4096, ecdsa-p256 or ecdsa-p384.',
  },
  [-12]: { says: 'finds the signature of the CSR wrong', remedy: CSR },
  [-13]: {
    says: 'does not take the key size of the CSR',
    remedy: 'Use rsa-2048 to rsa-4096, ecdsa-p256 or ecdsa-p384.',
  },
  [-15]: {
    says: 'has not enough credit in this account',
    remedy: 'Top the account up; the next run orders by itself.',
  },
  [-16]: {
    code: 'provider.credentials',
    says: 'refuses the login',
    remedy:
      'Check loginName and loginPassword (upper and lower case count), whether the account is locked or its password has expired, and whether it allows the address of this machine',
  },
  [-17]: { says: 'wants POST', remedy: REPORT },
  [-19]: {
    says: 'takes no Internet address as common name',
    remedy: 'Order a host name.',
  },
  [-20]: { says: 'rejected or cancelled this order already', remedy: SHOP },
  [-21]: { says: 'revoked this certificate already', remedy: SHOP },
  [-26]: { says: 'is issuing this certificate at this moment', remedy: 'The next run tries again.' },
  [-40]: {
    says: 'believes the key of the CSR to be compromised',
    remedy: 'Never use that key again; have a new one made, and replace it wherever it serves.',
  },
  [-42]: {
    code: 'provider.rate-limited',
    says: 'wants fewer calls',
    remedy: 'The next run tries again.',
  },
  [-91]: {
    says: 'does not permit this to the account',
    remedy: 'Ask the account manager to enable it.',
  },
  [-115]: {
    says: 'has no price for this product and term in the account',
    remedy: 'Choose another term or product, or ask the account manager to add the price.',
  },
  [-160]: { says: 'passes on a refusal of the CA behind the product', remedy: SHOP },
  [-162]: {
    says: 'finds names in the CSR that are not in domainNames',
    remedy: 'Declare all names of the CSR, or let certwright make it.',
  },
};

const NOT_ACTIVATED: Meaning = {
  says: 'has not activated SiteLock for this account',
  remedy: 'Ask the account manager to activate it.',
};
/** Refused, so nothing was bought by this call; an earlier one may have. */
const KNOWN =
  'Look in the account for an order of this site: write its number as `adopt: { order: … }` to take it over; for another site of a customer who is there, write `customerOf` or `previousOrder`.';
const FQDN: Meaning = {
  says: 'takes no full domain name as common name with this product',
  remedy: 'Choose another product.',
};
const ADDRESS: Meaning = { says: 'takes no IP address as common name', remedy: 'Order a host name.' };
const EXPIRED: Meaning = { says: 'says that the certificate has expired', remedy: SHOP };

/** Of an order or certificate that is there: known of calls about one, and no answer to a purchase. */
const NOT_OF_PURCHASES = { [-20]: false, [-21]: false, [-26]: false } as const;

/** The same number, another meaning. `false`: exists there, and what it means is not known. */
const BY_CALL: Readonly<Partial<Record<CallKind, Readonly<Record<number, Meaning | false>>>>> = {
  order: { ...NOT_OF_PURCHASES, [-18]: FQDN, [-35]: ADDRESS },
  bundled: {
    ...NOT_OF_PURCHASES,
    [-18]: FQDN,
    [-35]: ADDRESS,
    [-76]: NOT_ACTIVATED,
    [-122]: {
      says: 'knows the domain or the e-mail of the SiteLock bundle already',
      remedy: 'Remove sitelockBundle from the manifest, or name contacts with another e-mail.',
    },
  },
  licence: {
    ...NOT_OF_PURCHASES,
    [-4]: {
      says: 'does not accept the value of {arg}, or knows the site or the customer already',
      remedy: KNOWN,
    },
    [-18]: { says: 'refunded the earlier order already', remedy: SHOP },
    [-76]: NOT_ACTIVATED,
    [-121]: {
      says: 'takes no add-on below the plan, and no renewal before the last 30 days',
      remedy: 'Choose another add-on; a renewal is tried again.',
    },
    [-122]: { says: 'knows this site or this customer already', remedy: KNOWN },
    [-124]: {
      says: 'sells the bundle with a certificate only',
      remedy: 'Write sitelockBundle: true into providerOptions of the certificate.',
    },
  },
  replace: { [-18]: FQDN, [-35]: ADDRESS },
  revoke: {
    [-23]: COMMON[-26] ?? false,
    [-35]: EXPIRED,
  },
  reject: { [-122]: false },
  refund: { [-18]: { says: 'refunded this order already', remedy: SHOP } },
};

/** `An unknown error occurred!`: after a writing call it says nothing about what happened. */
const UNKNOWN_ERROR = -14;

const meaningOf = (kind: CallKind, code: number): Meaning | undefined => {
  const own = BY_CALL[kind]?.[code];
  return own === false ? undefined : (own ?? COMMON[code]);
};

/** The argument a refusal is about: told apart in the reply, or quoted in its text. For people; nothing decides on it. */
const argumentOf = ({ item, text }: CodedReply): string =>
  item ?? /'([A-Za-z0-9_]{1,40})'/.exec(text ?? '')?.[1] ?? '(not named)';

const WAIT_MS = 60 * 60_000;

export interface RefusalContext {
  /** The path's last part, for the sentence. */
  readonly call: string;
  readonly kind: CallKind;
  /** `unknown` for a writing call: what an answer that says nothing leaves open. */
  readonly effect: Effect;
  /** What the call was about, for the sentence (`order 912345678`, `shop.example.com`). */
  readonly about: string;
  readonly testMode: boolean;
  readonly nowMs: number;
}

/** What a negative code means: decided by number and call, never by its text. */
export function refusalOf(reply: CodedReply, context: RefusalContext): CertError {
  const { call, kind, about, effect, testMode, nowMs } = context;
  const meaning = meaningOf(kind, reply.code);
  const texts = reply.text === undefined ? {} : { providerText: reply.text };
  const quoted = `code ${reply.code}${reply.text === undefined ? '' : `: "${reply.text}"`}`;
  if (meaning === undefined) {
    const what =
      reply.code === UNKNOWN_ERROR ? 'an error that Sectigo calls unknown' : 'a code nobody documents';
    return new CertError('wire.unexpected', `${call} for ${about} gave ${what} (${quoted})`, {
      effect,
      ...(effect === 'unknown'
        ? { remedy: 'What became of it is looked up before anything is repeated.' }
        : {}),
      ...texts,
    });
  }
  const says = meaning.says.replace('{arg}', `"${argumentOf(reply)}"`);
  const remedy =
    testMode && reply.code === -16
      ? `${meaning.remedy}, and whether test orders are enabled for the account`
      : meaning.remedy;
  const subject = meaning.code === 'provider.credentials' ? '' : `, for ${about}`;
  return new CertError(meaning.code ?? 'provider.refused', `Sectigo ${says}${subject} (${quoted})`, {
    ...(remedy === undefined ? {} : { remedy: `${remedy.replace(/\.$/, '')}.` }),
    ...(meaning.code === 'provider.rate-limited' ? { retryAtMs: nowMs + WAIT_MS } : {}),
    ...texts,
  });
}
