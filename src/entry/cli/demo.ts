import type { Context } from '../context.js';
import { buildStage } from '../demo/folders.js';
import { createNarrator } from '../demo/narrator.js';
import { tellStory } from '../demo/story.js';
import { EXIT } from '../exit.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

/** `certwright demo`: the main job in folders of its own, told as it happens; only `--dir` leaves something behind. */
export async function run(context: Context, _globals: Globals, options: Options): Promise<number> {
  const stage = await buildStage(context, options.dir);
  // A second Ctrl-C ends the process at once, past every `finally`.
  const removeAll = () => stage.remove();
  process.once('exit', removeAll);
  try {
    await tellStory(createNarrator(context, stage), stage);
    stage.keep();
    return EXIT.fine;
  } finally {
    stage.remove();
    process.off('exit', removeAll);
  }
}
