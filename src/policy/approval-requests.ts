import type { ApprovalRequestsConfig } from '../model/configuration.js';
import {
  askAgainMs,
  identityOf,
  type Offer,
  offerDifferences,
  type RequestKey,
  type Survey,
  type Wish,
} from './approval-wishes.js';

/** What is remembered of a file that certwright wrote. */
export interface Written {
  /** `identityOf` what it lets through. */
  readonly identity: string;
  /** The random id of the approval; lines of a plan have none. */
  readonly id?: string;
}

/** One file of a proposal. */
export interface ProposedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly key: RequestKey;
  /** What certwright wrote; absent where that cannot be told any more. */
  readonly written?: Written;
  /** As it is now; absent where it was taken out, cannot be read, or was not looked at (of what is not open). */
  readonly offered?: Offer;
  /** It is not what certwright wrote. */
  readonly edited: boolean;
}

/** A pull request of ours, open or not. */
export interface Proposal {
  readonly number: number;
  readonly state: 'open' | 'closed' | 'merged';
  /** Epoch ms; absent while it is open. */
  readonly endedMs?: number;
  /** Closed because it was of no use any more, not because somebody declined. */
  readonly withdrawn: boolean;
  readonly files: readonly ProposedFile[];
}

/** A file to be written anew, and what in the old one no longer fits. */
export interface Rewrite {
  readonly path: string;
  readonly wish: Wish;
  readonly why: readonly string[];
}

/** A file that is of no use any more. */
export interface Removal {
  readonly path: string;
  readonly key: RequestKey;
  readonly why: string;
}

export interface RequestsDecision {
  /** Each a pull request to open, the most urgent first. */
  readonly open: readonly (readonly Wish[])[];
  readonly change: readonly {
    readonly number: number;
    readonly rewrite: readonly Rewrite[];
    readonly remove: readonly Removal[];
  }[];
  readonly close: readonly { readonly number: number; readonly why: readonly string[] }[];
  /** A person changed the file and it does not fit: nothing is overwritten, it is said once. */
  readonly tell: readonly { readonly number: number; readonly edited: readonly Rewrite[] }[];
  /** By what is asked for: the pull request that asks. What is opened now is not among it. */
  readonly asked: ReadonlyMap<RequestKey, number>;
  readonly declined: readonly { readonly wish: Wish; readonly againMs: number }[];
  /** What has to wait for others, by the limits of the policy. */
  readonly queued: readonly Wish[];
}

export interface RequestsInput {
  readonly survey: Survey;
  readonly proposals: readonly Proposal[];
  /** Ids of the approvals that the survey's plan has read on the approval branch. */
  readonly approvedIds: ReadonlySet<string>;
  readonly limits: ApprovalRequestsConfig;
  readonly nowMs: number;
}

/** So that a body, and a review, stay of a size that people read. */
const GROUP_SIZE = 20;

/**
 * Which pull requests to open, change and close so that each need is asked for exactly once, and what was declined again
 * only when its next day comes.
 */
export function decideRequests(input: RequestsInput): RequestsDecision {
  const { survey, limits, nowMs } = input;
  const wishes = new Map(survey.wishes.map((wish) => [wish.key, wish]));
  const open = input.proposals
    .filter(({ state }) => state === 'open')
    .toSorted((a, b) => a.number - b.number);
  const asked = new Map<RequestKey, number>();
  const kept = open.map((proposal) => judge(proposal, survey, wishes, asked, nowMs));
  const closed = kept.filter(({ closes }) => closes.length > 0);
  const fresh = survey.wishes.filter(({ key }) => !asked.has(key)).toSorted(byUrgency);
  const declined = fresh.flatMap((wish) => {
    const at = declinedMs(wish, input);
    const againMs = at === undefined ? -Infinity : askAgainMs(wish, at);
    return againMs > nowMs ? [{ wish, againMs }] : [];
  });
  const waits = new Set(declined.map(({ wish }) => wish));
  const groups = grouped(
    fresh.filter((wish) => !waits.has(wish)),
    limits,
  );
  const room = Math.max(0, Math.min(limits.perRun, limits.open - (open.length - closed.length)));
  return {
    open: groups.slice(0, room),
    change: kept.flatMap(({ number, closes, rewrite, remove }) =>
      closes.length === 0 && rewrite.length + remove.length > 0 ? [{ number, rewrite, remove }] : [],
    ),
    close: closed.map(({ number, closes }) => ({ number, why: closes })),
    tell: kept.flatMap(({ number, closes, edited }) =>
      closes.length === 0 && edited.length > 0 ? [{ number, edited }] : [],
    ),
    asked,
    declined,
    queued: groups.slice(room).flat(),
  };
}

