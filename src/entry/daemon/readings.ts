import type { Reading } from '../../reconcile/deps.js';
import type { Workplace } from '../workplace.js';

/**
 * Keeps what was read from the last commit of the approval branch: while something waits, run after run reads the same
 * files, and a large repository takes seconds. Never more than one commit is kept.
 */
export function rememberReadings(): (workplace: Workplace) => Workplace {
  let kept: { readonly key: string; readonly reading: Reading } | undefined;
  return (workplace) => {
    const { deps, local } = workplace;
    // Other branches may be refused: what was read for some says nothing of others.
    const place = JSON.stringify(local.configuration?.branches ?? null);
    return {
      ...workplace,
      deps: {
        ...deps,
        async readFiles(tree) {
          const key = `${tree.commit} ${place}`;
          if (kept?.key !== key) kept = { key, reading: await deps.readFiles(tree) };
          return kept.reading;
        },
      },
    };
  };
}
