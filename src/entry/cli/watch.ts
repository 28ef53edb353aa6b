import { messageOf } from '../../model/errors.js';
import { SECOND_MS } from '../../model/time.js';
import { terminalText } from '../../report/escape.js';
import type { Context } from '../context.js';

const PAUSE_S = 5;

/** Cursor to the top left, everything gone. */
export const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/**
 * The same look again every few seconds until Ctrl-C, which is its normal end. The first look has to succeed; a later
 * one that fails is told, and the next one follows.
 * @returns what the last look that succeeded gave
 */
export async function watch<T>(context: Context, look: () => Promise<T>): Promise<T> {
  let last = await look();
  while (await pause(context)) {
    try {
      last = await look();
    } catch (error) {
      if (context.signal.aborted) break;
      context.say(`warning: ${terminalText(messageOf(error))}; trying again in ${PAUSE_S} s`);
    }
  }
  return last;
}

/** false: it is over. */
async function pause({ clock, signal }: Context): Promise<boolean> {
  try {
    await clock.sleep(PAUSE_S * SECOND_MS, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}
