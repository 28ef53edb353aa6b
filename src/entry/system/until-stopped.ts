import { CertError } from '../../model/errors.js';

/** The same promise, given up when the person does: what only reads or tells need not be waited for. */
export async function untilStopped<T>(
  work: Promise<T>,
  signal: AbortSignal,
  message = 'stopped; nothing was changed',
): Promise<T> {
  let giveUp = (): void => undefined;
  const stopped = new Promise<never>((_, fail) => {
    giveUp = () => fail(new CertError('interrupted', message));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
