import { CertError, explain } from '../../model/errors.js';
import { toInstant } from '../../model/time.js';
import {
  decideRequests,
  type Removal,
  type RequestsDecision,
  type Rewrite,
} from '../../policy/approval-requests.js';
import {
  declinesMatterSinceMs,
  type Offer,
  type Survey,
  surveyOf,
  type Wish,
} from '../../policy/approval-wishes.js';
import { ceilingOf } from '../../policy/limits.js';
import { effectivePolicy } from '../../policy/rules.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { Forge, PullRequest } from '../../ports/forge.js';
import type { Applied } from '../../reconcile/engine.js';
import { changedText, closedText, editedText, requestText } from '../../report/approval-request.js';
import { wishDraft } from '../approval-draft.js';
import { BRANCH_PREFIX } from './approval-branches.js';
import { type ApprovalNote, fileNote, withNote, withoutNote } from './approval-marker.js';
import { freeBranch, tidyBranches } from './approval-refs.js';
import { type OwnPull, offerIn, ownPulls } from './proposals.js';

/** What was done about approvals on the forge. */
export interface ApprovalsTold {
  readonly opened: readonly PullRequest[];
  /** Numbers of pull requests. */
  readonly changed: readonly number[];
  readonly closed: readonly number[];
  /** By `<name> <action>`: where somebody is asked. */
  readonly asked: ReadonlyMap<string, PullRequest>;
  readonly declined: RequestsDecision['declined'];
  /** What waits for a pull request of its own, by the limits of the policy. */
  readonly queued: readonly Wish[];
  /** Each one sentence: what the forge did not let us do. */
  readonly problems: readonly string[];
}

export interface ApprovalsJob {
  readonly forge: Forge;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'hex'>;
}

const LABEL = 'certwright';

/** Read from a run on the tips of both branches. Undefined for one that says nothing about what is needed. */
function surveyRun({ plan, view, desired, specs, providers, declined }: Applied): Survey | undefined {
  if (declined || view.snapshot.integrity.kind === 'lost' || plan.manifestCommit === null) return undefined;
  return surveyOf(plan, {
    statuses: view.statuses,
    taxOf: (provider) => providers.get(provider)?.config.tax,
    ceilingOf: (name) => ceilingOf(specs.get(name)?.maxPrice, effectivePolicy(desired.policy, name)),
  });
}

/**
 * Opens, changes and closes the pull requests that ask for approvals, after a run. Costs nothing and may be repeated: what
 * was cut short is found by the next run. What the forge refuses is told, not thrown.
 * @throws CertError `interrupted`
 */
export async function requestApprovals(
  job: ApprovalsJob,
  applied: Applied,
): Promise<ApprovalsTold | undefined> {
  const survey = surveyRun(applied);
  if (survey === undefined) return undefined;
  const problems: string[] = [];
  try {
    return await carryOut(job, applied, survey, problems);
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    // A token that may not even look matters to nobody while there is nothing to ask for.
    const mayNotLook = error.code === 'forge.permission' || error.code === 'forge.not-found';
    if (survey.wishes.length === 0 && mayNotLook) return undefined;
    const none = { opened: [], changed: [], closed: [], asked: new Map(), declined: [] };
    return { ...none, queued: survey.wishes, problems: [explain(error)] };
  }
}

async function carryOut(
  job: ApprovalsJob,
  { desired, configuration }: Applied,
  survey: Survey,
  problems: string[],
): Promise<ApprovalsTold> {
  const { forge, clock } = job;
  const nowMs = clock.now();
  const wishes = new Map(survey.wishes.map((wish) => [wish.key, wish]));
  const own = await allOwnPulls(job, survey, wishes, nowMs);
  const decision = decideRequests({
    survey: withDoubts(survey, own, desired),
    proposals: own.map(({ proposal }) => proposal),
    approvedIds: new Set(desired.approvals.flatMap(({ subjects }) => subjects.map(({ id }) => id))),
    limits: desired.policy.requests,
    nowMs,
  });
  const byNumber = new Map(own.map((one) => [one.pull.number, one]));
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
      const why = explain(error);
      if (!problems.includes(why)) problems.push(why);
      return false;
    }
  };
  const opened: PullRequest[] = [];
  const changed: number[] = [];
  const closed: number[] = [];
  for (const { number, why } of decision.close) {
    const one = byNumber.get(number);
    if (one && (await attempt(() => withdraw(job, one, why)))) closed.push(number);
  }
  for (const { number, rewrite, remove } of decision.change) {
    const one = byNumber.get(number);
    if (!one) continue;
    await attempt(async () => {
      if (await rewritePull(job, one, rewrite, remove, wishes, nowMs)) changed.push(number);
    });
  }
  for (const { number, edited } of decision.tell)
    await attempt(() => tellOnce(forge, number, editedText(edited)));
  const base = configuration.branches.approval;
  let mayOpen = true;
  const asked = new Map<string, PullRequest>();
  for (const [key, number] of decision.asked) {
    const pull = byNumber.get(number)?.pull;
    if (pull) asked.set(key, pull);
  }
  for (const group of decision.open) {
    // What is not allowed for one is not allowed for the next.
    if (!mayOpen) break;
    mayOpen = await attempt(async () => {
      const pull = await openPull(job, group, base, nowMs);
      if (pull === undefined) return;
      opened.push(pull);
      for (const { key } of group) asked.set(key, pull);
    });
  }
  await attempt(() => tidyBranches(forge, own, new Set([...wishes.keys(), ...survey.blocked])));
  return {
    opened,
    changed,
    closed,
    asked,
    declined: decision.declined,
    queued: [...decision.queued, ...decision.open.flat().filter(({ key }) => !asked.has(key))],
    problems,
  };
}

