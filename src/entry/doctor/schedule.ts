import { DAY_MS, HOUR_MS, parseInstant } from '../../model/time.js';
import type { WorkflowFacts } from '../../ports/forge.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { line } from './line.js';

/** Missed this long, a schedule of several times a day is dead. */
const LATE_MS = 2 * DAY_MS;
/** https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows */
const STOPPED_AFTER_MS = 60 * DAY_MS;
/** Said from here on, while there is time to do something. */
const QUIET_MS = 40 * DAY_MS;

export interface Schedule {
  /** Does the workflow have one? */
  readonly isScheduled: boolean;
  /** The repository is private, or runs keep the schedule alive. */
  readonly isKeptAlive: boolean;
  /** Of the last push to any branch. */
  readonly pushedAt?: string;
  readonly nowMs: number;
}

const ok = (message: string): Diagnosis => line('github', 'ok', message);
const warning = (message: string, remedy: string): Diagnosis => line('github', 'warning', message, remedy);
const problem = (message: string, remedy: string): Diagnosis => line('github', 'problem', message, remedy);

/** Does the schedule of this workflow start runs, and will it go on doing so? Pure. */
export function scheduleLines(
  workflow: string,
  found: WorkflowFacts | undefined,
  schedule: Schedule,
): readonly Diagnosis[] {
  if (found === undefined) {
    return [
      problem(`there is no workflow ${workflow}`, 'write it with `certwright init --github`, and push it'),
    ];
  }
  if (found.state === 'stopped-by-inactivity') {
    return [
      problem(
        'GitHub stopped the schedule, as it does in public repositories after 60 days without a commit: certificates fall due and nobody comes',
        `enable it: gh workflow enable ${workflow}`,
      ),
    ];
  }
  if (found.state !== 'active')
    return [problem(`the workflow ${workflow} is stopped`, `enable it: gh workflow enable ${workflow}`)];
  if (!schedule.isScheduled) {
    return [
      problem(
        `${workflow} has no schedule: certificates fall due and nobody comes`,
        'add `on: schedule`, as `certwright init --github` writes it',
      ),
    ];
  }
  return [...lastRun(workflow, found.lastScheduledAt, schedule.nowMs), ...soonStopped(schedule)];
}

function lastRun(workflow: string, lastAt: string | undefined, nowMs: number): readonly Diagnosis[] {
  const lastMs = lastAt === undefined ? undefined : parseInstant(lastAt);
  if (lastMs === undefined) {
    return [
      warning(
        `${workflow} has never run on its schedule`,
        'wait for the next hour of its cron, then look again',
      ),
    ];
  }
  const hours = Math.floor((nowMs - lastMs) / HOUR_MS);
  return nowMs - lastMs > LATE_MS
    ? [warning(`the last scheduled run is ${hours} hours ago`, `see the runs of ${workflow}`)]
    : [ok(`the last scheduled run is ${hours} hours ago`)];
}

function soonStopped({ isKeptAlive, pushedAt, nowMs }: Schedule): readonly Diagnosis[] {
  const pushedMs = pushedAt === undefined ? undefined : parseInstant(pushedAt);
  if (isKeptAlive || pushedMs === undefined || nowMs - pushedMs < QUIET_MS) return [];
  const quiet = Math.floor((nowMs - pushedMs) / DAY_MS);
  const left = Math.max(0, Math.floor((pushedMs + STOPPED_AFTER_MS - nowMs) / DAY_MS));
  return [
    warning(
      `nothing was pushed for ${quiet} days: GitHub may stop the schedule in ${left}, as it does after 60 in public repositories`,
      'push anything now, and give the job that carries out `actions: write`, so that runs prevent it',
    ),
  ];
}
