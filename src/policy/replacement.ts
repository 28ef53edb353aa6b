import type { ReplacementRecord, RequestRecord, Status } from '../model/status.js';
import { type Instant, toInstant, toMs } from '../model/time.js';

export type DeadlineRequest = RequestRecord & { readonly deadline: Instant };

/** Still to be done: a certificate that took the place of the one that has to go is what was asked for. */
const isOpen = ({ action, serial }: RequestRecord, { current }: Status): boolean =>
  action === 'reissue' && (serial === undefined || serial === current?.serial);

/** The reissue that is asked for: one answers them all, so the one with the nearest deadline speaks for them. */
export function openReissueRequest(status: Status): RequestRecord | undefined {
  const [nearest] = openReplacements(status).toSorted((a, b) => toMs(a.deadline) - toMs(b.deadline));
  return nearest ?? status.requests.find((request) => isOpen(request, status));
}

/** Reissues that are asked for with a deadline. */
export const openReplacements = (status: Status): readonly DeadlineRequest[] =>
  status.requests.filter(
    (request): request is DeadlineRequest => request.deadline !== undefined && isOpen(request, status),
  );

/** How far a mass replacement is. */
export interface ReplacementProgress {
  readonly record: ReplacementRecord;
  readonly done: number;
  /** Certificates whose request is still open. */
  readonly left: number;
  /** When the rest is done at the pace so far; absent: nothing was done yet, or nothing is left. */
  readonly expectedAt?: Instant;
  readonly verdict: 'done' | 'in-time' | 'too-slow' | 'not-started' | 'missed';
}

/** @param statuses  all there are; archived ones count as done: nobody manages them any more */
export function replacementProgress(
  record: ReplacementRecord,
  statuses: Iterable<Status>,
  nowMs: number,
): ReplacementProgress {
  const left = [...statuses].filter(
    (status) =>
      !status.archived && openReplacements(status).some(({ replacement }) => replacement === record.id),
  ).length;
  const done = Math.max(0, record.count - left);
  const deadlineMs = toMs(record.deadline);
  if (left === 0) return { record, done, left, verdict: 'done' };
  const spentMs = Math.max(0, nowMs - toMs(record.askedAt));
  const expectedMs = done === 0 ? undefined : nowMs + (spentMs / done) * left;
  const expected = expectedMs === undefined ? {} : { expectedAt: toInstant(expectedMs) };
  if (nowMs >= deadlineMs) return { record, done, left, ...expected, verdict: 'missed' };
  if (expectedMs === undefined) return { record, done, left, verdict: 'not-started' };
  return { record, done, left, ...expected, verdict: expectedMs <= deadlineMs ? 'in-time' : 'too-slow' };
}
