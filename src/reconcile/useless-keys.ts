import { isOpen, type OpenIntent } from '../model/intent.js';
import { isZero } from '../model/money.js';
import type { FileChange } from '../ports/repository.js';
import { pendingKeyPath } from '../repository/layout.js';
import { statusOf } from './run.js';
import type { StateView } from './state.js';

/** What was paid may turn out to live after all, and needs its key then. */
export const costsNothing = ({ quoted }: Pick<OpenIntent, 'quoted'>): boolean =>
  quoted === null || isZero(quoted);

/** The sealed key made for a request that is over, unless another one is for it too. */
export function uselessKey(
  view: StateView,
  name: string,
  intentId: string | undefined,
): readonly FileChange[] {
  const open = statusOf(view, name).intents.filter(isOpen);
  const keyHash = open.find(({ id }) => id === intentId)?.keyHash;
  if (keyHash === undefined || open.some((other) => other.id !== intentId && other.keyHash === keyHash)) {
    return [];
  }
  const path = pendingKeyPath(name, keyHash);
  return view.files.has(path) ? [{ path, content: null }] : [];
}
