import { CertError } from '../model/errors.js';
import type { Finding } from '../model/manifest.js';
import type { TreeReader } from '../ports/repository.js';
import { compromisedFindings } from './compromised.js';
import type { Deps } from './deps.js';
import { environmentFindings } from './environments.js';
import { type Notes, readNotes } from './notes.js';
import type { Run } from './run.js';
import { readState, type StateView } from './state.js';

/** One look at remote and files, with live accounts: `providers` is to be closed. @throws CertError `config.invalid` */
export async function openRun(deps: Deps, tree?: TreeReader, known?: StateView, notes?: Notes): Promise<Run> {
  const snapshot = known?.snapshot ?? (await deps.repository.observe());
  // Git brings the one while the other is taken apart. What is wrong with the state is said first.
  const files = deps.readFiles(tree ?? snapshot.approval);
  files.catch(() => undefined);
  const view = known ?? (await readState(deps, snapshot));
  const reading = await files;
  if (!reading.configuration || !reading.desired) throw new ConfigurationError(reading.findings);
  const { configuration, findings, positionOf } = reading;
  const changed = environmentFindings(configuration, view.statuses.values(), positionOf);
  if (changed.length > 0) throw new ConfigurationError([...findings, ...changed]);
  return {
    deps,
    configuration,
    desired: reading.desired,
    findings: [...findings, ...compromisedFindings(reading, view)],
    specs: new Map(reading.desired.specs.map((spec) => [spec.name, spec])),
    providers: await deps.connect(configuration),
    manifestsId: view.manifestsId,
    view,
    notes: notes ?? (await readNotes(deps, view, configuration.id)),
    events: [],
  };
}

/** The configuration cannot be used; the findings say why. */
export class ConfigurationError extends CertError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super('config.invalid', 'certwright.yaml cannot be used');
    this.findings = findings;
  }
}

export const notInitialised = (): CertError =>
  new CertError('repository.not-initialised', 'the remote has no certwright state yet', {
    remedy:
      'run `certwright init` once; if there was a state before, it is lost, and `certwright import --rebuild` makes it anew: see docs/recovery.md',
  });
