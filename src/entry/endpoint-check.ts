import type { Configuration } from '../model/configuration.js';
import { looksAt, watchedEndpoints } from '../planner/endpoints.js';
import { isCertificate } from '../planner/input.js';
import { endpointVerdict } from '../policy/serving.js';
import { dialEndpoints } from '../reconcile/endpoints.js';
import { readNotes } from '../reconcile/notes.js';
import { readState } from '../reconcile/state.js';
import { type EndpointRow, endpointRow } from '../report/endpoints.js';
import type { Context } from './context.js';
import type { Workplace } from './workplace.js';

export interface CheckedEndpoints {
  readonly rows: readonly EndpointRow[];
  /** One of them is not as it should be for longer than the configuration allows. */
  readonly late: boolean;
}

const NONE: CheckedEndpoints = { rows: [], late: false };

/**
 * Dials every endpoint the checkout declares and sets it against what the state branch has published. Remembers nothing; the
 * remote is read only where there is something to dial.
 * @param wanted  names of certificates; others are left alone
 */
export async function checkEndpoints(
  context: Context,
  { deps, checkout }: Pick<Workplace, 'deps' | 'checkout'>,
  wanted: (names: readonly string[]) => readonly string[],
): Promise<CheckedEndpoints> {
  const { configuration, desired } = await deps.readFiles(checkout);
  const certificates = desired?.specs.filter(isCertificate) ?? [];
  const names = new Set(wanted(certificates.map(({ name }) => name)));
  const specs = certificates.filter(({ name, endpoints }) => endpoints.length > 0 && names.has(name));
  if (!configuration || configuration.endpoints.off || specs.length === 0) return NONE;
  const view = await readState(deps, await deps.repository.observe());
  const notes = await readNotes(deps, view, configuration.id);
  const watched = watchedEndpoints(configuration, specs, view.statuses);
  const dialed = await dialEndpoints(deps, view, notes, watched);
  const seen = looksAt(watched, { endpoints: notes.memory.endpoints });
  const nowMs = context.clock.now();
  const late = dialed.some(
    ({ endpoint, memory, current }) =>
      endpointVerdict({ endpoint, look: memory }, current, servedWithinMs(configuration), nowMs)?.level ===
      'attention',
  );
  const rows = specs.flatMap(({ name, endpoints }) =>
    endpoints.map((endpoint): EndpointRow => {
      const one = seen.find((it) => it.name === name && it.endpoint === endpoint);
      if (one) return endpointRow(name, one);
      const result = view.statuses.get(name)?.current ? 'rehearsal' : 'nothing published';
      return { certificate: name, endpoint, result, findings: [] };
    }),
  );
  return { rows, late };
}

const servedWithinMs = ({ endpoints }: Configuration): number => endpoints.servedWithinMs;
