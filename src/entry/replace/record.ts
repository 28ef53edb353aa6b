import type { ReplacementRecord, RequestRecord, StateHeader } from '../../model/status.js';
import type { Instant } from '../../model/time.js';
import type { Deps } from '../../reconcile/deps.js';
import { landTelling } from '../../reconcile/land.js';
import { commitMessage } from '../../reconcile/message.js';
import { statusFile } from '../../reconcile/run.js';
import type { StateView } from '../../reconcile/state.js';
import { headerOf } from '../cli/state.js';
import { type ReplaceRow, withReplacement } from './survey.js';

/** Requests for each commit: a hundred thousand at once would have to lie in memory together. */
const PER_COMMIT = 2000;
/** Mass replacements remembered. */
const KEPT = 20;

export type Asked = RequestRecord & { readonly deadline: Instant; readonly replacement: string };

/**
 * Puts the requests on the state branch, in a few commits; each counts what it records, so a command that was stopped tells
 * the truth, and run again it goes on.
 * @returns how many were recorded: what was replaced, or asked for, meanwhile is not
 */
export async function recordRequests(
  deps: Deps,
  view: StateView,
  rows: readonly ReplaceRow[],
  request: Asked,
): Promise<number> {
  let current = view;
  let recorded = 0;
  for (let from = 0; from < rows.length; from += PER_COMMIT) {
    const part = rows.slice(from, from + PER_COMMIT);
    deps.progress.step(`recording requests: ${from} of ${rows.length}`);
    const landed = await landTelling({ deps }, current, (head) => {
      const changed = part.flatMap(({ name, serial }) => {
        const before = head.statuses.get(name);
        if (before === undefined) return [];
        // One id for each certificate: a request is told from others by it.
        const own: Asked = { ...request, id: `${request.replacement}-${deps.random.hex(4)}`, serial };
        const after = withReplacement(before, own);
        return after === before ? [] : [after];
      });
      if (changed.length === 0) return undefined;
      return {
        files: changed.map(statusFile),
        header: counted(headerOf(head), request, changed.length),
        message: commitMessage(
          changed.map(({ name }) => `ask for reissue ${name}: ${request.reason}, by ${request.deadline}`),
        ),
        tells: changed.length,
      };
    });
    current = landed.view;
    recorded += landed.told ?? 0;
  }
  return recorded;
}

/** Takes back requests that are still open. @returns how many */
export async function withdrawRequests(deps: Deps, view: StateView, id: string): Promise<number> {
  const { told } = await landTelling({ deps }, view, (head) => {
    const changed = [...head.statuses.values()].flatMap((status) => {
      const requests = status.requests.filter(({ replacement }) => replacement !== id);
      return requests.length === status.requests.length ? [] : [{ ...status, requests }];
    });
    const withdrawn = changed.length;
    if (withdrawn === 0) return undefined;
    const header = headerOf(head);
    const replacements = (header.replacements ?? []).flatMap((one) =>
      one.id !== id ? [one] : one.count > withdrawn ? [{ ...one, count: one.count - withdrawn }] : [],
    );
    return {
      files: changed.map(statusFile),
      header: { ...header, replacements },
      message: commitMessage([`withdraw replacement ${id}: ${withdrawn} requests`]),
      tells: withdrawn,
    };
  });
  return told ?? 0;
}

function counted(header: StateHeader, request: Asked, more: number): StateHeader {
  const { replacements = [] } = header;
  const known = replacements.find(({ id }) => id === request.replacement);
  const record: ReplacementRecord = {
    id: request.replacement,
    askedAt: request.requestedAt,
    deadline: request.deadline,
    reason: request.reason,
    count: (known?.count ?? 0) + more,
  };
  const others = replacements.filter((one) => one !== known);
  return { ...header, replacements: [...others, record].slice(-KEPT) };
}
