import type { Entry } from '../situation.js';

/** Who is told, as the manifest says; of one that is gone as it said. */
export function ownerOf({ spec, status }: Pick<Entry, 'spec' | 'status'>): { readonly owner?: string } {
  const owner = spec?.owner ?? status.owner;
  return owner === undefined ? {} : { owner };
}
