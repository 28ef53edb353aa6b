import type { OrderState, WaitingFor } from '../../model/order.js';

/** What a word of a module means, in the names of the configuration. */
export type Meaning =
  | 'waiting_upstream_payment'
  | 'submitting'
  | 'awaiting_configuration'
  | 'waiting_documents'
  | 'waiting_call'
  | 'waiting_approver'
  | 'waiting_dcv'
  | 'in_review'
  | 'issuing'
  | 'failed'
  | 'issued'
  | 'rejected'
  | 'revoked'
  | 'cancelled';

interface Normalised {
  readonly state: OrderState;
  readonly waitingFor?: WaitingFor;
}

/** `issued` is a word until the certificate is in hand. */
const MEANINGS: Readonly<Record<Meaning, Normalised>> = {
  waiting_upstream_payment: { state: 'pending', waitingFor: 'upstream-payment' },
  submitting: { state: 'pending', waitingFor: 'ca' },
  awaiting_configuration: { state: 'pending', waitingFor: 'configuration' },
  waiting_documents: { state: 'pending', waitingFor: 'documents' },
  waiting_call: { state: 'pending', waitingFor: 'call-back' },
  waiting_approver: { state: 'pending', waitingFor: 'approver-mail' },
  waiting_dcv: { state: 'pending', waitingFor: 'dcv' },
  in_review: { state: 'pending', waitingFor: 'ca' },
  issuing: { state: 'pending', waitingFor: 'ca' },
  failed: { state: 'pending', waitingFor: 'person' },
  issued: { state: 'pending', waitingFor: 'ca' },
  rejected: { state: 'rejected' },
  revoked: { state: 'revoked' },
  cancelled: { state: 'cancelled' },
};

export const MEANING_NAMES = Object.keys(MEANINGS) as readonly Meaning[];

type Words = Readonly<Record<string, Meaning>>;

const all = (meaning: Meaning, ...words: readonly string[]): Words =>
  Object.fromEntries(words.map((word) => [word.toLowerCase(), meaning]));

/** Rows of `tblsslorders`, as modules write them. */
const MODULES: Words = {
  ...all('awaiting_configuration', 'Awaiting Configuration', 'Incomplete'),
  ...all('issuing', 'Configuration Submitted'),
  ...all('issued', 'Completed', 'Complete'),
  ...all('cancelled', 'Cancelled'),
};

/**
 * Labels of the published RVssl workflow, and names of the partner order service behind it. "Waiting Submit Order" stands for
 * an order that waits for upstream credit and for one that is just being submitted: the text cannot tell, and the first is
 * what somebody has to look at.
 */
const RVSSL: Words = {
  ...all(
    'waiting_upstream_payment',
    'Waiting for Payment',
    'Waiting for payment.',
    'Waiting for Payment on RVglobalsoft.com',
    'Waiting Submit Order',
    'WAITING_SUBMIT_ORDER',
  ),
  ...all('awaiting_configuration', 'WAITING_SUBMIT_CSR'),
  ...all('waiting_documents', 'WAITING_SUBMIT_DOCUMENT'),
  ...all('waiting_call', 'WAITING_SUBMIT_PHONECALL', 'WF_AUTHORIZATION'),
  ...all(
    'waiting_approver',
    'ORDER_WAITING_FOR_APPROVAL',
    'WF_DOMAIN_APPROVAL',
    'WF_DOMAIN_APPROVAL_EMAIL',
    'WF_DOMAIN_APPROVAL_ADDRESS',
    'WF_CUSTOMER_APPROVAL',
    'WF_EXTERNAL_APPROVALS',
    'WF_CONSUMER_AUTH',
    'WF_ACK_EMAIL',
  ),
  ...all('waiting_dcv', 'WF_FILE_AUTH'),
  ...all(
    'in_review',
    'WF_MANUAL_VETTING',
    'WF_VETTING_REVIEW',
    'WF_SECURITY_REVIEW',
    'WF_EXTERNAL_SUBMISSION',
    'WF_PAYMENT',
    'WF_Malware_Scan',
  ),
  ...all('issuing', 'WF_CERTGEN', 'WF_FINALIZATION', 'CONVERTED', 'WF_TRIAL_EXPIRATION'),
  ...all(
    'failed',
    'DOMAIN_APPROVAL_EMAIL_FAILED',
    'AUTHORIZATION_FAILED',
    'SECURITY_REVIEW_FAILED',
    'CERTGEN_FAILED',
    'PAYMENT_FAILED',
  ),
  ...all('issued', 'COMPLETED', 'Complete'),
  ...all('rejected', 'REJECTED'),
  ...all('revoked', 'Revoked'),
  ...all('cancelled', 'Cancelled'),
};

/** Names that only begin so are known. */
const RVSSL_PREFIXES: readonly (readonly [prefix: string, Meaning])[] = [
  ['wf_reseller_approval_', 'in_review'],
];

export interface ReadState extends Normalised {
  /** The module says that there is a certificate. */
  readonly isIssued: boolean;
  readonly message: string;
}

/** @param own  words of the operator's own module */
export function readState(text: string, profile: 'rvssl' | undefined, own: Words): ReadState | undefined {
  const word = text.trim();
  if (word === '') return undefined;
  const key = word.toLowerCase();
  const meaning =
    own[key] ?? (profile === 'rvssl' ? (RVSSL[key] ?? prefixed(key)) : undefined) ?? MODULES[key];
  if (meaning === undefined) {
    return {
      state: 'pending',
      waitingFor: 'person',
      isIssued: false,
      message: `the shop says "${word.slice(0, 120)}", which certwright does not know; map it below \`states:\``,
    };
  }
  const isIssued = meaning === 'issued';
  return { ...MEANINGS[meaning], isIssued, message: isIssued ? '' : explained(meaning, word, profile) };
}

const prefixed = (key: string): Meaning | undefined =>
  RVSSL_PREFIXES.find(([prefix]) => key.startsWith(prefix))?.[1];

function explained(meaning: Meaning, word: string, profile: 'rvssl' | undefined): string {
  const quoted = `the shop says "${word.slice(0, 120)}"`;
  if (meaning !== 'waiting_upstream_payment') return quoted;
  const where = profile === 'rvssl' ? 'at RVglobalsoft' : 'with the shop’s own supplier';
  const either = /submit/i.test(word) ? ', or the order is just being submitted' : '';
  return `${quoted}: the credit ${where} is short${either}; add credit there, the order goes on by itself; never order again`;
}

/** Words as the configuration gives them, in the form they are looked up by. */
export const ownWords = (states: Readonly<Record<string, Meaning>>): Words =>
  Object.fromEntries(Object.entries(states).map(([word, meaning]) => [word.trim().toLowerCase(), meaning]));
