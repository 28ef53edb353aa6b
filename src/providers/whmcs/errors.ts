import { CertError, type Effect } from '../../model/errors.js';

/** Texts of refused access. The case of letters differs between versions. */
const CREDENTIALS = /^(authentication failed|invalid or missing credentials)/i;
const ADDRESS = /^invalid ip\b/i;
const BANNED = /\bbanned\b/i;
const PERMISSION = /^invalid permissions: api action "?([a-z]+)"? is not allowed/i;
const ADMIN = /an admin user is required/i;

/** Calls that pass the words of a module on, which may be those that WHMCS itself has for a login. */
const RUNS_MODULE: ReadonlySet<string> = new Set(['AcceptOrder', 'ModuleCreate', 'ModuleCustom']);
const FORBIDDEN = 403;

/** Strikes credentials out of what is quoted; what a text means is decided before. */
type Clean = (text: string) => string;

export interface Answered {
  readonly status: number;
  readonly effect: Effect;
}

/**
 * Access that was refused: nothing happened, whatever the call. undefined: it is another error. Of a writing call that is
 * answered with 200 less is believed: a module has words of its own, and a ban is known with 403 alone.
 */
export function accessError(
  action: string,
  text: string,
  { status, effect }: Answered,
  clean: Clean,
): CertError | undefined {
  const isDoubtful = effect === 'unknown' && status !== FORBIDDEN;
  if (isDoubtful && RUNS_MODULE.has(action)) return undefined;
  const quoted = clean(text);
  const details = { providerText: quoted.slice(0, 500) };
  const permission = PERMISSION.exec(text)?.[1];
  if (permission !== undefined) {
    return new CertError('provider.refused', `the API role of this credential does not allow ${action}`, {
      ...details,
      remedy: `Allow ${action} in the API role (Setup, Staff Management, Manage API Credentials).`,
    });
  }
  if (ADDRESS.test(text) || (!isDoubtful && BANNED.test(text))) {
    return new CertError('provider.credentials', `the shop refuses this machine: ${quoted.slice(0, 200)}`, {
      ...details,
      remedy:
        'Add its address to API IP Access Restriction (General Settings, Security), or set the credential accessKey.',
    });
  }
  if (CREDENTIALS.test(text)) {
    return new CertError(
      'provider.credentials',
      `the shop refuses identifier or secret (${quoted.slice(0, 200)})`,
      {
        ...details,
        remedy:
          'Check identifier and secret; certwright does not try them again, as that gets addresses banned.',
      },
    );
  }
  if (ADMIN.test(text)) {
    return new CertError(
      'provider.credentials',
      'the API credential has no admin with "API Access" behind it',
      {
        ...details,
        remedy: 'Give the admin of the credential the permission "API Access".',
      },
    );
  }
  return undefined;
}

/** Documented refusals of writing calls: nothing happened. Every other text leaves that open. */
const REFUSALS: Readonly<Record<string, readonly RegExp[]>> = {
  AddOrder: [/^client id not found/i, /^no items added to cart/i, /can ?not be renewed at this time/i],
  ApplyCredit: [
    /^invoice id not found/i,
    /^invoice not in unpaid status/i,
    /^amount exceeds invoice balance/i,
    /^credit amount to apply must be greater than zero/i,
  ],
  AcceptOrder: [/^order id not found or status not pending/i],
  ModuleCreate: [/^service id (is required|not found)/i, /^service not assigned to a module/i],
  ModuleCustom: [/^service id (is required|not found)/i, /^service not assigned to a module/i],
  UpdateClientProduct: [/^service id not found/i],
  CancelOrder: [/^order id not found/i],
  AddCancelRequest: [/^service id not found/i],
};

/** The credit went elsewhere between our look and the call. */
const NO_CREDIT = /^amount exceeds customer credit balance/i;

/** @param effect  `unknown` for a writing call */
export function refusalOf(
  action: string,
  about: string,
  text: string,
  effect: Effect,
  clean: Clean,
): CertError {
  const quoted = clean(text);
  const details = { providerText: quoted.slice(0, 500) };
  if (action === 'ApplyCredit' && NO_CREDIT.test(text)) {
    return new CertError(
      'provider.not-ready',
      `${about}: the credit of the client does not reach any more`,
      details,
    );
  }
  const known = effect === 'none' || (REFUSALS[action] ?? []).some((refusal) => refusal.test(text));
  return new CertError(
    known ? 'provider.refused' : 'wire.unexpected',
    `${action} for ${about} was refused by the shop: "${quoted.slice(0, 300)}"`,
    {
      ...details,
      effect: known ? 'none' : 'unknown',
      ...(known ? {} : { remedy: 'What became of it is looked up before anything is repeated.' }),
    },
  );
}

/** A list with less in it than the shop says there is: something that counts may be missing. */
export const changedWhileRead = (what: string): CertError =>
  new CertError(
    'wire.unexpected',
    `the list of ${what} at the shop changed while it was read; the next run reads it again`,
  );

/** Is this the sentence of a module, and not of WHMCS itself? */
export const isWordOfModule = (action: string, text: string): boolean =>
  !(REFUSALS[action] ?? []).some((refusal) => refusal.test(text));
