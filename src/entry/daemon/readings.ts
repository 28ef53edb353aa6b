import type { Reading } from '../../reconcile/deps.js';
import type { RunPlace } from './one-run.js';

/**
 * Keeps what was read from the last commit of the approval branch: while something waits, run after run reads the same
 * files, and a large repository takes seconds. Never more than one commit is kept.
 */
export function rememberReadings(): (place: RunPlace) => RunPlace {
  let kept: { readonly key: string; readonly reading: Reading } | undefined;
  return (place) => {
    const { deps, local } = place;
    // Other branches may be refused: what was read for some says nothing of others.
    const branches = JSON.stringify(local.configuration?.branches ?? null);
    return {
      ...place,
      deps: {
        ...deps,
        async readFiles(tree) {
          const key = `${tree.commit} ${branches}`;
          if (kept?.key !== key) kept = { key, reading: await deps.readFiles(tree) };
          return kept.reading;
        },
      },
    };
  };
}
