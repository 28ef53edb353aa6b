import { resolve } from 'node:path';
import { CertError, messageOf } from '../../model/errors.js';
import { ConfigurationError } from '../../reconcile/open-run.js';
import { terminalText } from '../../report/escape.js';
import { findingsText } from '../../report/findings.js';
import { lineNotes } from '../../report/line-notes.js';
import { openWorktree } from '../../repository/worktree.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode, exitCodeOfError } from '../exit.js';
import { readConfiguration } from '../files.js';
import { SHARD_VARIABLE, shardOf } from '../shard.js';
import { DEFAULT_BRANCHES } from '../workplace.js';
import { readEvent } from './event.js';
import { withGitAccess } from './git-access.js';
import { forgeOf } from './github.js';
import { type Inputs, readInputs } from './inputs.js';
import type { Job } from './plan-pull.js';
import type { Runner } from './runner.js';
import { watched } from './watch.js';
import { type Work, workOf } from './work.js';

/** What makes a job red, each with its own headline. */
const HEADLINES: Readonly<Partial<Record<ExitCode, { readonly title: string; readonly message: string }>>> = {
  [EXIT.error]: {
    title: 'certwright: something is wrong',
    message: 'A file, a provider or this run needs a correction; the log and the page of the run say which.',
  },
  [EXIT.refused]: {
    title: 'certwright: held back',
    message: 'Money was refused, or the plan is unsafe as a whole; nothing of it was carried out.',
  },
  [EXIT.attention]: {
    title: 'certwright: a person has to look',
    message: 'A certificate is overdue or expired, an outcome is unknown, or state was lost.',
  },
  [EXIT.interrupted]: {
    title: 'certwright: stopped',
    message: 'The run was stopped; the next one goes on where it ended.',
  },
};

/**
 * One run of the Action: inputs and event in, log, page, outputs and exit code out.
 * @param base  the process's own context; `print` and `say` are replaced
 */
export async function runAction(base: Context, runner: Runner): Promise<ExitCode> {
  try {
    const inputs = readInputs(base.env);
    const code = await carryOn(base, runner, inputs);
    const shown = code === EXIT.attention && !inputs.failOnAttention ? EXIT.fine : code;
    if (code !== shown) runner.warning(HEADLINES[EXIT.attention]?.message ?? '');
    else headline(runner, code);
    return shown;
  } catch (error) {
    return failed(base, runner, error);
  }
}

function headline(runner: Runner, code: ExitCode): void {
  const words = HEADLINES[code];
  if (words) runner.error(words.title, words.message);
}

async function carryOn(base: Context, runner: Runner, inputs: Inputs): Promise<ExitCode> {
  const { env } = base;
  if (inputs.token) runner.mask(inputs.token.reveal());
  if (inputs.identity?.includes('AGE-SECRET-KEY-')) runner.mask(inputs.identity);
  if (inputs.ping) runner.mask(inputs.ping.reveal());
  const cwd = resolve(env.GITHUB_WORKSPACE || base.cwd, inputs.workingDirectory);
  const context: Context = {
    ...base,
    cwd,
    env: {
      ...(await withGitAccess({ ambient: env, log: base.log }, cwd, inputs.token)),
      ...(inputs.identity === undefined ? {} : { CERTWRIGHT_IDENTITY: inputs.identity }),
    },
    ...(inputs.token === undefined ? {} : { forgeToken: inputs.token }),
    print: (text) => runner.log(text),
    say: (text) => runner.log(text),
    ask: async () => undefined,
    interactive: false,
    render: { color: false, width: Number.POSITIVE_INFINITY },
  };
  const event = readEvent(env);
  // A comment needs no checkout, and where there is none nothing can be taken from one.
  const branch = inputs.mode === 'comment' ? '' : await approvalBranch(context);
  const work = workOf(inputs.mode, event, branch);
  const job = { context, runner, inputs, event };
  if (inputs.commits === 'git' || !inputs.token) return perform(job, work);
  const forge = forgeOf(job, inputs.token);
  try {
    return await perform({ ...job, context: { ...context, publisher: forge.publishCommit } }, work);
  } finally {
    await forge.close();
  }
}

/** As the checkout names it: which events are for certwright at all. */
async function approvalBranch(context: Context): Promise<string> {
  const { cwd, log, signal, env } = context;
  const checkout = await openWorktree({ cwd, log, signal, env });
  const { configuration } = await readConfiguration(checkout, context.definitions);
  return (configuration?.branches ?? DEFAULT_BRANCHES).approval;
}

async function perform(job: Job, work: Work): Promise<ExitCode> {
  switch (work.kind) {
    case 'plan-pull':
      return (await import('./plan-pull.js')).planPull(job, work.pull);
    case 'apply': {
      const { applyBranch } = await import('./apply.js');
      const code = await watched(job, (report) => applyBranch(inShard(job), work.isScheduled, report));
      if (work.isScheduled) await (await import('./keep-alive.js')).keepScheduleAlive(job);
      return code;
    }
    case 'plan':
      return (await import('./look.js')).planBranch(job);
    case 'sync': {
      const { syncAccounts } = await import('./look.js');
      return watched(job, (report) => syncAccounts(inShard(job), report));
    }
    case 'validate':
      return (await import('./look.js')).validateFiles(job);
    case 'comment':
      return (await import('./comment.js')).commentOnRun(job, work.run);
    case 'nothing':
      job.runner.notice(work.why);
      return EXIT.fine;
  }
}

/** A pull request is planned as a whole, whatever shards there are. @throws CertError `usage` */
function inShard(job: Job): Job {
  const { context } = job;
  const shard = shardOf(context.env[SHARD_VARIABLE], context.env);
  return shard === undefined ? job : { ...job, context: { ...context, shard } };
}

function failed(context: Context, runner: Runner, error: unknown): ExitCode {
  if (context.signal.aborted || (error instanceof CertError && error.code === 'interrupted')) {
    headline(runner, EXIT.interrupted);
    return EXIT.interrupted;
  }
  if (error instanceof ConfigurationError) {
    runner.log(findingsText(error.findings, { color: false, width: Number.POSITIVE_INFINITY }));
    for (const note of lineNotes(error.findings, undefined, new Map())) runner.lineNote(note);
  }
  if (!(error instanceof CertError)) {
    context.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'unexpected error');
    runner.error('certwright: a defect', `${messageOf(error)}; please report it`);
    return EXIT.error;
  }
  const { message, providerText, remedy } = error;
  if (providerText) runner.log(terminalText(providerText));
  const code = exitCodeOfError(error);
  const title = HEADLINES[code]?.title ?? 'certwright';
  runner.error(title, [message, ...(remedy === undefined ? [] : [remedy])].join('; '));
  return code;
}
