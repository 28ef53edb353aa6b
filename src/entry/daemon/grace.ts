import { CertError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';

/** How a stop went. */
export type Stopped = 'in time' | 'given up';

/**
 * Waits for work that ends by itself after the signal, but no longer than this after it. Then `cut` cuts off what it waits
 * for, and after a moment more it is given up.
 * @throws what the work throws
 */
export async function withGrace(
  work: Promise<void>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
  { graceMs, momentMs, cut }: { readonly graceMs: number; readonly momentMs: number; cut(): void },
): Promise<Stopped> {
  const over = new AbortController();
  const ended = work.then((): Stopped => 'in time').finally(() => over.abort());
  const tooLong = async (): Promise<Stopped> => {
    await aborted(signal);
    try {
      await clock.sleep(graceMs, over.signal);
      cut();
      await clock.sleep(momentMs, over.signal);
    } catch (error) {
      if (!(error instanceof CertError && error.code === 'interrupted')) throw error;
      return ended;
    }
    return 'given up';
  };
  return Promise.race([ended, tooLong()]);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((settle) => {
    if (signal.aborted) settle();
    else signal.addEventListener('abort', () => settle(), { once: true });
  });
