import { createHash } from 'node:crypto';
import { CertError, explain } from '../../model/errors.js';
import { dayOf } from '../../model/time.js';
import type { Forge, Issue, Role } from '../../ports/forge.js';
import { dashboardMarkdown, tickedBoxes } from '../../report/dashboard.js';
import { closeAccounts, openAccounts } from '../accounts.js';
import { balanceRows } from '../balances.js';
import { openState } from '../cli/state.js';
import type { Context } from '../context.js';
import { dashboardView } from '../dashboard-view.js';
import { retryCertificate } from '../retry.js';
import { lookAround } from '../situation.js';
import type { Workplace } from '../workplace.js';
import type { ApprovalsTold } from './approval-pulls.js';
import { DASHBOARD_LABEL } from './dashboard-label.js';

const MARKER = 'dashboard';
const TITLE = 'certwright: dashboard';

const MAY_RETRY: ReadonlySet<Role> = new Set(['write', 'maintain', 'admin']);
/** As many edits as the forge tells: with all of them by people, an earlier one may be anybody's. */
const EDITS_TOLD = 20;

/** What became of boxes that were ticked. */
export interface TickedBoxes {
  readonly names: readonly string[];
  /** Why they were not honoured; absent: they are. */
  readonly refused?: string;
}

export const findDashboard = (forge: Forge): Promise<Issue | undefined> =>
  forge.issues.find(MARKER, DASHBOARD_LABEL);

/**
 * Boxes that are ticked, and whether that can be proven to be the wish of somebody who may write here: everybody who
 * edited the page since certwright wrote it has to be one.
 */
export async function boxesOf(forge: Forge, issue: Issue): Promise<TickedBoxes> {
  const names = issue.state === 'open' ? tickedBoxes(issue.body) : [];
  if (names.length === 0) return { names };
  const edits = await forge.issues.edits(issue.number);
  const ours = edits.findIndex(({ by }) => by.isBot);
  const since = ours < 0 ? edits : edits.slice(0, ours);
  if (since.length === 0 || (ours < 0 && edits.length >= EDITS_TOLD))
    return { names, refused: 'the forge does not tell who ticked the box' };
  for (const login of new Set(since.map(({ by }) => by.login))) {
    if (!MAY_RETRY.has(await forge.people.role(login)))
      return { names, refused: `${login} edited the page and may not write to this repository` };
  }
  return { names };
}

/** The same as `certwright retry NAME` for each. @returns what could not be tried again, as sentences */
export async function retryTicked(
  workplace: Workplace,
  names: readonly string[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of names) {
    try {
      await retryCertificate(workplace.deps, await openState(workplace.deps), name);
    } catch (error) {
      if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
      problems.push(`${name}: ${explain(error)}`);
    }
  }
  return problems;
}

const BASIS = /\n<!-- certwright:basis ([0-9a-f]{64}) -->\s*$/;

/**
 * Brings the issue up to date. An idle day changes it once: before that day, the state, the manifests or a request moves,
 * nobody is asked for a balance. One that a person closed stays closed; one that was deleted is made anew.
 * @param heeded  boxes that were looked at before the run; one that was ticked meanwhile is left for the next
 * @returns its address, where it is there and open
 */
export async function refreshDashboard(
  context: Context,
  workplace: Workplace,
  forge: Forge,
  heeded: readonly string[],
  approvals: ApprovalsTold | undefined,
): Promise<string | undefined> {
  const issue = await findDashboard(forge);
  if (issue?.state === 'closed') return undefined;
  const ticked = tickedBoxes(issue?.body ?? '');
  if (issue && ticked.some((name) => !heeded.includes(name))) return issue.url;
  const situation = await lookAround(context, workplace.deps);
  const { snapshot } = situation.view;
  const requests = new Map(
    [...(approvals?.asked ?? [])].map(([key, { number, url }]) => [key, { number, url }]),
  );
  const notes = [
    ...(approvals?.problems ?? []).map((problem) => `approvals cannot be asked for: ${problem}`),
    ...(approvals && approvals.queued.length > 0
      ? [`${approvals.queued.length} actions to approve wait until others are merged or closed`]
      : []),
  ];
  const parts = [
    dayOf(situation.nowMs),
    snapshot.state?.commit,
    snapshot.approval.commit,
    [...requests].map(([key, { number }]) => [key, number]),
    notes,
  ];
  const basis = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const before = issue?.body.replaceAll('\r\n', '\n');
  if (issue && BASIS.exec(before ?? '')?.[1] === basis && ticked.length === 0) return issue.url;
  const accounts = await openAccounts(context, workplace);
  const balances = await balanceRows(context, workplace, accounts).finally(() => closeAccounts(accounts));
  const page = dashboardMarkdown(dashboardView(situation, { balances, boxes: true, requests, notes }));
  const body = `${page}\n<!-- certwright:basis ${basis} -->\n`;
  if (issue === undefined) {
    const made = await forge.issues.create(MARKER, { title: TITLE, body, labels: [DASHBOARD_LABEL] });
    return made.url;
  }
  if (before?.trimEnd() !== body.trimEnd()) await forge.issues.update(issue.number, MARKER, { body });
  return issue.url;
}
