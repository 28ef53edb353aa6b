import { runAction } from '../../../../src/entry/action/run.js';
import { createRunner } from '../../../../src/entry/action/runner.js';
import type { Context } from '../../../../src/entry/context.js';
import type { Files } from '../../../support/git.js';
import { type FakeGitHub, type FakeOptions, fakeGitHub } from '../../../support/github/server.js';
import type { Topic } from '../../../support/github/state.js';
import { commandsOf, type StepOptions, stepOf, type Trigger } from '../../../support/github/trigger.js';
import { openShop, type Shop } from '../shop.js';

export interface Acted {
  readonly code: number;
  readonly log: string;
  readonly commands: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A shop whose remote is hosted by a GitHub. */
export async function hosted(
  world: Parameters<typeof openShop>[0] = {},
  options: FakeOptions = {},
  seller: Parameters<typeof openShop>[1] = {},
): Promise<{ readonly shop: Shop; readonly github: FakeGitHub }> {
  const shop = await openShop(world, seller);
  return { shop, github: await fakeGitHub({ ...options, remote: shop.remote }) };
}

/** A pull request with these changes. */
export async function proposed(github: FakeGitHub, files: Files, branch = 'change'): Promise<Topic> {
  await github.push(branch, files);
  return github.openPull({ head: branch });
}

/** One run of the Action in this process. */
export async function act(
  shop: Shop,
  github: FakeGitHub,
  trigger: Trigger,
  options: StepOptions & { readonly context?: Partial<Context> } = {},
): Promise<Acted> {
  const step = await stepOf(github, trigger, { token: github.token(), ...options });
  const base = shop.context({ ...options.context });
  let log = '';
  const env = { ...base.env, ...step.env, ...options.context?.env };
  const context: Context = { ...base, cwd: step.workspace, env };
  const runner = createRunner({
    env,
    random: context.random,
    write: (text) => {
      log += text;
    },
  });
  const code = await runAction(context, runner);
  return { code, log, commands: commandsOf(log), ...(await step.results()) };
}