/** Those that are open, and those that ended recently enough to matter. */
async function allOwnPulls(
  { forge }: ApprovalsJob,
  survey: Survey,
  wishes: ReadonlyMap<string, Wish>,
  nowMs: number,
): Promise<readonly OwnPull[]> {
  const open = await forge.pulls.list({ headPrefix: BRANCH_PREFIX, state: 'open' });
  const since = toInstant(declinesMatterSinceMs(survey.wishes, nowMs));
  const recent = await forge.pulls.list({ headPrefix: BRANCH_PREFIX, state: 'all', updatedSince: since });
  const all = new Map([...recent, ...open].map((pull) => [pull.number, pull]));
  return ownPulls(forge, [...all.values()], wishes);
}

/** A manifest with errors says nothing about what its certificate needs. */
function withDoubts(survey: Survey, own: readonly OwnPull[], desired: Applied['desired']): Survey {
  const invalid = new Set(desired.invalidNames);
  const keys = own.flatMap(({ proposal }) => proposal.files.map(({ key }) => key));
  const doubtful = keys.filter((key) => desired.hasUnreadable || invalid.has(key.split(' ')[0] ?? ''));
  return doubtful.length === 0 ? survey : { ...survey, blocked: new Set([...survey.blocked, ...doubtful]) };
}

interface Written {
  readonly files: Readonly<Record<string, string>>;
  readonly notes: ApprovalNote['files'];
}

function write({ random }: ApprovalsJob, wishes: readonly Wish[], nowMs: number): Written {
  const drafts = wishes.flatMap((wish) => {
    const draft = wishDraft(wish, nowMs, random);
    return draft === undefined ? [] : [{ wish, draft }];
  });
  return {
    files: Object.fromEntries(drafts.map(({ draft }) => [draft.file, draft.text])),
    notes: drafts.map(({ wish, draft }) =>
      fileNote(wish, draft.file, draft.text, idIn(offerIn(draft.file, draft.text, wish.key)), nowMs),
    ),
  };
}

const idIn = (offer: Offer | undefined): string | undefined =>
  offer?.kind === 'action' ? offer.subject.id : undefined;

/** Undefined where another run was faster. */
async function openPull(
  job: ApprovalsJob,
  wishes: readonly Wish[],
  base: string,
  nowMs: number,
): Promise<PullRequest | undefined> {
  const { forge } = job;
  const { files, notes } = write(job, wishes, nowMs);
  const { title, body } = requestText(wishes, nowMs);
  const place = await freeBranch(forge, wishes, base, { files, message: title });
  if (place === undefined) return undefined;
  try {
    return await forge.pulls.open({
      title,
      body: withNote({ head: place.oid, files: notes, withdrawn: false }, body),
      head: place.branch,
      base,
      labels: [LABEL],
    });
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    const there = (await forge.pulls.ofBranch(place.branch)).find(({ state }) => state === 'open');
    if (there) return there;
    // A branch that nobody is asked about would only be in the way.
    await forge.branches.delete(place.branch);
    throw error;
  }
}

/** @returns false: a person was at the branch meanwhile, and the next run looks again */
async function rewritePull(
  job: ApprovalsJob,
  { pull, note }: OwnPull,
  rewrite: readonly Rewrite[],
  remove: readonly Removal[],
  wishes: ReadonlyMap<string, Wish>,
  nowMs: number,
): Promise<boolean> {
  const { forge } = job;
  const again = write(
    job,
    rewrite.map(({ wish }) => wish),
    nowMs,
  );
  const gone = new Set(remove.map(({ path }) => path));
  const files = { ...again.files, ...Object.fromEntries([...gone].map((path) => [path, null])) };
  const written = new Set(again.notes.map(({ path }) => path));
  const kept = (note?.files ?? []).filter(({ path }) => !gone.has(path) && !written.has(path));
  const notes = [...kept, ...again.notes];
  const left = notes.flatMap(({ key }) => wishes.get(key) ?? []);
  const { title, body } = requestText(left, nowMs);
  const message = `Approvals brought up to date: ${title}`;
  const done = await forge.branches.advance(pull.head.branch, { base: pull.head.oid, files, message });
  if (done === 'moved') return false;
  await forge.pulls.update(pull.number, {
    title,
    body: withNote({ head: done.oid, files: notes, withdrawn: false }, body),
  });
  await forge.comments.create(pull.number, 'approval-changed', changedText(rewrite, remove));
  return true;
}

/** Marked first, so that nobody takes it for a person's no. */
async function withdraw(
  { forge }: ApprovalsJob,
  { pull, note }: OwnPull,
  why: readonly string[],
): Promise<void> {
  if (note) {
    const body = withNote({ ...note, withdrawn: true }, withoutNote(pull.body));
    await forge.pulls.update(pull.number, { body });
  }
  await tellOnce(forge, pull.number, closedText(why));
  await forge.pulls.close(pull.number);
}

async function tellOnce(forge: Forge, number: number, text: string): Promise<void> {
  const before = await forge.comments.find(number, 'approval');
  if (before?.body === text) return;
  if (before === undefined || !(await forge.comments.update(before.id, 'approval', text)))
    await forge.comments.create(number, 'approval', text);
}
