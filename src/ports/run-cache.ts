import type { Oid } from './repository.js';

/**
 * One text that runs leave to each other beside the state: one parentless commit, replaced at will. Nothing depends on it;
 * who cannot read or write it makes a few calls more.
 */
export interface RunCache {
  /** The text at the version a snapshot saw; undefined where nothing of ours is there. Contacts nobody. */
  read(version: Oid): Promise<string | undefined>;
  /**
   * Replaces it. Where another run was first, `change` is asked again with what stands there now, a few times.
   * @param seen  the version a snapshot saw; absent: there was none
   * @param change  the new text, from the one it replaces
   * @returns why nothing was written, where that is so; never an error of the run
   */
  replace(
    seen: Oid | undefined,
    change: (current: string | undefined) => string,
  ): Promise<string | undefined>;
}
