import type { CommitPublisher, Oid } from './repository.js';

/**
 * A Git hosting site, as far as certwright uses one: comments, checks, pull requests, branches of its own, issues, and
 * what the site says about itself. Texts are finished when they come here: whatever is not ours in them has passed
 * `src/report/escape.ts`.
 *
 * Every call throws CertError: `forge.permission` (the message names the permission that is missing), `forge.credentials`,
 * `forge.rate-limited` with `retryAtMs`, `forge.not-found`, `forge.refused` (the site understood and will not),
 * `forge.unavailable`, `interrupted`. Reads and calls that say *repeats safely* were tried several times before that; of
 * others `effect` tells whether they may have happened.
 */
export interface Forge {
  /** `owner/name`. */
  readonly repository: string;
  /** Where people look at it, without a slash at the end. */
  readonly webUrl: string;
  readonly comments: Comments;
  readonly checks: Checks;
  readonly pulls: Pulls;
  readonly branches: Branches;
  /** For the state branch: commits that the site makes, and signs for an app's token. */
  readonly publishCommit: CommitPublisher;
  readonly issues: Issues;
  readonly people: People;
  readonly events: Events;
  readonly workflows: Workflows;
  readonly facts: Facts;
  close(): Promise<void>;
}

/** `plan`, `dashboard`: [a-z0-9-]. Hidden at the top of a text of ours, which is found again by it. */
export type Marker = string;

export interface Account {
  readonly login: string;
  readonly isBot: boolean;
}

/** A text of ours, found by its marker; somebody else's text with the same marker is none. */
export interface OwnText {
  readonly id: number;
  /** Without the marker. */
  readonly body: string;
  readonly updatedAt: string;
}

/** Comments on pull requests and issues; `number` is the pull request's or issue's. */
export interface Comments {
  /** Our oldest one with this marker. */
  find(number: number, marker: Marker): Promise<OwnText | undefined>;
  /** @param body  Markdown; with the marker at most 65,536 characters */
  create(number: number, marker: Marker, body: string): Promise<OwnText>;
  /** Repeats safely. false: it was deleted meanwhile. */
  update(id: number, marker: Marker, body: string): Promise<boolean>;
  /** Repeats safely; one that is gone already is deleted. */
  delete(id: number): Promise<void>;
}

export interface Annotation {
  /** From the root of the repository. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly level: 'notice' | 'warning' | 'failure';
  /** Plain text, at most 255 characters. */
  readonly title: string;
  /** Plain text, at most 64 KB. */
  readonly message: string;
}

export type Conclusion = 'success' | 'failure' | 'neutral' | 'action_required';

export interface Check {
  readonly name: string;
  readonly headOid: Oid;
  readonly conclusion: Conclusion;
  /** Plain text. */
  readonly title: string;
  /** Markdown, at most 65,535 characters. */
  readonly summary: string;
  /** As many as there are: sent in batches of 50. */
  readonly annotations: readonly Annotation[];
}

export interface Checks {
  /** A finished check run; one of the same name and commit is superseded by it. */
  create(check: Check): Promise<{ readonly id: number }>;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly author: Account;
  readonly head: { readonly branch: string; readonly oid: Oid };
  readonly base: { readonly branch: string; readonly oid: Oid };
  /** Its head lies in another repository (or in one that is gone): whoever wrote it may have no rights here. */
  readonly isFork: boolean;
  readonly createdAt: string;
  readonly closedAt?: string;
}

export interface PullRequestEnd {
  /** Absent while it is open, or where the site does not tell. */
  readonly closedBy?: Account;
  readonly mergedBy?: Account;
  readonly mergeOid?: Oid;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'modified' | 'removed' | 'renamed' | 'other';
  /** Of a renamed one. */
  readonly previousPath?: string;
}

export interface NewPullRequest {
  readonly title: string;
  readonly body: string;
  readonly head: string;
  readonly base: string;
  readonly labels?: readonly string[];
}

export interface Pulls {
  get(number: number): Promise<PullRequest & PullRequestEnd>;
  /**
   * Those of this repository (not forks) whose head branch begins with `headPrefix`, newest change first.
   * @param filter.updatedSince  instant; older ones are left out (only with `state: all`)
   */
  list(filter: {
    readonly headPrefix: string;
    readonly state: 'open' | 'all';
    readonly updatedSince?: string;
  }): Promise<readonly PullRequest[]>;
  /** Every pull request there was from this branch of this repository, newest first. */
  ofBranch(branch: string): Promise<readonly PullRequest[]>;
  /** Open ones, of forks too, whose head is this branch of this owner's repository. */
  withHead(owner: string, branch: string): Promise<readonly PullRequest[]>;
  /** At most 3,000, which is what GitHub tells. */
  files(number: number): Promise<readonly ChangedFile[]>;
  open(pull: NewPullRequest): Promise<PullRequest>;
  /** Repeats safely. */
  update(number: number, change: { readonly title?: string; readonly body?: string }): Promise<void>;
  /** Repeats safely; one that is closed or merged stays so. */
  close(number: number): Promise<void>;
}

