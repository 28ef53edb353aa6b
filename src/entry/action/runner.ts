import { appendFileSync } from 'node:fs';
import type { Random } from '../../ports/clock.js';
import { clip } from '../../report/escape.js';
import type { LineNote } from '../../report/line-notes.js';
import { lineCommand, workflowCommand } from '../../report/workflow-command.js';

/** What the runner of GitHub Actions takes from a step. */
export interface Runner {
  /** A line for the log. Nothing in it is taken for a command. */
  log(text: string): void;
  error(title: string, message: string): void;
  warning(message: string): void;
  notice(message: string): void;
  lineNote(note: LineNote): void;
  /** Hides a value in every log from now on. */
  mask(value: string): void;
  output(name: string, value: string): void;
  /** Markdown for the page of the run. */
  summary(markdown: string): void;
}

/** GitHub takes 1 MiB for a step. */
const SUMMARY_LIMIT = 900_000;

export interface RunnerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly random: Pick<Random, 'hex'>;
  write(text: string): void;
}

/**
 * Everything that is printed lies between `stop-commands` and its token, so that no line of a CA or a manifest can be a
 * workflow command; ours stand outside of it.
 */
export function createRunner({ env, random, write }: RunnerOptions): Runner {
  const token = `certwright-${random.hex(16)}`;
  let isOpen = false;
  const command = (text: string): void => {
    if (isOpen) write(`::${token}::\n`);
    isOpen = false;
    write(`${text}\n`);
  };
  const append = (file: string | undefined, text: string): void => {
    if (file) appendFileSync(file, text);
  };
  return {
    log(text) {
      if (text === '') return;
      if (!isOpen) write(`::stop-commands::${token}\n`);
      isOpen = true;
      write(text.endsWith('\n') ? text : `${text}\n`);
    },
    error: (title, message) => command(workflowCommand('error', message, { title })),
    warning: (message) => command(workflowCommand('warning', message, { title: 'certwright' })),
    notice: (message) => command(workflowCommand('notice', message, { title: 'certwright' })),
    lineNote: (note) => command(lineCommand(note)),
    mask(value) {
      for (const line of value.split(/\r?\n/).filter((one) => one.trim().length > 3)) {
        command(`::add-mask::${line.trim().replaceAll('%', '%25')}`);
      }
    },
    output(name, value) {
      const end = `certwright-${random.hex(16)}`;
      append(env.GITHUB_OUTPUT, `${name}<<${end}\n${value}\n${end}\n`);
    },
    summary: (markdown) => append(env.GITHUB_STEP_SUMMARY, `${clip(markdown, SUMMARY_LIMIT)}\n`),
  };
}
