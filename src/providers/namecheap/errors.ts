import { CertError, type Effect, type ErrorCode } from '../../model/errors.js';

/** One `<Error Number="…">`. */
export interface WireError {
  readonly number: string;
  readonly text: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly remedy: string;
  /** The call did not take effect, as the documentation has it; absent on a call that writes: it may have. */
  readonly none?: true;
}

const none = (code: ErrorCode, says: string, remedy: string): Meaning => ({ code, says, remedy, none: true });

const LOGIN = none(
  'provider.credentials',
  'refuses the login',
  'Check apiUser, apiKey and userName (production and sandbox have keys of their own), and whether API access is switched on.',
);
const ADDRESS = none(
  'provider.credentials',
  'does not accept the address of this machine',
  'Put the IPv4 address of this machine on the account’s list (Profile, Tools, API access), and name it as clientIp.',
);
const ORDER = none(
  'order.not-found',
  'knows no such certificate',
  'Compare the id with what the panel shows.',
);
const REQUEST = none('provider.refused', 'does not take the order as it is', 'Correct what its text names.');
const STATUS = none(
  'provider.refused',
  'does not do this to a certificate in this state',
  'Look at it in the panel: it may be activated, cancelled, or in the middle of another reissue.',
);
const AUTHORITY: Meaning = {
  code: 'provider.refused',
  says: 'passes on a refusal of the certificate authority',
  remedy: 'Correct what its text names in the manifest, the contacts or the CSR.',
};

const many = (meaning: Meaning, numbers: string): readonly (readonly [string, Meaning])[] =>
  numbers.split(' ').map((number) => [number, meaning] as const);

/** https://www.namecheap.com/support/api/error-codes/ and the pages of the calls. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ...many(LOGIN, '1010101 1010102 1011102 1030408 1017101 1017410 1017411 1019103 1016103 1017103'),
  ...many(ADDRESS, '1010105 1011105 1011150 1017150 1017105'),
  ...many(ORDER, '2011294'),
  ...many(
    REQUEST,
    '2010167 2010298 2010301 2011167 2013167 2015167 2011301 2011767 2011900 2013900 2011170 2013170 2032409 2033409 2012301 4080167',
  ),
  ...many(
    REQUEST,
    '2010214 2010294 2010295 2010296 2010326 2010396 2010667 2010767 2010784 2011166 2011295 2011296 2011784 2013294 2013296 2014296 2030296 2011300 4011300 4011297 2011298 2011272',
  ),
  ...many(STATUS, '4011331 2011331 4011294 4020294'),
  ...many(AUTHORITY, '3011295 3011296 3022296 3027295 3022295 3011299 3022334 3011784'),
]);

const FUNDS: Meaning = none(
  'provider.refused',
  'wants more money than the account holds',
  'Add funds to the account; it is tried again by itself.',
);
const CALCULATION: Meaning = none(
  'provider.refused',
  'cannot compute the price of this order',
  'Check product, term and number of names.',
);

/** Order creation failed: which way, its text alone tells. */
const ORDER_FAILED = '2528166';
export const THROTTLED = '500000';
export const STATUS_INVALID: ReadonlySet<string> = new Set(['4011331', '2011331']);
export const ALREADY_QUEUED = '4028294';
const DELIVERY_ADDRESS_MISSING = '2010214';

function meaningOf({ number, text }: WireError): Meaning | undefined {
  if (number !== ORDER_FAILED) return MEANINGS.get(number);
  if (/INSUFFICIENT\s*FUNDS/i.test(text)) return FUNDS;
  return /CALCULATION\s*ERROR/i.test(text) ? CALCULATION : undefined;
}

/** Defects that the vendor's own client waits out. On a call that writes they say nothing of its effect. */
const PASSING: ReadonlySet<string> = new Set(['3050900', '5019169', '5050169', '5050900']);

export const isPassing = (errors: readonly WireError[]): boolean =>
  errors.length > 0 && errors.every(({ number }) => PASSING.has(number));

/** A refusal with its numbers, for callers that decide by them. */
export class NamecheapRefusal extends CertError {
  readonly numbers: readonly string[];

  constructor(numbers: readonly string[], ...rest: ConstructorParameters<typeof CertError>) {
    super(...rest);
    this.numbers = numbers;
  }
}

export const hasNumber = (error: unknown, ...numbers: readonly string[]): error is NamecheapRefusal =>
  error instanceof NamecheapRefusal && error.numbers.some((number) => numbers.includes(number));

/**
 * A reply that says it is an error: all of its errors, judged by their numbers. On a call that writes it left nothing only
 * where every one of them is a documented refusal.
 * @param effect  `unknown` for a call that writes
 * @param clean  strikes credentials out
 */
export function refusalOf(
  command: string,
  about: string,
  errors: readonly WireError[],
  effect: Effect,
  clean: (text: string) => string,
): NamecheapRefusal {
  const meanings = errors.map(meaningOf);
  const [first] = meanings.filter((meaning) => meaning !== undefined);
  const certain = errors.length > 0 && meanings.every((meaning) => meaning?.none === true);
  const texts = errors.map(({ number, text }) => `${number}: "${clean(text).slice(0, 300)}"`);
  const quoted = texts.length === 0 ? '' : ` (${texts.join('; ').slice(0, 900)})`;
  const numbers = errors.map(({ number }) => number);
  const left: Effect = certain ? 'none' : effect;
  const details = {
    effect: left,
    ...(texts.length === 0 ? {} : { providerText: texts.join('; ').slice(0, 900) }),
  };
  if (first && (certain || effect === 'none')) {
    const subject = first.code === 'provider.credentials' ? '' : `, for ${about}`;
    const remedy = numbers.includes(DELIVERY_ADDRESS_MISSING)
      ? 'Write `deliveryEmail` into the provider’s configuration: this account wants an address for issued files.'
      : first.remedy;
    return new NamecheapRefusal(numbers, first.code, `Namecheap ${first.says}${subject}${quoted}`, {
      ...details,
      remedy,
    });
  }
  return new NamecheapRefusal(
    numbers,
    effect === 'unknown' ? 'wire.unexpected' : 'provider.refused',
    `${command} for ${about} failed at Namecheap${quoted}`,
    {
      ...details,
      ...(effect === 'unknown'
        ? { remedy: 'What became of it is looked up before anything is repeated.' }
        : {}),
    },
  );
}
