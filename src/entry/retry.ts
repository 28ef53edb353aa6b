import type { FailureRecord, Status } from '../model/status.js';
import { nextTryMs } from '../policy/failures.js';
import { solverDueMs } from '../policy/solving.js';
import type { Deps } from '../reconcile/deps.js';
import { type ResentMails, resendMails, unansweredMails } from '../reconcile/resend.js';
import type { StateView } from '../reconcile/state.js';
import { changeStatus, statusNamed } from './cli/state.js';

/** What came of trying a certificate again. */
export interface Retried {
  readonly waits: readonly Wait[];
  /** Was a failure forgiven? */
  readonly changed: boolean;
  readonly mails: readonly ResentMails[];
}

/** What failed is due again at once; mails that nobody answered are sent once more. @throws CertError */
export async function retryCertificate(deps: Deps, view: StateView, name: string): Promise<Retried> {
  const status = statusNamed(view, name);
  const waits = waitsOf(status);
  const changed = await changeStatus(deps, view, name, `retry ${name}: asked for`, forgiven);
  const mails = unansweredMails(status).length > 0 ? await resendMails(deps, name) : [];
  return { waits, changed, mails };
}

/** Something that failed and waits. */
export interface Wait {
  readonly failure: FailureRecord;
  readonly untilMs: number;
}

/** What of a certificate waits after a failure. */
export function waitsOf({ failures, requests, intents, published = [] }: Status): readonly Wait[] {
  const known = [
    ...Object.values(failures),
    ...requests.map(({ failure }) => failure),
    ...intents.map((intent) => (intent.phase === 'placed' ? intent.validationFailure : undefined)),
  ].filter((failure) => failure !== undefined);
  return [
    ...known.map((failure) => ({ failure, untilMs: nextTryMs(failure) })),
    ...published.flatMap((entry) =>
      entry.failure === undefined ? [] : [{ failure: entry.failure, untilMs: solverDueMs(entry) }],
    ),
  ];
}

/** The same object where nothing failed. */
function forgiven(status: Status): Status {
  if (waitsOf(status).length === 0) return status;
  const { published, ...rest } = status;
  return {
    ...rest,
    failures: {},
    requests: status.requests.map(({ failure: _failure, ...request }) => request),
    intents: status.intents.map((intent) => {
      if (intent.phase !== 'placed') return intent;
      const { validationFailure: _refused, ...others } = intent;
      return others;
    }),
    ...(published && { published: published.map(({ failure: _failure, ...entry }) => entry) }),
  };
}
