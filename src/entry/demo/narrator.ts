import { CertError } from '../../model/errors.js';
import { shellWord } from '../../report/escape.js';
import { colorsOf, cutTo, hang } from '../../report/layout.js';
import { gitEnvironment } from '../../repository/environment.js';
import { createGit, mustRun } from '../../repository/process.js';
import type { Globals } from '../cli/globals.js';
import { buildProgram } from '../cli/program.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Stage } from './folders.js';

const WIDTH = 80;
/** Shorter output is printed again rather than referred to. */
const LONG_LINES = 4;

/** Tells the demo on stdout: what a person types, and what really comes back. */
export interface Narrator {
  chapter(title: string): void;
  /** A paragraph; wrapped here. */
  tell(text: string): void;
  /** Lines that keep their breaks, indented. */
  quote(text: string): void;
  /** A command line that the story carries out by its own means. */
  prompt(line: string): void;
  /** Runs a command of certwright in the clone and shows it. @throws CertError when it does not end well */
  certwright(...args: readonly string[]): Promise<void>;
  /** Runs git in the clone and shows it, with what it prints. */
  git(...args: readonly string[]): Promise<void>;
  /** Runs git without a word. @returns stdout */
  quietGit(folder: string, ...args: readonly string[]): Promise<string>;
}

export function createNarrator(context: Context, stage: Stage): Narrator {
  const width = Math.min(WIDTH, context.render.width);
  const colors = colorsOf(context.render);
  const seen = new Set<string>();

  let afterOutput = false;
  const lines = (text: string): void => context.print(text);
  /** Words of ours, set apart from what a command printed. */
  const words = (text: string): void => {
    if (afterOutput) lines('\n');
    afterOutput = false;
    lines(text);
  };
  const prompt = (line: string): void => words(colors.bold(`$ ${line}`));

  /** What was shown a moment ago is not shown again. */
  const output = (text: string): void => {
    afterOutput = true;
    const isLong = text.split('\n').length >= LONG_LINES;
    lines(isLong && seen.has(text) ? colors.dim('[the same plan as above]') : text);
    if (isLong) seen.add(text);
  };

  const inside: Context = {
    ...context,
    cwd: stage.repo,
    env: stage.env,
    print: output,
    say(text) {
      afterOutput = true;
      for (const line of text.trimEnd().split('\n')) lines(hang('', line, width).join('\n'));
    },
    ask: async () => undefined,
    interactive: false,
    render: { ...context.render, width },
  };

  async function quietGit(folder: string, ...args: readonly string[]): Promise<string> {
    const git = createGit({
      cwd: folder,
      env: gitEnvironment(stage.env),
      redact: (text) => text,
      log: context.log,
      signal: context.signal,
    });
    return (await mustRun(git, args)).toString('utf8').trimEnd();
  }

  return {
    chapter(title) {
      lines('\n');
      afterOutput = false;
      words(colors.cyan(colors.bold(`== ${title}`)));
    },
    tell: (text) => words(hang('', text, width).join('\n')),
    quote(text) {
      lines(text.trimEnd().replace(/^/gm, '    '));
      afterOutput = true;
    },
    prompt,
    async certwright(...args) {
      prompt(['certwright', ...args.map(shellWord)].join(' '));
      let code: number = EXIT.fine;
      const program = buildProgram(async (load, command, given) => {
        const module = await load();
        code = await module.run(inside, command.optsWithGlobals<Globals>(), command.opts(), given);
      });
      await program.parseAsync([...args], { from: 'user' });
      context.progress.clear();
      if (code !== EXIT.fine) {
        throw new CertError('internal', `the demo stopped: certwright ${args[0]} ended with ${code}`);
      }
    },
    async git(...args) {
      prompt(['git', ...args.map(shellWord)].join(' '));
      const text = await quietGit(stage.repo, ...args);
      if (text === '') return;
      afterOutput = true;
      lines(
        text
          .split('\n')
          .map((line) => cutTo(line.replaceAll('\t', '  '), width))
          .join('\n'),
      );
    },
    quietGit,
  };
}