interface Judged {
  readonly number: number;
  /** Why it is of no use any more, file by file; [] while it is. */
  readonly closes: readonly string[];
  readonly rewrite: readonly Rewrite[];
  readonly remove: readonly Removal[];
  readonly edited: readonly Rewrite[];
}

/** One open pull request. Adds to `asked` what it goes on to ask for. */
function judge(
  { number, files }: Proposal,
  survey: Survey,
  wishes: ReadonlyMap<RequestKey, Wish>,
  asked: Map<RequestKey, number>,
  nowMs: number,
): Judged {
  const rewrite: Rewrite[] = [];
  const remove: Removal[] = [];
  const edited: Rewrite[] = [];
  for (const file of files) {
    const { key, path, offered } = file;
    const why = uselessBecause(key, survey, wishes, asked);
    if (why !== undefined) {
      remove.push({ path, key, why });
      continue;
    }
    asked.set(key, number);
    const wish = wishes.get(key);
    const differences = wish ? offerDifferences(wish, offered, nowMs) : [];
    if (wish === undefined || differences.length === 0) continue;
    (file.edited ? edited : rewrite).push({ path, wish, why: differences });
  }
  const over = remove.length === files.length;
  return { number, closes: over ? remove.map(({ why }) => why) : [], rewrite, remove, edited };
}

/** Undefined for what is still needed, or may be: a provider that is down today says nothing about the need. */
function uselessBecause(
  key: RequestKey,
  { blocked, useless }: Survey,
  wishes: ReadonlyMap<RequestKey, Wish>,
  asked: ReadonlyMap<RequestKey, number>,
): string | undefined {
  const other = asked.get(key);
  if (other !== undefined) return `#${other} asks for the same`;
  if (wishes.has(key)) return undefined;
  return useless.get(key) ?? (blocked.has(key) ? undefined : 'nothing asks for it any more');
}

/**
 * When a person last said no to this: closed the pull request, or merged it without the approval, which is not there. One
 * that was merged after the plan was made looks the same, and is there for the next run.
 */
function declinedMs(wish: Wish, { proposals, approvedIds }: RequestsInput): number | undefined {
  const identity = identityOf(wish);
  const ends = proposals.flatMap(({ state, endedMs, withdrawn, files }) => {
    if (withdrawn || state === 'open' || endedMs === undefined) return [];
    const said = files.some(({ key, written }) => {
      if (key !== wish.key || (written && written.identity !== identity)) return false;
      const seen = written?.id !== undefined && approvedIds.has(written.id);
      return state === 'closed' || !seen;
    });
    return said ? [endedMs] : [];
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** What runs out first comes first, then what fell due first. */
function byUrgency(a: Wish, b: Wish): number {
  const first = (a.runsOutMs ?? Infinity) - (b.runsOutMs ?? Infinity);
  if (first !== 0 && !Number.isNaN(first)) return first;
  const [x, y] = [dueText(a), dueText(b)];
  if (x !== y) return x < y ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

/** Instants sort as texts; what has none comes last. */
const dueText = (wish: Wish): string => (wish.kind === 'action' ? (wish.item.dueAt ?? '~') : '');

function grouped(wishes: readonly Wish[], { group }: ApprovalRequestsConfig): readonly (readonly Wish[])[] {
  const groups = new Map<string, Wish[][]>();
  for (const wish of wishes) {
    const name = groupOf(wish, group);
    const parts = groups.get(name) ?? [];
    const last = parts.at(-1);
    if (last && last.length < GROUP_SIZE) last.push(wish);
    else parts.push([wish]);
    groups.set(name, parts);
  }
  return [...groups.values()].flat();
}

function groupOf(wish: Wish, group: ApprovalRequestsConfig['group']): string {
  if (wish.kind === 'lines' || group === 'each') return wish.key;
  return group === 'all' ? 'all' : `owner ${wish.item.owner ?? ''}`;
}
