import { CertError } from '../../model/errors.js';
import type { StateHeader, Status } from '../../model/status.js';
import type { Deps } from '../../reconcile/deps.js';
import { landTelling, observeState, refuseLostState } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { notInitialised } from '../../reconcile/open-run.js';
import { statusFile } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import { HEADER_PATH } from '../../repository/layout.js';

/** The state as a person may change it. @throws CertError `repository.not-initialised`, `repository.lost-state` */
export async function openState(deps: Deps): Promise<StateView> {
  const view = await observeState(deps);
  if (view.snapshot.integrity.kind === 'absent') throw notInitialised();
  refuseLostState(view);
  return view;
}

/** @throws CertError `usage` */
export function statusNamed(view: StateView, name: string): Status {
  const status = view.statuses.get(name);
  if (status) return status;
  throw new CertError('usage', `the state knows no certificate "${name}"`, {
    remedy: '`certwright status` lists every certificate, and what a declared one still waits for',
  });
}

/** @throws CertError `repository.unreadable-state` */
export function headerOf(view: StateView): StateHeader {
  if (view.header) return view.header;
  throw new CertError('repository.unreadable-state', `the state branch has no ${HEADER_PATH}`, {
    remedy: 'bring the file back from the history of the state branch',
  });
}

/** The next facts on one head; the same object where nothing is to be changed. May throw: then nothing is. */
type NextStatus = (status: Status, view: StateView) => Status;
type NextHeader = (header: StateHeader, view: StateView) => StateHeader;

/** @returns was anything written? */
export async function changeStatus(
  deps: Deps,
  view: StateView,
  name: string,
  line: string,
  next: NextStatus,
): Promise<boolean> {
  const { told } = await landTelling({ deps }, view, (head) => {
    const before = statusNamed(head, name);
    const after = next(before, head);
    if (after === before) return undefined;
    return { files: [statusFile(after)], message: commitMessage([line]), tells: true };
  });
  return told ?? false;
}

/** @returns was anything written? */
export async function changeHeader(
  deps: Deps,
  view: StateView,
  line: string,
  next: NextHeader,
): Promise<boolean> {
  const { told } = await landTelling({ deps }, view, (head) => {
    const before = headerOf(head);
    const after = next(before, head);
    if (after === before) return undefined;
    return { files: [], header: after, message: commitMessage([line]), tells: true };
  });
  return told ?? false;
}
