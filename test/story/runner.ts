/** The Action as GitHub runs it: the built bundle in a process of its own. */
import { fileURLToPath } from 'node:url';
import type { FakeGitHub } from '../support/github/server.js';
import { commandsOf, type Step, type StepOptions, stepOf, type Trigger } from '../support/github/trigger.js';
import { type Ended, type Started, start, type Team } from './stage.js';

const BUNDLE = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

export interface RunOptions extends StepOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: readonly string[];
}

export interface ActionRun extends Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly commands: readonly string[];
}

export interface StartedAction extends Omit<Started, 'ended'> {
  readonly ended: Promise<ActionRun>;
}

async function finish(step: Step, ended: Promise<Ended>): Promise<ActionRun> {
  const end = await ended;
  return { ...end, ...(await step.results()), commands: commandsOf(end.out) };
}

export async function startAction(
  team: Team,
  github: FakeGitHub,
  trigger: Trigger,
  { env = {}, program = [process.execPath], ...options }: RunOptions = {},
): Promise<StartedAction> {
  const step = await stepOf(github, trigger, options);
  const { child, ended } = start([BUNDLE], {
    cwd: step.workspace,
    program,
    env: { ...team.env, ...step.env, ...env },
  });
  return { child, ended: finish(step, ended) };
}

export const runAction = async (...args: Parameters<typeof startAction>): Promise<ActionRun> =>
  (await startAction(...args)).ended;
