import type { Finding } from '../model/manifest.js';
import { isCertificate } from '../planner/input.js';
import { compromiseOf } from '../policy/compromised.js';
import type { Reading } from './deps.js';
import type { StateView } from './state.js';

/** Manifests that bring a CSR for a key that is known to somebody else, each where it is named. */
export function compromisedFindings(
  { desired }: Pick<Reading, 'desired'>,
  { header }: Pick<StateView, 'header'>,
): readonly Finding[] {
  return (desired?.specs ?? []).filter(isCertificate).flatMap(({ key, name, position, csrPosition }) => {
    const known = key.kind === 'csr' ? compromiseOf(header, key.keyHash) : undefined;
    if (key.kind !== 'csr' || !known) return [];
    return [
      {
        severity: 'error' as const,
        code: 'csr.compromised',
        message: `The key of ${key.path} was reported as compromised at ${known.at}: ${known.reason}.`,
        suggestion: 'Make a new key and a new CSR, and put that in its place.',
        position: csrPosition ?? position,
        name,
      },
    ];
  });
}
