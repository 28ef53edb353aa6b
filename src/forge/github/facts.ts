import type { Endpoints } from '@octokit/types';
import { CertError } from '../../model/errors.js';
import type { BranchProtection, Facts, Known, Role } from '../../ports/forge.js';
import { type Line, orMissing } from './call.js';

type Rule = Endpoints['GET /repos/{owner}/{repo}/rules/branches/{branch}']['response']['data'][number];
type Classic = Endpoints['GET /repos/{owner}/{repo}/branches/{branch}/protection']['response']['data'];

const READ = { to: 'read the repository', needs: 'contents: read' } as const;
const ADMIN = { to: 'read the settings', needs: 'administration: read' } as const;

/** undefined where the token may not see it. */
async function ifSeen<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CertError && /^forge\.(permission|not-found)$/.test(error.code)) return undefined;
    throw error;
  }
}

/** Told only to those who may see it; everybody else reads "Not Found". */
const NOT_PROTECTED = /branch not protected/i;

/** null: there is no classic protection. */
async function orUnprotected<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    const isNone = error instanceof CertError && NOT_PROTECTED.test(error.providerText ?? '');
    if (isNone) return null;
    throw error;
  }
}

const ruleOf = <T extends Rule['type']>(rules: readonly Rule[], type: T) =>
  rules.find((rule): rule is Extract<Rule, { type: T }> => rule.type === type);

/** Rules and classic protection both hold; what neither says is `no` only where both could be read. */
function both(byRule: boolean, classic: boolean | undefined, isSeen: boolean): Known {
  if (byRule || classic === true) return 'yes';
  return isSeen ? 'no' : 'unknown';
}

function together(rules: readonly Rule[], classic: Classic | undefined, isSeen: boolean): BranchProtection {
  const pull = ruleOf(rules, 'pull_request')?.parameters;
  const reviews = classic?.required_pull_request_reviews;
  const counts = [pull?.required_approving_review_count, reviews?.required_approving_review_count].filter(
    (count) => count !== undefined,
  );
  const has = (type: Rule['type']) => ruleOf(rules, type) !== undefined;
  return {
    exists: true,
    requiresPullRequest: both(has('pull_request'), reviews !== undefined, isSeen),
    ...(counts.length === 0 ? {} : { requiredReviews: Math.max(...counts) }),
    requiresCodeOwners: both(
      pull?.require_code_owner_review === true,
      reviews?.require_code_owner_reviews,
      isSeen,
    ),
    requiresChecks: both(
      has('required_status_checks'),
      classic && classic.required_status_checks !== undefined,
      isSeen,
    ),
    forbidsForcePush: both(has('non_fast_forward'), classic && !classic.allow_force_pushes?.enabled, isSeen),
    forbidsDeletion: both(has('deletion'), classic && !classic.allow_deletions?.enabled, isSeen),
  };
}

const NOTHING: BranchProtection = {
  exists: false,
  requiresPullRequest: 'no',
  requiresCodeOwners: 'no',
  requiresChecks: 'no',
  forbidsForcePush: 'no',
  forbidsDeletion: 'no',
};

const GRADES = ['admin', 'maintain', 'push', 'triage', 'pull'] as const;
const ROLES: Readonly<Record<(typeof GRADES)[number], Role>> = {
  admin: 'admin',
  maintain: 'maintain',
  push: 'write',
  triage: 'triage',
  pull: 'read',
};

/** https://docs.github.com/en/rest/repos, /rest/branches/branch-protection, /rest/repos/rules */
export const facts = ({ call, at }: Line): Facts => ({
  async repository() {
    const { data } = await call('GET /repos/{owner}/{repo}', { ...at }, READ);
    const grade = GRADES.find((one) => data.permissions?.[one]);
    return {
      isPrivate: data.private,
      isArchived: data.archived,
      defaultBranch: data.default_branch,
      // Null for an empty repository, whatever the types say.
      ...(data.pushed_at ? { pushedAt: data.pushed_at } : {}),
      ...(grade === undefined ? {} : { role: ROLES[grade] }),
    };
  },
  async protection(branch) {
    const found = await orMissing(
      call('GET /repos/{owner}/{repo}/branches/{branch}', { ...at, branch }, READ),
    );
    if (!found) return NOTHING;
    const rules = await ifSeen(
      call('GET /repos/{owner}/{repo}/rules/branches/{branch}', { ...at, branch, per_page: 100 }, READ),
    );
    // Rules make a branch `protected` too; classic protection is asked for where it can be there.
    const classic = found.data.protected
      ? await ifSeen(
          orUnprotected(
            call('GET /repos/{owner}/{repo}/branches/{branch}/protection', { ...at, branch }, ADMIN),
          ),
        )
      : null;
    const isSeen = rules !== undefined && classic !== undefined;
    return together(rules?.data ?? [], classic?.data, isSeen);
  },
  async workflowsMayOpenPulls() {
    const found = await ifSeen(
      call('GET /repos/{owner}/{repo}/actions/permissions/workflow', { ...at }, ADMIN),
    );
    if (!found) return 'unknown';
    return found.data.can_approve_pull_request_reviews ? 'yes' : 'no';
  },
});
