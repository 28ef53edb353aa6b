import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { printTold, type Told } from './person.js';
import { withConfigurationFindings } from './refused.js';

/**
 * A command that does one thing in a workplace and tells what it did. It is closed whatever happens.
 * @param work  undefined: the person thought better of it, and was told so
 */
export async function telling(
  context: Context,
  globals: Globals,
  work: (workplace: Workplace) => Promise<Told | undefined>,
): Promise<ExitCode> {
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      const told = await work(workplace);
      if (told !== undefined) printTold(context, globals, told);
      return EXIT.fine;
    } finally {
      await workplace.close();
    }
  });
}
