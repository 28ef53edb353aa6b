/** Texts of the codes, as the reference knows them. `xxxx` stands for the argument. */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'Request was not made over https!',
  [-2]: "'xxxx' is an unrecognised argument!",
  [-3]: "The 'xxxx' argument is missing!",
  [-4]: "The value of the 'xxxx' argument is invalid!",
  [-5]: "The CSR's Common Name may NOT contain a wildcard!",
  [-6]: "The CSR's Common Name MUST contain ONE wildcard!",
  [-7]: "'xxxx' is not a valid ISO-3166 country!",
  [-8]: 'The CSR is missing a required field!',
  [-9]: 'The CSR is not valid Base-64 data!',
  [-10]: 'The CSR cannot be decoded!',
  [-11]: 'The CSR uses an unsupported algorithm!',
  [-12]: 'The CSR has an invalid signature!',
  [-13]: 'The CSR uses an unsupported key size!',
  [-14]: 'An unknown error occurred!',
  [-15]: 'Not enough credit!',
  [-16]: 'Incorrect login details, account is locked, password has expired or your source IP is blocked.',
  [-17]: 'Request used GET rather than POST!',
  [-18]: 'The order has already been refunded!',
  [-20]: 'The certificate request has already been rejected!',
  [-21]: 'The certificate has already been revoked!',
  [-23]: 'The certificate is currently being issued!',
  [-26]: 'The certificate is currently being issued!',
  [-35]: 'The certificate has expired!',
  [-40]: 'The CSR uses a key that is believed to have been compromised!',
  [-42]: 'Call limit reached, try again later!',
  [-76]: 'The SiteLock partner account is not activated!',
  [-91]: 'Permission denied in this context!',
  [-115]: 'No price found! Contact Support!',
  [-121]: 'The product cannot be added or renewed now!',
  [-122]: 'The domain or the account already exists!',
  [-124]: 'SSL PLUS SiteLock Bundle can only be ordered together with an SSL certificate',
  [-162]: 'The CSR holds names that are not in domainNames!',
};
/** One number, two meanings: -35 is an expired certificate to a revocation, and an address to an order. */
export const CSR_IS_ADDRESS = "The CSR's Common Name may not be an IP Address!";
const UNKNOWN_TEXT = 'The request was refused!';

/** Ends a call with a negative code; nothing has happened then. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, item?: string, text?: string) {
    super(text ?? (TEXTS[code] ?? UNKNOWN_TEXT).replace('xxxx', item ?? ''));
    this.code = code;
  }
}

export const missing = (argument: string): Refusal => new Refusal(-3, argument);
export const invalid = (argument: string): Refusal => new Refusal(-4, argument);