export interface BranchCommit {
  /** The commit it stands on. */
  readonly base: Oid;
  /** Path → text; null removes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
}

/** Branches of our own for proposals; never the approval or the state branch. */
export interface Branches {
  /** Name → tip. */
  list(prefix: string): Promise<ReadonlyMap<string, Oid>>;
  tip(branch: string): Promise<Oid | undefined>;
  /** One commit, and the branch on it. `exists`: somebody made the branch before. */
  create(branch: string, commit: BranchCommit): Promise<{ readonly oid: Oid } | 'exists'>;
  /** One commit on top of a branch that still is where `base` says. `moved`: it is not, and nothing was changed. */
  advance(branch: string, commit: BranchCommit): Promise<{ readonly oid: Oid } | 'moved'>;
  /** One commit, and the branch moved there whatever it held. */
  replace(branch: string, commit: BranchCommit): Promise<{ readonly oid: Oid }>;
  /** Repeats safely; one that is gone already is deleted. */
  delete(branch: string): Promise<void>;
  /** A file at a branch, tag or commit; undefined where there is none. */
  file(path: string, ref: string): Promise<string | undefined>;
}

export interface Issue extends OwnText {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly state: 'open' | 'closed';
}

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
}

export interface Issues {
  /** Our oldest one with this marker among those with the label: open ones before closed ones. */
  find(marker: Marker, label: string): Promise<Issue | undefined>;
  /** Our open ones with this label whose markers begin with `prefix`, oldest first. */
  open(prefix: string, label: string): Promise<readonly (Issue & { readonly marker: Marker })[]>;
  create(marker: Marker, issue: NewIssue): Promise<Issue>;
  /** Repeats safely. */
  update(
    number: number,
    marker: Marker,
    change: {
      readonly title?: string;
      readonly body?: string;
      readonly state?: 'open' | 'closed';
    },
  ): Promise<void>;
  /** Who edited its body, newest first; the site's list may be short of the oldest. */
  edits(number: number): Promise<readonly { readonly by: Account; readonly at: string }[]>;
}

export type Role = 'none' | 'read' | 'triage' | 'write' | 'maintain' | 'admin';

export interface People {
  /** What somebody may do in this repository. Strangers have `none`, or `read` where everybody may read. */
  role(login: string): Promise<Role>;
}

export interface Events {
  /** Starts workflows that wait for `repository_dispatch` of this type. @param payload  at most 10 keys */
  dispatch(type: string, payload: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface WorkflowFacts {
  readonly path: string;
  readonly state: 'active' | 'stopped-by-inactivity' | 'stopped' | 'other';
  /** Start of its newest run by schedule. */
  readonly lastScheduledAt?: string;
}

export interface Workflows {
  /** @param file  the name in `.github/workflows`; undefined where there is none */
  get(file: string): Promise<WorkflowFacts | undefined>;
  /**
   * Begins the days anew after which the site stops a schedule that nothing happens around. One that somebody stopped is left
   * stopped. Repeats safely.
   */
  keepAlive(file: string): Promise<void>;
}

export interface RepositoryFacts {
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  readonly defaultBranch: string;
  /** Instant of the last push to any branch, where the site tells. */
  readonly pushedAt?: string;
  /** What the token may do, where the site says so (it does not of a workflow's own token). */
  readonly role?: Role;
}

/** `unknown`: the token may not see it. */
export type Known = 'yes' | 'no' | 'unknown';

export interface BranchProtection {
  readonly exists: boolean;
  readonly requiresPullRequest: Known;
  /** Approving reviews that are required, where that is known. */
  readonly requiredReviews?: number;
  readonly requiresCodeOwners: Known;
  /** Checks that have to succeed before anything is merged. */
  readonly requiresChecks: Known;
  readonly forbidsForcePush: Known;
  readonly forbidsDeletion: Known;
}

/** For `doctor`. */
export interface Facts {
  repository(): Promise<RepositoryFacts>;
  /** From rules and from classic protection together. */
  protection(branch: string): Promise<BranchProtection>;
  /** May workflows of this repository open pull requests with their own token? */
  workflowsMayOpenPulls(): Promise<Known>;
}
