import { appliedMarkdown } from '../../report/applied-markdown.js';
import { findingsText } from '../../report/findings.js';
import { lineNotes } from '../../report/line-notes.js';
import { planMarkdown } from '../../report/plan-markdown.js';
import { planText } from '../../report/plan-text.js';
import { nameOfCertificatePath } from '../../repository/layout.js';
import { type Carried, carryOut } from '../carry-out.js';
import { appliedText } from '../cli/applied-text.js';
import { EXIT, type ExitCode } from '../exit.js';
import { firstLook } from '../first-look.js';
import type { RunReport } from '../metrics/recorder.js';
import { tellAfter } from '../notify/after-run.js';
import { situationAfter } from '../situation.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import { askForApprovals } from './approvals.js';
import { heedBoxes, showDashboard } from './dashboard.js';
import { forgeOf } from './github.js';
import { SYNC_OLDER_MS } from './inputs.js';
import { writeOutputs } from './outputs.js';
import type { Job } from './plan-pull.js';

const NO_IDENTITIES = { json: false, identity: [] };

const syncOlderMs = ({ inputs }: Job, isScheduled: boolean): number | undefined => {
  if (inputs.sync === 'always') return 0;
  return inputs.sync === 'auto' && isScheduled ? SYNC_OLDER_MS : undefined;
};

/** The approval branch, carried out. */
export async function applyBranch(job: Job, isScheduled: boolean, watch: RunReport): Promise<ExitCode> {
  const { context, runner, inputs } = job;
  const startedMs = context.clock.now();
  const olderMs = syncOlderMs(job, isScheduled);
  const { quiet, remote } = olderMs === 0 ? {} : await firstLook(context, olderMs);
  if (quiet) {
    await remote?.repository.close();
    watch.quiet();
    runner.log(planText(quiet, context.render));
    runner.summary(appliedMarkdown({ events: [], attention: [], certificates: quiet.counts.certificates }));
    writeOutputs(runner, context.env, { mode: 'apply', exitCode: EXIT.fine, plan: quiet });
    return EXIT.fine;
  }
  const workplace = await openWorkplace(context, NO_IDENTITIES, remote);
  // Approvals and the page are of all certificates: a shard would close what another one asks for.
  const tells = context.shard === undefined && (inputs.approvals || inputs.dashboard);
  const forge = inputs.token && tells ? forgeOf(job, inputs.token) : undefined;
  try {
    const page = forge && inputs.dashboard ? await heedBoxes(job, workplace, forge) : undefined;
    const carried = await carryOut(context, workplace, {
      waitMs: inputs.waitMs,
      startedMs,
      ...(olderMs === undefined ? {} : { syncOlderMs: olderMs }),
      confirm: async (plan) => {
        runner.log(planText(plan, context.render));
        return true;
      },
    });
    await watch.seen(workplace, () => situationAfter(context, workplace.deps, carried.applied));
    await report(job, workplace, carried);
    const asked = forge && inputs.approvals ? await askForApprovals(job, forge, carried) : undefined;
    if (forge) await showDashboard(job, workplace, forge, page, asked);
    await tellAfter(context, workplace, carried, {
      requests: new Map([...(asked?.asked ?? [])].map(([key, { url }]) => [key, url])),
      warn: (text) => runner.warning(text),
    });
    return carried.code;
  } finally {
    await forge?.close();
    await workplace.close();
  }
}

async function report({ context, runner }: Job, workplace: Workplace, carried: Carried): Promise<void> {
  const { applied, conditions, code } = carried;
  const { plan, events, findings, specs, view } = applied;
  const attention = [...conditions].flatMap(([name, all]) =>
    all.filter(({ level }) => level === 'attention').map(({ message }) => ({ name, message })),
  );
  runner.log(findingsText(findings, context.render));
  runner.log(appliedText(applied, conditions, context.render));
  for (const note of lineNotes(findings, undefined, specs)) runner.lineNote(note);
  const certificates = plan.counts.certificates;
  const done = appliedMarkdown({ events, attention, certificates });
  runner.summary(plan.items.length === 0 ? done : `${done}\n${planMarkdown(plan)}`);
  const stateCommit = view.snapshot.state?.commit;
  const changedPaths =
    plan.stateCommit === null || stateCommit === undefined || stateCommit === plan.stateCommit
      ? []
      : await workplace.repository.pathsBetween(plan.stateCommit, stateCommit);
  writeOutputs(runner, context.env, {
    mode: 'apply',
    exitCode: code,
    plan,
    issued: changedPaths.flatMap((path) => nameOfCertificatePath(path) ?? []),
    changedPaths,
    ...(stateCommit === undefined ? {} : { stateCommit }),
    attention: [...new Set(attention.map(({ name }) => name))],
  });
}
