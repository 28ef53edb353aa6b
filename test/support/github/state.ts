/** What a fake GitHub remembers of one repository beside its Git objects. */
import type { components } from '@octokit/openapi-types';

export type Schemas = components['schemas'];

/** Part of a reply: fields may be missing, but none is invented and none has another type than GitHub's own. */
export type Part<T> = T extends readonly (infer E)[]
  ? readonly Part<E>[]
  : T extends object
    ? { readonly [K in keyof T]?: Part<T[K]> }
    : T;

export interface User {
  readonly login: string;
  readonly type: 'User' | 'Bot';
}

export type Role = 'none' | 'read' | 'triage' | 'write' | 'maintain' | 'admin';

/** As `permissions:` of a workflow has them. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export interface Token {
  readonly user: User;
  /** A workflow's or an app's: may not ask who it is. */
  readonly installation: boolean;
  readonly permissions: Permissions;
}

export interface Comment {
  readonly id: number;
  readonly number: number;
  readonly user: User;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
}

/** An issue or a pull request: they share their numbers. */
export interface Topic {
  readonly number: number;
  readonly id: number;
  readonly user: User;
  title: string;
  body: string;
  state: 'open' | 'closed';
  labels: readonly string[];
  readonly createdAt: string;
  updatedAt: string;
  closedAt?: string;
  closedBy?: User;
  readonly edits: { readonly by: User; readonly at: string }[];
  readonly pull?: Pull;
}

export interface Pull {
  readonly headBranch: string;
  /** Path of the fork's bare repository; absent: this repository. */
  readonly fork?: { readonly path: string; readonly fullName: string };
  readonly baseBranch: string;
  headOid: string;
  baseOid: string;
  mergedAt?: string;
  mergedBy?: User;
  mergeOid?: string;
}

export interface CheckRun {
  readonly id: number;
  readonly name: string;
  readonly headOid: string;
  readonly conclusion: string;
  readonly title: string;
  readonly summary: string;
  readonly annotations: {
    readonly path: string;
    readonly start_line: number;
    readonly end_line: number;
    readonly annotation_level: string;
    readonly message: string;
    readonly title?: string;
  }[];
}

export interface Workflow {
  readonly path: string;
  state: Schemas['workflow']['state'];
  lastScheduledAt?: string;
}

export interface Protection {
  /** Rules as `GET rules/branches/{branch}` shows them. */
  readonly rules?: readonly Part<Schemas['repository-rule-detailed']>[];
  /** Classic protection, which only administrators see. */
  readonly classic?: Part<Schemas['branch-protection']>;
}

export interface Dispatch {
  readonly event_type: string;
  readonly client_payload?: Readonly<Record<string, unknown>>;
}

export interface State {
  readonly fullName: string;
  readonly isPrivate: boolean;
  readonly defaultBranch: string;
  /** Of the last push to any branch. */
  readonly pushedAt: string;
  /** Bare repository. */
  readonly path: string;
  readonly tokens: Map<string, Token>;
  readonly roles: Map<string, Role>;
  readonly topics: Map<number, Topic>;
  readonly comments: Map<number, Comment>;
  readonly checks: Map<number, CheckRun>;
  readonly workflows: Map<string, Workflow>;
  readonly protection: Map<string, Protection>;
  readonly dispatches: Dispatch[];
  /** "Allow GitHub Actions to create and approve pull requests". */
  workflowsMayOpenPulls: boolean;
  /** Advances a second at every look, so that "newest" is never a tie. */
  now(): string;
  nextId(): number;
  nextNumber(): number;
}
